"""Whose turn it is to run a batch, where several queues share a device.

A lane that is free goes to whoever asks; where several ask, to the one that
has waited longest since its last batch, so that no queue waits for more than
one batch of each other. Pure bookkeeping: it runs nothing and keeps no clock.
"""

from bisect import insort
from typing import Protocol
from weakref import WeakKeyDictionary


class Waiter(Protocol):
    """A queue that shares the device."""

    @property
    def next_seconds(self) -> float:
        """How long its next batch is expected to run."""
        ...

    def wake(self) -> None:
        """Look at the queue soon: a lane is kept for it until it takes the turn or passes."""
        ...


class Turns:
    """The lanes of one device, and who waits for one.

    As many of those who wait as there are free lanes are awake, and each of
    them takes its turn or leaves.
    """

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self._free = lanes
        self._ends: list[float] = []
        self._waiting: list[Waiter] = []
        """Whoever was served longest ago first."""
        self._served: WeakKeyDictionary[Waiter, int] = WeakKeyDictionary()
        self._turn = 0

    def has_lane_for(self, waiter: Waiter) -> bool:
        """Say whether the waiter may take a turn now; if not, it will be woken when it may."""
        if self._free > len(self._waiting):
            return True
        if waiter not in self._waiting:
            insort(self._waiting, waiter, key=self._served_at)
        return waiter in self._waiting[: self._free]

    def take(self, waiter: Waiter, ends: float) -> None:
        """Occupy a lane until about `ends`; give that number back with `free`."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        self._turn += 1
        self._served[waiter] = self._turn
        self._free -= 1
        self._ends.append(ends)

    def free(self, ends: float) -> None:
        self._ends.remove(ends)
        self._free += 1
        self._wake_last_with_a_lane()

    def leave(self, waiter: Waiter) -> None:
        """Pass: there is nothing to run now."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            self._wake_last_with_a_lane()

    def free_at(self) -> float | None:
        """When the next lane is expected to be free; None where one is."""
        return None if self._free else min(self._ends)

    def others_seconds(self, waiter: Waiter) -> float:
        """How long one batch of each other queue that waits is expected to take."""
        return sum([other.next_seconds for other in self._waiting if other is not waiter])

    def _served_at(self, waiter: Waiter) -> int:
        return self._served.get(waiter, 0)

    def _wake_last_with_a_lane(self) -> None:
        """Wake whoever has come within reach of a lane; those before are awake."""
        if 0 < self._free <= len(self._waiting):
            self._waiting[self._free - 1].wake()
