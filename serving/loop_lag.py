"""How late the event loop comes to what is due: the first sign that something holds it up.

A timer every half second, which costs nothing to speak of. What holds the loop
for a moment between two looks is seen by the requests' own durations; what
holds it often or long is seen here. Knows no metric: it tells an observer.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter

LOOK_SECONDS = 0.5


class LoopLag:
    """Looks at the loop from `start` to `stop`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        observe: Callable[[float], None],
        clock: Callable[[], float] = perf_counter,  # uvloop's own stands still while a callback runs
    ) -> None:
        self._loop = loop
        self._observe = observe
        self._clock = clock
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._due = self._clock() + LOOK_SECONDS
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._observe(max(0.0, self._clock() - self._due))
        self.start()
