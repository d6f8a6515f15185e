"""Gather requests into batches, run them, and hand each caller its own rows.

Promises that every request admitted is answered exactly once, with its own
rows, whatever its neighbours do: one that hangs up frees its place, one that
the model refuses fails alone. Bounded in rows and in bytes. `schedule.py`
decides; this file does. All state is touched on the event loop's thread only,
and the clock is passed in. Knows no protocol and no framework.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Protocol

import numpy as np

from serving.assembly import assemble, scatter
from serving.errors import DeadlineExceeded, Draining, ModelFailed, Overloaded, PayloadTooLarge, ServingError
from serving.schedule import Policy, Send, Settle, Trigger, Wait, next_move
from serving.signature import Tensors

Start = Callable[[Tensors, int], "Tensors | asyncio.Future[Tensors]"]
"""Run a batch of so many rows, padding included: the outputs at once, or a future of them."""

Shapes = tuple[tuple[int, ...], ...]
"""The non-batch shapes of a request's inputs; only requests alike in them share a batch."""


class Observer(Protocol):
    """Told of what happens, where it happens."""

    def batch_left(self, *, rows: int, padding_rows: int, requests: int, trigger: Trigger) -> None: ...
    def request_waited(self, seconds: float) -> None: ...
    def batch_ran(self, *, assemble_seconds: float, run_seconds: float) -> None: ...


@dataclass(slots=True, eq=False)
class Entry:
    """A request, or a part of one, that waits or runs."""

    tensors: Tensors
    rows: int
    size_bytes: int
    arrived: float
    answer: asyncio.Future[Tensors]


