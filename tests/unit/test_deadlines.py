"""Deadlines are told on time, with one timer for all."""

import asyncio
from collections.abc import Sequence

import pytest

from serving.deadlines import ANSWERED_WORTH_A_SWEEP, Deadlines
from serving.queueing import Entry
from serving.timeout import Timeout

pytestmark = pytest.mark.looptime


class Told:
    """Remembers whose deadline passed, and when."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.late: list[tuple[float, float]] = []
        self.deadlines = Deadlines(self.loop, self.loop.time, self.expire)

    def expire(self, late: Sequence[Entry]) -> None:
        for entry in late:
            self.late.append((entry.deadline, round(self.loop.time(), 4)))
            entry.cancel()

    def watch(self, deadline: float) -> Entry:
        entry = Entry({}, 1, 0, 0.0, Timeout.of(deadline), deadline, 0, self.loop)
        self.deadlines.watch(entry)
        return entry


async def test_each_is_told_when_its_own_has_passed() -> None:
    told = Told()
    for deadline in (3.0, 1.0, 2.0, 1.0002, 1.0):
        told.watch(deadline)
    await asyncio.sleep(10.0)
    assert told.late == [(1.0, 1.0), (1.0, 1.0), (1.0002, 1.0002), (2.0, 2.0), (3.0, 3.0)]


async def test_one_that_comes_later_and_ends_sooner_is_told_in_time() -> None:
    told = Told()
    told.watch(5.0)
    await asyncio.sleep(1.0)
    told.watch(2.0)
    await asyncio.sleep(2.0)
    assert told.late == [(2.0, 2.0)]
    await asyncio.sleep(5.0)


async def test_whoever_was_answered_is_told_nothing() -> None:
    told = Told()
    answered, late = told.watch(1.0), told.watch(2.0)
    answered.set_result({})
    await asyncio.sleep(3.0)
    assert told.late == [(2.0, 2.0)]
    assert late.cancelled()


async def test_the_answered_are_forgotten_long_before_their_deadline() -> None:
    told = Told()
    for _ in range(100 * ANSWERED_WORTH_A_SWEEP):
        told.watch(1000.0).set_result({})
    waiting = told.watch(1000.0)
    assert told.deadlines.watched <= 2 * ANSWERED_WORTH_A_SWEEP
    await asyncio.sleep(1001.0)
    assert waiting.cancelled()


async def test_a_sweep_does_not_put_off_the_next() -> None:
    told = Told()
    gone = told.watch(1.0)
    gone.set_result({})
    for _ in range(3 * ANSWERED_WORTH_A_SWEEP):
        told.watch(1.0003)
    await asyncio.sleep(2.0)
    assert {at for _, at in told.late} == {1.0003}


async def test_after_the_end_nobody_is_told_anything() -> None:
    told = Told()
    told.watch(1.0)
    told.deadlines.close()
    await asyncio.sleep(2.0)
    assert told.late == []
