"""The loop of a rollout: what is written is done, what is not written is not, and nothing but an end ends it."""

from collections.abc import Callable

import pytest

from k8s.api_server import Forbidden
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.events import Events
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.lease import NOTHING, REQUEST, Request, name_of
from k8s.rollout.ledger import Ledger
from k8s.rollout.looking import Looker
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.machine.taking_over import taken_over
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Limits, Plan, Step
from k8s.rollout.plan.read import digest
from k8s.rollout.prometheus import NoMetrics
from k8s.rollout.running import Run
from k8s.rollout.signals import Interruptions, Terminated
from k8s.rollout.terms import Terms
from k8s.rollout.view import Ending
from tests.rollout_doubles import SILENCE, FakeBackend, FakeJudge, FakeObjects, FakeTime, Heard, finding

LEASE = ("apis", "coordination.k8s.io", "v1", "namespaces", "models", "leases", name_of("httproute/mnist"))
LIMITS = Limits(
    settle_seconds=10,
    window_seconds=10,
    inconclusive_seconds=300,
    drain_seconds=5,
    verify_seconds=10,
    effective_seconds=10,
    ready_seconds=30,
    api_seconds=60,
)
PLAN = Plan(steps=(Step(percent=10, windows=1), Step(percent=50, windows=1)), limits=LIMITS)


class Tried:
    """One rollout with everything around it faked."""

    def __init__(self, plan: Plan = PLAN, *, abort: str = "", interrupt_aborts: bool = False) -> None:
        self.time = FakeTime()
        self.api = FakeObjects()
        self.backend = FakeBackend()
        self.judge = FakeJudge()
        self.heard = Heard()
        self.interruptions = Interruptions()
        self.plan = plan
        self._abort = abort
        self._interrupt_aborts = interrupt_aborts
        self.terms = Terms(Wishes(backend="gateway", to="green", stable="blue"), plan)

    def start(self) -> Ending:
        """Start a process, and let it go as far as it does."""
        ledger = Ledger(
            self.api, "models", "httproute/mnist", "me", seconds=30, clock=self.time.clock, is_gone=lambda _: False
        )
        sheet = ledger.take(self.heard.note)
        known = sheet.state and taken_over(sheet.state, self.time.now)
        state = known or State("one", digest(self.plan), self.time.now, "blue", "green", since=self.time.now)
        run = Run(
            self.terms,
            self.backend,
            ledger,
            Looker(self.backend, self.judge, lambda: ""),
            self.heard,
            Events(self.api, "models", "httproute/mnist", self.heard.note),
            self.interruptions,
            clock=self.time.clock,
            interrupt_aborts=self._interrupt_aborts,
            abort=self._abort,
        )
        self.record = NOTHING
        try:
            return run.carry(state, sheet.record)
        finally:
            self.record = run.record

    def stored(self) -> State:
        sheet = Ledger(self.api, "models", "httproute/mnist", "").look()
        assert sheet is not None
        assert sheet.state is not None
        return sheet.state

    def when(self, phase: Phase, happens: Callable[[], None], *, step: int | None = None) -> None:
        """Let something happen, once, as soon as a phase is shown."""
        told, is_done = self.heard.turned, False

        def turned(view: object) -> None:
            nonlocal is_done
            told(view)  # type: ignore[arg-type]
            state = self.heard.views[-1].state
            if not is_done and state.phase is phase and step in (None, state.step):
                is_done = True
                happens()

        self.heard.turned = turned  # type: ignore[method-assign]

    def reasons(self) -> list[str]:
        return [made["reason"] for path, made in self.api.objects.items() if "events" in path]


