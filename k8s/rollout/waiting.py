"""What a rollout waits for in each of its phases, and for how long at most. Pure."""

from dataclasses import dataclass

from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.plan.form import Plan, Step


@dataclass(frozen=True, slots=True)
class Awaited:
    """One wait."""

    what: str
    since: float
    most_seconds: float | None
    """None where nothing bounds it but what comes after."""


def awaited(plan: Plan, state: State) -> Awaited:
    """Say what is waited for."""
    what, most = _what(plan, state)
    return Awaited(what, state.since, most)


def step_of(plan: Plan, state: State) -> Step | None:
    """Give the step that a state is in."""
    return plan.steps[state.step] if 0 <= state.step < len(plan.steps) else None


def _what(plan: Plan, state: State) -> tuple[str, float | None]:
    limits, step = plan.limits, step_of(plan, state)
    match state.phase:
        case Phase.PREFLIGHT:
            return "the stable version to be well and to keep its promise", limits.inconclusive_seconds
        case Phase.DEPLOYING:
            return "the canary's pods to be ready", limits.ready_seconds
        case Phase.SMOKE:
            return "the canary to answer as the stable version does", limits.ready_seconds
        case Phase.SHIFTING:
            return f"a share of {state.percent:g} % to be taken up", limits.effective_seconds
        case Phase.SETTLING:
            return "requests to flow before they count", limits.settle_seconds
        case Phase.ANALYSING:
            windows = step.windows if step else 1
            return f"the gates: {state.windows_passed} of {windows} windows passed", limits.inconclusive_seconds
        case Phase.WAITING:
            if step is not None and step.approval:
                return "somebody's approval (--approve)", limits.approval_seconds
            return "the step's pause to end", step.pause_seconds if step else None
        case Phase.PROMOTING:
            return "the canary to have everything", limits.ready_seconds
        case Phase.VERIFYING:
            return (
                "the last judgement, with everything on the canary",
                limits.verify_seconds + limits.inconclusive_seconds,
            )
        case Phase.RESTORING:
            return "all traffic to be back on the stable version", None
        case Phase.DISCARDING:
            return "what the canary has begun to be answered", limits.drain_seconds
        case Phase.ENDED:
            return "", None


def least_seconds(plan: Plan) -> float:
    """How long a rollout takes where every window passes at once and every approval is there."""
    limits = plan.limits
    steps = sum(
        limits.settle_seconds + each.windows * limits.window_seconds + each.pause_seconds for each in plan.steps
    )
    return steps + limits.settle_seconds + limits.verify_seconds


def most_seconds(plan: Plan) -> float:
    """How long it can take at most, by its limits."""
    limits = plan.limits
    steps = sum(
        limits.effective_seconds
        + limits.settle_seconds
        + limits.inconclusive_seconds
        + (limits.approval_seconds if each.approval else 0.0)
        + each.pause_seconds
        for each in plan.steps
    )
    around = limits.inconclusive_seconds + 2 * limits.ready_seconds + limits.effective_seconds + limits.settle_seconds
    return around + steps + limits.verify_seconds + limits.inconclusive_seconds + limits.drain_seconds
