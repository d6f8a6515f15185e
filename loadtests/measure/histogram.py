"""A distribution of durations, to three digits, merged without loss.

The buckets are HdrHistogram's for three significant digits: a number of
microseconds keeps its highest eleven bits, so that a quantile is off by less
than one in a thousand. Only buckets that hold something are kept, which makes
thousands of these cheap; two that are added give what one would have held.
"""

import math
from array import array
from collections.abc import Iterable, Mapping
from itertools import chain

KEPT_BITS = 11
MICROSECONDS = 1_000_000
LARGEST_PACKED = 2**32
"""Microseconds, more than an hour: what does not fit into four bytes stays as it is."""


def bucket(microseconds: int) -> int:
    """Give the least number that shares this one's bucket."""
    shift = microseconds.bit_length() - KEPT_BITS
    return microseconds >> shift << shift if shift > 0 else microseconds


def width(lowest: int) -> int:
    """Give how many numbers share the bucket that begins there."""
    return 1 << max(0, lowest.bit_length() - KEPT_BITS)


class Histogram:
    """Counts by bucket. Durations are given and told in seconds, and kept in microseconds."""

    __slots__ = ("_counts", "_packed")

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self._counts: dict[int, int] = dict(counts or {})
        self._packed: array[int] | None = None

    @property
    def counts(self) -> dict[int, int]:
        """By the least number of each bucket, in microseconds. Of one that is packed, a copy."""
        if self._packed is None:
            return self._counts
        return dict(zip(self._packed[::2], self._packed[1::2], strict=True))

    def pack(self) -> None:
        """Take little room, for as long as nothing is added: a long run has a hundred thousand of these."""
        if self._packed is None and max(self._counts, default=0) < LARGEST_PACKED:
            self._packed = array("I", chain.from_iterable(self._counts.items()))
            self._counts = {}

    def add(self, seconds: float, times: int = 1) -> None:
        """Record a duration; one below zero, which two clocks can make, counts as zero."""
        self._unpack()
        key = bucket(max(0, round(seconds * MICROSECONDS)))
        self._counts[key] = self._counts.get(key, 0) + times

    def merge(self, others: "Iterable[Histogram]") -> "Histogram":
        """Take in all that others hold, and give this one back."""
        self._unpack()
        counts = self._counts
        for other in others:
            for key, count in other.counts.items():
                counts[key] = counts.get(key, 0) + count
        return self

    def _unpack(self) -> None:
        if self._packed is not None:
            self._counts, self._packed = self.counts, None

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
        for lowest, count in sorted(self.counts.items()):
            passed += count
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

    def without_longest(self, many: int) -> "Histogram":
        """Give one that lacks so many of the longest, or all."""
        counts = self.counts.copy()
        for lowest in sorted(counts, reverse=True):
            taken = min(many, counts[lowest])
            many -= taken
            counts[lowest] -= taken
            if counts[lowest]:
                break
            del counts[lowest]
        return Histogram(counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]
