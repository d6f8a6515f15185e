"""The lock of a rollout: who has it, who may take it over, and who finds out that it is lost."""

from dataclasses import replace

import pytest

from k8s.api_server import Conflict
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.lease import NOTHING, REQUEST, STATE, Request, Unreadable, name_of
from k8s.rollout.ledger import Held, Ledger, Lost
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import Entry, State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.terms import Terms
from tests.rollout_doubles import SILENCE, FakeObjects, FakeTime, finding

TARGET = "httproute/mnist"
LEASE = ("apis", "coordination.k8s.io", "v1", "namespaces", "models", "leases", name_of(TARGET))
TERMS = Terms(Wishes(backend="gateway", to="green", stable="blue"), Plan())
STATE_NOW = State("one", "digest", began=1.0, phase=Phase.ANALYSING, percent=10.0)


def ledger(api: FakeObjects, time: FakeTime, me: str, *, gone: str = "") -> Ledger:
    return Ledger(api, "models", TARGET, me, seconds=30.0, clock=time.clock, is_gone=lambda name: name == gone)


def quiet(_sentence: str) -> None:
    """Say nothing."""


def test_the_first_makes_the_lease_and_finds_no_state() -> None:
    api, time = FakeObjects(), FakeTime()
    assert ledger(api, time, "first").take(quiet).state is None
    assert api.objects[LEASE]["spec"]["holderIdentity"] == "first"
    assert api.objects[LEASE]["spec"]["leaseDurationSeconds"] == 30


def test_what_is_written_is_never_more_than_the_api_server_takes_whatever_servers_say() -> None:
    words = "サーバーは「だめ」と言う" * 40
    log = tuple(Entry(1.0 + each, Phase.ANALYSING, 10.0, words[:400]) for each in range(120))
    state = replace(STATE_NOW, log=log, exit=Exit.ABORTED, reason=words[:400])
    record = NOTHING
    for look in range(400):
        now = replace(state, percent=float(look % 50), step=look % 150)
        findings = [replace(finding(Judgement.FAILED if look % 2 else Judgement.PASSED), sentence=words)]
        record = record.after(now, 1.0 + look, None, (now, findings))
    api, time = FakeObjects(), FakeTime()
    mine = ledger(api, time, "first")
    mine.take(quiet)
    mine.write(state, TERMS, record)
    notes = api.objects[LEASE]["metadata"]["annotations"]
    assert sum(len(name.encode()) + len(note.encode()) for name, note in notes.items()) < 256 * 1024
    sheet = mine.look()
    assert sheet is not None
    assert sheet.state is not None
    assert replace(sheet.state, log=log) == state
    assert (sheet.state.log[0], sheet.state.log[-1]) == (log[0], log[-1])
    assert sheet.record.shares[-1] == record.shares[-1]


def test_what_is_written_is_read_by_the_next_after_a_release() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    first.write(STATE_NOW, TERMS, NOTHING)
    first.release()
    began = time.now
    sheet = ledger(api, time, "second").take(quiet)
    assert (sheet.state, sheet.terms) == (STATE_NOW, TERMS)
    assert time.now == began, "a lock that was given back is waited for by nobody"


def test_a_living_holder_is_told_with_its_name() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "laptop_12_34_ab")
    first.take(quiet)
    time.after(10, lambda: first.write(STATE_NOW, TERMS, NOTHING))
    told: list[str] = []
    with pytest.raises(Held, match="being rolled out by process 12 on laptop"):
        ledger(api, time, "second").take(told.append)
    assert "waiting for at most 30 s to see whether it lives" in told[0]


def test_a_holder_whose_clock_is_wrong_lives_as_long_as_it_beats() -> None:
    api, time = FakeObjects(), FakeTime()
    slow = FakeTime(now=1000.0)
    first = ledger(api, slow, "first")
    first.take(quiet)
    time.after(20, first.keep)
    time.after(19, lambda: slow.pause(20))
    with pytest.raises(Held):
        ledger(api, time, "second").take(quiet)


