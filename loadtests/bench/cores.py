"""One core for the server, another for the client.

On one shared core the client's work would count as the server's, and the
faster server would be slowed more. Where the system cannot pin, or has a
single core, `choose_cores` says so with None and the report repeats it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cores:
    """The two cores of a run, by the number the kernel gives them."""

    server: int
    client: int


def choose_cores() -> Cores | None:
    """Take two of the cores this process may use, on different physical cores if it can."""
    if sys.platform != "linux":
        return None
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        return None
    server = available[0]
    strangers = [core for core in available[1:] if core not in _siblings(server)]
    return Cores(server=server, client=(strangers or available)[-1])


@contextmanager
def pinned_to(core: int | None) -> Iterator[None]:
    """Keep the calling thread, and every process it starts meanwhile, on one core."""
    if core is None or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _siblings(core: int) -> set[int]:
    """Name the hardware threads that share a physical core with this one."""
    listing = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        text = listing.read_text(encoding="ascii").strip()
    except OSError:
        return {core}
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found
