"""Decide when a batch leaves the queue.

Pure on purpose: no clock, no event loop, no tensors. `next_move` looks at the
queue and the age of its oldest request and answers with what to send or what
to wait for. All that can surprise us - time, cancellation, the model - lives
in `batching.py`, so the rules here can be tested as a table.

A free executor and a non-empty queue do not wait on a timer unless the
operator asks for it: what has arrived together leaves together, because a
batch leaves only when a few turns of the event loop brought nothing more.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

ROUNDING_SECONDS = 1e-6
"""Less than this is no wait: timers are coarser, and one that fires too early would be set again and again."""


class Trigger(StrEnum):
    """Why a batch left the queue."""

    FULL = "full"
    TIMEOUT = "timeout"
    IDLE = "idle"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules need of the settings."""

    buckets: tuple[int, ...]
    """Sizes in rows that batches are padded to, ascending; the last is the largest batch."""
    max_wait_seconds: float = 0.0
    """How long the oldest request may wait for company; zero is not at all."""
    settle_turns: int = 2
    """How many turns of the event loop must bring nothing before a batch that could grow leaves."""

    @property
    def max_rows(self) -> int:
        return self.buckets[-1]

    def bucket(self, rows: int) -> int:
        """Choose the smallest bucket that holds `rows`, which is at most `max_rows`."""
        return self.buckets[bisect_left(self.buckets, rows)]


@dataclass(frozen=True, slots=True)
class Send:
    """Send the `requests` oldest requests, which carry `rows` rows together."""

    requests: int
    rows: int
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Settle:
    """Look again at the next turn of the event loop."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in `seconds`, or as soon as another request arrives."""

    seconds: float


def next_move(
    rows: Iterable[int], *, oldest_age: float, quiet_turns: int, is_draining: bool, policy: Policy
) -> Send | Settle | Wait:
    """Choose for a queue whose requests carry `rows` rows each, oldest first, at least one.

    A request is never split here: one that would overflow the batch opens the
    next. Admission has split any request larger than the largest bucket.
    `quiet_turns` counts the turns of the event loop since the last arrival.
    """
    requests = total = 0
    is_full = False
    for request_rows in rows:
        if total + request_rows > policy.max_rows:
            is_full = True
            break
        requests += 1
        total += request_rows
    if is_full or total == policy.max_rows:
        return Send(requests, total, Trigger.FULL)
    if is_draining:
        return Send(requests, total, Trigger.DRAIN)
    if policy.max_wait_seconds > 0:
        left = policy.max_wait_seconds - oldest_age
        return Wait(left) if left > ROUNDING_SECONDS else Send(requests, total, Trigger.TIMEOUT)
    if quiet_turns < policy.settle_turns:
        return Settle()
    return Send(requests, total, Trigger.IDLE)


def buckets_up_to(max_rows: int) -> tuple[int, ...]:
    """Powers of two below `max_rows`, then `max_rows`: a lone row is never padded."""
    buckets = []
    size = 1
    while size < max_rows:
        buckets.append(size)
        size *= 2
    return (*buckets, max_rows)
