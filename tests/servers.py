"""Real servers for tests: started on free ports, awaited, listened to, ended.

A server is a process of its own, because its signals, its log and its exit
status are part of what it promises. Ports are the process's own choice and are
read from its log, so that no two servers can clash.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Any, Self

from serving.options import knobs

BUILD_SECONDS = 120
"""A script that imports TensorFlow takes seconds; on a busy machine, many."""

ROOT = Path(__file__).parent.parent
COMMAND = (sys.executable, "-m", "serving")
LOCAL = ("--bind_address", "127.0.0.1", "--http_port", "0", "--grpc_port", "0", "--drain_lame_duck_seconds", "0")

START_SECONDS = 90.0
"""TensorFlow's import alone takes ten seconds of an idle processor."""
END_SECONDS = 30.0
POLL_SECONDS = 0.02

Event = dict[str, Any]


class ServerFailed(Exception):
    """The server did not do what a test waited for; shows what it wrote."""


class RunningServer:
    """`python -m serving` as a child process, for as long as the `with` block lasts.

    Options given win over those that make it local, and a setting in the shell
    of whoever runs the tests reaches no server.
    """

    def __init__(
        self,
        model_dir: Path,
        *options: str,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
        until: str | None = "ready",
    ) -> None:
        """`until` is the event of its log to wait for on entering; None waits for nothing."""
        self._arguments = [*command, "--model_dir", str(model_dir), *LOCAL, *options]
        self._env = environment(env or {})
        self._until = until
        self._written = tempfile.TemporaryDirectory(prefix="server-")
        self._stdout = Path(self._written.name, "stdout")
        self._stderr = Path(self._written.name, "stderr")
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(self._arguments, stdout=stdout, stderr=stderr, env=self._env, cwd=ROOT)
        try:
            if self._until is not None:
                self.wait_for(self._until)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(SIGINT)
        finally:
            self.process.kill()
            self.process.wait()
            self._written.cleanup()

    # Where it is

    @property
    def http_address(self) -> str:
        return f"127.0.0.1:{self.http_port}"

    @property
    def http_url(self) -> str:
        return f"http://{self.http_address}"

    @property
    def grpc_address(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def http_port(self) -> int:
        return int(self.wait_for("listening")["http_port"])

    @property
    def grpc_port(self) -> int:
        return int(self.wait_for("listening")["grpc_port"])

    # What it says

    def events(self, name: str | None = None) -> list[Event]:
        """What it has logged so far, all of it or the events of one name."""
        lines = self._stdout.read_bytes().split(b"\n")[:-1]  # the last line may still be growing
        events = [json.loads(line) for line in lines]
        return [event for event in events if name in (None, event["event"])]

    def errors(self) -> list[Event]:
        return [event for event in self.events() if event["level"] in ("error", "critical")]

    def stderr(self) -> str:
        return self._stderr.read_text(errors="replace")

    def wait_for(self, name: str, *, seconds: float = START_SECONDS, **fields: object) -> Event:
        """Wait for an event that has these fields; raises ServerFailed where the process ends before."""
        deadline = time.monotonic() + seconds
        while True:
            has_ended = self.process.poll() is not None
            for event in self.events(name):
                if fields.items() <= event.items():
                    return event
            if has_ended or time.monotonic() > deadline:
                how = f"ended with status {self.process.returncode}" if has_ended else "is still running"
                raise ServerFailed(f"no event {name!r}: the server {how} and wrote {self.events()}\n{self.stderr()}")
            time.sleep(POLL_SECONDS)

    # How it ends

    def signal(self, number: Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait_for_end(self, seconds: float = END_SECONDS) -> int:
        """Wait for the exit status."""
        return self.process.wait(seconds)

    def stop(self, number: Signals = SIGTERM, seconds: float = END_SECONDS) -> int:
        """Ask it to end, and give its exit status."""
        self.signal(number)
        return self.wait_for_end(seconds)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ours without the server's settings, and what is given."""
    settings = {knob.variable for knob in knobs()}
    return {name: value for name, value in os.environ.items() if name not in settings} | dict(given)


def build_models(module: str, folder: Path) -> None:
    """Run a script that builds models into a folder, in a process of its own: TensorFlow stays out of this one."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder)],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stderr
