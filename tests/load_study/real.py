"""Runs of a real server, one after the other: pairs of the same, and pairs of which the second is slower by a delay."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report import run_file
from loadtests.verdict.compare import compare
from loadtests.verdict.comparison import Comparison
from loadtests.verdict.result import Status
from monitoring import slo
from tests.load_study.delaying import Relay

PROFILE = """
summary: Are two runs of one server told apart?
rate: 60
streams:
  - {name: v2-binary, protocol: v2, format: binary}
  - {name: v2-json, protocol: v2}
phases:
  - {name: warm-up, role: warm-up, seconds: 2}
  - {name: steady, role: load, seconds: 16}
gates:
  - {measure: error_ratio, most: 0, of: [server, connection, wrong]}
"""
SLOWNESS = 0.25
"""Of the tenth fastest request: what the server takes where nothing is in its way."""
REPEATABLE = (Status.PASSED, Status.FAILED, Status.INCONCLUSIVE)


def rounds(port: int, model: str, count: int, folder: Path) -> Iterator[tuple[str, Comparison]]:
    """Run three times a round, and compare the second and the third, which is slower, with the first."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder / "profile.yaml"
    profile.write_text(PROFILE)
    promise = slo.read()
    for number in range(count):
        first = _run(port, model, profile, folder / f"{number}-first", 0.0)
        delay = SLOWNESS * _floor(first)
        for name, held_back in (("same", 0.0), ("slower", delay)):
            other = _run(port, model, profile, folder / f"{number}-{name}", held_back)
            yield name, compare(first, other, promise)


def again(folder: Path) -> Iterator[tuple[str, Comparison]]:
    """Compare once more what an earlier study has left."""
    promise = slo.read()
    for first in sorted(folder.glob("*-first"), key=lambda each: int(each.name.split("-")[0])):
        for name in ("same", "slower"):
            other = first.with_name(first.name.replace("first", name))
            if other.exists():
                yield name, compare(_read(first), _read(other), promise)


def _run(port: int, model: str, profile: Path, out: Path, delay: float) -> Run:
    # All go through a relay, so that it is the delay alone which differs.
    with closing(Relay(port, delay)) as relay:
        command = [sys.executable, "-m", "loadtests", "run", "--quiet", "--profile", str(profile), "--out", str(out)]
        target = ["--url", f"http://127.0.0.1:{relay.port}", "--model", model]
        done = subprocess.run([*command, *target], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode not in REPEATABLE:
        raise SystemExit(f"the run ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return _read(out)


def _read(folder: Path) -> Run:
    run, _ = run_file.read(run_file.find(folder))
    return run


def _floor(run: Run) -> float:
    (span,) = (each for each in run.spans if each.role == "load")
    return run.timeline.over(span.began, span.ended).responses[Outcome.OK].quantile(0.1)
