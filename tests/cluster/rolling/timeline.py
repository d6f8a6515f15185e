"""The pods of a run over its seconds. Pure."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple


class PodCount(NamedTuple):
    """How many pods there were from a moment on."""

    at: float
    ready: int
    """And not asked to end."""
    starting: int
    terminating: int


def least_ready(counts: Sequence[PodCount], began: float, ended: float) -> int:
    """The fewest pods that were ready at any moment of a span; what held before it holds at its start."""
    before = [count for count in counts if count.at <= began]
    within = [count.ready for count in counts if began < count.at <= ended]
    least = min([*within, before[-1].ready if before else inf])
    return int(least) if isfinite(least) else 0
