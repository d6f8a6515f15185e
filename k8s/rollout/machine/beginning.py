"""Before the canary has any traffic: the stable version is looked at, the canary made and tried."""

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.act import Deploy
from k8s.rollout.machine.case import Case, alike
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.needs import is_judged_alone
from k8s.rollout.machine.patience import preflight_seconds
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.stepping import first_step
from k8s.rollout.machine.turning import back, ended, held, onward
from k8s.rollout.outcome import Exit

UNCHANGED = "nothing was changed"


def preflight(case: Case) -> Decision:
    """Begin only from what is well, since it is what everything goes back to."""
    seen, state = case.seen, case.state
    traffic, stable = case.traffic, case.stable
    if not alike(traffic.canary_percent, 0.0):
        share = traffic.canary_percent
        return ended(case, Exit.USAGE, f"the canary has {share:g} % of the traffic before it began; {UNCHANGED}")
    why = ""
    if not traffic.effective:
        why = f"the traffic is not as it is written down: {traffic.sentence}"
    elif not stable.ready:
        why = f"the stable version is not well: {stable.sentence or 'it is not ready'}"
    elif is_judged_alone(case.plan):
        findings = seen.findings or ()
        failed = [each for each in findings if each.judgement is Judgement.FAILED]
        if failed and case.plan.stable_must_pass:
            told = "; ".join(f"{each.gate}: {each.sentence}" for each in failed)
            return ended(case, Exit.ABORTED, f"the stable version does not keep its own promise: {told}; {UNCHANGED}")
        if seen.findings is None:
            why = f"Prometheus was not heard: {seen.metrics_error or 'no gate was judged'}"
        elif not any(each.samples or each.judgement is Judgement.PASSED for each in findings):
            told = "; ".join(f"{each.gate}: {each.sentence}" for each in findings)
            why = f"nothing is known of the stable version, so nothing would be known of the canary: {told}"
    if not why:
        return onward(case, Phase.DEPLOYING, "the stable version is well; the canary is made", Deploy())
    if stable.hopeless or state.spent > preflight_seconds(case.plan.limits):
        return ended(case, Exit.INCONCLUSIVE, f"{why}; {UNCHANGED}")
    return held(case, f"waiting: {why}")


def deploying(case: Case) -> Decision:
    """Wait until the canary is ready; what makes it may be done again at each look."""
    canary = case.canary
    if canary.ready:
        return onward(
            case,
            Phase.SMOKE,
            _ready(canary.pods),
            canary_revision=canary.revision,
            restarts=canary.restarts,
        )
    limit = case.plan.limits.ready_seconds
    if case.state.spent > limit:
        why = canary.sentence or "its pods are not ready"
        return back(case, Exit.ABORTED, f"the canary did not become ready in {limit:g} s: {why}")
    return held(case, f"waiting for the canary: {canary.sentence or 'its pods are not ready'}", Deploy())


def smoke(case: Case) -> Decision:
    """Send it one request. Where a share is what makes pods, there is nobody to ask yet."""
    if not case.canary.pods and case.canary.ready:
        return first_step(case)
    answer = case.seen.smoke
    if answer == "":
        return first_step(case.remembering(smoked=True))
    limit = case.plan.limits.smoke_seconds
    if case.state.spent <= limit:
        return held(case, f"the smoke request: {answer}" if answer else "waiting to send the smoke request")
    if answer:
        return back(case, Exit.ABORTED, f"the canary does not answer the smoke request as it should: {answer}")
    why = case.seen.error or "nobody sent it"
    return back(case, Exit.INFRASTRUCTURE, f"the smoke request could not be sent in {limit:g} s: {why}")


def _ready(pods: int) -> str:
    if not pods:
        return "the canary waits for its first share, which brings its first pod"
    return f"the canary is ready, with {pods} {'pod' if pods == 1 else 'pods'}"
