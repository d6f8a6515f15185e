"""Whose turn it is to run a batch, where several queues share a device.

A lane that is free goes to whoever asks; where several ask, to the one that
has waited longest since its last batch, so that no queue waits for more than
one batch of each other. Pure bookkeeping: it runs nothing and keeps no clock.
"""

from typing import Protocol


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

    As many of those who wait longest as there are free lanes are awake, and
    each of them takes its turn or passes.
    """

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self._free = lanes
        self._ends: list[float] = []
        self._waiting: dict[Waiter, None] = {}

    def has_lane_for(self, waiter: Waiter) -> bool:
        """Say whether the waiter may take a turn now; if not, it will be woken when it may."""
        if self._free > len(self._waiting):
            return True
        if waiter in self._waiting:
            return waiter in list(self._waiting)[: self._free]
        self._waiting[waiter] = None
        return False

    def take(self, waiter: Waiter, ends: float) -> None:
        """Occupy a lane until about `ends`; give that number back with `free`."""
        self._waiting.pop(waiter, None)
        self._free -= 1
        self._ends.append(ends)

    def free(self, ends: float) -> None:
        self._ends.remove(ends)
        self._free += 1
        self._wake_last_with_a_lane()

    def leave(self, waiter: Waiter) -> None:
        """Pass: there is nothing to run now."""
        if waiter in self._waiting:
            was_awake = waiter in list(self._waiting)[: self._free]
            del self._waiting[waiter]
            if was_awake:
                self._wake_last_with_a_lane()

    def free_at(self) -> float | None:
        """When the next lane is expected to be free; None where one is."""
        return None if self._free else min(self._ends)

    def others_seconds(self, waiter: Waiter) -> float:
        """How long one batch of each other queue that waits is expected to take."""
        return sum([other.next_seconds for other in self._waiting if other is not waiter])

    def _wake_last_with_a_lane(self) -> None:
        if 0 < self._free <= len(self._waiting):
            list(self._waiting)[self._free - 1].wake()
