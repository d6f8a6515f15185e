"""Time as a rollout uses it: what the wall shows is written down, what only runs forwards is waited by."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Both, and a way to let them run."""

    wall: Callable[[], float] = time.time
    """Seconds since the epoch, which another process may read."""
    steady: Callable[[], float] = time.monotonic
    """For how long something lasts; means nothing to another process."""
    pause: Callable[[float], None] = time.sleep
