"""One look with all that it is decided by."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from k8s.rollout.machine.state import State
from k8s.rollout.plan.form import Plan, Step
from k8s.rollout.seen import Health, Seen, Traffic

Thing = TypeVar("Thing")

TOLERANCE_PERCENT = 0.05
"""Shares are written as whole weights, so that what is read back may differ by less than this."""


@dataclass(frozen=True, slots=True)
class Case:
    """Plan, what is remembered, what was seen."""

    plan: Plan
    state: State
    seen: Seen
    nearest: Callable[[float], float]

    @property
    def step(self) -> Step | None:
        """The step in progress; None where the canary is to have everything."""
        return self.plan.steps[self.state.step] if self.state.step < len(self.plan.steps) else None

    @property
    def traffic(self) -> Traffic:
        """What was seen of it, for phases that are decided only where it was."""
        return _there(self.seen.traffic)

    @property
    def canary(self) -> Health:
        """The same of the canary's pods."""
        return _there(self.seen.canary)

    @property
    def stable(self) -> Health:
        """The same of the stable version's."""
        return _there(self.seen.stable)

    @property
    def is_effective(self) -> bool:
        """Whether the canary's share is seen to be what it is meant to be."""
        traffic = self.seen.traffic
        return traffic is not None and traffic.effective and alike(traffic.canary_percent, self.state.percent)

    def remembering(self, **changes: object) -> "Case":
        """The same look with something else remembered."""
        return replace(self, state=replace(self.state, **changes))  # type: ignore[arg-type]


def _there(thing: Thing | None) -> Thing:
    if thing is None:
        raise LookupError("this phase was decided without what it asks for")
    return thing


def alike(share: float, other: float) -> bool:
    """Whether two shares are the same but for rounding."""
    return abs(share - other) <= TOLERANCE_PERCENT
