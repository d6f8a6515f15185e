"""What ends a rollout in whichever phase it is seen: the canary's troubles, other hands, gates that fail.

Each gives how it ends and why, or nothing. What was not seen is no trouble
here: that is the business of patience.
"""

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.case import Case, alike
from k8s.rollout.machine.phase import Phase
from k8s.rollout.outcome import Exit

Trouble = tuple[Exit, str]

FLOWING = (Phase.SETTLING, Phase.ANALYSING, Phase.WAITING, Phase.VERIFYING)
"""The canary has its share, and it is effective."""
ON_THE_WAY = (Phase.SHIFTING, *FLOWING)
WITHOUT_TRAFFIC = (Phase.DEPLOYING, Phase.SMOKE)


def trouble(case: Case) -> Trouble | None:
    """Give the first, the worst first."""
    return _wish(case) or _other_hands(case) or _canary(case) or _gates(case)


def _wish(case: Case) -> Trouble | None:
    return (Exit.ABORTED, f"it was aborted: {case.seen.abort}") if case.seen.abort else None


def _other_hands(case: Case) -> Trouble | None:
    state, traffic, phase = case.state, case.seen.traffic, case.state.phase
    if traffic is None:
        return None
    share = traffic.canary_percent
    ours = [state.percent]
    if phase in WITHOUT_TRAFFIC:
        ours = [0.0]
    elif phase is Phase.SHIFTING:
        ours.append(state.before)
    elif phase not in (*FLOWING, Phase.PROMOTING) or not traffic.can_return:
        return None
    if any(alike(share, each) for each in ours):
        return None
    meant = " or ".join(f"{each:g} %" for each in dict.fromkeys(ours))
    told = f"somebody else has changed the shares: the canary has {share:g} %, and was to have {meant}"
    return Exit.ABORTED, f"{told} ({traffic.sentence})" if traffic.sentence else told


def _canary(case: Case) -> Trouble | None:
    state, canary, phase = case.state, case.seen.canary, case.state.phase
    if canary is None or phase not in (*WITHOUT_TRAFFIC, *ON_THE_WAY):
        return None
    if canary.hopeless:
        return Exit.ABORTED, f"the canary cannot become ready: {canary.sentence or 'only another version mends it'}"
    if phase is Phase.DEPLOYING:
        return None
    if state.canary_revision and canary.revision and canary.revision != state.canary_revision:
        return Exit.ABORTED, "somebody has changed the canary's version in the middle of the rollout"
    anew = canary.restarts - state.restarts
    if anew > case.plan.limits.restarts:
        times = "once" if anew == 1 else f"{anew} times"
        told = f": {canary.sentence}" if canary.sentence else ""
        return Exit.ABORTED, f"containers of the canary have started anew {times}{told}"
    if phase not in FLOWING or canary.ready:
        return None
    if canary.pods == 0 and state.had_pods:
        return Exit.ABORTED, f"the canary has traffic and no ready pod: {canary.sentence or 'it is not ready'}"
    if state.unready > case.plan.limits.unready_seconds:
        return (
            Exit.ABORTED,
            f"the canary lacks pods for {state.unready:.0f} s: {canary.sentence or 'not all are ready'}",
        )
    return None


def _gates(case: Case) -> Trouble | None:
    if case.state.phase not in FLOWING or case.seen.findings is None:
        return None
    failed = [each for each in case.seen.findings if each.judgement is Judgement.FAILED]
    if not failed:
        return None
    told = "; ".join(f"{each.gate} failed at {case.state.percent:g} %: {each.sentence}" for each in failed)
    return Exit.ABORTED, told
