"""Where batches run: on the event loop's thread, or on the lanes of the device.

One device is shared by the batches of all models, so that they take turns
instead of slowing each other down. Handing a batch to a lane's thread and back
costs two thread switches, 60 to 120 µs. A batch that takes less than a few
milliseconds is better run in place; a slower one would hold up every socket,
health probe and clock meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter

from serving.latency import LatencyTable
from serving.signature import Tensors
from serving.turns import Turns

Run = Callable[[Tensors], Tensors]
Ran = Callable[[float], None]
"""Told how many seconds a run took that did not fail, on the event loop's thread."""

PATIENCE = 5
"""How many times longer than it may a run in place takes before the next ones are sent elsewhere."""

RUNS_ELSEWHERE = 64
"""So many: the table believes a slow run in part, and knows by then."""


class Device:
    """Runs as many batches at a time as it has lanes."""

    def __init__(self, lanes: int = 1) -> None:
        self.turns = Turns(lanes)
        self._threads = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane")

    def start(self, run: Run, tensors: Tensors, ran: Ran, *, is_short: bool) -> "Tensors | asyncio.Future[Tensors]":
        """Give the outputs at once where the batch is short, else a future of them."""
        if is_short:
            began = perf_counter()
            outputs = run(tensors)
            ran(perf_counter() - began)
            return outputs
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Tensors] = loop.create_future()

        def drop(running: Future[None]) -> None:
            if running.cancelled():
                answer.cancel()

        self._threads.submit(_run, loop, answer, run, tensors, ran).add_done_callback(drop)
        return answer

    def close(self) -> None:
        """Drop what has not begun; a batch that runs cannot be stopped. Called on the event loop's thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Runner:
    """One model on the device: the latency table says of each bucket anew whether it is short.

    Where it was wrong, because real rows take longer than those of warm-up, the
    event loop is not lent again until the table has had time to learn.
    """

    def __init__(
        self,
        device: Device,
        run: Run,
        latency: LatencyTable,
        *,
        inline_seconds: float,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """`inline_seconds` is the longest run that the event loop's thread is lent for; zero is never."""
        self._device = device
        self._run = run
        self._latency = latency
        self._inline_seconds = inline_seconds
        self._clock = clock
        self._runs_elsewhere = 0

    def start(self, tensors: Tensors, bucket: int) -> "Tensors | asyncio.Future[Tensors]":
        latency = self._latency

        def ran(seconds: float) -> None:
            latency.observe(bucket, seconds)

        if latency.seconds(bucket) > self._inline_seconds:
            return self._device.start(self._run, tensors, ran, is_short=False)
        if self._runs_elsewhere:
            self._runs_elsewhere -= 1
            return self._device.start(self._run, tensors, ran, is_short=False)
        began = self._clock()
        try:
            return self._device.start(self._run, tensors, ran, is_short=True)
        finally:
            if self._clock() - began > PATIENCE * self._inline_seconds:
                self._runs_elsewhere = RUNS_ELSEWHERE


def _run(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Tensors]", run: Run, tensors: Tensors, ran: Ran
) -> None:
    """Run a batch on a lane. The time is taken here: on a busy event loop an answer is heard of late."""
    began = perf_counter()
    outputs: Tensors | None = None
    error: BaseException | None = None
    try:
        outputs = run(tensors)
    # The border of a thread: what is raised here would otherwise be seen by nobody.
    except BaseException as raised:  # noqa: BLE001
        error = raised
    seconds = perf_counter() - began

    def deliver() -> None:
        if answer.done():
            return
        if outputs is None:
            # A future takes no StopIteration, and a loop ends at what is no Exception.
            is_bearable = isinstance(error, Exception) and not isinstance(error, StopIteration)
            answer.set_exception(error if is_bearable and error else RuntimeError(repr(error)))
            return
        ran(seconds)
        answer.set_result(outputs)

    with contextlib.suppress(RuntimeError):  # the loop may have ended, and then nobody waits
        loop.call_soon_threadsafe(deliver)
