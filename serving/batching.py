"""Gather requests into batches, run them, and hand each caller its own rows.

Promises that every request admitted is answered exactly once, with its own
rows, whatever its neighbours do: one that hangs up frees its place, one that
the model refuses fails alone. `schedule.py` decides; this file does. All state
is touched on the event loop's thread only, and the clock is passed in. Knows no
protocol and no framework.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from time import perf_counter
from typing import Protocol

from serving.assembly import assemble, cut, join, scatter
from serving.errors import DeadlineExceeded, Draining, InvalidRequest, ModelFailed, ServingError
from serving.queueing import Entry, Queue, count_bytes
from serving.schedule import Policy, Send, Settle, Trigger, Wait, next_move
from serving.signature import Tensors

Start = Callable[[Tensors, int], "Tensors | asyncio.Future[Tensors]"]
"""Run a batch of so many rows, padding included: the outputs at once, or a future of them."""


FAILURES_OF_A_BROKEN_MODEL = 32
"""Runs that fail in a row, for no fault of the input, before batches are no longer searched for a culprit.

A search costs up to two runs a request, which a model that fails on everything
is not worth. It goes deep first, so even several culprits side by side let
others succeed before so many runs have failed.
"""


class Observer(Protocol):
    """Told of what happens, where it happens."""

    def batch_left(self, *, rows: int, padding_rows: int, requests: int, trigger: Trigger) -> None: ...
    def request_waited(self, seconds: float) -> None: ...

    def batch_ran(self, *, rows: int, has_answer: bool, assemble_seconds: float, run_seconds: float) -> None:
        """Take note of a run of so many rows without padding."""
        ...


class Batcher:
    """Batches for one model version; runs one at a time."""

    def __init__(
        self,
        start: Start,
        policy: Policy,
        observer: Observer,
        *,
        is_batched: bool,
        max_queue_rows: int,
        max_queue_bytes: int,
        clock: Callable[[], float] = perf_counter,  # uvloop's own clock ticks in milliseconds
    ) -> None:
        """Where `is_batched` is False, the policy's only bucket is 1 and every request runs alone."""
        self._start_run = start
        self._policy = policy
        self._observer = observer
        self._is_batched = is_batched
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._queue = Queue(max_rows=max_queue_rows, max_bytes=max_queue_bytes)
        self._retries: deque[list[Entry]] = deque()
        self._running: list[Entry] = []
        self._failures = 0
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
        self._queue.forget_the_gone()
        return len(self._queue)

    @property
    def queue_rows(self) -> int:
        self._queue.forget_the_gone()
        return self._queue.rows

    @property
    def queue_bytes(self) -> int:
        return self._queue.bytes

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest request in the queue, zero when there is none."""
        arrived = self._queue.oldest_arrival
        return 0.0 if arrived is None else self._clock() - arrived

    def submit(
        self, tensors: Tensors, rows: int, timeout_seconds: float = inf, *, extra_settle_turns: int = 0
    ) -> "asyncio.Future[Tensors]":
        """Queue a request; cancel the future to leave the queue.

        A transport that hands over what arrived together one by one asks for
        `extra_settle_turns` of the event loop before its batch leaves.
        Raises Overloaded, Draining or PayloadTooLarge at once. The future may
        raise any ServingError.
        """
        if self._is_closed:
            raise Draining("the server is stopping and takes no more requests")
        size_bytes = count_bytes(tensors)
        self._queue.admit(rows, size_bytes)
        if rows > self._policy.max_rows:
            return self._enqueue_in_parts(tensors, rows, timeout_seconds, extra_settle_turns)
        return self._enqueue(tensors, rows, size_bytes, timeout_seconds, extra_settle_turns)

    def drain(self) -> None:
        """Let what is queued leave without waiting for company."""
        self._is_draining = True
        self._turn_soon()

    def close(self) -> None:
        """Refuse whatever still waits or runs: nobody is left hanging."""
        self._is_closed = True
        for batch in (self._queue.empty(), *self._retries, self._running):
            for entry in batch:
                if not entry.answer.done():
                    entry.answer.set_exception(Draining("the server stopped before the request was answered"))
        self._retries.clear()

    # Waiting

    def _enqueue(
        self, tensors: Tensors, rows: int, size_bytes: int, timeout_seconds: float, extra_settle_turns: int
    ) -> "asyncio.Future[Tensors]":
        answer: asyncio.Future[Tensors] = self._loop.create_future()
        shapes = tuple([tensors[name].shape[1:] for name in sorted(tensors)]) if self._is_batched else ()
        self._queue.push(Entry(tensors, rows, size_bytes, self._clock(), answer), shapes)
        if timeout_seconds != inf:
            timer = self._loop.call_later(timeout_seconds, _expire, answer, timeout_seconds)
            answer.add_done_callback(lambda _: timer.cancel())
        self._arrivals += 1
        # More arrivals than fill a batch went elsewhere: they must not put off the oldest for ever.
        if self._arrivals <= self._policy.max_rows:
            self._quiet_turns = -extra_settle_turns
        self._turn_soon()
        return answer

    def _enqueue_in_parts(
        self, tensors: Tensors, rows: int, timeout_seconds: float, extra_settle_turns: int
    ) -> "asyncio.Task[Tensors]":
        """Run a request larger than the largest batch as several, and join their outputs."""
        parts = [
            self._enqueue(part, part_rows, count_bytes(part), timeout_seconds, extra_settle_turns)
            for part, part_rows in cut(tensors, rows, self._policy.max_rows)
        ]
        joined = self._loop.create_task(_join(parts))
        # A task that is cancelled before its first step runs none of its code.
        joined.add_done_callback(lambda _: _cancel(parts))
        return joined

    # Leaving

    def _turn_soon(self) -> None:
        """Look at the queue at the next turn of the event loop, instead of later."""
        # A turn that is due stays due: put off by each arrival, it might never come.
        if self._running or self._wake_up is not None:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._wake_up = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._wake_up = self._alarm = None
        while self._retries:
            batch = [entry for entry in self._retries.popleft() if not entry.answer.done()]
            if batch:
                self._run(batch)
                return
        lines = self._queue.lines()
        if not lines:
            return
        entries, move = lines[0], self._next_move(lines[0])
        if isinstance(move, Wait):
            # A batch that is full already does not wait for the company of an older one.
            entries = next((line for line in lines if isinstance(self._next_move(line), Send)), entries)
            move = self._next_move(entries)
        match move:
            case Send():
                self._send(self._queue.take(entries, move.requests), move.trigger)
            case Settle():
                self._quiet_turns += 1
                self._wake_up = self._loop.call_soon(self._turn)
            case Wait():
                self._alarm = self._loop.call_later(move.seconds, self._turn)

    def _next_move(self, entries: deque[Entry]) -> Send | Settle | Wait:
        return next_move(
            (entry.rows for entry in entries),
            oldest_age=self._clock() - entries[0].arrived,
            quiet_turns=self._quiet_turns,
            is_draining=self._is_draining,
            policy=self._policy,
        )

    def _send(self, batch: list[Entry], trigger: Trigger) -> None:
        """Send a batch, which holds at least the request at the head of its queue."""
        now = self._clock()
        for entry in batch:
            self._observer.request_waited(now - entry.arrived)
        rows = sum(entry.rows for entry in batch)
        padding_rows = self._policy.bucket(rows) - rows if self._is_batched else 0
        self._observer.batch_left(rows=rows, padding_rows=padding_rows, requests=len(batch), trigger=trigger)
        self._run(batch)

    # Running

    def _run(self, batch: list[Entry]) -> None:
        self._running = batch
        began = assembled = self._clock()
        try:
            tensors, bucket = self._assemble(batch)
            assembled = self._clock()
            result = self._start_run(tensors, bucket)
        # The batch border: whatever the model raises must reach every caller of the batch.
        except Exception as error:  # noqa: BLE001
            self._tell(batch, began, assembled, has_answer=False)
            self._finish(batch, error)
            return
        if isinstance(result, asyncio.Future):
            result.add_done_callback(partial(self._ran, batch, began, assembled))
        else:
            self._tell(batch, began, assembled, has_answer=True)
            self._finish(batch, result)

    def _ran(self, batch: list[Entry], began: float, assembled: float, result: "asyncio.Future[Tensors]") -> None:
        self._tell(batch, began, assembled, has_answer=not result.cancelled() and result.exception() is None)
        if result.cancelled():
            self._finish(batch, Draining("the server stopped while the request ran"))
        else:
            self._finish(batch, result.exception() or result.result())

    def _tell(self, batch: list[Entry], began: float, assembled: float, *, has_answer: bool) -> None:
        self._observer.batch_ran(
            rows=sum([entry.rows for entry in batch]),
            has_answer=has_answer,
            assemble_seconds=assembled - began,
            run_seconds=self._clock() - assembled,
        )

    def _finish(self, batch: list[Entry], result: "Tensors | BaseException") -> None:
        self._running = []
        # While a batch ran nothing was heard of the sockets: what waits there may yet join.
        self._quiet_turns = self._arrivals = 0
        if isinstance(result, BaseException):
            self._fail(batch, result)
        else:
            try:
                self._scatter(batch, result)
                self._failures = 0
            except ModelFailed as error:
                self._fail(batch, error)
        if self._retries or self._queue:
            self._turn_soon()

    def _fail(self, batch: list[Entry], error: BaseException) -> None:
        """Halve a batch until the request at fault stands alone, and answer that one."""
        if not isinstance(error, InvalidRequest):
            self._failures += 1
        alive = [entry for entry in batch if not entry.answer.done()]
        is_broken = self._failures > FAILURES_OF_A_BROKEN_MODEL
        # The only one left of several is not yet the one at fault: that may have been one that hung up.
        if len(batch) > 1 and not self._is_closed and not is_broken:
            middle = len(alive) // 2
            self._retries.extendleft((alive[middle:], alive[:middle]))
            return
        if self._is_closed and len(batch) > 1:
            # Nobody will find out any more whose fault it is.
            error = Draining("the server stopped while the request ran")
        for entry in alive:
            entry.answer.set_exception(_as_serving_error(error))

    def _assemble(self, batch: list[Entry]) -> tuple[Tensors, int]:
        if not self._is_batched:
            return batch[0].tensors, 1
        rows = [entry.rows for entry in batch]
        bucket = self._policy.bucket(sum(rows))
        return assemble([entry.tensors for entry in batch], rows, bucket), bucket

    def _scatter(self, batch: list[Entry], outputs: Tensors) -> None:
        """Give each caller its own rows; raises ModelFailed where they cannot be told apart."""
        if self._is_batched:
            rows = [entry.rows for entry in batch]
            answers = scatter(outputs, rows, self._policy.bucket(sum(rows)))
        else:
            answers = [outputs]
        for entry, answer in zip(batch, answers, strict=True):
            # A caller that hung up has cancelled its future. Setting a result on it
            # would raise here and leave the rest of the batch unanswered.
            if not entry.answer.done():
                entry.answer.set_result(answer)


async def _join(parts: "list[asyncio.Future[Tensors]]") -> Tensors:
    return join(await asyncio.gather(*parts))


def _cancel(parts: "list[asyncio.Future[Tensors]]") -> None:
    for part in parts:
        part.cancel()


def _expire(answer: "asyncio.Future[Tensors]", timeout_seconds: float) -> None:
    if not answer.done():
        answer.set_exception(DeadlineExceeded(f"no answer within the request's timeout of {timeout_seconds:g} s"))


def _as_serving_error(error: BaseException) -> BaseException:
    if isinstance(error, ServingError):
        return error
    failure = ModelFailed(f"the model failed: {type(error).__name__}")
    failure.__cause__ = error
    return failure
