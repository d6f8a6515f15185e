"""Where a batch runs: here where it is short, on a thread of its own where it is not."""

import asyncio
import threading

import pytest

from serving.device import RUNS_ELSEWHERE, Device, Runner
from serving.errors import InvalidRequest
from serving.latency import LatencyTable
from serving.signature import Tensors
from tests.doubles import double, rows


class ThreadNoting:
    """A model that remembers on which thread it ran."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __call__(self, tensors: Tensors) -> Tensors:
        self.threads.append(threading.current_thread().name)
        return double(tensors)


def table(seconds: float | None) -> LatencyTable:
    latency = LatencyTable((1, 2))
    if seconds is not None:
        latency.calibrate(1, [seconds])
    return latency


async def test_a_short_batch_runs_here_and_now() -> None:
    model = ThreadNoting()
    outputs = Runner(Device(), model, table(0.001), inline_seconds=0.002).start({"x": rows(3.0)}, 1)
    assert isinstance(outputs, dict)
    assert outputs["x"].tolist() == [[6.0]]
    assert model.threads == [threading.current_thread().name]


@pytest.mark.parametrize(
    ("seconds", "inline_seconds"),
    [
        pytest.param(0.003, 0.002, id="one that takes too long"),
        pytest.param(None, 0.002, id="one of which nothing is known"),
        pytest.param(0.000001, 0.0, id="any where the thread is never lent"),
    ],
)
async def test_a_batch_runs_on_a_thread(seconds: float | None, inline_seconds: float) -> None:
    model = ThreadNoting()
    device = Device()
    outputs = Runner(device, model, table(seconds), inline_seconds=inline_seconds).start({"x": rows(3.0)}, 1)
    assert isinstance(outputs, asyncio.Future)
    assert (await outputs)["x"].tolist() == [[6.0]]
    assert model.threads[0].startswith("lane")
    device.close()


class SlowerThanExpected:
    """Takes a second of the clock it carries, and notes on which thread."""

    def __init__(self) -> None:
        self.now = 0.0
        self.threads: list[str] = []

    def clock(self) -> float:
        return self.now

    def __call__(self, tensors: Tensors) -> Tensors:
        self.now += 1.0
        self.threads.append(threading.current_thread().name)
        return double(tensors)


async def test_a_model_that_is_slow_on_real_rows_blocks_the_loop_once() -> None:
    model, device, latency = SlowerThanExpected(), Device(), table(0.0001)
    runner = Runner(device, model, latency, inline_seconds=0.002, clock=model.clock)
    for _ in range(200):
        outputs = runner.start({"x": rows(3.0)}, 1)
        if isinstance(outputs, asyncio.Future):
            await outputs
        latency.observe(1, 1.0)
    assert [name for name in model.threads if not name.startswith("lane")] == [threading.current_thread().name]
    device.close()


async def test_a_run_that_was_slow_by_chance_takes_the_loop_away_for_a_while() -> None:
    model, device, latency = SlowerThanExpected(), Device(), table(0.0001)
    runner = Runner(device, model, latency, inline_seconds=0.002, clock=model.clock)
    for _ in range(2 + RUNS_ELSEWHERE):
        outputs = runner.start({"x": rows(3.0)}, 1)
        if isinstance(outputs, asyncio.Future):
            await outputs
    here = [name == threading.current_thread().name for name in model.threads]
    assert here == [True, *[False] * RUNS_ELSEWHERE, True]
    device.close()


@pytest.mark.parametrize("inline_seconds", [pytest.param(0.1, id="here"), pytest.param(0.0, id="on a thread")])
async def test_each_run_refines_what_is_known_of_its_bucket(inline_seconds: float) -> None:
    latency = table(0.001)
    device = Device()
    answer = Runner(device, double, latency, inline_seconds=inline_seconds).start({"x": rows(1.0)}, 1)
    if isinstance(answer, asyncio.Future):
        await answer
    assert latency.seconds(1) != 0.001
    device.close()


async def test_a_run_on_a_thread_is_as_long_as_it_is_there_and_not_as_late_as_it_is_heard_of() -> None:
    latency = table(None)
    device = Device()
    answer = Runner(device, double, latency, inline_seconds=0.0).start({"x": rows(1.0)}, 1)
    assert isinstance(answer, asyncio.Future)
    threading.Event().wait(0.2)  # the event loop is busy
    await answer
    assert latency.seconds(1) < 0.2
    device.close()


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(3), KeyboardInterrupt()])
async def test_whatever_is_raised_on_a_thread_ends_the_run_and_nothing_else(error: BaseException) -> None:
    def run(tensors: Tensors) -> Tensors:
        raise error

    device = Device()
    answer = Runner(device, run, table(None), inline_seconds=0.0).start({"x": rows(1.0)}, 1)
    assert isinstance(answer, asyncio.Future)
    with pytest.raises(RuntimeError, match=type(error).__name__):
        await answer
    device.close()


async def test_a_run_that_fails_raises_where_it_is_awaited() -> None:
    def refuse(tensors: Tensors) -> Tensors:
        raise InvalidRequest("no")

    device = Device()
    latency = table(None)
    outputs = Runner(device, refuse, latency, inline_seconds=0.0).start({"x": rows(1.0)}, 1)
    assert isinstance(outputs, asyncio.Future)
    with pytest.raises(InvalidRequest):
        await outputs
    assert latency.seconds(1) == float("inf")
    device.close()


@pytest.mark.parametrize("lanes", [1, 2])
async def test_as_many_batches_run_at_a_time_as_there_are_lanes(lanes: int) -> None:
    began = threading.Semaphore(0)
    may_end = threading.Event()

    def run(tensors: Tensors) -> Tensors:
        began.release()
        may_end.wait(timeout=1.0)
        return double(tensors)

    device = Device(lanes)
    runner = Runner(device, run, table(None), inline_seconds=0.0)
    answers = [runner.start({"x": rows(float(number))}, 1) for number in range(3)]
    for _ in range(lanes):
        assert began.acquire(timeout=1.0)
    assert not began.acquire(timeout=0.01)
    may_end.set()
    for answer in answers:
        assert isinstance(answer, asyncio.Future)
        await answer
    device.close()


async def test_a_closed_device_drops_what_it_has_not_begun() -> None:
    may_end = threading.Event()

    def run(tensors: Tensors) -> Tensors:
        may_end.wait(timeout=1.0)
        return double(tensors)

    device = Device()
    runner = Runner(device, run, table(None), inline_seconds=0.0)
    running, waiting = runner.start({"x": rows(1.0)}, 1), runner.start({"x": rows(2.0)}, 1)
    assert isinstance(running, asyncio.Future)
    assert isinstance(waiting, asyncio.Future)
    device.close()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await running)["x"].tolist() == [[2.0]]
