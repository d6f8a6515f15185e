"""Tell when the next deadline passes, with one timer for all requests.

A timer for each request costs more than the request: most are answered long
before. Those that were answered are forgotten when they outnumber the rest.
"""

import asyncio
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import count

from serving.queueing import Entry

ANSWERED_WORTH_A_SWEEP = 64

EARLY_SECONDS = 1e-5
"""A deadline so near has passed: timers and clocks are rounded, each in its own way."""

TICK_SECONDS = 0.001
"""What an event loop's timer can tell apart; one that was early is not set again to less."""


class Deadlines:
    """Calls `expired` with those whose deadline has passed without an answer."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float], expired: Callable[[Sequence[Entry]], None]
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._expired = expired
        self._heap: list[tuple[float, int, Entry]] = []
        self._numbers = count()
        self._alive_at_sweep = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0

    @property
    def watched(self) -> int:
        """How many are kept in mind."""
        return len(self._heap)

    def watch(self, entry: Entry) -> None:
        heappush(self._heap, (entry.deadline, next(self._numbers), entry))
        if len(self._heap) > 2 * self._alive_at_sweep + ANSWERED_WORTH_A_SWEEP:
            self._sweep()
        if self._alarm is None or entry.deadline < self._alarm_at:
            self._set_alarm(max(entry.deadline - self._clock(), 0.0))

    def close(self) -> None:
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def _set_alarm(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = self._heap[0][0]
        self._alarm = self._loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = self._clock()
        passed = now + EARLY_SECONDS
        # Whoever the alarm was for may have been swept away, and then it was not early for the next.
        is_early = passed < self._heap[0][0] <= self._alarm_at
        late = []
        while self._heap and (self._heap[0][2].done() or self._heap[0][0] <= passed):
            _, _, entry = heappop(self._heap)
            if not entry.done():
                late.append(entry)
        if late:
            self._expired(late)
        # What was told may have set the alarm anew.
        if self._heap and self._alarm is None:
            self._set_alarm(max(self._heap[0][0] - now, TICK_SECONDS if is_early else 0.0))

    def _sweep(self) -> None:
        self._heap = [watched for watched in self._heap if not watched[2].done()]
        heapify(self._heap)
        self._alive_at_sweep = len(self._heap)
