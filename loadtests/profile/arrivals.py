"""When requests are due: a second of the run at a time, as a pure function of the seed and the second.

The whole plan of a second is drawn, whoever asks, and each worker takes every
n-th arrival of it. So the plan is the same for any number of workers, for one
that began late and for one that began again; together they send each arrival
once. Drawing what others send costs 25 ms a second where 100,000 are due.

Poisson arrivals are those of a rate that changes from moment to moment, drawn
exactly: as many as the highest rate would bring, each kept with the share of
it that the rate has just then. Constant arrivals are due when the count that
the rate has added up to reaches the next whole number.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loadtests.profile.rate_curve import Times
from loadtests.profile.segment import Segment

_STEPS_PER_SECOND = 1024
"""Between these a constant arrival's moment is interpolated, where the rate changes: off by less than a microsecond."""


class Arrival(NamedTuple):
    at: float
    """Seconds of the run."""
    stream: int
    """Which of the profile's, from 0."""
    pick: int
    """Chooses one of its questions: any number up to 2³²."""


def arrivals(
    segment: Segment, second: int, *, seed: int, worker: int = 0, workers: int = 1, shares: Sequence[float] = (1.0,)
) -> list[Arrival]:
    """Give what this worker, from 0, sends in this second of the run, in order; `shares` are those of the streams."""
    if not segment.has(second):
        return []
    draw = np.random.default_rng((seed, second))
    at, first = _due(segment, second, draw)
    parts = np.cumsum(shares)
    streams = np.searchsorted(parts, draw.random(at.size) * parts[-1], side="right")
    picks = draw.integers(1 << 32, size=at.size)
    own = slice((worker - first) % workers, None, workers)
    return list(map(Arrival._make, zip(at[own].tolist(), streams[own].tolist(), picks[own].tolist(), strict=True)))


def planned(segment: Segment, second: int, *, seed: int) -> int:
    """Give how many arrivals all workers together have in this second of the run."""
    return _due(segment, second, np.random.default_rng((seed, second)))[0].size if segment.has(second) else 0


def _due(segment: Segment, second: int, draw: np.random.Generator) -> tuple[Times, int]:
    """All moments within the second, and the number of the first, by which workers take turns."""
    if segment.arrivals == "trace":
        first = bisect_left(segment.trace, second)
        return np.array(segment.trace[first : bisect_left(segment.trace, second + 1)], np.float64), first
    since = float(second - segment.began)
    if segment.arrivals == "constant":
        at, first = _constant(segment, since)
    else:
        # Whoever is first in a second would else always be the same worker, which at low rates has most of them.
        at, first = _poisson(segment, since, draw), second
    # The sum may be rounded up to the next second, whose cell it would be counted in.
    return np.minimum(at + segment.began, np.nextafter(second + 1.0, 0)), first


def _poisson(segment: Segment, since: float, draw: np.random.Generator) -> Times:
    peak = segment.curve.peak
    number = draw.poisson(peak)
    at: Times = np.sort(since + draw.random(number))
    kept = draw.random(number) * peak < segment.curve.rate(at)
    return at[kept]


def _constant(segment: Segment, since: float) -> tuple[Times, int]:
    moments = np.linspace(since, since + 1, _STEPS_PER_SECOND + 1)
    counts = segment.curve.count(moments)
    # What is a whole number but for its rounding is one.
    first, after = (math.ceil(count - 1e-6) for count in (counts[0], counts[-1]))
    return np.interp(np.arange(first, after, dtype=np.float64), counts, moments), first
