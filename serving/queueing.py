"""The requests that wait, bounded in rows and in bytes.

One line for each shape of row, because only rows alike can share a batch.
Within a line the more urgent level goes first, and within a level the earlier
deadline; without deadlines that is first in, first out. Whoever has waited for
the ageing time goes before every level, so that none starves. A caller that
leaves gives up its place at once.
"""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import Any

import numpy as np

from serving.errors import Overloaded, PayloadTooLarge
from serving.signature import Tensors
from serving.timeout import Timeout
from serving.trace import Trace

Shapes = tuple[tuple[int, ...], ...]
"""The shapes of a request's inputs without their rows."""

due_of = attrgetter("due")


class Entry(asyncio.Future[Tensors]):
    """A request, or a part of one, that waits or runs; and the answer that its caller awaits.

    Being the future itself, it hears at once that its caller has left.
    """

    __slots__ = (
        "arrived",
        "deadline",
        "due",
        "is_part",
        "leave",
        "level",
        "line",
        "rows",
        "size_bytes",
        "tensors",
        "timeout",
        "trace",
        "waits",
    )

    tensors: Tensors
    rows: int
    size_bytes: int
    arrived: float
    timeout: Timeout
    """As it was on arrival."""
    deadline: float
    """When the answer is of no use any more; infinite where there is no such time."""
    due: float
    """What its level is ordered by: the deadline, or the end of the ageing time where that comes first."""
    level: int
    is_part: bool
    """Whether it is a piece of a request, whose answer is whole only with the others."""
    trace: Trace | None
    """Told of its run, where the request is traced."""
    waits: bool
    """Whether it is in the queue; the next two mean something while it is."""
    line: "Line"
    leave: Callable[["Entry"], None]

    def __init__(
        self,
        tensors: Tensors,
        rows: int,
        size_bytes: int,
        arrived: float,
        timeout: Timeout,
        due: float,
        level: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(loop=loop)
        self.tensors = tensors
        self.rows = rows
        self.size_bytes = size_bytes
        self.arrived = arrived
        self.timeout = timeout
        self.deadline = arrived + timeout.left_seconds
        self.due = due
        self.level = level
        self.is_part = False
        self.trace = None
        self.waits = False

    def cancel(self, msg: Any | None = None) -> bool:
        if self.waits:
            self.leave(self)
        return super().cancel(msg)


class Line:
    """What waits with rows of one shape."""

    __slots__ = ("levels", "rows", "shapes")

    def __init__(self, shapes: Shapes, levels: int) -> None:
        self.shapes = shapes
        self.levels: list[list[Entry]] = [[] for _ in range(levels)]
        """The most urgent first."""
        self.rows = 0

    def in_order(self, now: float) -> Iterable[Entry]:
        """All of it in the order in which it leaves; the line may not change meanwhile."""
        if len(self.levels) == 1:
            return self.levels[0]
        aged = [bisect_right(level, now, key=due_of) for level in self.levels]
        heads = [islice(level, count) for level, count in zip(self.levels, aged, strict=True)]
        tails = [islice(level, count, None) for level, count in zip(self.levels, aged, strict=True)]
        return chain(merge(*heads, key=due_of), *tails)

    def head(self, now: float) -> Entry:
        return next(iter(self.in_order(now)))


class Queue:
    """What waits for one model version."""

    def __init__(self, *, max_rows: int, max_bytes: int, levels: int = 1) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._rows_by_level = [0] * levels
        self.lines: dict[Shapes, Line] = {}
        """None of them is empty."""
        self.requests = 0
        self.rows = 0
        self.bytes = 0

    @property
    def oldest_arrival(self) -> float | None:
        lines = self.lines.values()
        return min((entry.arrived for line in lines for level in line.levels for entry in level), default=None)

    def rows_ahead(self, level: int, due: float) -> int:
        """Estimate the rows that leave before those of a request which joins this level."""
        ahead = sum(self._rows_by_level[:level])
        rows = self._rows_by_level[level]
        if rows and len(self.lines) == 1:
            entries = next(iter(self.lines.values())).levels[level]
            if due < entries[-1].due:
                return ahead + rows * bisect_right(entries, due, key=due_of) // len(entries)
        return ahead + rows

    def check_room(self, rows: int, size_bytes: int, coming_rows: int = 0) -> None:
        """Raise PayloadTooLarge or Overloaded unless there is room for so much more, behind rows that come before."""
        if self.rows + coming_rows + rows <= self._max_rows and self.bytes + size_bytes <= self._max_bytes:
            return
        if rows > self._max_rows or size_bytes > self._max_bytes:
            raise PayloadTooLarge(
                f"the request has {rows} rows of {size_bytes} bytes together, and the queue holds "
                f"{self._max_rows} rows and {self._max_bytes} bytes"
            )
        raise Overloaded(
            f"the queue is full: {self.rows + coming_rows} rows of {self.bytes} bytes together are waiting, and the "
            f"limits are {self._max_rows} rows (BATCH_QUEUE_ROWS) and {self._max_bytes} bytes (BATCH_QUEUE_BYTES)"
        )

    def push(self, entry: Entry, shapes: Shapes) -> None:
        line = self.lines.get(shapes)
        if line is None:
            line = self.lines[shapes] = Line(shapes, len(self._rows_by_level))
        level = line.levels[entry.level]
        if level and entry.due < level[-1].due:
            insort(level, entry, key=due_of)
        else:
            level.append(entry)
        entry.line = line
        entry.leave = self.remove
        entry.waits = True
        line.rows += entry.rows
        self.requests += 1
        self.rows += entry.rows
        self.bytes += entry.size_bytes
        self._rows_by_level[entry.level] += entry.rows

    def first_line(self, now: float) -> Line | None:
        """Find the line whose head leaves first; None where nobody waits."""
        if len(self.lines) <= 1:
            return next(iter(self.lines.values()), None)
        return min(self.lines.values(), key=lambda line: _urgency(line.head(now), now))

    def full_line(self, rows: int) -> Line | None:
        """Find a line that fills a batch of so many rows."""
        return next((line for line in self.lines.values() if line.rows >= rows), None)

    def take(self, line: Line, entries: Sequence[Entry]) -> None:
        """Remove the first entries of a line, in the order in which they leave."""
        for number, level in enumerate(line.levels):
            leaving = entries if len(line.levels) == 1 else [entry for entry in entries if entry.level == number]
            # What leaves in order is the head of each level.
            del level[: len(leaving)]
            self._uncount(leaving, line, number)
        self._drop_if_empty(line)

    def remove(self, entry: Entry) -> None:
        """Remove one entry from wherever it stands."""
        line = entry.line
        level = line.levels[entry.level]
        index = bisect_left(level, entry.due, key=due_of)
        while level[index] is not entry:
            index += 1
        del level[index]
        self._uncount((entry,), line, entry.level)
        self._drop_if_empty(line)

    def empty(self) -> list[Entry]:
        """Remove everything."""
        entries = [entry for line in self.lines.values() for level in line.levels for entry in level]
        for entry in entries:
            self.remove(entry)
        return entries

    def _uncount(self, entries: Sequence[Entry], line: Line, level: int) -> None:
        rows = size_bytes = 0
        for entry in entries:
            entry.waits = False
            rows += entry.rows
            size_bytes += entry.size_bytes
        line.rows -= rows
        self._rows_by_level[level] -= rows
        self.requests -= len(entries)
        self.rows -= rows
        self.bytes -= size_bytes

    def _drop_if_empty(self, line: Line) -> None:
        if not line.rows:
            del self.lines[line.shapes]


def shapes_of(tensors: Tensors) -> Shapes:
    if len(tensors) == 1:
        return tuple([tensor.shape[1:] for tensor in tensors.values()])
    return tuple([tensors[name].shape[1:] for name in sorted(tensors)])


def count_bytes(tensors: Tensors) -> int:
    size_bytes = 0
    for tensor in tensors.values():
        size_bytes += tensor.nbytes
        # An array of strings holds their addresses; the strings themselves lie elsewhere.
        if tensor.dtype == np.object_:
            size_bytes += sum(map(len, tensor.ravel().tolist()))
    return size_bytes


def _urgency(head: Entry, now: float) -> tuple[int, float]:
    return (-1 if head.due <= now else head.level, head.due)
