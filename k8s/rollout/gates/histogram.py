"""Counts in buckets: how many are above a value, and above which value a share is. Pure."""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cumulative counts at ascending bounds, the last of which is infinite."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]

    @classmethod
    def of(cls, buckets: Mapping[float, float]) -> "Histogram":
        """Make it of counts by bound, which never fall: each bucket is extrapolated by itself."""
        bounds = tuple(sorted(buckets))
        return cls(bounds, tuple(accumulate((buckets[bound] for bound in bounds), max)))

    @property
    def total(self) -> float:
        return self.counts[-1]

    def above(self, value: float) -> float:
        """How many are above a value: exact at a bound, else as if a bucket were filled evenly.

        Above the last finite bound nothing is known but that they are above it.
        """
        place = bisect_left(self.bounds, value)
        upper = self.counts[place]
        if self.bounds[place] == value or math.isinf(self.bounds[place]):
            return self.total - (upper if self.bounds[place] == value else self._below(place))
        lower, start = self._below(place), self._start(place)
        part = (value - start) / (self.bounds[place] - start)
        return self.total - (lower + (upper - lower) * part)

    def quantile(self, share: float) -> float:
        """The value that this share is below, as Prometheus finds it; the last finite bound for what is above that."""
        rank = share * self.total
        place = next((place for place, count in enumerate(self.counts) if count >= rank and count > 0), -1)
        if math.isinf(self.bounds[place]):
            return self.bounds[-2] if len(self.bounds) > 1 else math.inf
        lower, start = self._below(place), self._start(place)
        inside = self.counts[place] - lower
        return start + (self.bounds[place] - start) * ((rank - lower) / inside if inside > 0 else 1.0)

    def spread(self, mean: float) -> float:
        """The standard deviation about a mean, each value taken for the middle of its bucket."""
        if self.total <= 0:
            return 0.0
        squares = 0.0
        for place, bound in enumerate(self.bounds):
            start = self._start(place)
            middle = start if math.isinf(bound) else (start + bound) / 2
            squares += (self.counts[place] - self._below(place)) * (middle - mean) ** 2
        return math.sqrt(squares / self.total)

    def _below(self, place: int) -> float:
        return self.counts[place - 1] if place else 0.0

    def _start(self, place: int) -> float:
        return self.bounds[place - 1] if place else 0.0