class Batcher:
    """One queue set for one model version: a first-in-first-out queue for each shape of row."""

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
        self._start_run = start
        self._policy = policy
        self._observer = observer
        self._is_batched = is_batched
        self._max_queue_rows = max_queue_rows
        self._max_queue_bytes = max_queue_bytes
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._queues: dict[Shapes, deque[Entry]] = {}
        self._retries: deque[list[Entry]] = deque()
        self._is_running = False
        self._is_draining = False
        self._is_closed = False
        self._quiet_turns = 0
        self._wake_up: asyncio.Handle | None = None
        self.queue_rows = 0
        self.queue_bytes = 0

    def __repr__(self) -> str:
        running = "running" if self._is_running else "idle"
        return f"<Batcher: {self.queue_requests} requests of {self.queue_rows} rows queued, {running}>"

    @property
    def queue_requests(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest request in the queue, zero when there is none."""
        arrived = min((queue[0].arrived for queue in self._queues.values()), default=None)
        return 0.0 if arrived is None else self._clock() - arrived

    def submit(self, tensors: Tensors, rows: int, timeout_seconds: float) -> "asyncio.Future[Tensors]":
        """Queue a request; cancel the future to leave the queue.

        Raises Overloaded, Draining or PayloadTooLarge at once. The future may
        raise any ServingError.
        """
        size_bytes = sum(tensor.nbytes for tensor in tensors.values())
        self._admit(rows, size_bytes)
        if rows > self._policy.max_rows:
            return self._loop.create_task(self._in_parts(tensors, rows, timeout_seconds))
        return self._enqueue(tensors, rows, size_bytes, timeout_seconds)

    def drain(self) -> None:
        """Let what is queued leave without waiting for company."""
        self._is_draining = True
        self._turn_soon()

    def close(self) -> None:
        """Refuse whatever still waits: nobody is left hanging."""
        self._is_closed = True
        for entry in [*self._waiting(), *(entry for batch in self._retries for entry in batch)]:
            if not entry.answer.done():
                entry.answer.set_exception(Draining("the server stopped before the request was run"))
        self._queues.clear()
        self._retries.clear()
        self.queue_rows = self.queue_bytes = 0

    # Admission

    def _admit(self, rows: int, size_bytes: int) -> None:
        if self._is_closed:
            raise Draining("the server is stopping and takes no more requests")
        if rows > self._max_queue_rows or size_bytes > self._max_queue_bytes:
            raise PayloadTooLarge(
                f"the request has {rows} rows of {size_bytes} bytes, and the queue holds "
                f"{self._max_queue_rows} rows and {self._max_queue_bytes} bytes"
            )
        if self._is_over(rows, size_bytes):
            self._forget_the_gone()
        if self._is_over(rows, size_bytes):
            raise Overloaded(
                f"the queue is full: {self.queue_rows} rows of {self.queue_bytes} bytes are waiting, and the limits "
                f"are {self._max_queue_rows} rows (BATCH_QUEUE_ROWS) and {self._max_queue_bytes} bytes "
                "(BATCH_QUEUE_BYTES)"
            )

    def _is_over(self, rows: int, size_bytes: int) -> bool:
        return self.queue_rows + rows > self._max_queue_rows or self.queue_bytes + size_bytes > self._max_queue_bytes

    def _forget_the_gone(self) -> None:
        """Drop the requests whose callers have left or been answered already."""
        for shapes in list(self._queues):
            queue = self._queues[shapes]
            alive = deque(entry for entry in queue if not entry.answer.done())
            for entry in queue:
                if entry.answer.done():
                    self._uncount(entry)
            if alive:
                self._queues[shapes] = alive
            else:
                del self._queues[shapes]

    def _enqueue(self, tensors: Tensors, rows: int, size_bytes: int, timeout_seconds: float) -> asyncio.Future[Tensors]:
        answer: asyncio.Future[Tensors] = self._loop.create_future()
        entry = Entry(tensors, rows, size_bytes, self._clock(), answer)
        # The shapes a model fixes are the same for every request, so they cost one small tuple.
        shapes = tuple(tensor.shape[1:] for tensor in tensors.values()) if self._is_batched else ()
        queue = self._queues.get(shapes)
        if queue is None:
            queue = self._queues[shapes] = deque()
        queue.append(entry)
        self.queue_rows += rows
        self.queue_bytes += size_bytes
        if timeout_seconds != float("inf"):
            timer = self._loop.call_later(timeout_seconds, _expire, answer, timeout_seconds)
            answer.add_done_callback(lambda _: timer.cancel())
        self._quiet_turns = 0
        self._turn_soon()
        return answer

    async def _in_parts(self, tensors: Tensors, rows: int, timeout_seconds: float) -> Tensors:
        """Run a request larger than the largest batch as several, and join their outputs."""
        step = self._policy.max_rows
        parts = []
        for at in range(0, rows, step):
            cut = {name: tensor[at : at + step] for name, tensor in tensors.items()}
            size_bytes = sum(tensor.nbytes for tensor in cut.values())
            parts.append(self._enqueue(cut, min(step, rows - at), size_bytes, timeout_seconds))
        try:
            outputs = await asyncio.gather(*parts)
        except BaseException:
            for part in parts:
                part.cancel()
            raise
        return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}

    # Dispatch

    def _turn_soon(self) -> None:
        """Look at the queue at the next turn of the event loop, instead of later."""
        if self._is_running:
            return
        if self._wake_up is not None:
            self._wake_up.cancel()
        self._wake_up = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._wake_up = None
        if self._is_running:
            return
        while self._retries:
            batch = [entry for entry in self._retries.popleft() if not entry.answer.done()]
            if batch:
                self._run(batch)
                return
        shapes = self._oldest()
        if shapes is None:
            return
        queue = self._queues[shapes]
        move = next_move(
            (entry.rows for entry in queue),
            oldest_age=self._clock() - queue[0].arrived,
            quiet_turns=self._quiet_turns,
            is_draining=self._is_draining,
            policy=self._policy,
        )
        match move:
            case Send():
                self._send(shapes, queue, move)
            case Settle():
                self._quiet_turns += 1
                self._wake_up = self._loop.call_soon(self._turn)
            case Wait():
                self._wake_up = self._loop.call_later(move.seconds, self._turn)

    def _oldest(self) -> Shapes | None:
        """Find the queue whose head has waited longest, dropping heads that nobody waits for."""
        for shapes in list(self._queues):
            queue = self._queues[shapes]
            while queue and queue[0].answer.done():
                self._uncount(queue.popleft())
            if not queue:
                del self._queues[shapes]
        return min(self._queues, key=lambda shapes: self._queues[shapes][0].arrived, default=None)

    def _send(self, shapes: Shapes, queue: deque[Entry], move: Send) -> None:
        taken = [queue.popleft() for _ in range(move.requests)]
        if not queue:
            del self._queues[shapes]
        for entry in taken:
            self._uncount(entry)
        batch = [entry for entry in taken if not entry.answer.done()]
        if not batch:
            self._turn_soon()
            return
        now = self._clock()
        for entry in batch:
            self._observer.request_waited(now - entry.arrived)
        rows = sum(entry.rows for entry in batch)
        self._observer.batch_left(
            rows=rows,
            padding_rows=self._policy.bucket(rows) - rows if self._is_batched else 0,
            requests=len(batch),
            trigger=move.trigger,
        )
        self._run(batch)

    def _uncount(self, entry: Entry) -> None:
        self.queue_rows -= entry.rows
        self.queue_bytes -= entry.size_bytes

    # Running

    def _run(self, batch: list[Entry]) -> None:
        self._is_running = True
        began = self._clock()
        try:
            tensors, bucket = self._assemble(batch)
            assembled = self._clock()
            result = self._start_run(tensors, bucket)
        # The batch border: whatever the model raises must reach every caller of the batch.
        except Exception as error:  # noqa: BLE001
            self._finish(batch, error)
            return
        if isinstance(result, asyncio.Future):
            result.add_done_callback(partial(self._ran, batch, began, assembled))
        else:
            self._observer.batch_ran(assemble_seconds=assembled - began, run_seconds=self._clock() - assembled)
            self._finish(batch, result)

    def _ran(self, batch: list[Entry], began: float, assembled: float, result: "asyncio.Future[Tensors]") -> None:
        self._observer.batch_ran(assemble_seconds=assembled - began, run_seconds=self._clock() - assembled)
        if result.cancelled():
            self._finish(batch, Draining("the server stopped while the request ran"))
        else:
            self._finish(batch, result.exception() or result.result())

    def _finish(self, batch: list[Entry], result: "Tensors | BaseException") -> None:
        self._is_running = False
        # While a batch ran nothing was heard of the sockets: what waits there may yet join.
        self._quiet_turns = 0
        if isinstance(result, BaseException):
            self._fail(batch, result)
        else:
            try:
                self._scatter(batch, result)
            except ModelFailed as error:
                self._fail(batch, error)
        if self._retries or self._queues:
            self._turn_soon()

    def _fail(self, batch: list[Entry], error: BaseException) -> None:
        """Halve a batch until the request at fault stands alone, and answer that one."""
        alive = [entry for entry in batch if not entry.answer.done()]
        if len(alive) > 1 and not self._is_closed:
            middle = len(alive) // 2
            self._retries.extend((alive[:middle], alive[middle:]))
        else:
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

    def _waiting(self) -> Iterator[Entry]:
        for queue in self._queues.values():
            yield from queue


def _expire(answer: "asyncio.Future[Tensors]", timeout_seconds: float) -> None:
    if not answer.done():
        answer.set_exception(DeadlineExceeded(f"no answer within the request's timeout of {timeout_seconds:g} s"))


def _as_serving_error(error: BaseException) -> BaseException:
    return error if isinstance(error, ServingError) else ModelFailed(f"the model failed: {type(error).__name__}")
