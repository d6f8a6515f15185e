"""How much time has been spent on what, by whoever looked.

A process that is gone spends nothing: after a kill what was begun still has
the time it was given, and a long gap counts as a short one. So every clock here
runs as long as somebody looks, which is what makes every rollout end.
"""

from dataclasses import replace

from k8s.rollout.machine.needs import Needs
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.plan.form import Limits, Plan
from k8s.rollout.seen import Seen

LONGEST_GAP_SECONDS = 60.0
"""Between two looks; after a longer one nobody knows what happened, and evidence begins anew."""

CONCLUDING = (Phase.SETTLING, Phase.ANALYSING)


def is_gap(state: State, now: float) -> bool:
    """Whether nobody has looked for long, or the clock was put back."""
    return state.looked > 0 and not 0 <= now - state.looked <= LONGEST_GAP_SECONDS


def is_silent(phase: Phase, asked: Needs, seen: Seen) -> bool:
    """Whether the API server did not tell something that was asked and is waited for."""
    if asked.traffic and seen.traffic is None:
        return True
    # Whatever the pods do, traffic that goes back goes back.
    if phase is Phase.RESTORING:
        return False
    return (asked.canary and seen.canary is None) or (asked.stable and seen.stable is None)


def aged(state: State, asked: Needs, seen: Seen) -> State:
    """Give the state with its clocks moved on to this look."""
    passed = 0.0 if not state.looked else min(max(seen.now - state.looked, 0.0), LONGEST_GAP_SECONDS)
    silent = is_silent(state.phase, asked, seen)
    gap = is_gap(state, seen.now)
    unready, ready = state.unready, state.ready
    if seen.canary is not None:
        unready, ready = (0.0, ready + passed) if seen.canary.ready else (unready + passed, 0.0)
    return replace(
        state,
        looked=seen.now,
        is_stale=state.is_stale or gap,
        spent=state.spent + passed,
        step_spent=state.step_spent + passed,
        unconcluded=state.unconcluded + (passed if state.phase in CONCLUDING else 0.0),
        api_errors=state.api_errors + 1 if silent else 0,
        silent=0.0 if not silent or gap else state.silent + passed,
        unready=unready,
        ready=ready,
        had_pods=state.had_pods or bool(seen.canary and seen.canary.pods),
    )


def shifting_seconds(limits: Limits) -> float:
    """For a share to be taken up, where pods may have to be made for it first."""
    return limits.ready_seconds + limits.effective_seconds


def concluding_seconds(limits: Limits) -> float:
    """For settling and analysing of one step."""
    return limits.settle_seconds + limits.inconclusive_seconds


def returning_seconds(limits: Limits) -> float:
    """For the way back, over and over where somebody gives the canary traffic again."""
    return shifting_seconds(limits) + limits.drain_seconds + limits.api_seconds


def step_seconds(plan: Plan, step: int) -> float:
    """The longest that a step may take, whatever happens in it."""
    limits = plan.limits
    shared = shifting_seconds(limits) + concluding_seconds(limits)
    if step >= len(plan.steps):
        return shared + limits.verify_seconds
    chosen = plan.steps[step]
    return shared + chosen.pause_seconds + (limits.approval_seconds if chosen.approval else 0.0)


def longest_seconds(plan: Plan) -> float:
    """The longest that a rollout may take, but for the pauses between its looks."""
    limits = plan.limits
    before = preflight_seconds(limits) + limits.ready_seconds + limits.smoke_seconds + limits.api_seconds
    steps = sum(step_seconds(plan, step) for step in range(len(plan.steps) + 1))
    return before + steps + shifting_seconds(limits) + returning_seconds(limits)


def preflight_seconds(limits: Limits) -> float:
    """For the stable version and its metrics to be seen well."""
    return limits.settle_seconds + limits.window_seconds + limits.effective_seconds
