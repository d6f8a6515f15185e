"""Perform the change of a run in a process of its own, beside the load, and keep what it says."""

import os
import shlex
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import gevent
from gevent import subprocess

from loadtests.measure.run import ChangeSeen

MERCY_SECONDS = 5.0
"""Between asking a change to end and ending it."""
TOLD_CHARACTERS = 200


class Performance:
    """One change: begun once, looked at often, ended if it takes too long. Times are seconds of the run."""

    def __init__(self, command: Sequence[str], log: Path, *, most_seconds: float) -> None:
        self._command = command
        self._log = log
        self._most_seconds = most_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._began: float | None = None
        self._ended: float | None = None
        self._status: int | None = None
        self._trouble = ""

    @property
    def has_begun(self) -> bool:
        return self._began is not None

    @property
    def is_over(self) -> bool:
        return self._ended is not None

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        if self._began is None:
            return ""
        if self._ended is None:
            return f"{self._command[0]} goes on"
        return self._trouble or f"{self._command[0]} ended well after {self._ended - self._began:.0f} s"

    def begin(self, now: float) -> None:
        """Start it; one that cannot be started is over, and has failed."""
        self._began = now
        try:
            with self._log.open("wb") as log:
                # A group of its own: Ctrl-C is for the run, which then ends it.
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as fault:
            self._ended = now
            self._trouble = f"{self._command[0]} cannot be run: {fault.strerror or fault}"

    def look(self, now: float) -> None:
        """See whether it has ended, and end it where it has taken too long."""
        if self._process is None or self.is_over or self._began is None:
            return
        self._status = self._process.poll()
        if self._status is not None:
            self._ended = now
            if self._status:
                self._trouble = f"it ended with status {self._status}{self._last_line()}"
        elif now - self._began > self._most_seconds:
            self.end()
            self._ended = now
            self._trouble = f"it had not ended after {self._most_seconds:g} s, and was ended"

    def end(self) -> None:
        """End it, if it goes on."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._signal(process.pid, signal.SIGTERM)
        limit = time.perf_counter() + MERCY_SECONDS
        while process.poll() is None and time.perf_counter() < limit:
            gevent.sleep(0.05)
        if process.poll() is None:
            self._signal(process.pid, signal.SIGKILL)
            process.wait()
        self._trouble = self._trouble or "it was ended with the run"

    def kill(self) -> None:
        """End it without waiting for it."""
        if self._process is not None and self._process.poll() is None:
            self._signal(self._process.pid, signal.SIGKILL)

    def seen(self) -> ChangeSeen | None:
        """Tell what became of it; None where it was never begun."""
        if self._began is None:
            return None
        return ChangeSeen(shlex.join(self._command), self._began, self._ended, self._status, self._trouble)

    def _signal(self, process: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process, number)

    def _last_line(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f": {lines[-1].strip()[:TOLD_CHARACTERS]}" if lines else ""