def test_a_good_version_is_promoted_step_by_step() -> None:
    tried = Tried()
    ending = tried.start()
    assert ending.exit is Exit.PROMOTED
    assert tried.backend.percent == 100
    assert [each for each in tried.backend.done if each.startswith("shift")][:3] == [
        "shift 10",
        "shift 50",
        "shift 100",
    ]
    assert tried.stored().phase is Phase.ENDED
    assert list(dict.fromkeys(share.meant for share in tried.record.shares)) == [0, 10, 50, 100]
    assert tried.reasons() == ["RolloutShifted", "RolloutShifted", "RolloutShifted", "RolloutPromoted"]


def test_a_gate_that_fails_takes_all_traffic_back_and_is_in_the_record() -> None:
    tried = Tried()
    tried.when(Phase.ANALYSING, lambda: setattr(tried.judge, "findings", (finding(Judgement.FAILED),)))
    ending = tried.start()
    assert ending.exit is Exit.ABORTED
    assert "error_ratio failed at 10 %" in ending.sentence
    assert tried.backend.percent == 0
    assert tried.record.verdicts[-1].finding.judgement is Judgement.FAILED
    assert tried.record.shares[-1].meant == 0
    assert "RolloutTakenBack" in tried.reasons()


def test_prometheus_going_silent_takes_the_traffic_back() -> None:
    tried = Tried()
    tried.when(Phase.ANALYSING, lambda: setattr(tried.judge, "error", NoMetrics("Prometheus is away")))
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.INFRASTRUCTURE, 0)
    assert "Prometheus is away" in ending.sentence


def test_an_api_server_that_is_silent_for_long_leaves_the_state_for_the_next_start() -> None:
    tried = Tried()

    def fall_silent() -> None:
        tried.backend.error = SILENCE
        tried.api.fails = lambda _verb, _path: SILENCE

    tried.when(Phase.ANALYSING, fall_silent)
    ending = tried.start()
    assert ending.exit is Exit.INFRASTRUCTURE
    assert "the same command goes on" in ending.sentence
    tried.api.fails = lambda _verb, _path: None
    tried.backend.error = None
    assert tried.stored().phase is Phase.ANALYSING
    assert tried.start().exit is Exit.PROMOTED


def test_an_api_server_that_is_silent_for_a_while_stops_nothing() -> None:
    tried = Tried()

    def fall_silent() -> None:
        tried.backend.error = SILENCE
        tried.api.fails = lambda _verb, _path: SILENCE
        tried.time.after(30, speak)

    def speak() -> None:
        tried.backend.error = None
        tried.api.fails = lambda _verb, _path: None

    tried.when(Phase.ANALYSING, fall_silent)
    assert tried.start().exit is Exit.PROMOTED


@pytest.mark.parametrize("phase", [Phase.ANALYSING, Phase.VERIFYING])
def test_an_api_server_that_does_not_say_whose_series_to_ask_for_stops_nothing(phase: Phase) -> None:
    tried = Tried()

    def fall_silent() -> None:
        tried.judge.error = SILENCE
        tried.time.after(30, lambda: setattr(tried.judge, "error", None))

    tried.when(phase, fall_silent)
    assert tried.start().exit is Exit.PROMOTED


def test_nothing_is_done_while_the_state_cannot_be_written() -> None:
    tried = Tried()
    denied = Forbidden("a right is missing: leases may not be patched")
    tried.when(
        Phase.SMOKE, lambda: setattr(tried.api, "fails", lambda verb, _path: denied if verb == "patch" else None)
    )
    ending = tried.start()
    assert ending.exit is Exit.INFRASTRUCTURE
    assert "leases may not be patched" in ending.sentence
    assert not [each for each in tried.backend.done if each.startswith("shift")]


def test_a_bad_version_loses_its_traffic_also_while_the_state_cannot_be_written() -> None:
    tried = Tried()
    denied = Forbidden("a right is missing: leases may not be patched")

    def fail() -> None:
        tried.judge.findings = (finding(Judgement.FAILED),)
        tried.api.fails = lambda verb, _path: denied if verb == "patch" else None

    tried.when(Phase.ANALYSING, fail)
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.INFRASTRUCTURE, 0)
    assert "leases may not be patched" in ending.sentence
    tried.api.fails = lambda _verb, _path: None
    assert tried.start().exit is Exit.ABORTED
    assert tried.backend.percent == 0


