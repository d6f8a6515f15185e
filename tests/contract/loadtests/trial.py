"""A trial of the load tests: a server that goes wrong as told, `python -m loadtests run` on it, and what both say.

Both are processes of their own. The load's exit status and words are what its
callers see; `run.json` is what it kept; the server's last line is the truth.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report import run_file
from loadtests.verdict.result import Status, Verdict

ROOT = Path(__file__).parents[3]
START_SECONDS = 30.0
LOAD_SECONDS = 90.0
"""Longer than any load here lasts, on a machine that does much else."""

During = Callable[["Load"], None]
"""Done while the load goes on."""


class FaultyServer:
    """`faulty_server` as a child process, for as long as the `with` block lasts."""

    def __init__(self, *faults: str, latency: str = "0.003", seed: int = 1) -> None:
        given = [word for fault in faults for word in ("--fault", fault)]
        self._command = [
            *(sys.executable, "-m", "tests.contract.loadtests.faulty_server"),
            *("--latency", latency, "--seed", str(seed), *given),
        ]
        self.truth: dict[str, Any] = {}
        """What it did, from when it has ended."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        ports = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{ports['http_port']}"
        self.grpc = f"127.0.0.1:{ports['grpc_port']}"
        return self

    def end(self) -> dict[str, Any]:
        """End it, and read what it did."""
        if not self.truth:
            self.process.terminate()
            written, _ = self.process.communicate(timeout=START_SECONDS)
            self.truth = json.loads(written.splitlines()[-1]) if written else {}
        return self.truth

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True, slots=True)
class Load:
    """A load that is running."""

    process: subprocess.Popen[str]
    out: Path

    def wait_until_under_way(self, seconds: float) -> None:
        """Wait until its terminal tells of a second of the run, and then for so long."""
        log = self.out.parent / f"{self.out.name}.stderr"
        limit = time.monotonic() + START_SECONDS
        while " requests, failed: " not in log.read_text(errors="replace") and self.process.poll() is None:
            assert time.monotonic() < limit, "the load did not begin"
            time.sleep(0.05)
        with_limit_wait(self.process, seconds)

    def slow_down(self, awake: float, asleep: float) -> None:
        """Let its process run for a part of the time only, until it ends."""
        while self.process.poll() is None:
            for number, seconds in ((signal.SIGSTOP, asleep), (signal.SIGCONT, awake)):
                if self.process.poll() is None:
                    self.process.send_signal(number)
                    with_limit_wait(self.process, seconds)


def with_limit_wait(process: subprocess.Popen[str], seconds: float) -> None:
    """Wait so long, or until it ends."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


@dataclass(frozen=True, slots=True)
class Told:
    """What a load said."""

    status: int
    stdout: str
    stderr: str
    out: Path

    @property
    def said(self) -> str:
        return f"{self.stdout}\n{self.stderr}"

    def read(self) -> tuple[Run, Verdict]:
        files = [self.out / name for name in (run_file.NAME, run_file.COMPRESSED_NAME)]
        found = [file for file in files if file.exists()]
        assert found, f"no {run_file.NAME} in {self.out}: {self.said}"
        return run_file.read(found[0])


def load(
    out: Path,
    *options: str,
    during: During | None = None,
    environment: Mapping[str, str] | None = None,
    limit_bytes: int | None = None,
) -> Told:
    """Run a load to its end. `during` is done beside it; no file that it writes may be larger than `limit_bytes`."""
    command = [sys.executable, "-m", "loadtests", "run", "--out", str(out), *options]
    if limit_bytes is not None:
        # The shell counts in blocks of 1,024 bytes.
        command = ["bash", "-c", f'ulimit -f {limit_bytes // 1024}; exec "$@"', "bash", *command]
    out.parent.mkdir(parents=True, exist_ok=True)
    files = [out.parent / f"{out.name}.{name}" for name in ("stdout", "stderr")]
    with files[0].open("w") as stdout, files[1].open("w") as stderr:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    try:
        if during is not None:
            beside = threading.Thread(target=during, args=(Load(process, out),))
            beside.start()
            process.wait(LOAD_SECONDS)
            beside.join()
        process.wait(LOAD_SECONDS)
    finally:
        kill_group(process)
    stdout_text, stderr_text = (file.read_text(errors="replace") for file in files)
    return Told(process.returncode, stdout_text, stderr_text, out)


def kill_group(process: subprocess.Popen[str]) -> None:
    """End it and the workers it has begun, if they have not ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def profile_file(folder: Path, name: str, form: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(dict(form), sort_keys=False))
    return path


def counts(run: Run) -> dict[Outcome, int]:
    """What became of all requests of a run."""
    whole = run.timeline.over(-1, float("inf"))
    return {outcome: whole.count(outcome) for outcome in Outcome if whole.count(outcome)}


def settings(overrides: Sequence[str]) -> list[str]:
    return [word for each in overrides for word in ("--set", each)]


def status_name(status: int) -> str:
    return Status(status).name if status in set(Status) else str(status)
