"""What a person does beside a rollout that runs somewhere: see how far it is, take it back, approve a step."""

import getpass
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from k8s.api_server import ApiError
from k8s.rollout.clock import Clock
from k8s.rollout.holder import is_provably_gone, readable
from k8s.rollout.lease import Request, Sheet, moment
from k8s.rollout.ledger import Leases, Ledger
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.report.told import duration
from k8s.rollout.target import KINDS
from k8s.rollout.terms import Terms
from k8s.rollout.waiting import awaited, step_of

WATCH_SECONDS = 1.0
SILENT_SECONDS = 60.0
"""How long the API server is asked again; whoever carries the rollout has heard of the wish all the same."""


@dataclass(frozen=True, slots=True)
class Known:
    """A rollout that a Lease tells of."""

    target: str
    """KIND/NAME."""
    sheet: Sheet
    state: State
    terms: Terms

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state.phase is not Phase.ENDED

    @property
    def is_carried(self) -> bool:
        """Whether some process seems to have it; only its silence tells that it has not."""
        return bool(self.sheet.holder) and not is_provably_gone(self.sheet.holder)


def known(api: Leases, namespace: str, target: str) -> Known | None:
    """Find what is known of a target; of a bare NAME that which is under way, or else the last. Raises ApiError."""
    found = []
    for each in [target] if "/" in target else [f"{kind}/{target}" for kind in KINDS]:
        sheet = Ledger(api, namespace, each, "").look()
        if sheet is not None and sheet.state is not None and sheet.terms is not None:
            found.append(Known(each, sheet, sheet.state, sheet.terms))
    found.sort(key=lambda each: (each.is_open, each.state.began))
    return found[-1] if found else None


def status_lines(one: Known, now: float) -> list[str]:
    """Say how far a rollout is."""
    state, plan = one.state, one.terms.plan
    sides = f"{state.stable or 'stable'} → {state.canary or 'canary'}"
    lines = [f"{one.target}: {sides}, by {one.terms.wishes.backend}, begun {moment(state.began)[:19]}Z"]
    if not one.is_open:
        end = Exit.INFRASTRUCTURE if state.exit is None else state.exit
        lines.append(f"ended: {end.name.lower()} ({int(end)}): {state.reason}")
    else:
        waited = awaited(plan, state)
        most = "" if waited.most_seconds is None else f" (at most {duration(waited.most_seconds)})"
        step = f"step {min(state.step + 1, len(plan.steps))} of {len(plan.steps)}"
        lines.append(f"{state.phase} at {state.percent:g} %, {step}, waiting for {waited.what}{most}")
        if state.exit is not None:
            lines.append(f"on its way back: {state.reason}")
        lines.append(_carried(one))
    lines += [f"  {duration(max(0.0, each.at - state.began)):>10}  {each.sentence}" for each in state.log[-8:]]
    if one.is_open and state.log:
        lines.append(f"the last of it {duration(max(0.0, now - state.log[-1].at))} ago")
    return lines


def status_json(one: Known) -> str:
    """Say it to a machine."""
    state = one.state
    told: dict[str, Any] = {
        "target": one.target,
        "backend": one.terms.wishes.backend,
        "stable": state.stable,
        "canary": state.canary,
        "phase": state.phase,
        "step": state.step,
        "percent": state.percent,
        "began": round(state.began, 1),
        "exit": None if state.exit is None else int(state.exit),
        "reason": state.reason,
        "holder": one.sheet.holder or None,
        "renewed": one.sheet.renewed or None,
        "waiting_for": awaited(one.terms.plan, state).what,
        "log": [
            {"at": each.at, "phase": each.phase, "percent": each.percent, "sentence": each.sentence}
            for each in state.log
        ],
    }
    return json.dumps(told)


def _carried(one: Known) -> str:
    holder = one.sheet.holder
    if not holder:
        return "nobody carries it now: the same command goes on with it, and --abort takes it back"
    if is_provably_gone(holder):
        return f"{readable(holder)} carried it and is gone: the same command goes on with it"
    return f"carried by {readable(holder)}, which said so last at {one.sheet.renewed}"


def who() -> str:
    """Name whoever asks."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def approve(api: Leases, namespace: str, one: Known, now: float) -> tuple[Exit, str]:
    """Let the step that waits for it go on. Raises ApiError."""
    state, step = one.state, step_of(one.terms.plan, one.state)
    if not one.is_open:
        return Exit.USAGE, f"the last rollout of {one.target} has ended: there is nothing to approve"
    if state.phase is not Phase.WAITING or step is None or not step.approval:
        return Exit.USAGE, f"{one.target} waits for no approval: it is {state.phase} at {state.percent:g} %"
    request = Request("approve", who(), now, step=state.step, rollout=state.identity)
    Ledger(api, namespace, one.target, "").ask(request)
    words = f"approved: {one.target} may go on from {state.percent:g} %"
    return Exit.PROMOTED, words if one.is_carried else f"{words} as soon as the same command goes on with it"


def ask_to_abort(
    api: Leases, namespace: str, one: Known, clock: Clock, tell: Callable[[str], None]
) -> tuple[Exit, str] | None:
    """Ask whoever carries it to take traffic back, and wait until that is done.

    None where nobody carries it, so that whoever asks must do it. Raises ApiError.
    """
    ledger = Ledger(api, namespace, one.target, "")
    if one.state.exit is None:
        ledger.ask(Request("abort", who(), clock.wall(), rollout=one.state.identity))
    beat, since, told = one.sheet.beat, clock.steady(), False
    silent: float | None = None
    while True:
        try:
            sheet = ledger.look()
        except ApiError as error:
            if silent is None:
                silent = clock.steady()
                tell(f"{error}; trying again")
            elif clock.steady() - silent > SILENT_SECONDS:
                raise
            clock.pause(WATCH_SECONDS)
            continue
        silent = None
        if sheet is None or sheet.state is None or sheet.state.identity != one.state.identity:
            return Exit.INFRASTRUCTURE, f"the state of the rollout of {one.target} has gone; look at its shares"
        if sheet.state.phase is Phase.ENDED:
            return ended(sheet.state, one.target)
        if not sheet.holder or is_provably_gone(sheet.holder):
            return None
        if sheet.beat != beat:
            beat, since = sheet.beat, clock.steady()
        elif clock.steady() - since >= sheet.seconds:
            return None
        if not told:
            tell(f"asked {readable(sheet.holder)} to take traffic back; waiting until it has")
            told = True
        clock.pause(WATCH_SECONDS)


def ended(state: State, target: str) -> tuple[Exit, str]:
    """Say what became of the wish that it be taken back."""
    if state.exit is Exit.PROMOTED:
        return Exit.USAGE, f"too late: {state.canary or 'the canary'} of {target} was promoted"
    if state.exit in (Exit.ABORTED, Exit.INCONCLUSIVE):
        return Exit.PROMOTED, f"{target} is back on {state.stable or 'the stable version'}: {state.reason}"
    return Exit.INFRASTRUCTURE, f"{target}: {state.reason}"
