"""Where a batch runs: on the event loop's thread, or on one beside it.

Handing a batch to another thread and back costs two thread switches, 60 to 120
µs. A model that takes less than a few milliseconds is better run in place; a
slower one would hold up every socket, health probe and clock meanwhile. The
latency table says which it is, for each bucket anew.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from serving.latency import LatencyTable
from serving.signature import Tensors

Run = Callable[[Tensors], Tensors]


class Lane:
    """Runs one batch at a time."""

    def __init__(self, run: Run, latency: LatencyTable, *, inline_seconds: float) -> None:
        """`inline_seconds` is the longest run the event loop's thread is lent for; zero is never."""
        self._run = run
        self._latency = latency
        self._inline_seconds = inline_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")

    def start(self, tensors: Tensors, bucket: int) -> Tensors | asyncio.Future[Tensors]:
        """Give the outputs at once where the batch is short, else a future of them."""
        if self._latency.seconds(bucket) <= self._inline_seconds:
            return self._timed(tensors, bucket)
        return asyncio.get_running_loop().run_in_executor(self._thread, self._timed, tensors, bucket)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _timed(self, tensors: Tensors, bucket: int) -> Tensors:
        started = perf_counter()
        outputs = self._run(tensors)
        self._latency.observe(bucket, perf_counter() - started)
        return outputs
