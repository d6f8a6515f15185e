"""Processes that were started together and end together.

Each has a session of its own, so that Ctrl-C reaches the one that ends the
others in order, the last first; a log of its own, whose end is shown where one
ends by itself.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

END_SECONDS = 15.0
LAST_LINES = 12


class Ended(Exception):
    """A process ended that should have run on; shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Started:
    name: str
    log: Path
    process: subprocess.Popen[bytes]


class Processes:
    """All that run, for as long as the `with` block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Started] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for started in reversed(self._started):
            end(started.process)

    def start(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, shown: bool = False
    ) -> Started:
        """Start one; what it writes goes to its log, or is shown."""
        log = self._folder / f"{name.replace(' ', '-')}.log"
        with contextlib.ExitStack() as open_files:
            out = None if shown else open_files.enter_context(log.open("wb"))
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out and subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        started = Started(name, log, process)
        self._started.append(started)
        return started

    def check(self) -> None:
        """Raise where one has ended."""
        for started in self._started:
            status = started.process.poll()
            if status is not None:
                raise Ended(f"{started.name} ended {in_words(status)}{_last(started.log)}")


def in_words(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.is_file() else []
    return "".join(f"\n  {line[:300]}" for line in [f"{log} ends:", *lines]) if lines else ""


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
