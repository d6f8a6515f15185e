"""A bounded queue with a thread behind it: nothing blocks, everything is counted."""

import threading
from collections import Counter
from collections.abc import Sequence

import pytest

from serving.outbox import Fate, Outbox


class Receiver:
    """Takes delivery, but not before it is let to, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.received: list[str] = []
        self.fates: Counter[str] = Counter()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._failures = failures

    def deliver(self, things: Sequence[str]) -> None:
        self.may_go_on.wait(1)
        if self._failures:
            self._failures -= 1
            raise OSError("the disk is full")
        self.received += things

    def count(self, fate: Fate, things: int) -> None:
        self.fates[fate] += things


def outbox(receiver: Receiver, *, most: int = 10, most_bytes: int = 100, at_once: int = 256) -> Outbox[str]:
    return Outbox(
        "test", receiver.deliver, receiver.count, most=most, most_bytes=most_bytes, pause_seconds=0.001, at_once=at_once
    )


def test_what_is_put_in_is_delivered_in_order_and_counted() -> None:
    receiver = Receiver()
    box = outbox(receiver, at_once=2)
    box.start()
    assert all(box.put(thing) for thing in "abcde")
    box.stop()
    assert receiver.received == [*"abcde"]
    assert receiver.fates == {Fate.SENT: 5}


def test_what_does_not_fit_is_dropped_and_counted_and_nobody_waits() -> None:
    receiver = Receiver()
    box = outbox(receiver, most=2)
    assert [box.put(thing) for thing in "abc"] == [True, True, False]
    box.start()
    box.stop()
    assert receiver.received == ["a", "b"]
    assert receiver.fates == {Fate.DROPPED: 1, Fate.SENT: 2}


def test_room_is_bytes_as_well() -> None:
    receiver = Receiver()
    box = outbox(receiver, most_bytes=100)
    assert [box.put("a", 60), box.put("b", 60), box.put("c", 40)] == [True, False, True]
    box.start()
    box.stop()
    assert receiver.received == ["a", "c"]


def test_what_is_delivered_makes_room() -> None:
    receiver = Receiver()
    box = outbox(receiver, most=1, most_bytes=10)
    box.start()
    for thing in "abc":
        while not box.put(thing, 10):
            pass
    box.stop()
    assert receiver.received == [*"abc"]


def test_a_delivery_that_fails_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(failures=2)
    box = outbox(receiver, at_once=1)
    for thing in "abc":
        box.put(thing)
    box.start()
    box.stop()
    assert receiver.received == ["c"]
    assert receiver.fates == {Fate.FAILED: 2, Fate.SENT: 1}
    assert [record.getMessage() for record in caplog.records] == ["delivery_failed"]


def test_one_that_was_never_started_can_be_stopped() -> None:
    receiver = Receiver()
    outbox(receiver).stop()
    assert receiver.received == []
