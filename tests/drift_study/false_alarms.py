"""How often windows of traffic that has not drifted raise an alarm: ours, and a bare line on PSI.

Every trial has its own baseline. A cell is the share of its windows; where none
of n is over the line, the truth is below 3 / n nineteen times in twenty.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.slo import Promise
from tests.drift_study import traffic
from tests.drift_study.traffic import Rows
from tests.drift_study.trials import Trial
from tests.drift_study.verdicts import ALERTS, judge
from tests.drift_study.watched import Watched, windows

ANY = "any alert"
BARE = (0.1, 0.2)
"""Lines on PSI alone, as they are recommended."""
MOST_AT_ONCE = 1_000_000
"""Rows of windows that are counted together: memory."""

Draw = Callable[[Watched, int, int, np.random.Generator], Rows]


@dataclass(frozen=True, slots=True)
class Order:
    """A way in which rows follow each other."""

    name: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class Cell:
    """Windows of so many rows."""

    rows: int
    windows: int
    shares: dict[str, float]
    """By alert, and for any of them: the share of windows in which its condition held."""
    worst_feature: float
    """The same for the one feature that was over its line most often."""
    bare_one: dict[float, float]
    """By line on PSI: the share of windows and features over it."""
    bare_any: dict[float, float]
    """By line on PSI: the share of windows in which any feature was over it."""


INDEPENDENT = Order(
    "rows independent of each other", lambda rows, n, size, r: traffic.independent(len(rows), n, size, r)
)


def runs(length: int) -> Order:
    return Order(
        f"runs of one class, {length} rows on average",
        lambda rows, n, size, random: traffic.runs_of_a_class(rows.labels, n, size, length, random),
    )


def copies(times: int) -> Order:
    return Order(
        f"each row {times} times in a row",
        lambda rows, n, size, random: traffic.copies(len(rows), n, size, times, random),
    )


def hours(swing: float) -> Order:
    return Order(
        f"classes more and less often by {swing:.0%} over the day",
        lambda rows, n, size, random: traffic.by_the_hour(rows.labels, n, size, swing, random),
    )


def measure(
    trials: Iterable[Trial], promise: Promise, order: Order, sizes: Sequence[int], windows_a_trial: int, seed: int
) -> list[Cell]:
    """A cell for each size of window."""
    said: dict[int, list[dict[str, np.ndarray]]] = {size: [] for size in sizes}
    for number, trial in enumerate(trials):
        random = np.random.default_rng([seed, number])
        live = trial.undrifted(random)
        for size in sizes:
            left = windows_a_trial
            while left > 0:
                some = min(left, max(1, MOST_AT_ONCE // size))
                left -= some
                judged = judge(
                    trial.baseline, promise, windows(trial.baseline, live, order.draw(live, some, size, random))
                )
                said[size].append({**judged.alerts, ANY: judged.any, "over": judged.over, "psi": judged.psi})
    return [_cell(size, parts) for size, parts in said.items()]


def _cell(size: int, parts: list[dict[str, np.ndarray]]) -> Cell:
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Cell(
        rows=size,
        windows=len(whole[ANY]),
        shares={name: float(whole[name].mean()) for name in (*ALERTS, ANY)},
        worst_feature=float(whole["over"].mean(axis=0).max()),
        bare_one={line: float((whole["psi"] > line).mean()) for line in BARE},
        bare_any={line: float((whole["psi"] > line).any(axis=1).mean()) for line in BARE},
    )
