"""A distribution of durations, to three digits, merged without loss.

The buckets are HdrHistogram's for three significant digits: a number of
microseconds keeps its highest eleven bits, so that a quantile is off by less
than one in a thousand. Only buckets that hold something are kept, which makes
thousands of these cheap; two that are added give what one would have held.
"""

import math
from collections.abc import Iterable, Mapping

KEPT_BITS = 11
MICROSECONDS = 1_000_000


def bucket(microseconds: int) -> int:
    """Give the least number that shares this one's bucket."""
    shift = microseconds.bit_length() - KEPT_BITS
    return microseconds >> shift << shift if shift > 0 else microseconds


def width(lowest: int) -> int:
    """Give how many numbers share the bucket that begins there."""
    return 1 << max(0, lowest.bit_length() - KEPT_BITS)


class Histogram:
    """Counts by bucket. Durations are given and told in seconds, and kept in microseconds."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def add(self, seconds: float, times: int = 1) -> None:
        """Record a duration; one below zero, which two clocks can make, counts as zero."""
        key = bucket(max(0, round(seconds * MICROSECONDS)))
        self.counts[key] = self.counts.get(key, 0) + times

    def merge(self, others: "Iterable[Histogram]") -> "Histogram":
        """Take in all that others hold, and give this one back."""
        counts = self.counts
        for other in others:
            for key, count in other.counts.items():
                counts[key] = counts.get(key, 0) + count
        return self

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """Give the duration that this share of all stayed within, in seconds; NaN of nothing.

        By nearest rank, and the highest number of its bucket, as HdrHistogram for Java does.
        """
        return self.at_rank(max(1, math.ceil(share * self.total - 1e-9)))

    def at_rank(self, rank: int) -> float:
        """Give the duration of the so-manieth from the shortest, which is 1, in seconds; NaN where there are fewer."""
        passed = 0
        for lowest in sorted(self.counts):
            passed += self.counts[lowest]
            if passed >= rank:
                return (lowest + width(lowest) - 1) / MICROSECONDS
        return math.nan

    def share_within(self, seconds: float) -> float:
        """Give the share of all that took so long at most; NaN of nothing."""
        total = self.total
        if not total:
            return math.nan
        limit = round(seconds * MICROSECONDS)
        return sum(count for lowest, count in self.counts.items() if lowest <= limit) / total

    def mean(self) -> float:
        """In seconds, by the middle of each bucket; NaN of nothing."""
        total = self.total
        if not total:
            return math.nan
        return (
            sum((lowest + (width(lowest) - 1) / 2) * count for lowest, count in self.counts.items())
            / total
            / MICROSECONDS
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]
