"""When each request is due: by the clock alone, whatever became of those before it.

Callers of a service do not wait for one another, so neither do these: a server
that stands still for a second is owed all the requests of that second, and each
is timed from when it was due. Pure: knows no clock and no socket.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from heapq import heapify, heapreplace
from typing import NamedTuple


class Kind(StrEnum):
    """How a caller holds on to its connection, which decides what a leaving server may do to it."""

    KEEP_ALIVE = "REST keep-alive"
    """A few connections, all of them busy."""
    IDLE = "REST idle keep-alive"
    """Many connections, each of which is silent for seconds between two requests."""
    FRESH = "REST new connections"
    """A connection for each request."""
    GRPC = "gRPC"
    """A few channels, with many calls on each."""


class Arrival(NamedTuple):
    """One request that is due."""

    seconds: float
    """After the beginning."""
    kind: Kind
    number: int
    """Counts all requests of all kinds, from zero."""


def arrivals(rates: Mapping[Kind, float]) -> Iterator[Arrival]:
    """Give requests of all kinds for ever, in the order in which they are due.

    Each kind comes at equal distances; kinds begin one after the other, so that no two fall due together for good.
    """
    kinds = [kind for kind, rate in rates.items() if rate > 0]
    due = [(place / (len(kinds) * rates[kind]), place, kind) for place, kind in enumerate(kinds)]
    heapify(due)
    counts = dict.fromkeys(kinds, 0)
    firsts = {kind: seconds for seconds, _, kind in due}
    number = 0
    while due:
        seconds, place, kind = due[0]
        yield Arrival(seconds, kind, number)
        number += 1
        counts[kind] += 1
        # Multiplied and not added up: a day's worth of small errors would drift.
        heapreplace(due, (firsts[kind] + counts[kind] / rates[kind], place, kind))


SHARES = {Kind.KEEP_ALIVE: 0.35, Kind.IDLE: 0.05, Kind.FRESH: 0.25, Kind.GRPC: 0.35}
"""Of all requests, by kind."""


def shared(rate: float) -> dict[Kind, float]:
    """Give each kind its share of a rate."""
    return {kind: rate * share for kind, share in SHARES.items()}
