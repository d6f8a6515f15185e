"""A step: its share is set, settles, is judged, and is waited with.

Everything (the last share) goes the same way, and is verified where a step is
analysed.
"""

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.act import Shift
from k8s.rollout.machine.case import Case, alike
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.patience import concluding_seconds, shifting_seconds, step_seconds
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.turning import back, held, onward
from k8s.rollout.outcome import Exit


def first_step(case: Case) -> Decision:
    """Give the canary its first requests."""
    return _to_step(case, 0)


def next_step(case: Case) -> Decision:
    """Go on to the step after, or to everything."""
    return _to_step(case, case.state.step + 1)


def shifting(case: Case) -> Decision:
    """Wait until the share is what requests see; set it again where it is not even written down."""
    traffic, canary, state, limits = case.traffic, case.canary, case.state, case.plan.limits
    if case.is_effective and (canary.ready or canary.pods):
        if not state.smoked:
            if case.seen.smoke is None:
                if state.spent > shifting_seconds(limits):
                    return back(case, Exit.INFRASTRUCTURE, f"the smoke request could not be sent: {case.seen.error}")
                return held(case, "waiting to send the smoke request")
            if case.seen.smoke:
                return back(
                    case,
                    Exit.ABORTED,
                    f"the canary does not answer the smoke request as it should: {case.seen.smoke}",
                )
            case = case.remembering(smoked=True)
        return settle(case, f"{state.percent:g} % is effective")
    if overdue := _overdue(case):
        return overdue
    if not canary.ready and state.spent > shifting_seconds(limits):
        why = canary.sentence or "its pods are not ready"
        return back(case, Exit.ABORTED, f"the canary did not get ready for {state.percent:g} %: {why}")
    if canary.ready and min(state.ready, state.spent) > limits.effective_seconds:
        told = traffic.sentence or f"it is {traffic.canary_percent:g} %"
        return back(
            case,
            Exit.INFRASTRUCTURE,
            f"a share of {state.percent:g} % did not become effective in {limits.effective_seconds:g} s: {told}",
        )
    if not alike(traffic.canary_percent, state.percent):
        return held(case, "", Shift(state.percent))
    why = traffic.sentence or canary.sentence or "it is not yet effective"
    return held(case, f"waiting for {state.percent:g} %: {why}", Shift(state.percent))


def settle(case: Case, sentence: str) -> Decision:
    """Let requests flow before they count; evidence begins anew after it."""
    return onward(
        case,
        Phase.SETTLING,
        sentence,
        windows_passed=0,
        had_traffic=True,
        stable_revision=(case.seen.stable and case.seen.stable.revision) or case.state.stable_revision,
    )


def settling(case: Case) -> Decision:
    """Nothing counts yet."""
    if disturbed := unlike_before(case) or too_long(case, ()):
        return disturbed
    if case.state.spent < case.plan.limits.settle_seconds:
        return held(case)
    if not case.stable.ready and case.step is not None:
        return held(case, f"waiting: the stable version is not well: {case.stable.sentence}")
    now = case.seen.now
    phase, sentence = Phase.VERIFYING, "verifying with all requests"
    if case.step is not None:
        phase, sentence = Phase.ANALYSING, f"judging at {case.state.percent:g} %"
    return onward(case, phase, sentence, counted_from=now, window_from=now, windows_passed=0)


def analysing(case: Case) -> Decision:
    """Count the windows that passed; one that shows nothing goes on until it does."""
    step = case.plan.steps[case.state.step]
    seen, state = case.seen, case.state
    findings = seen.findings or ()
    if disturbed := unlike_before(case) or too_long(case, findings):
        return disturbed
    if seen.now - state.window_from < case.plan.limits.window_seconds:
        return held(case)
    if not case.stable.ready:
        return held(case, f"waiting: the stable version is not well: {case.stable.sentence}")
    if not case.canary.ready:
        return held(case, f"waiting: not all of the canary is ready: {case.canary.sentence}")
    if not all_passed(findings):
        return held(case, open_questions(findings))
    passed = state.windows_passed + 1
    told = f"window {passed} of {step.windows} passed at {state.percent:g} %"
    if passed < step.windows:
        return onward(case, Phase.ANALYSING, told, windows_passed=passed, window_from=seen.now)
    case = case.remembering(windows_passed=passed, unconcluded=0.0)
    if not step.pause_seconds and not step.approval:
        return next_step(case)
    wish = "for an approval" if step.approval else f"{step.pause_seconds:g} s"
    return onward(case, Phase.WAITING, f"{told}; waiting {wish}")


