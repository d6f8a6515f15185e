"""All reports of a run, in a folder: what can be written is written, and the rest is told in sentences.

The reports of an earlier run that lie there are moved into `previous/`, so that
a folder never tells of two runs at once and there is something to compare with.
What was measured is never lost: where the folder does not take `run.json`, it
goes to the machine's folder for temporary files, and its numbers to the terminal.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import orjson

from loadtests.measure.run import Run
from loadtests.report import junit, markdown, page, percentiles, run_file, series, summary
from loadtests.report.figures import PhaseFigures, phases
from loadtests.report.json_text import as_json
from loadtests.report.run_file import BadRunFile
from loadtests.report.whole_file import replacing
from loadtests.verdict.result import Verdict

PREVIOUS = "previous"
JOB_PAGE = "GITHUB_STEP_SUMMARY"
"""The variable in which GitHub names the file that becomes part of the job's page."""

_OURS = (run_file.NAME, run_file.COMPRESSED_NAME, summary.NAME, markdown.NAME, junit.NAME, series.NAME, page.NAME)


def write(run: Run, verdict: Verdict, folder: Path, terminal: BinaryIO | None = None) -> list[str]:
    """Write every report, and give a sentence for each that could not be; raises nothing.

    To the terminal goes a line of JSON, and only where `run.json` could not be written.
    """
    figures = phases(run)
    troubles = _made(folder)
    if troubles:
        troubles += _rescued(run, verdict, terminal or sys.stdout.buffer, figures)
    else:
        troubles += _cleared(folder, run)
        failed: dict[str, list[str]] = {}
        kept = _attempt(lambda: run_file.write(run, verdict, folder))
        _note(failed, kept, run_file.NAME)
        for name, content in _files(run, verdict, figures):
            _note(failed, _attempt(functools.partial(_whole, folder / name, content)), name)
        troubles += [f"In {folder} {', '.join(names)} cannot be written: {reason}." for reason, names in failed.items()]
        if kept:
            troubles += _rescued(run, verdict, terminal or sys.stdout.buffer, figures)
    if os.environ.get(JOB_PAGE):
        job = Path(os.environ[JOB_PAGE])
        reason = _attempt(lambda: _append(job, markdown.markdown(run, verdict, figures)))
        troubles += [f"{job} cannot be written: {reason}."] if reason else []
    return troubles


def _files(run: Run, verdict: Verdict, figures: list[PhaseFigures]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Name each file and how its content comes about, the most useful first."""
    yield summary.NAME, lambda: as_json(summary.summary(run, verdict, figures), is_indented=True)
    yield markdown.NAME, lambda: markdown.markdown(run, verdict, figures).encode(errors="replace")
    yield junit.NAME, lambda: junit.junit(run, verdict)
    yield page.NAME, lambda: page.page(run, verdict, figures)
    yield series.NAME, lambda: series.series(run)
    for phase in figures:
        if phase.span.role != "warm-up":
            yield percentiles.name(phase.span.name), functools.partial(percentiles.distribution, phase.all.cell)


def _made(folder: Path) -> list[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        return [f"{folder} is a file and not a folder, so no report is there."]
    except OSError as error:
        return [f"{folder} cannot be made: {error.strerror or error}."]
    return []


def _cleared(folder: Path, run: Run) -> list[str]:
    """Move what an earlier run left there into `previous`, or out of the way where it is this run's own."""
    try:
        left = [path for path in folder.iterdir() if _is_ours(path)]
        if not left:
            return []
        if _tells_of(folder, run):
            # Each is replaced by itself; those that are not written this time would tell of another form.
            for path in left:
                if path.name not in _OURS:
                    path.unlink()
            return []
        previous = folder / PREVIOUS
        previous.mkdir(exist_ok=True)
        for path in [each for each in previous.iterdir() if _is_ours(each)]:
            path.unlink()
        for path in left:
            path.rename(previous / path.name)
    except OSError as error:
        return [f"What an earlier run left in {folder} cannot be moved away: {error.strerror or error}."]
    return []


def _is_ours(path: Path) -> bool:
    return path.is_file() and (path.name in _OURS or path.suffix == percentiles.SUFFIX)


def _tells_of(folder: Path, run: Run) -> bool:
    """Say whether the reports that lie there are of this run."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        seen = orjson.loads((folder / summary.NAME).read_bytes())
        return bool(seen["began_at"] == run.began_at and seen["profile"] == run.profile_name)
    with suppress(BadRunFile):
        other, _ = run_file.read(run_file.find(folder))
        return other.began_at == run.began_at and other.profile_name == run.profile_name
    return False


def _whole(path: Path, content: Callable[[], bytes]) -> None:
    with replacing(path) as file:
        file.write(content())


def _attempt(write_it: Callable[[], object]) -> str:
    """Do it, and give the reason why it could not be done; empty where it was."""
    try:
        write_it()
    except OSError as error:
        return error.strerror or str(error)
    except Exception as error:  # noqa: BLE001 - a fault in one report must not take the others with it
        return f"which is a fault of the load tests: {type(error).__name__}: {error}"
    return ""


def _note(failed: dict[str, list[str]], reason: str, name: str) -> None:
    if reason:
        failed.setdefault(reason, []).append(name)


def _rescued(run: Run, verdict: Verdict, terminal: BinaryIO, figures: list[PhaseFigures]) -> list[str]:
    """Keep what was measured somewhere else."""
    told = []
    try:
        place = Path(tempfile.mkdtemp(prefix="load-test-"))
        told.append(f"The run is kept in {run_file.write(run, verdict, place)} instead.")
    except OSError as error:
        told.append(f"Nor can the run be kept in a folder for temporary files: {error.strerror or error}.")
    with suppress(OSError, ValueError):
        terminal.write(as_json(summary.summary(run, verdict, figures)) + b"\n")
        terminal.flush()
        told.append("What it came to stands above, in one line of JSON.")
    return told


def _append(path: Path, page: str) -> None:
    with path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(page + "\n")
