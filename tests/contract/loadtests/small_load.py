"""A load of a few seconds, and how it is put on: for tests of what a run does beside measuring."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loadtests.measure.run import Run
from tests.contract.loadtests.trial import ROOT, START_SECONDS, FaultyServer, profile_file

LOAD: dict[str, Any] = {
    "summary": "Does what is asked arrive?",
    "rate": 60,
    "streams": [
        {"name": "v2-binary", "protocol": "v2", "format": "binary"},
        {"name": "grpc", "protocol": "grpc", "format": "binary"},
    ],
    "phases": [{"name": "steady", "role": "load", "seconds": 2}],
    "gates": [{"measure": "error_ratio", "most": 0}],
    # Tests share their cores: how late a request is sent is not what they ask.
    "generator": {"lag_p99_seconds": 2, "busy_ratio": 1},
}
CHANGE = {
    **LOAD,
    "phases": [
        {"name": "before", "role": "baseline", "seconds": 1},
        {"name": "during", "role": "change", "seconds": 1},
        {"name": "after", "role": "after", "seconds": 1},
    ],
    "change": {"settle_seconds": 1},
}


def lasting(seconds: int) -> dict[str, Any]:
    return {**LOAD, "phases": [{"name": "steady", "role": "load", "seconds": seconds}]}


LONG = lasting(60)
UNANSWERED = {**LONG, "streams": LOAD["streams"][:1], "timeout_seconds": 60}


def asked(folder: Path, server: FaultyServer, profile: dict[str, Any], *more: str) -> list[str]:
    """Give the command line of a profile on a server."""
    file = profile_file(folder, "asked", profile)
    return [*("--profile", str(file), "--url", server.url, "--grpc", server.grpc, "--model", "mnist"), *more]


def sent(run: Run) -> dict[tuple[int, str], int]:
    return {key: cell.total for key, cell in run.timeline.cells.items()}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def worker(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "loadtests", "worker", *options]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Find the workers that a run has begun, by what it told them of itself."""
    mark = f"\0--of\0{process.pid}\0"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_text():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def until(is_so: Callable[[], object]) -> None:
    limit = time.monotonic() + START_SECONDS
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)
