"""How many rows the largest batch may have for the time being.

No more than the largest bucket; no more than fits in a part of the deadline,
because a request waits for the batch before its own; and less for a while
after the device ran out of memory. Pure: it is told the time.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import inf

REVIEW_SECONDS = 1.0
"""How often the estimates are looked at: a cap that follows the noise costs throughput."""

MARGIN = 0.1
"""How far an estimate must be inside the budget for the cap to rise, and outside for it to fall."""


class BatchCap:
    """`rows` is the cap."""

    def __init__(self, buckets: Sequence[int], *, budget_seconds: float = inf, cool_down_seconds: float = 30.0) -> None:
        self._buckets = buckets
        self._budget_seconds = budget_seconds
        self._cool_down_seconds = cool_down_seconds
        self._top = len(buckets) - 1
        self._in_time = self._top
        self._in_memory = self._top
        self._recovers_at = inf
        self._reviews_at = inf if budget_seconds == inf else 0.0
        self.rows = buckets[-1]

    def calibrated(self, slow_seconds: Callable[[int], float]) -> None:
        """Choose from what warm-up measured, with the doubt in favour of the larger batch."""
        budget_seconds = self._budget_seconds * (1 + MARGIN)
        fitting = [index for index, bucket in enumerate(self._buckets) if slow_seconds(bucket) <= budget_seconds]
        self._in_time = max(fitting, default=0)
        self._choose()

    def review(self, now: float, slow_seconds: Callable[[int], float]) -> None:
        """Look at the time; called after every batch."""
        if now >= self._recovers_at:
            self._in_memory += 1
            self._recovers_at = inf if self._in_memory == self._top else now + self._cool_down_seconds
            self._choose()
        if now >= self._reviews_at:
            self._reviews_at = now + REVIEW_SECONDS
            self._follow(slow_seconds)

    def exhausted(self, rows: int, now: float) -> None:
        """Halve the batch that did not fit in memory; one step is given back each time that has cooled down."""
        half = max(bisect_left(self._buckets, rows) - 1, 0)
        self._in_memory = min(self._in_memory, half)
        if self._in_memory < self._top:
            self._recovers_at = now + self._cool_down_seconds
        self._choose()

    def _follow(self, slow_seconds: Callable[[int], float]) -> None:
        at = self._in_time
        if at > 0 and slow_seconds(self._buckets[at]) > self._budget_seconds * (1 + MARGIN):
            self._in_time -= 1
        elif at < self._top and slow_seconds(self._buckets[at + 1]) <= self._budget_seconds * (1 - MARGIN):
            self._in_time += 1
        self._choose()

    def _choose(self) -> None:
        self.rows = self._buckets[min(self._in_time, self._in_memory)]
