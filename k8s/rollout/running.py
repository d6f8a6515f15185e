"""The loop: look, decide, write it down, do it, tell, pause, until there is an end.

What was decided is written before it is done, with the lock that only one
process has; so a kill at any point loses nothing, and whoever comes next does
again what the state says. No error of the API server or of Prometheus ends the
loop by itself: the machine decides how long to bear with either.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from k8s.api_server import ApiError
from k8s.rollout.backends.backend import Backend, Changed, Refused
from k8s.rollout.clock import Clock
from k8s.rollout.events import Events
from k8s.rollout.lease import Unreadable
from k8s.rollout.ledger import Ledger, Lost
from k8s.rollout.looking import Beside, Looker
from k8s.rollout.machine.act import Act, Deploy, Discard, Promote, Shift
from k8s.rollout.machine.decide import decide
from k8s.rollout.machine.needs import needs
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.report.record import Record
from k8s.rollout.seen import Seen
from k8s.rollout.signals import Interruptions
from k8s.rollout.terms import Terms
from k8s.rollout.view import Ending, View
from k8s.rollout.waiting import step_of

LISTEN_SECONDS = 2.0
"""How often a pause hears whether somebody beside asks for something."""

EAR_SECONDS = 0.2
"""How soon a pause hears of a signal."""


class Tells(Protocol):
    """Who hears of it."""

    def turned(self, view: View) -> None:
        """Hear of each look; what is worth telling is decided there."""

    def said(self, sentence: str) -> None:
        """Hear of a decision."""

    def note(self, sentence: str) -> None:
        """Hear of something beside."""


class Left(Exception):
    """This process gives up; the state stays, and the next start goes on from it."""

    def __init__(self, state: State, end: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.state = state
        self.exit = end


class Run:
    """One process's part in one rollout, from the moment it has the lock."""

    def __init__(
        self,
        terms: Terms,
        backend: Backend,
        ledger: Ledger,
        looker: Looker,
        tells: Tells,
        events: Events,
        interruptions: Interruptions,
        *,
        clock: Clock | None = None,
        interrupt_aborts: bool = False,
        second_chance_seconds: float = 0.0,
        abort: str = "",
    ) -> None:
        self._terms = terms
        self._backend = backend
        self._ledger = ledger
        self._looker = looker
        self._tells = tells
        self._events = events
        self._interruptions = interruptions
        self._clock = clock or Clock()
        self._interrupt_aborts = interrupt_aborts
        self._second_chance_seconds = second_chance_seconds
        self._abort = abort
        self._heard_interrupts = 0
        self._heard = ledger.request
        self._noted: set[str] = set()
        self._unwritten_since: float | None = None
        self._act_error = ""
        self._acted = False
        self._view: View | None = None
        self.record = Record()

    def carry(self, state: State, record: Record) -> Ending:
        """Go on from a state to the end, or until this process is to leave. Raises Terminated."""
        self.record = record
        try:
            while state.phase is not Phase.ENDED:
                if self._is_to_pause(state):
                    return self._paused(state)
                state = self._turn(state)
                if state.phase is not Phase.ENDED:
                    self._pause(needs(self._terms.plan, state, self._clock.wall()).pause_seconds)
        except Left as left:
            return Ending(left.state, left.exit, str(left))
        except Lost as lost:
            return Ending(state, Exit.INFRASTRUCTURE, str(lost))
        ending = Exit.INFRASTRUCTURE if state.exit is None else state.exit
        return Ending(state, ending, state.reason or ending.name.lower())

    def _turn(self, state: State) -> State:
        plan = self._terms.plan
        self._listen()
        now = self._clock.wall()
        seen = self._looker.look(needs(plan, state, now), now, self._beside(state), self._keep)
        decision = decide(plan, state, seen, nearest=self._backend.nearest)
        judged = None if seen.findings is None else (state, seen.findings)
        record = self.record.after(decision.state, seen.now, seen.traffic, judged)
        is_written = self._write(decision.state, record)
        # What is not written is not done, but for the way back, of which nobody has to know first.
        is_to_act = is_written or decision.state.phase is Phase.RESTORING
        is_taken = is_to_act or state.is_where(decision.state)
        if is_taken:
            self.record = record
            for sentence in decision.told:
                self._tells.said(sentence)
            self._tell_events(state, decision.state)
        # The machine asks again for what is not seen to be done.
        self._acted = is_to_act and all(self._is_done(act) for act in decision.acts)
        if decision.leave is not None:
            raise Left(decision.state, decision.leave, decision.told[-1] if decision.told else decision.state.said)
        if is_taken:
            state = decision.state
        self._show(state, seen)
        return state

    def _beside(self, state: State) -> Beside:
        request, approval = self._ledger.request, ""
        if request is not None and request.rollout in ("", state.identity):
            if request.ask == "abort":
                self._abort = self._abort or f"{request.by} asked for it (--abort)"
            elif (state.phase, state.step) == (Phase.WAITING, request.step):
                approval = request.by
        return Beside(self._abort, approval, self._acted)

    def _write(self, state: State, record: Record) -> bool:
        now = self._clock.steady()
        is_heard = self._is_heard(state)
        try:
            self._ledger.write(state, self._terms, record, is_heard=is_heard)
        except (ApiError, Unreadable) as error:
            self._unwritten_since = now if self._unwritten_since is None else self._unwritten_since
            self._note(f"the state cannot be written, so nothing is done: {error}")
            silent = now - self._unwritten_since
            if silent > self._terms.plan.limits.api_seconds:
                raise Left(
                    state,
                    Exit.INFRASTRUCTURE,
                    f"the state could not be written for {silent:.0f} s ({error}); "
                    f"traffic is as it was left, and the same command goes on from there",
                ) from None
            return False
        self._unwritten_since = None
        return True

    def _is_heard(self, state: State) -> bool:
        """Whether a request has had its effect, so that it need not be kept for whoever takes over."""
        request = self._ledger.request
        if request is None:
            return False
        if request.rollout not in ("", state.identity):
            return True
        if request.ask == "abort":
            return state.exit is not None
        return (state.phase, state.step) != (Phase.WAITING, request.step)

    def _is_done(self, act: Act) -> bool:
        try:
            # Where writing took long, somebody may think this process dead; traffic goes back all the same.
            (self._keep if act == Shift(0.0) else self._ledger.keep)()
            match act:
                case Deploy():
                    self._backend.deploy()
                case Shift(percent):
                    self._backend.shift(percent)
                case Promote():
                    self._backend.promote()
                case Discard():
                    self._backend.discard()
        except (ApiError, Changed, Refused, Unreadable) as error:
            self._act_error = f"{type(act).__name__.lower()} was not done: {error}"
            self._note(f"{self._act_error}; it is tried again")
            return False
        self._act_error = ""
        return True

    def _show(self, state: State, seen: Seen) -> None:
        before = self._view or View(self._terms.plan, state, seen.now)
        self._view = replace(
            before,
            state=state,
            now=seen.now,
            findings=before.findings if seen.findings is None else seen.findings,
            traffic=seen.traffic or before.traffic,
            canary=seen.canary or before.canary,
            trouble="; ".join(each for each in (seen.error, seen.metrics_error, self._act_error) if each),
        )
        self._tells.turned(self._view)

    def _tell_events(self, before: State, state: State) -> None:
        if state.percent != before.percent:
            self._events.tell("RolloutShifted", f"{state.percent:g} % of the traffic to {self._canary}")
        if state.phase is Phase.WAITING and before.phase is not Phase.WAITING:
            step = step_of(self._terms.plan, state)
            if step is not None and step.approval:
                self._events.tell("RolloutWaits", f"at {state.percent:g} % for somebody's approval (--approve)")
        if state.exit is not None and before.exit is None and state.exit is not Exit.PROMOTED:
            self._events.tell("RolloutTakenBack", state.reason, kind="Warning")
        if state.phase is Phase.ENDED and state.exit is Exit.PROMOTED:
            self._events.tell("RolloutPromoted", state.reason or f"{self._canary} has all the traffic")

    @property
    def _canary(self) -> str:
        return self._terms.wishes.to or self._terms.wishes.canary_name or "the canary"

    def _is_to_pause(self, state: State) -> bool:
        if self._interruptions.times == self._heard_interrupts:
            return False
        self._heard_interrupts = self._interruptions.times
        if state.exit is not None or self._abort:
            self._tells.said("traffic is on its way back to where it was; this ends by itself")
            return False
        if not self._interrupt_aborts and self._heard_interrupts < 2 and not self._is_pressed_again():
            return True
        self._heard_interrupts = self._interruptions.times
        self._abort = "a person interrupted it"
        self._tells.said("interrupted: traffic is taken back")
        return False

    def _is_pressed_again(self) -> bool:
        if self._second_chance_seconds <= 0:
            return False
        seconds = self._second_chance_seconds
        self._tells.said(f"pausing; Ctrl-C again within {seconds:g} s takes traffic back instead")
        self._until(seconds, lambda: self._interruptions.times > 1)
        return self._interruptions.times > 1

    def _paused(self, state: State) -> Ending:
        sentence = (
            f"paused while {state.phase}, with {state.percent:g} % on {self._canary}: traffic stays so, "
            f"the same command goes on, and --abort takes it back"
        )
        self._events.tell("RolloutPaused", sentence)
        return Ending(state, Exit.PAUSED, sentence)

    def _pause(self, seconds: float) -> None:
        listened = self._clock.steady()

        def is_called() -> bool:
            nonlocal listened
            if self._interruptions.times != self._heard_interrupts:
                return True
            self._keep()
            if self._clock.steady() - listened >= LISTEN_SECONDS:
                listened = self._clock.steady()
                return self._listen()
            return False

        self._until(seconds, is_called)

    def _until(self, seconds: float, is_over: Callable[[], bool]) -> None:
        end = self._clock.steady() + seconds
        while (left := end - self._clock.steady()) > 0 and not is_over():
            self._clock.pause(min(EAR_SECONDS, left))

    def _listen(self) -> bool:
        """Give whether somebody asks for something new."""
        with suppress(ApiError, Unreadable):
            request = self._ledger.listen()
            is_new = request is not None and request != self._heard
            self._heard = request
            return is_new
        return False

    def _keep(self) -> None:
        with suppress(ApiError, Unreadable):
            self._ledger.keep()

    def _note(self, sentence: str) -> None:
        if sentence not in self._noted:
            self._noted.add(sentence)
            self._tells.note(sentence)