def test_a_silent_holder_is_taken_over_after_its_time() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    first.write(STATE_NOW, TERMS, NOTHING)
    began = time.now
    assert ledger(api, time, "second").take(quiet).state == STATE_NOW
    assert 30 <= time.now - began < 40
    assert api.objects[LEASE]["spec"]["leaseTransitions"] == 1


def test_a_holder_that_is_provably_gone_is_taken_over_at_once() -> None:
    api, time = FakeObjects(), FakeTime()
    ledger(api, time, "first").take(quiet)
    began = time.now
    ledger(api, time, "second", gone="first").take(quiet)
    assert time.now == began


def test_who_slept_while_another_took_over_writes_nothing_more() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    second = ledger(api, time, "host_7_8_9")
    second.take(quiet)
    second.write(STATE_NOW, TERMS, NOTHING)
    before = api.objects[LEASE]
    for act in (lambda: first.write(STATE_NOW, TERMS, NOTHING), first.release, first.listen):
        with pytest.raises(Lost, match="process 7 on host has taken the rollout of httproute/mnist over"):
            act()
    assert api.objects[LEASE] == before


def test_a_lock_that_another_took_and_gave_back_is_lost_all_the_same() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    second = ledger(api, time, "second")
    second.take(quiet)
    second.release()
    with pytest.raises(Lost):
        first.write(STATE_NOW, TERMS, NOTHING)


def test_a_request_from_beside_is_heard_with_the_next_write_and_does_not_stop_it() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    request = Request("abort", "anna@laptop", 5.0, rollout="one")
    ledger(api, time, "").ask(request)
    first.write(STATE_NOW, TERMS, NOTHING)
    assert first.request == request
    first.write(STATE_NOW, TERMS, NOTHING, is_heard=True)
    assert REQUEST not in api.objects[LEASE]["metadata"]["annotations"]


def test_renewing_is_done_when_a_third_of_the_time_has_passed() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    version = api.version
    time.pause(9)
    first.keep()
    assert api.version == version
    time.pause(1)
    first.keep()
    assert api.version == version + 1


def test_a_lease_that_somebody_deletes_is_made_again_with_the_state() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    first.write(STATE_NOW, TERMS, NOTHING)
    del api.objects[LEASE]
    time.pause(20)
    first.keep()
    assert ledger(api, time, "").look().state == STATE_NOW  # type: ignore[union-attr]


def test_a_lease_that_another_made_after_it_was_deleted_is_lost() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    del api.objects[LEASE]
    ledger(api, time, "second").take(quiet)
    with pytest.raises(Lost):
        first.write(STATE_NOW, TERMS, NOTHING)


def test_two_that_begin_at_once_do_not_both_get_it() -> None:
    api, time = FakeObjects(), FakeTime()
    second = ledger(api, time, "second")
    is_first = True

    def other_was_faster(verb: str, _path: tuple[str, ...]) -> None:
        nonlocal is_first
        if verb == "create" and is_first:
            is_first = False
            second.take(quiet)

    api.fails = other_was_faster
    time.after(11, second.keep)
    with pytest.raises(Held):
        ledger(api, time, "first").take(quiet)


def test_silence_is_raised_as_it_is() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    api.fails = lambda _verb, _path: SILENCE
    with pytest.raises(type(SILENCE)):
        first.write(STATE_NOW, TERMS, NOTHING)


def test_writes_that_never_meet_the_version_end() -> None:
    api, time = FakeObjects(), FakeTime()
    first = ledger(api, time, "first")
    first.take(quiet)
    api.fails = lambda verb, _path: Conflict("again") if verb == "patch" else None
    with pytest.raises(Conflict):
        first.write(STATE_NOW, TERMS, NOTHING)


def test_a_state_that_cannot_be_read_is_told_with_what_to_do() -> None:
    api, time = FakeObjects(), FakeTime()
    ledger(api, time, "first").take(quiet)
    api.objects[LEASE]["metadata"]["annotations"] = {STATE: "{not json"}
    with pytest.raises(Unreadable, match="delete the Lease"):
        ledger(api, time, "").look()
