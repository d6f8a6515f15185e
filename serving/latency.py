"""How long a batch of each size takes, learned from the runs themselves.

Warm-up fills the table before the first request and every run refines it: a
moving mean and a moving deviation for each bucket, no straight line through
them, because the cost of a batch goes in steps. A larger batch is never
believed to be quicker than a smaller one, and one slow run is believed in
part. Pure: it is told durations and keeps no clock.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import fmean, median

WEIGHT = 0.1
"""How far one run moves the estimate: twenty runs forget a past regime."""

WEIGHT_AFTER_DOUBT = 0.5
"""The same where the estimate was not tried for long, and may be far out."""

OUTLIER = 3.0
"""A run counts for at most so many times what was expected: a collection of garbage is no regime."""

DEVIATIONS_OF_SLOW = 2.0
"""A run slower than the mean by so many mean deviations is one of twenty, where the times are spread normally."""

NEWS = 0.02
"""What an estimate must change by, as a part of it, before those of its neighbours are balanced anew."""

LEAST_DEVIATION = 0.05
"""Of the mean, after warm-up: three runs in a row are more alike than runs will be."""


class LatencyTable:
    """Estimated seconds a run, by bucket; infinite as long as nothing is known of any."""

    def __init__(self, buckets: Sequence[int]) -> None:
        self.buckets = tuple(buckets)
        self._index = {bucket: index for index, bucket in enumerate(self.buckets)}
        self._deviations = [0.0] * len(self.buckets)
        self._doubted: int | None = None
        self._means = _Rising(self.buckets)
        self._slow = _Rising(self.buckets)

    def calibrate(self, bucket: int, durations: Sequence[float]) -> None:
        """Set the estimate from runs in a row, forgetting what was known."""
        mean = median(durations)
        deviation = fmean([abs(seconds - mean) for seconds in durations])
        self._set(self._index[bucket], mean, max(deviation, LEAST_DEVIATION * mean))

    def doubt(self, bucket: int) -> None:
        """Believe the next run of this size more than others, as there was none for long."""
        self._doubted = bucket

    def observe(self, bucket: int, seconds: float) -> None:
        weight = WEIGHT
        if self._doubted is not None:
            weight, self._doubted = (WEIGHT_AFTER_DOUBT if bucket == self._doubted else WEIGHT), None
        index = self._index[bucket]
        known = self._means.measured[index]
        if known is None:
            self._set(index, seconds, LEAST_DEVIATION * seconds)
            return
        off = min(seconds, OUTLIER * known) - known
        deviation = self._deviations[index]
        self._set(index, known + weight * off, deviation + weight * (abs(off) - deviation))

    def seconds(self, bucket: int) -> float:
        """The mean."""
        return self._means.values[self._index[bucket]]

    def slow_seconds(self, bucket: int) -> float:
        """What nineteen runs of twenty stay below."""
        return self._slow.values[self._index[bucket]]

    def careful_seconds(self, bucket: int) -> float:
        """Rather too long than too short: half of the way from the mean to what a slow run takes."""
        index = self._index[bucket]
        return (self._means.values[index] + self._slow.values[index]) / 2

    def _set(self, index: int, mean: float, deviation: float) -> None:
        self._deviations[index] = deviation
        self._means.set(index, mean)
        self._slow.set(index, mean + DEVIATIONS_OF_SLOW * deviation)


class _Rising:
    """One number for each bucket, never falling from one bucket to the next."""

    def __init__(self, buckets: tuple[int, ...]) -> None:
        self._buckets = buckets
        self.measured: list[float | None] = [None] * len(buckets)
        self.values = [inf] * len(buckets)
        self._balanced: list[float | None] = [None] * len(buckets)
        """What was measured when the values were last made of it."""
        self._is_as_measured = False

    def set(self, index: int, value: float) -> None:
        self.measured[index] = value
        values = self.values
        fits = (index == 0 or values[index - 1] <= value) and (index + 1 == len(values) or value <= values[index + 1])
        if fits and self._is_as_measured:
            values[index] = self._balanced[index] = value
            return
        before = self._balanced[index]
        if before is None or abs(value - before) > NEWS * before:
            self._balanced = list(self.measured)
            known = [
                (bucket, each) for bucket, each in zip(self._buckets, self.measured, strict=True) if each is not None
            ]
            rising = list(zip([bucket for bucket, _ in known], pool([each for _, each in known]), strict=True))
            self.values = [interpolate(rising, bucket) for bucket in self._buckets]
            self._is_as_measured = self.values == self.measured


def pool(values: Sequence[float]) -> list[float]:
    """Replace neighbours that fall by their mean, until none does."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] > mean:
            before, number = pools.pop()
            mean = (before * number + mean * count) / (number + count)
            count += number
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]


def interpolate(known: Sequence[tuple[int, float]], bucket: int) -> float:
    """Estimate a bucket from its neighbours; `known` is ascending and may not be empty.

    A batch larger than all that were seen is believed to take as long as the
    largest: who hopes tries, and then knows.
    """
    (smallest, least), (largest, most) = known[0], known[-1]
    if bucket <= smallest:
        return least
    if bucket >= largest:
        return most
    for (below, low), (above, high) in pairwise(known):
        if below <= bucket <= above:
            return low + (high - low) * (bucket - below) / (above - below)
    raise AssertionError("a bucket between the ends has neighbours")
