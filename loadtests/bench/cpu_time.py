"""How much processor time a server has used, as the kernel counts it.

A server that is asked by many connections at once should fill its core. Where
it does not, something else on the machine took the time, and the figure says
more about that than about the server. Linux only; elsewhere the answer is None.
"""

import os
from contextlib import suppress
from pathlib import Path


def process_cpu_seconds(process_id: int) -> float | None:
    """Return user and system time of all threads of a process."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return _cpu_seconds(stat)


def exact_cpu_seconds(process_id: int) -> float:
    """Return the processor time of the threads there are, to the nanosecond where the above counts hundredths."""
    nanoseconds = 0
    for thread in Path(f"/proc/{process_id}/task").glob("*/schedstat"):
        with suppress(OSError):  # it has ended
            nanoseconds += int(thread.read_text(encoding="utf-8").split()[0])
    return nanoseconds / 1e9


def threads_cpu_seconds(process_id: int, prefix: str) -> float:
    """Return user and system time of the threads whose names begin so."""
    seconds = 0.0
    for thread in Path(f"/proc/{process_id}/task").glob("*/stat"):
        try:
            stat = thread.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        if stat.partition("(")[2].startswith(prefix):
            seconds += _cpu_seconds(stat)
    return seconds


def _cpu_seconds(stat: str) -> float:
    # The name in parentheses may hold anything; after it, proc(5) counts from field 3.
    fields = stat.rpartition(")")[2].split()
    ticks = int(fields[14 - 3]) + int(fields[15 - 3])
    return ticks / os.sysconf("SC_CLK_TCK")
