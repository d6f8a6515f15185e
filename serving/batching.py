"""Gather requests into batches, and send them when a lane is free.

Promises that every request admitted is answered exactly once, with its own
rows, whatever its neighbours do: one that hangs up frees its place, one that
the model refuses fails alone, one that cannot be answered in time is told so
early. `schedule.py` decides, `running.py` runs; this file lets them meet. All
state is touched on the event loop's thread only, and the clock is passed in.
Knows no protocol and no framework.
"""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from time import perf_counter
from typing import Protocol

from serving.assembly import cut
from serving.batch_cap import BatchCap
from serving.deadlines import Deadlines
from serving.errors import DeadlineExceeded, Draining
from serving.forecast import Forecast
from serving.latency import LatencyTable
from serving.parts import Observe, joined, observed
from serving.queueing import Entry, Line, Queue, count_bytes, shapes_of
from serving.running import Batch, Running, RunObserver, Start
from serving.schedule import Policy, Send, Settle, Trigger, Wait, next_move, select
from serving.signature import Tensors
from serving.timeout import ENDLESS, Timeout
from serving.trace import Trace
from serving.turns import Turns


class Observer(RunObserver, Protocol):
    """Told of what happens, where it happens."""

    def batch_left(self, *, rows: int, padding_rows: int, waits: Sequence[float], trigger: Trigger) -> None:
        """Take note of a batch of requests that have waited so many seconds each."""
        ...


