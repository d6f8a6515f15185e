"""Counters and histograms drawn by chance, whole arrays at a time.

Every number follows from the generator that is given, so that a seed is a
history. Knows nothing of the service.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tests.monitoring.past import Floats

Booleans = npt.NDArray[np.bool_]

_erf = np.vectorize(math.erf, otypes=[float])


def counter(increments: Floats, alive: Booleans, born: Booleans) -> Floats:
    """What a counter shows that grows by these: nothing where nobody looks, and from zero again at each birth."""
    grown = np.where(alive, increments, 0.0)
    grown = np.where(born, 0.0, grown)
    total = np.cumsum(grown, axis=0)
    starts = np.flatnonzero(born)
    for start in starts:
        total[start:] -= total[start]
    return np.where(alive, total, np.nan)


def chance(random: np.random.Generator, means: Floats) -> Floats:
    """Whole numbers about these means."""
    return random.poisson(means).astype(np.float64)


def split(random: np.random.Generator, counts: Floats, shares: Floats) -> Floats:
    """Whole numbers [ticks] dealt out by shares [ticks, parts] or [parts]."""
    shares = np.clip(shares, 0.0, None)
    shares = shares / shares.sum(axis=-1, keepdims=True)
    return random.multinomial(counts.astype(np.int64), shares).astype(np.float64)


def spread(median: Floats, bounds: Sequence[float], sigma: float = 0.55) -> Floats:
    """The share of each bucket, the last without bound, of a log-normal about these medians: [ticks, buckets]."""
    distance = (np.log(np.asarray(bounds)) - np.log(median)[:, None]) / (sigma * math.sqrt(2))
    below = 0.5 * (1 + _erf(distance))
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def middles(bounds: Sequence[float]) -> Floats:
    """A value that stands for each bucket, the last without bound."""
    edges = np.array([0.0, *bounds])
    return np.append((edges[:-1] + edges[1:]) / 2, edges[-1] * 1.2)
