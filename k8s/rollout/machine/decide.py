"""Decide what comes next: one look in, one state and what to do out.

Pure. It promises, whatever is seen and wherever it is killed: that a canary is
promoted only after every step's gates have passed; that a canary that is given
up has no traffic, or the process says that it could not see to it; that it
ends (`patience.longest_seconds`).
"""

from collections.abc import Callable
from dataclasses import replace

from k8s.rollout.machine.act import Shift
from k8s.rollout.machine.beginning import deploying, preflight, smoke
from k8s.rollout.machine.case import Case
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.finishing import promoting, verifying
from k8s.rollout.machine.needs import Needs, needs
from k8s.rollout.machine.patience import aged, is_silent
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.restoring import discarding, restoring
from k8s.rollout.machine.state import State
from k8s.rollout.machine.stepping import analysing, settle, settling, shifting, waiting
from k8s.rollout.machine.troubles import FLOWING, trouble
from k8s.rollout.machine.turning import back, ended, held, left
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.seen import Seen

PHASES: dict[Phase, Callable[[Case], Decision]] = {
    Phase.PREFLIGHT: preflight,
    Phase.DEPLOYING: deploying,
    Phase.SMOKE: smoke,
    Phase.SHIFTING: shifting,
    Phase.SETTLING: settling,
    Phase.ANALYSING: analysing,
    Phase.WAITING: waiting,
    Phase.VERIFYING: verifying,
    Phase.PROMOTING: promoting,
    Phase.RESTORING: restoring,
    Phase.DISCARDING: discarding,
}

ON_THE_WAY_BACK = (Phase.RESTORING, Phase.DISCARDING)


def decide(plan: Plan, state: State, seen: Seen, *, nearest: Callable[[float], float]) -> Decision:
    """Take one look; `nearest` gives the share that the backend can make."""
    if state.phase is Phase.ENDED:
        return Decision(state)
    decision = _decided(plan, state, seen, nearest)
    return replace(decision, state=replace(decision.state, is_acting=bool(decision.acts)))


def _decided(plan: Plan, state: State, seen: Seen, nearest: Callable[[float], float]) -> Decision:
    asked = needs(plan, state, seen.now)
    case = _counting_metrics(Case(plan, aged(state, asked, seen), seen, nearest), asked)
    unseen = is_silent(state.phase, asked, seen)
    if case.state.silent > plan.limits.api_seconds:
        return _given_up(case)
    if case.state.phase not in ON_THE_WAY_BACK:
        if found := trouble(case):
            return _turned(case, *found)
        if case.state.metrics_errors >= plan.limits.metrics_errors:
            times = case.state.metrics_errors
            why = f"Prometheus did not answer {times} times in a row: {seen.metrics_error or 'no reason is known'}"
            return _turned(case, Exit.INFRASTRUCTURE, why)
    if unseen and case.state.phase is not Phase.RESTORING:
        return held(case, f"the API server does not tell: {seen.error or 'no reason is known'}")
    if case.state.is_stale and case.state.phase in FLOWING:
        return settle(case, "nobody has looked for a while; evidence begins anew")
    if case.state.metrics_errors and case.state.phase in FLOWING:
        return held(case, f"Prometheus does not answer, so nothing goes on: {seen.metrics_error}")
    return PHASES[case.state.phase](case)


def _counting_metrics(case: Case, asked: Needs) -> Case:
    if asked.window_seconds is None:
        return case
    return case.remembering(metrics_errors=case.state.metrics_errors + 1 if case.seen.findings is None else 0)


def _turned(case: Case, end: Exit, why: str) -> Decision:
    """Go back, where there still is a way back; once a promotion may be done, that must be seen first."""
    if case.state.phase is Phase.PROMOTING and not (case.seen.traffic and case.seen.traffic.can_return):
        if case.seen.traffic is None:
            return held(case, f"{why}; whether it can be taken back is not known yet")
        return PHASES[Phase.PROMOTING](case)
    return back(case, end, why)


def _given_up(case: Case) -> Decision:
    seconds = case.plan.limits.api_seconds
    why = f"the API server did not tell what was asked for {seconds:g} s: {case.seen.error or 'no reason is known'}"
    if case.state.phase is Phase.PREFLIGHT:
        return ended(case, Exit.INFRASTRUCTURE, f"{why}; nothing was changed")
    share = f"the canary was last given {case.state.percent:g} %"
    acts = (Shift(0.0),) if case.state.phase is Phase.RESTORING else ()
    return left(case, f"{why}; {share}, and the same command goes on from there", *acts)
