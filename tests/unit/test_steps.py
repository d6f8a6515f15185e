"""Coroutines without a Task: run at once, on from each wait, cancelled where they wait."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from serving.steps import Steps, in_task

Ending = tuple[object, BaseException | None]


def start(coroutine: Coroutine[Any, Any, object]) -> tuple[Steps[object], list[Ending]]:
    endings: list[Ending] = []
    return Steps(coroutine, lambda result, error: endings.append((result, error))), endings


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_waits_for_nothing_has_finished_before_start_returns() -> None:
    async def answer() -> int:
        return 42

    _, endings = start(answer())
    assert endings == [(42, None)]


async def test_what_is_raised_is_told() -> None:
    error = KeyError("lost")

    async def fail() -> int:
        raise error

    _, endings = start(fail())
    assert endings == [(None, error)]


async def test_it_runs_up_to_its_first_wait_and_on_when_that_is_over() -> None:
    waits_for: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reached = []

    async def work() -> int:
        reached.append("start")
        first = await waits_for
        reached.append("middle")
        await asyncio.sleep(0)
        reached.append("end")
        return first + 1

    _, endings = start(work())
    assert reached == ["start"]
    waits_for.set_result(41)
    await turns()
    assert reached == ["start", "middle", "end"]
    assert endings == [(42, None)]


async def test_the_error_of_what_it_waits_for_is_raised_in_it() -> None:
    waits_for: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await waits_for
        except OSError as error:
            return str(error)
        return "nothing"

    _, endings = start(work())
    waits_for.set_exception(OSError("the disk is on fire"))
    await turns()
    assert endings == [("the disk is on fire", None)]


async def test_cancelling_raises_where_it_waits_and_cancels_what_it_waits_for() -> None:
    waits_for: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    cleaned = []

    async def work() -> int:
        try:
            return await waits_for
        finally:
            cleaned.append(True)

    steps, endings = start(work())
    steps.cancel()
    await turns()
    assert waits_for.cancelled()
    assert cleaned == [True]
    [(result, error)] = endings
    assert result is None
    assert isinstance(error, asyncio.CancelledError)


async def test_cancelling_reaches_a_task_that_it_waits_for() -> None:
    was_cancelled = asyncio.Event()

    async def user_code() -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            was_cancelled.set()
            raise

    async def work() -> None:
        await in_task(user_code())

    steps, endings = start(work())
    await turns()
    steps.cancel()
    await was_cancelled.wait()
    await turns()
    assert isinstance(endings[0][1], asyncio.CancelledError)


async def test_what_needs_a_task_is_given_one() -> None:
    async def user_code() -> str:
        async with asyncio.timeout(1000):
            await asyncio.sleep(0)
        return "in time"

    _, endings = start(in_task(user_code()))
    await turns(6)
    assert endings == [("in time", None)]


async def test_cancelling_between_a_result_and_the_turn_that_hands_it_over_still_cancels() -> None:
    waits_for: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await waits_for

    steps, endings = start(work())
    waits_for.set_result(1)
    steps.cancel()
    await turns()
    assert isinstance(endings[0][1], asyncio.CancelledError)


async def test_cancelling_what_has_finished_does_nothing() -> None:
    async def answer() -> int:
        return 42

    steps, endings = start(answer())
    steps.cancel()
    await turns()
    assert endings == [(42, None)]


async def test_a_coroutine_that_will_not_be_cancelled_goes_on() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "done"

    steps, endings = start(stubborn())
    steps.cancel()
    await turns(6)
    assert endings == [("done", None)]


@pytest.mark.looptime
async def test_a_hundred_at_once_do_not_mix(looptime: float) -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(number / 10)
        return number

    all_endings = [start(work(number))[1] for number in range(100)]
    await asyncio.sleep(10)
    assert [endings[0][0] for endings in all_endings] == list(range(100))
    assert looptime == 10