def test_traffic_goes_back_though_the_lock_cannot_be_renewed() -> None:
    tried = Tried()
    denied = Forbidden("a right is missing: leases may not be patched")
    late = Forbidden("a right is missing: httproutes may not be patched")

    def fail() -> None:
        tried.judge.findings = (finding(Judgement.FAILED),)
        tried.backend.act_error = late
        tried.time.after(40, lambda: setattr(tried.backend, "act_error", None))

    tried.when(Phase.ANALYSING, fail)
    tried.when(
        Phase.RESTORING, lambda: setattr(tried.api, "fails", lambda verb, _path: denied if verb == "patch" else None)
    )
    assert (tried.start().exit, tried.backend.percent) == (Exit.INFRASTRUCTURE, 0)


def test_an_act_that_fails_is_told_and_done_again() -> None:
    tried = Tried()
    denied = Forbidden("a right is missing: httproutes may not be patched")
    tried.when(Phase.SMOKE, lambda: setattr(tried.backend, "act_error", denied))
    tried.time.after(8, lambda: setattr(tried.backend, "act_error", None))
    assert tried.start().exit is Exit.PROMOTED
    assert any("httproutes may not be patched" in note for note in tried.heard.notes)


def test_ctrl_c_pauses_with_the_traffic_as_it_is_and_the_next_start_goes_on() -> None:
    tried = Tried()
    tried.when(Phase.SETTLING, lambda: tried.interruptions.interrupt(2, None), step=1)
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.PAUSED, 50)
    assert "traffic stays so" in ending.sentence
    tried.interruptions = Interruptions()
    done = list(tried.backend.done)
    assert tried.start().exit is Exit.PROMOTED
    assert "shift 10" not in tried.backend.done[len(done) :], "steps that have passed are not begun again"


def test_ctrl_c_takes_back_where_that_was_asked_for() -> None:
    tried = Tried(interrupt_aborts=True)
    tried.when(Phase.SETTLING, lambda: tried.interruptions.interrupt(2, None))
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.ABORTED, 0)
    assert "a person interrupted it" in ending.sentence


def test_two_ctrl_c_take_back() -> None:
    tried = Tried()

    def twice() -> None:
        tried.interruptions.interrupt(2, None)
        tried.interruptions.interrupt(2, None)

    tried.when(Phase.SETTLING, twice)
    assert (tried.start().exit, tried.backend.percent) == (Exit.ABORTED, 0)


def test_ctrl_c_while_traffic_goes_back_does_not_leave_it_on_the_canary() -> None:
    tried = Tried()
    tried.when(Phase.ANALYSING, lambda: setattr(tried.judge, "findings", (finding(Judgement.FAILED),)))
    tried.when(Phase.RESTORING, lambda: tried.interruptions.interrupt(2, None))
    assert (tried.start().exit, tried.backend.percent) == (Exit.ABORTED, 0)


def test_an_abort_from_beside_is_heard_in_a_pause_and_forgotten_when_it_is_done() -> None:
    tried = Tried()
    other = Ledger(tried.api, "models", "httproute/mnist", "")
    request = Request("abort", "anna@laptop", tried.time.now, rollout="one")
    tried.when(Phase.SETTLING, lambda: tried.time.after(1, lambda: other.ask(request)))
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.ABORTED, 0)
    assert "anna@laptop asked for it (--abort)" in ending.sentence
    assert REQUEST not in tried.api.objects[LEASE]["metadata"]["annotations"]


def test_a_request_for_an_earlier_rollout_does_nothing() -> None:
    tried = Tried()
    other = Ledger(tried.api, "models", "httproute/mnist", "")
    old = Request("abort", "anna@laptop", 1.0, rollout="the one before")
    tried.when(Phase.SETTLING, lambda: other.ask(old))
    assert tried.start().exit is Exit.PROMOTED
    assert REQUEST not in tried.api.objects[LEASE]["metadata"]["annotations"]


