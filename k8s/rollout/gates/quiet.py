"""Which steps of a plan would end without a conclusion, because too few requests come: told before anything begins."""

import math
from collections.abc import Callable, Iterator

from k8s.rollout.gates.ask import name_of
from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.plan.form import Gate, Plan
from monitoring.slo import Promise

REQUESTS = "sum(rate(ecluse_requests_total{$side}[$window]))"
"""Of the stable version, while it has all of them."""
SPARE = 1.5
"""Requests come at random: on average so many times more must come as are needed."""


def quiet_steps(
    plan: Plan, requests_a_second: float, promise: Promise, nearest: Callable[[float], float] = float
) -> Iterator[str]:
    """Give a sentence for each step that cannot gather what its gates need, and one with what would."""
    needed, gate = _needed(plan, promise)
    seconds = plan.limits.inconclusive_seconds
    least = 0.0
    for number, step in enumerate(plan.steps, 1):
        share = nearest(step.percent) / 100
        expected = requests_a_second * share * seconds
        if gate is None or expected >= SPARE * needed:
            continue
        least = 100 * SPARE * needed / (requests_a_second * seconds) if requests_a_second > 0 else 0.0
        yield (
            f"step {number} gives the canary {100 * share:g} % of {requests_a_second:.3g} requests a second: some"
            f" {expected:.0f} in {seconds:g} s, and gate {name_of(gate)} needs {needed}"
            + (f", which takes some {SPARE * needed:.0f} on average" if expected >= needed else "")
        )
    if 0 < least <= 100:
        # Rounded up, since what is told has to be enough.
        enough = math.ceil(10 * least) / 10
        yield f"begin with {enough:g} % or more, or give a step more time (limits.inconclusive_seconds)"


def _needed(plan: Plan, promise: Promise) -> tuple[int, Gate | None]:
    """The most that a gate needs which has to pass, of what every request brings."""
    asked = [
        (gate.minimum or MEASURES[gate.measure].minimum(promise), gate)
        for gate in plan.gates
        if MEASURES[gate.measure].of == "requests" and not gate.optional
    ]
    return max(asked, key=lambda each: each[0], default=(0, None))
