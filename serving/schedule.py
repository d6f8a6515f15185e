"""Decide when a batch leaves the queue, and with whom.

Pure on purpose: no clock, no event loop, no tensors. `next_move` looks at what
waits and answers with whether to send or what to wait for; `select` picks who
leaves, who is too late, and how many rows are worth the while. All that can
surprise us - time, cancellation, the model - lives in `batching.py`, so the
rules here can be tested as a table.

A free executor and a non-empty queue do not wait on a timer unless the
operator asks for it: what has arrived together leaves together, because a
batch leaves only when a few turns of the event loop brought nothing more.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Generic, Protocol, TypeVar

ROUNDING_SECONDS = 1e-6
"""Less than this is no wait: timers are coarser, and one that fires too early would be set again and again."""

MOST_URGENT = 1
"""The first level of priority."""

Seconds = Callable[[int], float]
"""How long a batch of this bucket is expected to run."""


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
    default_timeout_seconds: float = inf
    """The deadline of a request that brings none, and a bound on those that do."""
    batch_part: float = 0.5
    """The part of the default timeout that the largest batch may take."""
    cool_down_seconds: float = 30.0
    """How long a batch size that did not fit in memory is not tried again."""
    levels: int = 1
    """Levels of priority; 1 is the most urgent."""
    default_level: int = 1
    """The level of a request that names none, or one that there is not."""
    ageing_seconds: float = 1.0
    """How long a request waits at most before it goes first whatever its level and its deadline."""

    @property
    def max_rows(self) -> int:
        return self.buckets[-1]

    def bucket(self, rows: int) -> int:
        """Choose the smallest bucket that holds `rows`, which is at most `max_rows`."""
        return self.buckets[bisect_left(self.buckets, rows)]

    def level_of(self, priority: int) -> int:
        """Give the level counted from zero; like Triton, take an unknown one for the default."""
        if self.levels == 1:
            return 0
        return (priority if 1 <= priority <= self.levels else self.default_level) - 1


@dataclass(frozen=True, slots=True)
class Send:
    """Send what there is."""

    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Settle:
    """Look again at the next turn of the event loop."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in `seconds`, or as soon as another request arrives."""

    seconds: float


SETTLE = Settle()
SENDS = {trigger: Send(trigger) for trigger in Trigger}


def next_move(
    rows: int,
    *,
    cap: int,
    quiet_turns: int,
    is_draining: bool,
    policy: Policy,
    oldest_age: float = 0.0,
    slack_seconds: float = inf,
) -> Send | Settle | Wait:
    """Choose for a line of `rows` rows, at least one, of which a batch may take `cap`.

    `quiet_turns` counts the turns of the event loop since the last arrival,
    `slack_seconds` is how late the head may still leave and make its deadline.
    """
    if rows >= cap:
        return SENDS[Trigger.FULL]
    if is_draining:
        return SENDS[Trigger.DRAIN]
    if policy.max_wait_seconds > 0:
        left = min(policy.max_wait_seconds - oldest_age, slack_seconds)
        return Wait(left) if left > ROUNDING_SECONDS else SENDS[Trigger.TIMEOUT]
    if quiet_turns < policy.settle_turns:
        return SETTLE
    return SENDS[Trigger.IDLE]


class Waiting(Protocol):
    """What the rules need to know of a request."""

    @property
    def rows(self) -> int: ...
    @property
    def deadline(self) -> float: ...


Each = TypeVar("Each", bound=Waiting)


@dataclass(frozen=True, slots=True)
class Selection(Generic[Each]):
    """Who leaves now, carrying `rows` rows together, and who is not worth running any more."""

    taken: list[Each]
    late: list[Each]
    rows: int


def select(
    waiting: Iterable[Each], *, now: float, expected_seconds: float, cap: int, policy: Policy, seconds: Seconds
) -> Selection[Each]:
    """Choose among requests in the order in which they leave.

    Whoever cannot make its deadline in a batch as large as what waits, which
    takes `expected_seconds`, is late: a smaller batch would save it, and make
    everybody behind it later. A request is never split here: one that would
    overflow the batch opens the next.
    """
    latest = now + expected_seconds
    taken: list[Each] = []
    late: list[Each] = []
    total = 0
    for request in waiting:
        if request.deadline < latest:
            late.append(request)
            continue
        # The cap may have fallen below a request that was let in before.
        if total + request.rows > cap and taken:
            break
        taken.append(request)
        total += request.rows
        if total >= cap:
            break
    bucket = policy.bucket(total) if taken else total
    if total != bucket and len(taken) > 1:
        kept, kept_rows = _worth_running(taken, total, bucket, now, policy, seconds)
        return Selection(taken[:kept], late, kept_rows)
    return Selection(taken, late, total)


def _worth_running(
    taken: Sequence[Waiting], rows: int, bucket: int, now: float, policy: Policy, seconds: Seconds
) -> tuple[int, int]:
    """Leave some behind where that costs less per row than padding, and harms nobody's deadline."""
    smaller = bisect_left(policy.buckets, bucket) - 1
    if smaller < 0:
        return len(taken), rows
    room = policy.buckets[smaller]
    kept = kept_rows = 0
    for request in taken:
        if kept_rows + request.rows > room:
            break
        kept += 1
        kept_rows += request.rows
    if kept == 0:
        return len(taken), rows
    kept_seconds = seconds(policy.bucket(kept_rows))
    if kept_seconds * rows >= seconds(bucket) * kept_rows:
        return len(taken), rows
    rest_ends = now + kept_seconds + seconds(policy.bucket(rows - kept_rows))
    if any(request.deadline < rest_ends for request in taken[kept:]):
        return len(taken), rows
    return kept, kept_rows


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a request finds when it arrives."""

    rows: int
    """That leave before its own."""
    lines: int = 1
    """Shapes of row among them, each of which makes batches of its own."""
    lane_seconds: float = 0.0
    """Until a lane is free."""
    others_seconds: float = 0.0
    """What one batch of each other queue takes that shares the device."""
    lanes: int = 1
    ready_seconds: float = 0.0
    """Until the request itself can join, which is being decoded while those ahead run."""


def predict(rows: int, ahead: Ahead, *, cap: int, policy: Policy, seconds: Seconds) -> float:
    """Estimate in how many seconds a request of `rows` rows that joins now is answered."""
    # How the rows are spread over the shapes is not known; evenly is as good as any.
    rows_of_each = -(-ahead.rows // max(ahead.lines, 1))
    full, rest = divmod(rows_of_each + rows - 1, cap)
    before = full * seconds(cap) if full else 0.0
    if ahead.lines > 1:
        batches = (ahead.lines - 1) * -(-rows_of_each // cap)
        before += batches * seconds(policy.bucket(min(rows_of_each, cap)))
    before += (full + 1) * ahead.others_seconds
    ends = ahead.lane_seconds + before / ahead.lanes + seconds(policy.bucket(rest + 1))
    if not ahead.ready_seconds:
        return ends
    full, rest = divmod(rows - 1, cap)
    alone = (full * seconds(cap) if full else 0.0) / ahead.lanes + seconds(policy.bucket(rest + 1))
    return max(ends, ahead.ready_seconds + alone)


def buckets_up_to(max_rows: int) -> tuple[int, ...]:
    """Powers of two below `max_rows`, then `max_rows`: a lone row is never padded."""
    buckets = []
    size = 1
    while size < max_rows:
        buckets.append(size)
        size *= 2
    return (*buckets, max_rows)
