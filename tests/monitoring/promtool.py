"""promtool, for tests: checks files, and makes blocks of history.

Tests that need it are marked `needs("promtool")`. What it says comes back
whole, since its sentences are what a test shows.
"""

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run ended with, and all that it wrote."""

    status: int
    written: str

    @property
    def succeeded(self) -> bool:
        return self.status == 0


def promtool(*arguments: str | Path, given: str | None = None, folder: Path | None = None) -> Outcome:
    """Run it on these arguments, with this text on its standard input."""
    return run(["promtool", *map(str, arguments)], given=given, folder=folder)


def run(command: Sequence[str], *, given: str | None = None, folder: Path | None = None) -> Outcome:
    done = subprocess.run(
        command,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        timeout=LIMIT_SECONDS,
    )
    return Outcome(done.returncode, done.stdout)


def check_rules(*files: Path) -> Outcome:
    return promtool("check", "rules", "--lint=all", "--lint-fatal", *files)


def test_rules(*files: Path) -> Outcome:
    return promtool("test", "rules", *files)


test_rules.__test__ = False  # type: ignore[attr-defined]


def check_config(file: Path) -> Outcome:
    return promtool("check", "config", file)


def check_metrics(exposition: str) -> Outcome:
    return promtool("check", "metrics", given=exposition)


def blocks(lines: Iterable[str], folder: Path) -> Path:
    """Make blocks of lines in OpenMetrics, for a Prometheus to start on; gives their folder.

    Reads its input once for every two hours of it: some 100,000 samples a second. What is larger is
    better sent to a running Prometheus (`prometheus.Prometheus.take_in`).
    """
    text, made = folder / "history.om", folder / "blocks"
    with text.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    outcome = promtool("tsdb", "create-blocks-from", "openmetrics", text, made)
    if not outcome.succeeded:
        raise ValueError(f"promtool makes no blocks of this: {outcome.written[-1000:]}")
    text.unlink()
    return made
