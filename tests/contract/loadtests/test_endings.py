"""How runs end that do not end as planned: told to end once or twice, with a full disk, or with nobody listening."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.small_load import CHANGE, LOAD, LONG, UNANSWERED, asked, until, workers_of
from tests.contract.loadtests.together import sees
from tests.contract.loadtests.trial import ROOT, START_SECONDS, FaultyServer, Load, Told, load

DISK_BYTES = 8192
"""Less than any report of a run takes."""
NOWHERE = "/proc/nowhere"
"""Nobody can make a folder there, root neither."""


def a_full_disk(folder: Path) -> Told:
    with FaultyServer("status,code=503,share=0.3") as server:
        return load(folder / "run", *asked(folder, server, LOAD), limit_bytes=DISK_BYTES)


@sees(a_full_disk)
def test_a_disk_that_is_full_costs_reports_and_not_the_verdict(seen: Told) -> None:
    assert seen.status == Status.FAILED, seen.said
    assert "cannot be written" in seen.stderr
    assert "The reports are in" not in seen.stdout
    assert "Traceback" not in seen.said
    assert "FAILED: error_ratio" in seen.stdout


def workers_without_a_folder(folder: Path) -> Told:
    with FaultyServer() as server:
        return load(folder / "run", *asked(folder, server, LOAD, "--workers", "2", "--out", NOWHERE))


@sees(workers_without_a_folder)
def test_workers_need_no_folder_that_can_be_written_to(seen: Told) -> None:
    assert seen.status in (Status.PASSED, Status.INCONCLUSIVE), seen.said
    assert f"{NOWHERE} cannot be made" in seen.stderr
    assert "Traceback" not in seen.said


def a_change_without_a_folder(folder: Path) -> Told:
    with FaultyServer() as server:
        return load(folder / "run", *asked(folder, server, CHANGE, "--change", "true", "--out", NOWHERE))


@sees(a_change_without_a_folder)
def test_a_change_needs_no_folder_that_can_be_written_to(seen: Told) -> None:
    assert "performed with success" in seen.stdout, seen.said
    assert "Traceback" not in seen.said


def nobody_reads(folder: Path) -> tuple[int, bool]:
    """Give its status, and whether there was a report."""
    with FaultyServer() as server:
        command = [sys.executable, "-m", "loadtests", "run", "--out", str(folder / "run")]
        with subprocess.Popen(
            [*command, *asked(folder, server, LOAD)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as running:
            assert running.stdout is not None
            running.stdout.readline()
            running.stdout.close()
            return running.wait(START_SECONDS), (folder / "run" / "run.json").exists()


@sees(nobody_reads)
def test_a_run_goes_on_when_nobody_reads_what_it_says(seen: tuple[int, bool]) -> None:
    assert seen == (Status.PASSED, True)


def told_to_end(folder: Path) -> tuple[Told, list[int]]:
    """Give also its workers that were still there when it had ended."""
    begun: list[int] = []

    def terminate(running: Load) -> None:
        running.wait_until_under_way(1)
        begun.extend(workers_of(running.process))
        running.process.terminate()

    with FaultyServer() as server:
        told = load(folder / "run", *asked(folder, server, LONG, "--workers", "2"), during=terminate)
    assert len(begun) == 2
    return told, [each for each in begun if Path(f"/proc/{each}").exists()]


@sees(told_to_end)
def test_one_who_is_told_to_end_writes_all_reports_and_leaves_nobody_behind(seen: tuple[Told, list[int]]) -> None:
    told, left = seen
    assert told.status == Status.INTERRUPTED
    run, _ = told.read()
    assert run.cut_off.startswith("it was told to end by SIGTERM at second ")
    assert not run.spans[0].is_complete
    assert run.timeline.over(0, run.spans[0].ended).count(Outcome.OK) == run.spans[0].planned
    assert {"run.json", "junit.xml", "summary.md"} <= {path.name for path in told.out.iterdir()}
    assert left == []


def unanswered(folder: Path, during: Callable[[Load], None]) -> Told:
    """Answers that come late keep whoever interrupts once waiting."""
    with FaultyServer("slow,seconds=60") as slow:
        return load(folder / "run", *asked(folder, slow, UNANSWERED), during=during)


def interrupt(running: Load) -> None:
    running.wait_until_under_way(1)
    running.process.send_signal(signal.SIGINT)


def interrupt_twice(running: Load) -> None:
    interrupt(running)
    time.sleep(0.5)  # the second of two signals at once may be lost
    running.process.send_signal(signal.SIGINT)


def interrupted(folder: Path) -> Told:
    return unanswered(folder, interrupt)


def interrupted_twice(folder: Path) -> Told:
    return unanswered(folder, interrupt_twice)


@sees(interrupted)
def test_after_ctrl_c_answers_are_not_waited_for_for_ever(seen: Told) -> None:
    assert seen.status == Status.INTERRUPTED
    assert "Ctrl-C" in seen.stdout
    run, _ = seen.read()
    assert re.search(r"; \d+ requests had no answer 5 s later, and are not counted$", run.cut_off)


@sees(interrupted_twice)
def test_who_is_told_twice_ends_at_once(seen: Told) -> None:
    assert seen.status == Status.INTERRUPTED
    assert not (seen.out / "run.json").exists()
    assert "Traceback" not in seen.said


def cut_off_in_its_change(folder: Path) -> tuple[Told, bool]:
    """Say also whether what changed was still there."""
    mark = folder / "process"

    def terminate(running: Load) -> None:
        until(lambda: mark.exists() and mark.read_text().strip())
        running.process.terminate()

    change = f"sh -c 'echo $$ > {mark}; exec sleep 60'"
    with FaultyServer() as server:
        told = load(folder / "run", *asked(folder, server, CHANGE, "--change", change), during=terminate)
    return told, Path(f"/proc/{mark.read_text().strip()}").exists()


@sees(cut_off_in_its_change)
def test_a_run_that_is_cut_off_ends_its_change(seen: tuple[Told, bool]) -> None:
    told, is_left = seen
    assert told.status == Status.INTERRUPTED
    run, _ = told.read()
    assert run.change is not None
    assert run.change.trouble == "it was ended with the run"
    assert not is_left
