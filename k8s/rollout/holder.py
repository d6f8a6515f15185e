"""Who holds the lock of a rollout: a name for this process, and whether one of that name is provably gone.

A name says host, process, when that began, and which system's processes are
meant (boot and namespace). On the same system a process that was killed is
known to be gone at once; of any other its silence alone tells.
"""

import hashlib
import os
import socket
from pathlib import Path

PROC = Path("/proc")


def name_of_this_process(proc: Path = PROC) -> str:
    """Give a name that no other process has."""
    number = os.getpid()
    return f"{_host()}_{number}_{_start(number, proc) or os.urandom(4).hex()}_{_system(proc)}"


def is_provably_gone(name: str, proc: Path = PROC) -> bool:
    """Whether the process of that name ran on this very system and runs no more."""
    host, _, rest = name.partition("_")
    parts = rest.split("_")
    if len(parts) != 3 or host != _host() or not parts[0].isdecimal():
        return False
    number, start, system = parts
    here = _system(proc)
    return bool(here) and system == here and _start(int(number), proc) != start


def readable(name: str) -> str:
    """Give a name as a person wants it: host and process."""
    host, _, rest = name.partition("_")
    number = rest.partition("_")[0]
    return f"process {number} on {host}" if number.isdecimal() else name


def _host() -> str:
    return socket.gethostname().replace("_", "-") or "host"


def _start(number: int, proc: Path) -> str:
    """When it began, in ticks since boot; empty where there is none, or it waits to be buried."""
    try:
        words = (proc / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # The name of a program may hold blanks and brackets; state and start are the 1st and 20th words after it.
    return "" if words[0] in "ZX" else words[19]


def _system(proc: Path) -> str:
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        return hashlib.sha256(f"{boot} {(proc / 'self/ns/pid').readlink()}".encode()).hexdigest()[:12]
    except OSError:
        return ""
