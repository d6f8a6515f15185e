"""The way back: the canary's share is taken, what it had begun is answered, then it goes.

Taking back never ends with traffic left on the canary: where the share cannot
be seen to be nothing, the process gives up and says so, and the state stays as
it is for the next start to go on from.
"""

from k8s.rollout.machine.act import Discard, Shift
from k8s.rollout.machine.case import Case, alike
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.patience import returning_seconds
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.turning import ended, held, left, onward
from k8s.rollout.outcome import Exit


def restoring(case: Case) -> Decision:
    """Take the share back until that is effective."""
    traffic, state = case.seen.traffic, case.state
    if traffic is not None and not traffic.can_return:
        why = f"{state.reason}; the promotion has replaced the old version, so nothing can be taken back"
        return ended(case, Exit.INFRASTRUCTURE, why)
    if traffic is not None and alike(traffic.canary_percent, 0.0) and traffic.effective:
        if case.plan.on_abort == "keep":
            return _over(case)
        return onward(case, Phase.DISCARDING, "the stable version has all requests again")
    if state.step_spent > returning_seconds(case.plan.limits):
        told = "the shares could not be read" if traffic is None else traffic.sentence or case.seen.error
        at = "" if traffic is None else f", the canary has {traffic.canary_percent:g} %"
        why = f"the traffic could not be seen to be back{at}: {told or 'no reason is known'}"
        return left(case, f"{why}; the same command goes on with it", Shift(0.0))
    if _nobody_to_take_it(case):
        return held(case, "the stable version has no pod that could take the traffic; waiting for one")
    return held(case, f"taking back: {traffic.sentence}" if traffic and traffic.sentence else "", Shift(0.0))


def discarding(case: Case) -> Decision:
    """Wait for what was begun, then take the canary away."""
    traffic, state, limits = case.traffic, case.state, case.plan.limits
    if not alike(traffic.canary_percent, 0.0):
        share = traffic.canary_percent
        return onward(case, Phase.RESTORING, f"somebody has given the canary {share:g} % again", Shift(0.0))
    if state.had_traffic and state.spent < limits.drain_seconds:
        return held(case)
    if state.is_acting and case.seen.acted:
        return _over(case)
    if state.step_spent > returning_seconds(limits):
        return left(case, f"the canary could not be taken away: {case.seen.error or 'no reason is known'}")
    return held(case, "", Discard())


def _nobody_to_take_it(case: Case) -> bool:
    """Whether going back would lose every request, while nothing bad is known of the canary."""
    stable, canary = case.seen.stable, case.seen.canary
    return (
        case.state.exit is Exit.INCONCLUSIVE
        and case.state.spent <= case.plan.limits.ready_seconds
        and stable is not None
        and not stable.ready
        and not stable.pods
        and bool(canary and canary.pods)
    )


def _over(case: Case) -> Decision:
    return ended(case, case.state.exit or Exit.ABORTED, case.state.reason)
