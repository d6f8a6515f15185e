"""What other servers do, in a few lines each, on one executor.

Simplified to the rule that decides when a batch leaves and who is given up:
what is compared are the rules, and not the servers that bear them.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Protocol

from tests.simulation.costs import BUCKETS, Cost
from tests.simulation.ours import NOISE
from tests.simulation.outcome import Outcome

MAX_ROWS = BUCKETS[-1]


@dataclass(frozen=True)
class Leave:
    """Give up the oldest `dropped`, then run the next `rows`; with none, look again at `again`."""

    rows: int
    dropped: int = 0
    again: float = inf


class Rival(Protocol):
    """Requests of one row wait in a queue of the times at which they arrived."""

    max_queue: float

    def choose(self, queue: Sequence[float], now: float) -> Leave: ...


def bucket_of(rows: int) -> int:
    return BUCKETS[bisect_left(BUCKETS, rows)]


@dataclass
class Waiting:
    """Waits for a full batch or until the oldest has waited so long; gives up whoever waited for the timeout."""

    wait_seconds: float = 0.0
    timeout_seconds: float = inf
    max_queue: float = inf

    def choose(self, queue: Sequence[float], now: float) -> Leave:
        dropped = sum(now - arrived > self.timeout_seconds for arrived in queue)
        left = len(queue) - dropped
        if not left:
            return Leave(0, dropped)
        leaves_at = queue[dropped] + self.wait_seconds
        if left < MAX_ROWS and now < leaves_at:
            return Leave(0, dropped, leaves_at)
        return Leave(min(left, MAX_ROWS), dropped)


@dataclass
class Shrinking:
    """Makes the batch as small as the deadline of the oldest requires."""

    cost: Cost
    max_queue: float = inf

    def choose(self, queue: Sequence[float], now: float) -> Leave:
        dropped = sum(now + self.cost.seconds[1] > arrived + self.cost.deadline_seconds for arrived in queue)
        if dropped == len(queue):
            return Leave(0, dropped)
        slack = queue[dropped] + self.cost.deadline_seconds - now
        fitting = [bucket for bucket in BUCKETS if self.cost.seconds[bucket] <= slack]
        return Leave(min(len(queue) - dropped, max(fitting)), dropped)


@dataclass
class CoDel:
    """Gives up the oldest where even the shortest wait of an interval was long."""

    target_seconds: float
    interval_seconds: float = 0.1
    max_queue: float = 4096
    shortest: float = inf
    ends: float = 0.0
    is_standing: bool = False

    def choose(self, queue: Sequence[float], now: float) -> Leave:
        self.shortest = min(self.shortest, now - queue[0])
        if now >= self.ends:
            self.is_standing = self.shortest > self.target_seconds
            self.shortest, self.ends = inf, now + self.interval_seconds
        dropped = sum(now - arrived > self.target_seconds for arrived in queue) if self.is_standing else 0
        return Leave(min(len(queue) - dropped, MAX_ROWS), dropped)


def run_rival(cost: Cost, arrivals: Sequence[float], seed: int, rival: Rival) -> Outcome:
    random = Random(seed)
    outcome = Outcome(cost.deadline_seconds, requests=len(arrivals))
    queue: deque[float] = deque()
    now, coming = 0.0, 0
    while coming < len(arrivals) or queue:
        while coming < len(arrivals) and arrivals[coming] <= now:
            if len(queue) < rival.max_queue:
                queue.append(arrivals[coming])
            coming += 1
        outcome.largest_queue_rows = max(outcome.largest_queue_rows, len(queue))
        if not queue:
            now = max(now, arrivals[coming]) if coming < len(arrivals) else now
            continue
        leave = rival.choose(queue, now)
        for _ in range(leave.dropped):
            queue.popleft()
        if leave.rows:
            now += cost.seconds[bucket_of(leave.rows)] * max(0.5, random.gauss(1.0, NOISE))
            outcome.answers += [now - queue.popleft() for _ in range(leave.rows)]
        elif queue:
            now = min(leave.again, arrivals[coming] if coming < len(arrivals) else inf)
    return outcome


def given_up_of_patient_callers(cost: Cost, callers: int, make: Callable[[], Rival], seconds: float = 10.0) -> float:
    """The share of requests that are given up, where each caller asks again once it is answered and hurries nobody."""
    rival = make()
    queue = deque([0.0] * callers)
    now = 0.0
    answered = dropped = 0
    while now < seconds:
        leave = rival.choose(queue, now)
        for _ in range(leave.dropped):
            queue.popleft()
        rows = [queue.popleft() for _ in range(leave.rows)]
        now += cost.seconds[bucket_of(len(rows))] if rows else 0.001
        answered += len(rows)
        dropped += leave.dropped
        queue.extend([now] * (len(rows) + leave.dropped))
    return dropped / (answered + dropped)
