"""From one state to the next: on to a phase, held, back, or at its end.

Every turn is an entry of the log, and so is each new reason to wait. The log is
bounded, since it lies in an annotation of an object of Kubernetes.
"""

from dataclasses import replace

from k8s.rollout.machine.act import Act, Shift
from k8s.rollout.machine.case import Case
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import Entry, State
from k8s.rollout.outcome import Exit

LOG_FIRST = 40
LOG_LAST = 80
LONGEST_SENTENCE = 400


def onward(case: Case, phase: Phase, sentence: str, *acts: Act, **changes: object) -> Decision:
    """Go to a phase."""
    now = case.seen.now
    fresh = replace(case.state, phase=phase, since=now, spent=0.0, said="", metrics_errors=0, is_stale=False)
    state = replace(fresh, **changes)  # type: ignore[arg-type]
    return Decision(noted(state, now, sentence), acts, (_short(sentence),))


def held(case: Case, why: str = "", *acts: Act) -> Decision:
    """Stay; tell the reason where it is another than before."""
    if not why or why == case.state.said:
        return Decision(case.state, acts)
    state = noted(replace(case.state, said=why), case.seen.now, why)
    return Decision(state, acts, (_short(why),))


def back(case: Case, end: Exit, reason: str) -> Decision:
    """Take the traffic back, because of this."""
    if case.state.phase is Phase.PREFLIGHT:
        return ended(case, end, f"{reason}; nothing was changed")
    return onward(
        case,
        Phase.RESTORING,
        f"taking the traffic back: {reason}",
        Shift(0.0),
        percent=0.0,
        before=case.state.percent,
        exit=end,
        reason=_short(reason),
        step_spent=0.0,
    )


def ended(case: Case, end: Exit, reason: str) -> Decision:
    """It is over."""
    return onward(case, Phase.ENDED, reason, exit=end, reason=_short(reason))


def left(case: Case, reason: str, *acts: Act) -> Decision:
    """Give up in this process; whoever starts it again goes on."""
    fresh = {"silent": 0.0}
    if case.state.exit is not None:
        # The way back has all its time again.
        fresh |= {"spent": 0.0, "step_spent": 0.0}
    held_here = held(case.remembering(**fresh), reason, *acts)
    return replace(held_here, leave=Exit.INFRASTRUCTURE, told=(_short(reason),))


def noted(state: State, now: float, sentence: str) -> State:
    """Add a line to the log; where it is too long, lines go from its middle."""
    log = (*state.log, Entry(now, state.phase, state.percent, _short(sentence)))
    if len(log) > LOG_FIRST + LOG_LAST:
        log = log[:LOG_FIRST] + log[-LOG_LAST:]
    return replace(state, log=log)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST_SENTENCE else sentence[: LONGEST_SENTENCE - 1] + "…"
