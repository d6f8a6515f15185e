"""How soon each kind of shift is seen, by which alert.

In two ways: windows full of shifted rows, of more and more rows; and a window of
a thousand rows into which shifted rows move, as they do in the hour after a
shift.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from monitoring.slo import Promise
from tests.drift_study import traffic
from tests.drift_study.shifts import SHIFTS, Shift
from tests.drift_study.trials import Trial
from tests.drift_study.verdicts import ALERTS, judge
from tests.drift_study.watched import Watched, Windows, windows

SIZES = (300, 400, 500, 700, 1_000, 2_000, 5_000, 10_000)
SHARES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)
HOUR_ROWS = 1_000
SEEN = 0.95
"""A shift counts as seen from where on so many windows say so."""
ANY = "any"


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one shift."""

    shift: Shift
    accuracy: float
    by_rows: dict[int, dict[str, float]]
    """Per rows of a window, all shifted, and per alert: the share of windows that say so."""
    by_share: dict[float, float]
    """Per share of shifted rows in a window of a thousand: the share of windows in which any alert's condition held."""

    def rows_until_seen(self, alert: str = ANY) -> int | None:
        return next((rows for rows, said in self.by_rows.items() if said[alert] >= SEEN), None)

    def share_until_seen(self) -> float | None:
        return next((share for share, said in self.by_share.items() if said >= SEEN), None)


def measure(trials: Sequence[Trial], promise: Promise, windows_a_trial: int, seed: int) -> list[Sight]:
    """All shifts, over all trials."""
    return [_measure(trials, promise, shift, windows_a_trial, [seed, place]) for place, shift in enumerate(SHIFTS)]


def _measure(trials: Sequence[Trial], promise: Promise, shift: Shift, count: int, seed: list[int]) -> Sight:
    accuracies, by_rows, by_share = [], [], []
    for number, trial in enumerate(trials):
        random = np.random.default_rng([*seed, number])
        shifted, before = trial.watch(shift, random), trial.undrifted(random)

        def say(seen: Windows, trial: Trial = trial) -> dict[str, float]:
            judged = judge(trial.baseline, promise, seen)
            return {name: float(said.mean()) for name, said in (*judged.alerts.items(), (ANY, judged.any))}

        accuracies.append(shifted.kept(_drawn(shift, shifted, 1, len(shifted), random)[0]).accuracy)
        by_rows.append(
            {size: say(windows(trial.baseline, shifted, _drawn(shift, shifted, count, size, random))) for size in SIZES}
        )
        mixed = _both(before, shifted)
        by_share.append(
            {
                share: say(windows(trial.baseline, mixed, _moving_in(shift, before, shifted, count, share, random)))[
                    ANY
                ]
                for share in SHARES
            }
        )
    return Sight(
        shift,
        float(np.mean(accuracies)),
        {
            size: {name: float(np.mean([each[size][name] for each in by_rows])) for name in (*ALERTS, ANY)}
            for size in SIZES
        },
        {share: float(np.mean([each[share] for each in by_share])) for share in SHARES},
    )


def _drawn(shift: Shift, rows: Watched, count: int, size: int, random: np.random.Generator) -> traffic.Rows:
    if shift.more_of is None:
        return traffic.independent(len(rows), count, size, random)
    return traffic.with_more_of(rows.labels, count, size, shift.more_of, shift.times, random)


def _moving_in(
    shift: Shift, before: Watched, shifted: Watched, count: int, share: float, random: np.random.Generator
) -> traffic.Rows:
    """Windows of both, the shifted rows numbered after the others."""
    new = round(share * HOUR_ROWS)
    old_rows = traffic.independent(len(before), count, HOUR_ROWS - new, random)
    return np.concatenate([old_rows, len(before) + _drawn(shift, shifted, count, new, random)], axis=1)


def _both(before: Watched, after: Watched) -> Watched:
    return Watched(
        *(np.concatenate([getattr(before, each.name), getattr(after, each.name)]) for each in fields(Watched))
    )
