"""Workers that are begun on this machine: processes whose words go to a file, and who end with the run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import orjson

MERCY_SECONDS = 5.0
TOLD_CHARACTERS = 200


def folder_for_logs(reports: Path) -> Path:
    """Give the folder of the reports, or, where that takes nothing, one for temporary files: load needs no reports."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=reports):
            return reports
    except OSError:
        return Path(tempfile.mkdtemp(prefix="load-test-workers-"))


class Processes:
    """As many as asked for, each `python -m loadtests worker`."""

    def __init__(self, count: int, port: int, headers: Mapping[str, str], logs: Path) -> None:
        # By the environment, since everybody on a machine can read what a process was called with.
        environment = {**os.environ, "LOADTEST_HEADERS": orjson.dumps(dict(headers)).decode()}
        command = [
            sys.executable,
            "-m",
            "loadtests",
            "worker",
            "--master",
            f"127.0.0.1:{port}",
            "--of",
            str(os.getpid()),
        ]
        self._logs = [logs / f"worker-{number}.log" for number in range(1, count + 1)]
        self._told: set[int] = set()
        self._begun: list[subprocess.Popen[bytes]] = []
        with ExitStack() as files:
            for path in self._logs:
                log = files.enter_context(path.open("wb"))
                self._begun.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        env=environment,
                        start_new_session=True,  # Ctrl-C is for the master, which then ends them
                    )
                )

    def fates(self) -> list[str]:
        """Tell, once each, of those that have ended."""
        told = []
        for index, process in enumerate(self._begun):
            status = process.poll()
            if status is not None and index not in self._told:
                self._told.add(index)
                told.append(
                    f"worker {index + 1} (process {process.pid}) ended with status {status}{self._words(index)}"
                )
        return told

    def close(self) -> None:
        """Wait for those that end by themselves, and end the others."""
        limit = time.perf_counter() + MERCY_SECONDS
        for process in self._begun:
            try:
                process.wait(max(0.0, limit - time.perf_counter()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End them at once."""
        for process in self._begun:
            process.kill()

    def _words(self, index: int) -> str:
        try:
            lines = self._logs[index].read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f": {lines[-1][:TOLD_CHARACTERS]}" if lines else ""
