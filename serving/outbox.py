"""What is to leave the process in its own time: a bounded queue and a thread that empties it.

The event loop puts things in and never waits; where there is no room they are
dropped and counted. Whoever takes delivery may be slow or fail, and then those
are counted as failed: no request hears of it.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

from serving import logs

T = TypeVar("T")

LAST_WORDS_SECONDS = 2.0
"""How long the end of the process waits for what is still queued."""


class Fate(StrEnum):
    """What became of a thing that was put in."""

    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class Outbox(Generic[T]):
    """A queue bounded in things and in bytes."""

    def __init__(
        self,
        name: str,
        deliver: Callable[[Sequence[T]], None],
        count: Callable[[Fate, int], None],
        *,
        most: int,
        most_bytes: int,
        pause_seconds: float = 0.5,
        at_once: int = 256,
    ) -> None:
        """`deliver` is called on the thread, and raises where it fails; `count` is told what became of how many."""
        self._name = name
        self._deliver = deliver
        self._count = count
        self._most = most
        self._most_bytes = most_bytes
        self._pause_seconds = pause_seconds
        self._at_once = at_once
        self._things: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Deliver what is queued, as far as that is done soon."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join(LAST_WORDS_SECONDS)

    def put(self, thing: T, size_bytes: int = 0) -> bool:
        """Take a thing if there is room, and say whether there was; never waits."""
        with self._lock:
            has_room = len(self._things) < self._most and self._bytes + size_bytes <= self._most_bytes
            if has_room:
                self._things.append((thing, size_bytes))
                self._bytes += size_bytes
        if not has_room:
            self._count(Fate.DROPPED, 1)
        return has_room

    def _run(self) -> None:
        while not self._ends.wait(self._pause_seconds):
            self._empty()
        self._empty()

    def _empty(self) -> None:
        while taken := self._take():
            try:
                self._deliver(taken)
            # The border of a thread: whatever delivery raises, the next is tried again.
            except Exception as error:  # noqa: BLE001
                self._count(Fate.FAILED, len(taken))
                if not self._is_failing:
                    logs.event("delivery_failed", level=logs.ERROR, error=error, to=self._name)
                self._is_failing = True
            else:
                self._count(Fate.SENT, len(taken))
                self._is_failing = False

    def _take(self) -> list[T]:
        with self._lock:
            taken = [self._things.popleft() for _ in range(min(self._at_once, len(self._things)))]
            self._bytes -= sum(size_bytes for _, size_bytes in taken)
        return [thing for thing, _ in taken]
