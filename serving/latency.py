"""How long a batch of each size takes, learned from the runs themselves.

Warm-up fills the table before the first request, and every run refines it. It
decides whether a batch is short enough to run on the event loop's own thread.
Pure: it is told durations and keeps no clock.
"""

from collections.abc import Sequence

WEIGHT = 0.1
"""How far one run moves the estimate: twenty runs forget a past regime."""


class LatencyTable:
    """Estimated seconds a run, by bucket; infinite where nothing is known."""

    def __init__(self, buckets: Sequence[int]) -> None:
        self._seconds = dict.fromkeys(buckets, float("inf"))

    def calibrate(self, bucket: int, seconds: float) -> None:
        """Set the estimate, forgetting what was known."""
        self._seconds[bucket] = seconds

    def observe(self, bucket: int, seconds: float) -> None:
        known = self._seconds[bucket]
        self._seconds[bucket] = seconds if known == float("inf") else known + WEIGHT * (seconds - known)

    def seconds(self, bucket: int) -> float:
        return self._seconds[bucket]
