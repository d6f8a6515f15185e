"""The requests that wait, bounded in rows and in bytes.

One first-in-first-out queue for each shape of row, because only rows alike can
share a batch; among the queues the one whose head has waited longest goes
first. A caller that has gone keeps no place: dead requests are dropped when
they reach the head, and all at once when the room is needed.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np

from serving.errors import Overloaded, PayloadTooLarge
from serving.signature import Tensors

Shapes = tuple[tuple[int, ...], ...]
"""The shapes of a request's inputs without their rows."""


REFUSALS_WORTH_A_WALK = 32
"""Entries that may be looked at for each refusal."""


@dataclass(slots=True, eq=False)
class Entry:
    """A request, or a part of one, that waits or runs."""

    tensors: Tensors
    rows: int
    size_bytes: int
    arrived: float
    answer: asyncio.Future[Tensors]


class Queue:
    """What waits for one model version."""

    def __init__(self, *, max_rows: int, max_bytes: int) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._by_shapes: dict[Shapes, deque[Entry]] = {}
        self._refusals = 0
        self.rows = 0
        self.bytes = 0

    def __len__(self) -> int:
        """Count the requests, whether or not their callers are still there."""
        return sum(map(len, self._by_shapes.values()))

    @property
    def oldest_arrival(self) -> float | None:
        return min((entries[0].arrived for entries in self._by_shapes.values()), default=None)

    def admit(self, rows: int, size_bytes: int) -> None:
        """Raise PayloadTooLarge or Overloaded unless there is room for so much more."""
        if rows > self._max_rows or size_bytes > self._max_bytes:
            raise PayloadTooLarge(
                f"the request has {rows} rows of {size_bytes} bytes together, and the queue holds "
                f"{self._max_rows} rows and {self._max_bytes} bytes"
            )
        if self._is_over(rows, size_bytes):
            self._refusals += 1
            # Turning a caller away must cost less than serving one, and looking for the gone takes a walk.
            if self._refusals * REFUSALS_WORTH_A_WALK > len(self):
                self._refusals = 0
                self.forget_the_gone()
        if self._is_over(rows, size_bytes):
            raise Overloaded(
                f"the queue is full: {self.rows} rows of {self.bytes} bytes together are waiting, and the limits are "
                f"{self._max_rows} rows (BATCH_QUEUE_ROWS) and {self._max_bytes} bytes (BATCH_QUEUE_BYTES)"
            )

    def push(self, entry: Entry, shapes: Shapes) -> None:
        entries = self._by_shapes.get(shapes)
        if entries is None:
            entries = self._by_shapes[shapes] = deque()
        entries.append(entry)
        self.rows += entry.rows
        self.bytes += entry.size_bytes

    def lines(self) -> list[deque[Entry]]:
        """The queues by the age of their heads, which are requests that somebody waits for."""
        for shapes, entries in list(self._by_shapes.items()):
            while entries and entries[0].answer.done():
                self._uncount(entries.popleft())
            if not entries:
                del self._by_shapes[shapes]
        return sorted(self._by_shapes.values(), key=lambda entries: entries[0].arrived)

    def take(self, entries: deque[Entry], count: int) -> list[Entry]:
        """Remove so many from a queue's head; gives those that somebody still waits for."""
        taken = [entries.popleft() for _ in range(count)]
        for entry in taken:
            self._uncount(entry)
        if not entries:
            self._by_shapes = {shapes: others for shapes, others in self._by_shapes.items() if others}
        return [entry for entry in taken if not entry.answer.done()]

    def empty(self) -> list[Entry]:
        """Remove everything."""
        entries = [entry for queue in self._by_shapes.values() for entry in queue]
        self._by_shapes.clear()
        self.rows = self.bytes = 0
        return entries

    def _is_over(self, rows: int, size_bytes: int) -> bool:
        return self.rows + rows > self._max_rows or self.bytes + size_bytes > self._max_bytes

    def forget_the_gone(self) -> None:
        """Give up the places of callers who have left or been answered."""
        for shapes, entries in list(self._by_shapes.items()):
            alive = deque(entry for entry in entries if not entry.answer.done())
            for entry in entries:
                if entry.answer.done():
                    self._uncount(entry)
            if alive:
                self._by_shapes[shapes] = alive
            else:
                del self._by_shapes[shapes]

    def _uncount(self, entry: Entry) -> None:
        self.rows -= entry.rows
        self.bytes -= entry.size_bytes


def count_bytes(tensors: Tensors) -> int:
    size_bytes = 0
    for tensor in tensors.values():
        size_bytes += tensor.nbytes
        # An array of strings holds their addresses; the strings themselves lie elsewhere.
        if tensor.dtype == np.object_:
            size_bytes += sum(map(len, tensor.ravel().tolist()))
    return size_bytes