APPROVED = Plan(steps=(Step(percent=10, windows=1, approval=True), Step(percent=50, windows=1)), limits=LIMITS)


def test_a_step_that_wants_approval_waits_for_it() -> None:
    tried = Tried(APPROVED)
    other = Ledger(tried.api, "models", "httproute/mnist", "")
    request = Request("approve", "anna@laptop", tried.time.now, step=0, rollout="one")
    shares: list[float] = []

    def approve() -> None:
        shares.append(tried.backend.percent)
        other.ask(request)

    tried.when(Phase.WAITING, lambda: tried.time.after(100, approve))
    assert tried.start().exit is Exit.PROMOTED
    assert shares == [10]
    assert "RolloutWaits" in tried.reasons()
    assert REQUEST not in tried.api.objects[LEASE]["metadata"]["annotations"]


def test_who_has_lost_the_lock_stops_at_once_and_writes_nothing() -> None:
    tried = Tried()

    def take_over() -> None:
        tried.api.objects[LEASE]["spec"]["holderIdentity"] = "host_7_8_9"
        tried.api.version += 1
        tried.api.objects[LEASE]["metadata"]["resourceVersion"] = str(tried.api.version)

    tried.when(Phase.ANALYSING, take_over)
    ending = tried.start()
    assert ending.exit is Exit.INFRASTRUCTURE
    assert "process 7 on host has taken the rollout of httproute/mnist over" in ending.sentence
    assert tried.backend.percent == 10
    assert tried.api.objects[LEASE]["spec"]["holderIdentity"] == "host_7_8_9"


@pytest.mark.parametrize(
    "phase", [each for each in Phase if each not in (Phase.PREFLIGHT, Phase.ENDED, Phase.RESTORING, Phase.DISCARDING)]
)
@pytest.mark.parametrize("away_seconds", [1, 40, 4000])
def test_a_kill_in_any_phase_is_made_good_by_the_next_start(phase: Phase, away_seconds: float) -> None:
    tried = Tried(APPROVED if phase is Phase.WAITING else PLAN)

    def kill() -> None:
        raise Terminated(9)

    tried.when(phase, kill)
    with pytest.raises(Terminated):
        tried.start()
    tried.heard = Heard()
    tried.time.pause(away_seconds)
    if phase is Phase.WAITING:
        request = Request("approve", "anna@laptop", tried.time.now, step=0, rollout="one")
        tried.time.after(60, lambda: Ledger(tried.api, "models", "httproute/mnist", "").ask(request))
    assert tried.start().exit is Exit.PROMOTED
    assert tried.backend.percent == 100


@pytest.mark.parametrize("phase", [Phase.RESTORING, Phase.DISCARDING])
def test_a_kill_on_the_way_back_leaves_no_traffic_on_the_canary_after_the_next_start(phase: Phase) -> None:
    tried = Tried()

    def kill() -> None:
        raise Terminated(9)

    tried.when(Phase.ANALYSING, lambda: setattr(tried.judge, "findings", (finding(Judgement.FAILED),)))
    tried.when(phase, kill)
    with pytest.raises(Terminated):
        tried.start()
    tried.heard = Heard()
    ending = tried.start()
    assert (ending.exit, tried.backend.percent) == (Exit.ABORTED, 0)
    assert "error_ratio failed at 10 %" in ending.sentence


def test_events_that_may_not_be_written_are_told_once_and_stop_nothing() -> None:
    tried = Tried()
    denied = Forbidden("a right is missing: events may not be created")
    tried.api.fails = lambda _verb, path: denied if path[-1] == "events" else None
    assert tried.start().exit is Exit.PROMOTED
    assert [each for each in tried.heard.notes if "events may not be created" in each] == [
        "no more Events are written, which costs nothing else: a right is missing: events may not be created"
    ]
