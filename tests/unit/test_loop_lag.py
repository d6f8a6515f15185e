"""How late the loop comes is told at every look, and nothing is told once looking has stopped."""

import asyncio

import pytest

from serving.loop_lag import LOOK_SECONDS, LoopLag

pytestmark = pytest.mark.looptime


class SlowClock:
    """Runs with the loop's simulated time, and is late where it is told to be."""

    def __init__(self) -> None:
        self.late = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.late


async def test_a_loop_that_is_held_up_is_told_of_by_how_much() -> None:
    clock, seen = SlowClock(), list[float]()
    lag = LoopLag(asyncio.get_running_loop(), seen.append, clock)
    lag.start()
    await asyncio.sleep(1.2 * LOOK_SECONDS)
    clock.late += 0.3
    await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(LOOK_SECONDS)
    lag.stop()
    assert seen == pytest.approx([0.0, 0.3, 0.0])


async def test_a_timer_that_comes_early_is_not_late() -> None:
    clock, seen = SlowClock(), list[float]()
    lag = LoopLag(asyncio.get_running_loop(), seen.append, clock)
    lag.start()
    clock.late -= 0.1
    await asyncio.sleep(1.2 * LOOK_SECONDS)
    lag.stop()
    assert seen == [0.0]


async def test_nothing_is_told_once_looking_has_stopped() -> None:
    seen = list[float]()
    lag = LoopLag(asyncio.get_running_loop(), seen.append)
    lag.stop()
    lag.start()
    lag.stop()
    await asyncio.sleep(3 * LOOK_SECONDS)
    assert seen == []
