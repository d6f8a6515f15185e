"""The servers that are compared, and how one is started, awaited and ended.

Each runs as a process group of its own on the server's core, on ports that
were free a moment ago, with its output in a log file. Whatever ends the
benchmark - its last measurement, a failure, Ctrl-C - ends the group with it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.bench import rest_v2
from loadtests.bench.closed_loop import HOST
from loadtests.bench.cores import pinned_to
from loadtests.bench.errors import BenchError
from loadtests.bench.protocols import Target

REPOSITORY = Path(__file__).resolve().parents[2]

_START_SECONDS = 120.0
_STOP_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to serve the model: a module that takes KServe's options."""

    name: str
    title: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)


OURS = Contender("ecluse", "Écluse", "serving")
UNBATCHED = Contender("ecluse-unbatched", "Écluse without batching", "serving", {"BATCH_ENABLED": "false"})
STOCK = Contender("kserve", "stock KServe", "loadtests.bench.stock_kserve")
BARE = Contender("ecluse-bare", "Écluse without metrics and checks", "loadtests.bench.bare_server")
UNWATCHED = Contender("ecluse-unwatched", "Écluse without looking at rows", "serving", {"MONITOR_ENABLED": "false"})

CONTENDERS = (OURS, STOCK, UNBATCHED, UNWATCHED, BARE)


@contextmanager
def running(contender: Contender, *, model_name: str, model_dir: Path, core: int | None, log: Path) -> Iterator[Target]:
    """Start a server, wait until it is ready, and end it when the block ends."""
    http_port, grpc_port = _free_ports(2)
    command = [sys.executable, "-m", contender.module]
    command += ["--model_name", model_name, "--model_dir", str(model_dir.resolve())]
    command += ["--http_port", str(http_port), "--grpc_port", str(grpc_port)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, pinned_to(core):
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=os.environ | dict(contender.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal must reach the benchmark alone, which then ends the server.
            start_new_session=True,
        )
    try:
        _await_ready(process, contender, http_port, log)
        yield Target(process.pid, model_name, http_port, grpc_port)
    finally:
        _end(process)


def _await_ready(process: subprocess.Popen[bytes], contender: Contender, http_port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not rest_v2.is_ready(http_port):
        if process.poll() is not None:
            raise BenchError(
                f"{contender.title} ended with status {process.returncode} before it was ready; "
                f"its last lines ({log}):\n{_tail(log)}"
            )
        if time.monotonic() > deadline:
            raise BenchError(
                f"{contender.title} was not ready after {_START_SECONDS:.0f} s; its last lines ({log}):\n{_tail(log)}"
            )
        time.sleep(_LOOK_AGAIN_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, and end its whole group when it has not."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    finally:
        # The group outlives a leader whose children hang on, and a second Ctrl-C comes this way too.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_ports(count: int) -> list[int]:
    """Let the system choose ports, all different, that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-_LOG_TAIL_LINES:]) or "    (it wrote nothing)"