def waiting(case: Case) -> Decision:
    """A pause, and then a person; gates that fail end it meanwhile."""
    step = case.plan.steps[case.state.step]
    seen, state = case.seen, case.state
    if disturbed := unlike_before(case):
        return disturbed
    if state.spent < step.pause_seconds:
        return held(case)
    if step.approval and not seen.approval:
        if state.spent > step.pause_seconds + case.plan.limits.approval_seconds:
            limit = case.plan.limits.approval_seconds
            return back(case, Exit.INCONCLUSIVE, f"nobody approved {state.percent:g} % in {limit:g} s")
        return held(case, f"waiting for an approval of {state.percent:g} %")
    if seen.findings is None:
        return held(case, "waiting for Prometheus before the next step")
    if not case.stable.ready:
        return held(case, f"waiting: the stable version is not well: {case.stable.sentence}")
    if not case.canary.ready:
        return held(case, f"waiting: not all of the canary is ready: {case.canary.sentence}")
    return next_step(case)


def all_passed(findings: tuple[Finding, ...]) -> bool:
    """Whether there is evidence, and all of it is good."""
    return bool(findings) and all(each.judgement is Judgement.PASSED for each in findings)


def open_questions(findings: tuple[Finding, ...]) -> str:
    """Say what is not known yet; without numbers, which change at each look."""
    names = [each.gate for each in findings if each.judgement is not Judgement.PASSED]
    return f"inconclusive as yet: {', '.join(names)}" if names else "no gate was judged"


def too_long(case: Case, findings: tuple[Finding, ...]) -> Decision | None:
    """End a step that comes to no conclusion."""
    limits = case.plan.limits
    if case.state.unconcluded <= concluding_seconds(limits):
        return None
    open_ones = [each for each in findings if each.judgement is not Judgement.PASSED]
    told = "; ".join(f"{each.gate}: {each.sentence}" for each in open_ones) or case.state.said or "it never settled"
    return back(
        case,
        Exit.INCONCLUSIVE,
        f"{case.state.percent:g} % came to no conclusion in {limits.inconclusive_seconds:g} s: {told}",
    )


def unlike_before(case: Case) -> Decision | None:
    """Where what evidence rests on has changed, it begins anew; where that happens too often, it ends."""
    seen, state = case.seen, case.state
    if overdue := _overdue(case):
        return overdue
    if not case.traffic.effective:
        return onward(
            case,
            Phase.SHIFTING,
            f"{state.percent:g} % is not effective any more: {case.traffic.sentence}",
            before=state.percent,
        )
    if case.step is None or seen.stable is None:
        return None
    known = state.stable_revision
    if known and seen.stable.revision and seen.stable.revision != known:
        return settle(case, "somebody has changed the stable version; evidence begins anew")
    if state.phase is not Phase.SETTLING and not case.stable.ready and (case.stable.hopeless or not case.stable.pods):
        return settle(case, f"the stable version fell ill: {case.stable.sentence}; evidence begins anew")
    return None


def _overdue(case: Case) -> Decision | None:
    """End a step that began anew too often."""
    state = case.state
    limit = step_seconds(case.plan, state.step)
    if state.step_spent <= limit:
        return None
    told = state.said or "it began anew too often"
    return back(case, Exit.INCONCLUSIVE, f"{state.percent:g} % was not done with in {limit:g} s: {told}")


def _to_step(case: Case, step: int) -> Decision:
    steps = case.plan.steps
    is_all = step >= len(steps)
    percent = case.nearest(100.0 if is_all else steps[step].percent)
    before = case.state.percent
    shifted = case.remembering(
        step=step, before=before, percent=percent, step_spent=0.0, unconcluded=0.0, windows_passed=0, had_traffic=True
    )
    wanted = "everything" if is_all else f"step {step + 1} of {len(steps)}"
    coarse = "" if is_all or alike(percent, steps[step].percent) else f" (the nearest to {steps[step].percent:g} %)"
    return onward(shifted, Phase.SHIFTING, f"{wanted}: {before:g} % to {percent:g} %{coarse}", Shift(percent))
