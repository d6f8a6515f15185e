"""A run second by second: requests, latency and pods on one axis of time.

Pure arithmetic over what was written down. A second belongs to the requests
that were due in it, so that one in which the server stood still shows the wait
of its own requests and not of those that happened to end in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import NamedTuple

from tests.cluster.rolling.arrivals import Kind
from tests.cluster.rolling.record import Response


class PodCount(NamedTuple):
    """How many pods there were from a moment on."""

    at: float
    ready: int
    """And not asked to end."""
    starting: int
    terminating: int


@dataclass(frozen=True)
class Second:
    """One second of a run."""

    at: int
    """Since the beginning."""
    requests: Counter[Kind]
    lost: Counter[Kind]
    answered: int
    """Right answers that came in this second, whenever they were due."""
    p50: float
    """In seconds, as is p99; NaN where nothing was answered."""
    p99: float


def percentile(ordered: Sequence[float], part: float) -> float:
    """The smallest of the ordered values that so many are not above; NaN of none."""
    if not ordered:
        return float("nan")
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def seconds(responses: Iterable[Response], began: float) -> list[Second]:
    """Put responses into the seconds in which they were due; none is left out between the first and the last."""
    by_second: dict[int, list[Response]] = defaultdict(list)
    answered: Counter[int] = Counter()
    for response in responses:
        by_second[int(response.scheduled - began)].append(response)
        answered[int(response.ended - began)] += not response.is_lost
    if not by_second:
        return []
    return [_second(at, by_second.get(at, []), answered[at]) for at in range(min(by_second), max(by_second) + 1)]


def _second(at: int, responses: Sequence[Response], answered: int) -> Second:
    taken = sorted(response.seconds for response in responses if not response.is_lost)
    return Second(
        at,
        Counter(response.kind for response in responses),
        Counter(response.kind for response in responses if response.is_lost),
        answered,
        percentile(taken, 0.5),
        percentile(taken, 0.99),
    )


def least_ready(counts: Sequence[PodCount], began: float, ended: float) -> int:
    """The fewest pods that were ready at any moment of a span; what held before it holds at its start."""
    before = [count for count in counts if count.at <= began]
    within = [count.ready for count in counts if began < count.at <= ended]
    least = min([*within, before[-1].ready if before else inf])
    return int(least) if isfinite(least) else 0
