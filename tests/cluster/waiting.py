"""Waiting for the cluster: polls with a limit, and says what was seen last.

Every wait ends as soon as the fact is there, so that limits can be generous.
Knows nothing of the cluster.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

POLL_SECONDS = 0.5

Fact = TypeVar("Fact")


class NeverSeen(AssertionError):
    """What a test waited for did not come."""


def until(
    what: str,
    look: Callable[[], Fact | None],
    *,
    seconds: float,
    seen: Callable[[], Any] | None = None,
) -> Fact:
    """Look again and again until there is something to give; `seen` tells at the end what was there instead."""
    deadline = time.monotonic() + seconds
    while True:
        fact = look()
        if fact:
            return fact
        if time.monotonic() > deadline:
            instead = f"; instead: {seen()}" if seen else ""
            raise NeverSeen(f"{what}: not within {seconds:g} s{instead}")
        time.sleep(POLL_SECONDS)
