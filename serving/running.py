"""Run a batch, and hand each caller its own rows.

Whatever the model does, every caller of the batch is answered: with its rows,
or with its own misfortune. A batch that fails is run again in halves until the
request at fault stands alone; one that does not fit in memory lowers the cap
besides. Knows no queue.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from serving.assembly import assemble, scatter
from serving.batch_cap import BatchCap
from serving.errors import Draining, ModelExhausted, ModelFailed, Refused, ServingError
from serving.latency import LatencyTable
from serving.parts import Observe, halved, observed
from serving.queueing import Entry
from serving.retries import Retries
from serving.signature import Tensors
from serving.trace import BatchRun

Start = Callable[[Tensors, int], "Tensors | asyncio.Future[Tensors]"]
"""Run a batch of so many rows, padding included: the outputs at once, or a future of them."""


class RunObserver(Protocol):
    """Told of each run."""

    def batch_ran(self, *, rows: int, has_answer: bool, assemble_seconds: float, run_seconds: float) -> None:
        """Take note of a run of so many rows without padding."""
        ...


@dataclass(slots=True, eq=False)
class Batch:
    """Requests that run together."""

    entries: list[Entry]
    rows: list[int]
    bucket: int
    ends: float
    """When it is expected to end."""
    began: float = 0.0
    assembled: float = 0.0
    tensors: Tensors = field(default_factory=dict)
    """What ran, padding included."""


class Running:
    """The batches of one model that run."""

    def __init__(
        self,
        start: Start,
        observer: RunObserver,
        latency: LatencyTable,
        cap: BatchCap,
        ended: Callable[[Batch, float], None],
        *,
        is_batched: bool,
        clock: Callable[[], float],
        observe: Observe | None = None,
    ) -> None:
        """`ended` is told of each run and of when it ended."""
        self._start = start
        self._observer = observer
        self._latency = latency
        self._cap = cap
        self._ended = ended
        self._is_batched = is_batched
        self._clock = clock
        self._observe = observe
        self._batches: list[Batch] = []
        self.retries = Retries()

    def __bool__(self) -> bool:
        return bool(self._batches)

    def run(self, batch: Batch) -> None:
        self._batches.append(batch)
        batch.began = batch.assembled = self._clock()
        try:
            batch.tensors = self._assemble(batch)
            batch.assembled = self._clock()
            result = self._start(batch.tensors, batch.bucket)
        # The batch border: whatever the model raises must reach every caller of the batch.
        except Exception as error:  # noqa: BLE001
            self._finish(batch, error)
            return
        if isinstance(result, asyncio.Future):
            result.add_done_callback(partial(self._ran, batch))
        else:
            self._finish(batch, result)

    def abandon(self) -> list[Entry]:
        """Give up those who wait for a run, as they will not be heard of again; what runs is not stopped."""
        running = [entry for batch in self._batches for entry in batch.entries]
        return [entry for entry in (*self.retries.empty(), *running) if not entry.done()]

    def _ran(self, batch: Batch, result: "asyncio.Future[Tensors]") -> None:
        if result.cancelled():
            self._finish(batch, Draining("the server stopped while the request ran"))
        else:
            self._finish(batch, result.exception() or result.result())

    def _finish(self, batch: Batch, result: "Tensors | BaseException") -> None:
        now = self._clock()
        run_seconds = now - batch.assembled
        self._batches.remove(batch)
        self._observer.batch_ran(
            rows=sum(batch.rows),
            has_answer=not isinstance(result, BaseException),
            assemble_seconds=batch.assembled - batch.began,
            run_seconds=run_seconds,
        )
        if isinstance(result, BaseException):
            self._fail(batch, result, now)
        else:
            try:
                self._scatter(batch, result, now)
                self.retries.succeeded()
            except ModelFailed as error:
                self._fail(batch, error, now)
        self._cap.review(now, self._latency.slow_seconds)
        self._ended(batch, now)

    def _fail(self, batch: Batch, error: BaseException, now: float) -> None:
        alive = [entry for entry in batch.entries if not entry.done()]
        is_exhausted = isinstance(error, ModelExhausted | MemoryError)
        self.retries.failed(error)
        if is_exhausted:
            self._cap.exhausted(batch.bucket, now)
        if alive and not isinstance(error, Refused) and not self.retries.model_is_broken:
            # The only one left of several is not yet the one at fault: that may have been one that hung up.
            if len(batch.entries) > 1:
                self.retries.halve(alive)
                return
            if is_exhausted and self._is_batched and alive[0].rows > 1:
                self._halve(alive[0])
                return
        for entry in alive:
            entry.set_exception(_as_serving_error(error))

    def _halve(self, entry: Entry) -> None:
        if self._observe is not None and not entry.is_part:
            observed(entry, self._observe, entry.tensors, entry.rows)
        self.retries.halve(halved(entry))

    def _assemble(self, batch: Batch) -> Tensors:
        if not self._is_batched:
            return batch.entries[0].tensors
        return assemble([entry.tensors for entry in batch.entries], batch.rows, batch.bucket)

    def _scatter(self, batch: Batch, outputs: Tensors, now: float) -> None:
        """Give each caller its own rows; raises ModelFailed where they cannot be told apart."""
        answers = scatter(outputs, batch.rows, batch.bucket) if self._is_batched else [outputs]
        run: BatchRun | None = None
        answered = []
        for entry, answer in zip(batch.entries, answers, strict=True):
            if entry.trace is not None:
                run = run or _told(batch, now)
                run.traces.append(entry.trace)
                entry.trace.run = run
            # A caller that hung up has cancelled its future. Setting a result on it
            # would raise here and leave the rest of the batch unanswered.
            if not entry.done():
                entry.set_result(answer)
                if not entry.is_part:
                    answered.append((entry, answer))
        if self._observe is None:
            return
        if len(answered) == len(batch.entries):
            self._observe(batch.tensors, outputs, sum(batch.rows))
            return
        for entry, answer in answered:
            self._observe(entry.tensors, answer, entry.rows)


def _told(batch: Batch, now: float) -> BatchRun:
    return BatchRun(batch.began, batch.assembled, now, sum(batch.rows), batch.bucket, len(batch.entries))


def _as_serving_error(error: BaseException) -> BaseException:
    if isinstance(error, ServingError):
        return error
    failure = ModelFailed(f"the model failed: {type(error).__name__}")
    failure.__cause__ = error
    return failure
