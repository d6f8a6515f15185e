"""A server of others as a child process: on a free port, with a folder of its own, ended with the `with` block.

What it is called and how its command reads is its subclass's. A port that was
free may be taken by another before the child has it; then another is tried.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Self

import httpx

START_SECONDS = 60.0
END_SECONDS = 20.0
POLL_SECONDS = 0.05
TRIES = 3


class ChildFailed(Exception):
    """It did not start, or did not do what a test waited for; says what it wrote."""


class Child(ABC):
    """Ready when the block begins."""

    name: ClassVar[str]

    def __init__(self, *, timeout_seconds: float) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=f"{self.name}-")
        self.folder = Path(self._folder.name)
        self.port = 0
        self.process: subprocess.Popen[bytes]
        self._client = httpx.Client(timeout=timeout_seconds, trust_env=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Give the command that has it listen at `address`."""

    def __enter__(self) -> Self:
        try:
            for tried in range(TRIES):
                self._start()
                if self._is_ready():
                    return self
                if tried == TRIES - 1 or "address already in use" not in self.log():
                    raise ChildFailed(f"{self.name} did not start:\n{self.log()[-3000:]}")
        except BaseException:
            self.__exit__()
            raise
        raise AssertionError

    def __exit__(self, *_: object) -> None:
        self._client.close()
        with contextlib.suppress(AttributeError):
            end(self.process)
        self._folder.cleanup()

    def _start(self) -> None:
        self.port = free_port()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def _is_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self._client.get(f"{self.url}/-/ready").status_code == 200:
                    return self.process.poll() is None
            time.sleep(POLL_SECONDS)
        return False

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def wait_for(self, holds: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        """Wait until something is true of it."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name}, after {seconds:.0f} s not yet: {what}\n{self.log()[-2000:]}")
            time.sleep(POLL_SECONDS)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
