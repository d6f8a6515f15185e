"""The end of what goes well: everything is verified, then the canary becomes the stable version.

Verified first, and promoted then: until the promotion the old version is there
to take everything back.
"""

from k8s.rollout.machine.act import Promote
from k8s.rollout.machine.case import Case
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.needs import is_judged_alone
from k8s.rollout.machine.patience import shifting_seconds
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.stepping import all_passed, open_questions, unlike_before
from k8s.rollout.machine.turning import back, ended, held, onward
from k8s.rollout.outcome import Exit


def verifying(case: Case) -> Decision:
    """The canary must keep the absolute bounds with everything.

    There is nothing to compare it with any more, and an old version that falls
    ill now is no reason to keep it.
    """
    seen, state, limits = case.seen, case.state, case.plan.limits
    if disturbed := unlike_before(case):
        return disturbed
    if state.spent < limits.verify_seconds:
        return held(case)
    findings = seen.findings
    # Without a bound that stands alone, and without seconds to verify in, the steps have shown all there is.
    is_judged = is_judged_alone(case.plan) and limits.verify_seconds > 0
    if not is_judged or (findings is not None and all_passed(findings)):
        if case.canary.ready:
            return onward(case, Phase.PROMOTING, "the canary becomes the stable version", Promote())
        why = f"not all of the canary is ready: {case.canary.sentence}"
    else:
        why = open_questions(findings or ())
    if state.spent > limits.verify_seconds + limits.inconclusive_seconds:
        return back(case, Exit.INCONCLUSIVE, f"with all requests it came to no conclusion: {why}")
    return held(case, f"waiting: {why}")


def promoting(case: Case) -> Decision:
    """Promote until it is seen to be done, by this very process."""
    traffic, state, limits = case.traffic, case.state, case.plan.limits
    if case.is_effective and state.is_acting and case.seen.acted:
        return ended(case, Exit.PROMOTED, "the canary is the stable version")
    limit = shifting_seconds(limits)
    if state.spent <= limit:
        return held(case, f"promoting: {traffic.sentence}" if traffic.sentence else "", Promote())
    why = f"the promotion was not done in {limit:g} s: {traffic.sentence or case.seen.error or 'no reason is known'}"
    if traffic.can_return:
        return back(case, Exit.INFRASTRUCTURE, why)
    return ended(case, Exit.INFRASTRUCTURE, f"{why}; the old version is replaced, so nothing can be taken back")
