"""What must be looked at before the next decision.

Nothing is asked that nobody reads: a Prometheus that is down harms no phase
without gates.
"""

from dataclasses import dataclass

from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.plan.alone import alone
from k8s.rollout.plan.form import Plan
from k8s.rollout.side import Side

BOTH = frozenset(Side)
LONGEST_PAUSE_SECONDS = 15.0
QUICK_SECONDS = 2.0
"""Where only the cluster is waited for, unless windows are so short that more is to be seen sooner."""
EARLY_CAUTION = 10.0
"""A look within a window finds what is far too bad at once; looking often must not make false alarms."""
WATCHING_CAUTION = 100.0
"""The same while a person is waited for, which may be a day."""


@dataclass(frozen=True, slots=True)
class Needs:
    """One look's questions."""

    traffic: bool = True
    canary: bool = False
    stable: bool = False
    window_seconds: float | None = None
    """How far the evidence goes back; None where no gate is asked."""
    sides: frozenset[Side] = BOTH
    """Whom gates judge. One side alone is judged by the absolute bounds alone (`k8s.rollout.plan.alone`)."""
    confidence: float = 0.0
    """Of each conclusion that something is worse, where gates are asked."""
    smoke: bool = False
    pause_seconds: float = QUICK_SECONDS
    """How long to wait before this look."""


def needs(plan: Plan, state: State, now: float) -> Needs:
    """Say what to look at, at `now`; what is seen must carry the same `now`."""
    window = plan.limits.window_seconds
    pause = min(max(window / 4, 0.5), LONGEST_PAUSE_SECONDS)
    quick = min(QUICK_SECONDS, pause)
    evidence = now - state.counted_from
    # Less than this shows nothing, and a range of no seconds is no question.
    gathered = evidence if evidence >= pause else None
    match state.phase:
        case Phase.PREFLIGHT:
            # It grows while it is waited for, since a slow scrape has little to tell of a short one.
            back = window * max(step.windows for step in plan.steps) + state.spent
            return Needs(
                stable=True,
                window_seconds=back if is_judged_alone(plan) else None,
                sides=frozenset({Side.STABLE}),
                confidence=plan.confidence,
                pause_seconds=pause,
            )
        case Phase.DEPLOYING:
            return Needs(canary=True, pause_seconds=quick)
        case Phase.SMOKE:
            return Needs(canary=True, stable=True, smoke=True, pause_seconds=quick)
        case Phase.SHIFTING:
            return Needs(canary=True, stable=True, smoke=not state.smoked and state.had_pods, pause_seconds=quick)
        case Phase.SETTLING:
            return Needs(canary=True, stable=True, pause_seconds=quick)
        case Phase.ANALYSING:
            is_over = now - state.window_from >= window
            return Needs(
                canary=True,
                stable=True,
                window_seconds=gathered,
                confidence=plan.confidence if is_over else cautious(plan.confidence, EARLY_CAUTION),
                pause_seconds=pause,
            )
        case Phase.WAITING:
            step = plan.steps[min(state.step, len(plan.steps) - 1)]
            return Needs(
                canary=True,
                stable=True,
                window_seconds=None if gathered is None else min(gathered, window * max(step.windows, 4)),
                confidence=cautious(plan.confidence, WATCHING_CAUTION),
                pause_seconds=pause,
            )
        case Phase.VERIFYING:
            is_over = state.spent >= plan.limits.verify_seconds
            return Needs(
                canary=True,
                window_seconds=gathered if is_judged_alone(plan) else None,
                sides=frozenset({Side.CANARY}),
                confidence=plan.confidence if is_over else cautious(plan.confidence, EARLY_CAUTION),
                pause_seconds=pause,
            )
        case Phase.RESTORING:
            return Needs(canary=True, stable=True, pause_seconds=quick)
        case Phase.PROMOTING | Phase.DISCARDING:
            return Needs(pause_seconds=quick)
        case Phase.ENDED:
            return Needs(traffic=False, pause_seconds=0.0)


def is_judged_alone(plan: Plan) -> bool:
    """Whether some gate must say something of one side by itself."""
    return any(not gate.optional for gate in alone(plan.gates))


def cautious(confidence: float, times: float) -> float:
    """So sure that it is wrong so many times less often."""
    return 1 - (1 - confidence) / times
