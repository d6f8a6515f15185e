"""The table and the figure of docs/scheduling.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.simulation.arrivals import bursty, poisson, recorded
from tests.simulation.costs import GPU, Cost
from tests.simulation.ours import run_ours
from tests.simulation.outcome import Outcome
from tests.simulation.rivals import CoDel, Rival, Shrinking, Waiting, given_up_of_patient_callers, run_rival

SEED = 1
LOADS = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)

Simulate = Callable[[Cost, Sequence[float]], Outcome]


@dataclass(frozen=True)
class Rule:
    """A way to batch, by the name that the table gives it."""

    name: str
    simulate: Simulate


def of_rival(name: str, make: Callable[[Cost], Rival]) -> Rule:
    return Rule(name, lambda cost, arrivals: run_rival(cost, arrivals, SEED, make(cost)))


OURS = Rule("**Écluse**", lambda cost, arrivals: run_ours(cost, arrivals, SEED))
RULES = (
    of_rival("fixed wait of 20 ms, no bound", lambda cost: Waiting(wait_seconds=0.020)),
    of_rival("at once, no bound", lambda cost: Waiting()),
    of_rival("2 ms, 256 places, timeout = deadline", lambda cost: Waiting(0.002, cost.deadline_seconds, 256)),
    of_rival("2 ms, 256 places, timeout = half of it", lambda cost: Waiting(0.002, cost.deadline_seconds / 2, 256)),
    of_rival("batch shrunk to save the oldest", Shrinking),
    of_rival("CoDel, target five batches", lambda cost: CoDel(5 * cost.seconds[64])),
    OURS,
)


HEAD = (
    "| rule | load 0.5: p50 / p99 ms | 0.9 | 1.1 | 1.5 | 10 | bursts at 0.7 | recorded at 0.9 |",
    "|---|---|---|---|---|---|---|---|",
)
BOUND = "| *bound* | | 100 | 90.9 | 66.7 | 10 | | |"


def table(cost: Cost, requests: int) -> str:
    """Goodput in per cent, a line a rule."""
    return "\n".join([*HEAD, *(_line(rule, cost, requests) for rule in RULES), BOUND])


def _line(rule: Rule, cost: Cost, requests: int) -> str:
    loads = [poisson(cost.capacity * load, requests, SEED) for load in (0.9, 1.1, 1.5, 10.0)]
    loads += [bursty(cost.capacity * 0.7, requests, SEED), recorded(cost.capacity * 0.9, requests)]
    cells = [f"{100 * rule.simulate(cost, arrivals).goodput:.1f}" for arrivals in loads]
    return f"| {rule.name} | {_latency(rule, cost, requests)} | " + " | ".join(cells) + " |"


def patience() -> str:
    """What CoDel does to callers who would have waited."""
    shares = [
        f"{callers}: {100 * given_up_of_patient_callers(GPU, callers, lambda: CoDel(5 * GPU.seconds[64])):.0f} %"
        for callers in (64, 256, 512, 1024)
    ]
    return ", ".join(shares)


def draw(path: Path, requests: int) -> None:
    """Goodput by load, the same lines each time."""
    mpl.rcParams["svg.hashsalt"] = "ecluse"
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(LOADS, [100 * min(1, 1 / load) for load in LOADS], color="#999999", linestyle=":", label="bound")
    for rule in RULES:
        goodputs = [100 * rule.simulate(GPU, poisson(GPU.capacity * load, requests, SEED)).goodput for load in LOADS]
        is_ours = rule is OURS
        axes.plot(LOADS, goodputs, label=rule.name.strip("*"), linewidth=2.5 if is_ours else 1.2, zorder=3 + is_ours)
    axes.set_xlabel("load, of what the device can do")
    axes.set_ylabel("answered within 50 ms, %")
    axes.set_ylim(0, 103)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=7, loc="lower left")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _latency(rule: Rule, cost: Cost, requests: int) -> str:
    outcome = rule.simulate(cost, poisson(cost.capacity * 0.5, requests, SEED))
    return f"{1000 * outcome.quantile_seconds(0.5):.0f} / {1000 * outcome.quantile_seconds(0.99):.0f}"
