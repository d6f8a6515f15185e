"""Where batches run: on the event loop's thread, or on the lanes of the device.

One device is shared by the batches of all models, so that they take turns
instead of slowing each other down. Handing a batch to a lane's thread and back
costs two thread switches, 60 to 120 µs. A batch that takes less than a few
milliseconds is better run in place; a slower one would hold up every socket,
health probe and clock meanwhile.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from serving.latency import LatencyTable
from serving.signature import Tensors
from serving.turns import Turns

Run = Callable[[Tensors], Tensors]

PATIENCE = 5
"""How many times longer than it may a run in place takes before the next ones are sent elsewhere."""

RUNS_ELSEWHERE = 64
"""So many: the table believes a slow run in part, and knows by then."""


class Device:
    """Runs as many batches at a time as it has lanes."""

    def __init__(self, lanes: int = 1) -> None:
        self.turns = Turns(lanes)
        self._threads = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane")

    def start(self, run: Run, tensors: Tensors, *, is_short: bool) -> "Tensors | asyncio.Future[Tensors]":
        """Give the outputs at once where the batch is short, else a future of them."""
        if is_short:
            return run(tensors)
        return asyncio.get_running_loop().run_in_executor(self._threads, run, tensors)

    def close(self) -> None:
        """Drop what has not begun; a batch that runs cannot be stopped."""
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
        if self._latency.seconds(bucket) > self._inline_seconds:
            return self._device.start(self._run, tensors, is_short=False)
        if self._runs_elsewhere:
            self._runs_elsewhere -= 1
            return self._device.start(self._run, tensors, is_short=False)
        began = self._clock()
        try:
            return self._device.start(self._run, tensors, is_short=True)
        finally:
            if self._clock() - began > PATIENCE * self._inline_seconds:
                self._runs_elsewhere = RUNS_ELSEWHERE
