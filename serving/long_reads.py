"""Long JSON bodies of one model, decoded beside the event loop by those who will be in time.

A body waits for a thread only where its rows are expected to be answered within
its timeout, what is on its way before it included; and one whose timeout has
passed when a thread is free is not decoded any more. So no work is done for
answers that nobody takes. `decode_forecast.py` reckons; this file does.
"""

from collections.abc import Callable
from time import monotonic, perf_counter
from typing import Any, TypeVar

from serving.batching import Batcher
from serving.call import Call
from serving.decode_forecast import DecodeForecast, DecodingLine
from serving.errors import DeadlineExceeded
from serving.off_loop import THREADS, off_loop
from serving.schedule import MOST_URGENT
from serving.timeout import Timeout

T = TypeVar("T")

LINE = DecodingLine(THREADS)
"""The threads are the process's, so one line is for all models."""


class LongReads:
    """One model's; its rows join the batcher's queue when they are decoded."""

    def __init__(self, batcher: Batcher, line: DecodingLine = LINE, clock: Callable[[], float] = perf_counter) -> None:
        self._batcher = batcher
        self._forecast = DecodeForecast(line)
        self._clock = clock

    async def read(self, work: Callable[..., T], body: bytes, *arguments: Any, rows: int, call: Call) -> T:
        """Do `work(body, *arguments)` on a thread; raises what `Batcher.admit` raises where it would be in vain."""
        forecast, size = self._forecast, len(body)
        now = self._clock()
        # The queue would count it from the moment at which the body is decoded.
        call.wait_at_most(self._batcher.default_timeout_seconds)
        timeout = call.timeout
        self._batcher.admit(
            rows,
            0,
            timeout,
            priority=MOST_URGENT,
            coming_rows=forecast.rows,
            ready_seconds=forecast.seconds(size, now),
        )
        forecast.began(rows, size, now)
        result: T
        seconds: float | None = None
        try:
            result, seconds = await off_loop(_in_time, call.deadline, timeout, work, body, *arguments)
        finally:
            forecast.ended(rows, size, self._clock(), seconds)
        return result


def _in_time(deadline: float, timeout: Timeout, work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    """Do the work and tell how long it took, unless the deadline has passed."""
    if monotonic() >= deadline:
        raise DeadlineExceeded(f"{timeout} had passed before it could be decoded")
    began = perf_counter()
    result = work(*arguments)
    return result, perf_counter() - began
