"""Batches that failed, on their way to the request at fault.

A batch that fails is halved until the request at fault stands alone, deepest
first, so that even several culprits side by side let others succeed early. A
model that fails on everything is not worth the search. Knows no event loop.
"""

from collections import deque
from collections.abc import Sequence

from serving.errors import InvalidRequest
from serving.queueing import Entry

FAILURES_OF_A_BROKEN_MODEL = 32
"""Runs that fail in a row, for no fault of the input, before batches are no longer searched for a culprit.

A search costs up to two runs a request, which a model that fails on everything
is not worth.
"""


class Retries:
    """What runs before anything else leaves the queue."""

    def __init__(self) -> None:
        self._batches: deque[Sequence[Entry]] = deque()
        self._failures = 0

    def __bool__(self) -> bool:
        return bool(self._batches)

    @property
    def model_is_broken(self) -> bool:
        return self._failures > FAILURES_OF_A_BROKEN_MODEL

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, error: BaseException) -> None:
        if not isinstance(error, InvalidRequest):
            self._failures += 1

    def halve(self, alive: Sequence[Entry]) -> None:
        """Run a batch again, in two."""
        middle = len(alive) // 2
        self._batches.extendleft((alive[middle:], alive[:middle]))

    def next(self) -> list[Entry]:
        """Take those of the next batch that somebody still waits for; nobody where there is none."""
        while self._batches:
            alive = [entry for entry in self._batches.popleft() if not entry.done()]
            if alive:
                return alive
        return []

    def empty(self) -> list[Entry]:
        """Remove everything."""
        entries = [entry for batch in self._batches for entry in batch]
        self._batches.clear()
        return entries