class Batcher:
    """Batches for one model version, on lanes that it may share with others."""

    def __init__(
        self,
        start: Start,
        policy: Policy,
        observer: Observer,
        latency: LatencyTable,
        turns: Turns,
        *,
        is_batched: bool,
        max_queue_rows: int,
        max_queue_bytes: int,
        clock: Callable[[], float] = perf_counter,  # uvloop's own clock ticks in milliseconds
        observe: Observe | None = None,
    ) -> None:
        """Where `is_batched` is False, the policy's only bucket is 1 and every request runs alone."""
        self._policy = policy
        self._default_timeout = Timeout.of(policy.default_timeout_seconds)
        self._observer = observer
        self._latency = latency
        self._turns = turns
        self._is_batched = is_batched
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._cap = BatchCap(
            policy.buckets,
            budget_seconds=policy.default_timeout_seconds * policy.batch_part,
            cool_down_seconds=policy.cool_down_seconds,
        )
        self._cap.calibrated(latency.slow_seconds)
        self._queue = Queue(max_rows=max_queue_rows, max_bytes=max_queue_bytes, levels=policy.levels)
        self._deadlines = Deadlines(self._loop, clock, self._expire)
        self._forecast = Forecast(policy, latency, self._cap, self._queue, turns, self, clock)
        self._observe = observe
        self._running = Running(
            start, observer, latency, self._cap, self._ended, is_batched=is_batched, clock=clock, observe=observe
        )
        self._is_draining = False
        self._is_closed = False
        self._quiet_turns = 0
        self._arrivals = 0
        self._wake_up: asyncio.Handle | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        running = "running" if self._running else "idle"
        return f"<Batcher: {self.queue_requests} requests of {self.queue_rows} rows queued, {running}>"

    @property
    def queue_requests(self) -> int:
        return self._queue.requests

    @property
    def queue_rows(self) -> int:
        return self._queue.rows

    @property
    def queue_bytes(self) -> int:
        return self._queue.bytes

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest request in the queue, zero when there is none."""
        arrived = self._queue.oldest_arrival
        return 0.0 if arrived is None else self._clock() - arrived

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not (self._running or self._queue.requests or self._running.retries)

    @property
    def default_timeout_seconds(self) -> float:
        """The deadline of a request that brings none; infinite where there is no such."""
        return self._default_timeout.asked_seconds

    @property
    def cap_rows(self) -> int:
        """Rows in the largest batch, for the time being."""
        return self._cap.rows

    @property
    def next_seconds(self) -> float:
        """How long the next batch is expected to run."""
        return self._forecast.seconds(self._queue.rows) if self._queue.rows else 0.0

    def admit(
        self,
        rows: int,
        size_bytes: int,
        timeout: Timeout = ENDLESS,
        *,
        priority: int = 0,
        coming_rows: int = 0,
        ready_seconds: float = 0.0,
    ) -> None:
        """Raise what `submit` would raise now, so that a request that is turned away need not be decoded.

        That is Overloaded, PredictedLate, DeadlineExceeded, Draining or PayloadTooLarge. A request that is
        decoded for so long that others count tells its `ready_seconds`, and the rows that are to come before it.
        """
        if self._is_closed:
            raise Draining("the server is stopping and takes no more requests")
        self._queue.check_room(rows, size_bytes, coming_rows)
        self._forecast.check(rows, timeout, priority, coming_rows, ready_seconds)

    def submit(
        self,
        tensors: Tensors,
        rows: int,
        timeout: Timeout = ENDLESS,
        *,
        priority: int = 0,
        extra_settle_turns: int = 0,
        trace: Trace | None = None,
    ) -> "asyncio.Future[Tensors]":
        """Queue a request; cancel the future to leave the queue.

        A transport that hands over what arrived together one by one asks for
        `extra_settle_turns` of the event loop before its batch leaves. The run of a
        request that is traced is told to its `trace`, unless it was cut. Raises
        what `admit` raises, at once. The future may raise any ServingError.
        """
        size_bytes = count_bytes(tensors)
        self.admit(rows, size_bytes, timeout, priority=priority)
        timeout = min(timeout, self._default_timeout)
        level = self._policy.level_of(priority)
        answer: asyncio.Future[Tensors]
        if rows <= self._cap.rows:
            answer = entry = self._enqueue(tensors, rows, size_bytes, timeout, level)
            entry.trace = trace
        else:
            answer = joined(
                [
                    self._enqueue(part, part_rows, count_bytes(part), timeout, level)
                    for part, part_rows in cut(tensors, rows, self._cap.rows)
                ]
            )
            if self._observe is not None:
                observed(answer, self._observe, tensors, rows)
        # More arrivals than fill a batch went elsewhere: they must not put off the oldest for ever.
        if self._arrivals <= self._cap.rows:
            self._quiet_turns = -extra_settle_turns
        self.wake()
        return answer

    def drain(self) -> None:
        """Let what is queued leave without waiting for company."""
        self._is_draining = True
        self.wake()

    def close(self) -> None:
        """Refuse whatever still waits or runs: nobody is left hanging."""
        self._is_closed = True
        self._turns.leave(self)
        self._deadlines.close()
        for entry in (*self._queue.empty(), *self._running.abandon()):
            entry.set_exception(Draining("the server stopped before the request was answered"))

    # Waiting

    def _enqueue(self, tensors: Tensors, rows: int, size_bytes: int, timeout: Timeout, level: int) -> Entry:
        arrived = self._clock()
        due = arrived + min(self._policy.ageing_seconds, timeout.left_seconds)
        entry = Entry(tensors, rows, size_bytes, arrived, timeout, due, level, self._loop)
        self._queue.push(entry, shapes_of(tensors) if self._is_batched else ())
        if entry.deadline != inf:
            self._deadlines.watch(entry)
        self._arrivals += 1
        return entry

    def _expire(self, late: Sequence[Entry]) -> None:
        for entry in late:
            if entry.waits:
                self._queue.remove(entry)
            _answer_late(entry, "no answer within")

    # Leaving

    def wake(self) -> None:
        """Look at the queue at the next turn of the event loop, instead of later."""
        # A turn that is due stays due: put off by each arrival, it might never come.
        if self._wake_up is not None or not self._turns.has_lane_for(self):
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._wake_up = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._wake_up = self._alarm = None
        # Another may have been quicker since this turn was due.
        if not self._turns.has_lane_for(self):
            return
        retried = self._running.retries.next()
        if retried:
            self._send(retried)
            return
        now = self._clock()
        line = self._queue.first_line(now)
        if line is None:
            self._turns.leave(self)
            return
        move = self._next_move(line, now)
        if isinstance(move, Wait):
            # A batch that is full already does not wait for the company of an older one.
            line = self._queue.full_line(self._cap.rows) or line
            move = self._next_move(line, now)
        match move:
            case Send():
                self._gather(line, now, move.trigger)
            case Settle():
                self._quiet_turns += 1
                self._wake_up = self._loop.call_soon(self._turn)
            case Wait():
                self._turns.leave(self)
                self._alarm = self._loop.call_later(move.seconds, self._turn)

    def _next_move(self, line: Line, now: float) -> Send | Settle | Wait:
        policy = self._policy
        oldest_age, slack_seconds = 0.0, inf
        if policy.max_wait_seconds > 0:
            head = line.head(now)
            oldest_age = now - head.arrived
            slack_seconds = head.deadline - now - self._forecast.seconds(line.rows)
        return next_move(
            line.rows,
            cap=self._cap.rows,
            quiet_turns=self._quiet_turns,
            is_draining=self._is_draining,
            policy=policy,
            oldest_age=oldest_age,
            slack_seconds=slack_seconds,
        )

    def _gather(self, line: Line, now: float, trigger: Trigger) -> None:
        """Send those of a line who leave together, and tell those whom no batch can save."""
        is_trial = self._forecast.is_doubted(line.rows, now)
        chosen = select(
            line.in_order(now),
            now=now,
            expected_seconds=0.0 if is_trial else self._forecast.careful_seconds(line.rows),
            cap=self._cap.rows,
            policy=self._policy,
            seconds=self._latency.seconds,
        )
        for entry in chosen.late:
            self._queue.remove(entry)
            _answer_late(entry, "no answer is possible any more within")
        if not chosen.taken:
            self.wake()
            return
        self._queue.take(line, chosen.taken)
        padding_rows = self._policy.bucket(chosen.rows) - chosen.rows if self._is_batched else 0
        waits = [now - entry.arrived for entry in chosen.taken]
        self._observer.batch_left(rows=chosen.rows, padding_rows=padding_rows, waits=waits, trigger=trigger)
        if is_trial:
            self._latency.doubt(self._policy.bucket(chosen.rows))
        self._send(chosen.taken)

    def _send(self, entries: list[Entry]) -> None:
        rows = [entry.rows for entry in entries]
        bucket = self._policy.bucket(sum(rows)) if self._is_batched else 1
        batch = Batch(entries, rows, bucket, ends=self._clock() + self._latency.seconds(bucket))
        self._turns.take(self, batch.ends)
        self._forecast.began()
        self._running.run(batch)
        if self._queue.requests:
            self.wake()

    def _ended(self, batch: Batch, now: float) -> None:
        # While a batch ran nothing was heard of the sockets: what waits there may yet join.
        self._quiet_turns = self._arrivals = 0
        self._forecast.ended(now)
        self._turns.free(batch.ends)
        if self._running.retries or self._queue.requests:
            self.wake()


def _answer_late(entry: Entry, sentence: str) -> None:
    entry.set_exception(DeadlineExceeded(f"{sentence} {entry.timeout}"))
