"""What the workers of a run send together, and what becomes of it when they come early, late or not at all."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.small_load import (
    LOAD,
    LONG,
    asked,
    free_port,
    lasting,
    sent,
    until,
    worker,
    workers_of,
)
from tests.contract.loadtests.together import sees
from tests.contract.loadtests.trial import START_SECONDS, FaultyServer, Load, Told, load


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker that has ended, or several."""

    told: Told
    statuses: list[int]


@dataclass(frozen=True, slots=True)
class Alone:
    """A worker that had no master."""

    port: int
    status: int
    words: str


def three_and_one(folder: Path) -> tuple[Told, Told]:
    with FaultyServer() as server:
        alone = load(folder / "alone", *asked(folder, server, LOAD))
        return alone, load(folder / "together", *asked(folder, server, LOAD, "--workers", "3"))


@sees(three_and_one)
def test_workers_send_together_what_one_sends_alone(seen: tuple[Told, Told]) -> None:
    (alone, _), (together, _) = (told.read() for told in seen)

    assert seen[1].status == Status.PASSED, seen[1].said
    assert sent(together) == sent(alone)
    assert sum(sent(alone).values()) == sum(span.planned for span in alone.spans)
    assert len({meter.worker for meter in together.generator}) == 3
    assert {meter.second for meter in together.generator} >= {0, 1}


def two_before_their_master(folder: Path) -> Ended:
    port = str(free_port())
    come = [worker("--master", f"127.0.0.1:{port}") for _ in range(2)]
    try:
        with FaultyServer() as server:
            told = load(folder / "run", *asked(folder, server, LOAD, "--expect-workers", "2", "--port", port))
        return Ended(told, [each.wait(START_SECONDS) for each in come])
    finally:
        end(*come)


@sees(two_before_their_master)
def test_workers_may_come_before_their_master(seen: Ended) -> None:
    assert seen.told.status == Status.PASSED, seen.told.said
    assert seen.statuses == [Status.PASSED, Status.PASSED]
    run, _ = seen.told.read()
    assert run.workers == 2
    assert run.timeline.over(0, 2).count(Outcome.OK) == run.spans[0].planned


def one_that_comes_late(folder: Path) -> Ended:
    """It comes in the middle of a run, and the run is over when it was sent away."""
    port = str(free_port())
    come = [worker("--master", f"127.0.0.1:{port}")]

    def late(running: Load) -> None:
        running.wait_until_under_way(0)
        come.append(worker("--master", f"127.0.0.1:{port}"))
        come[1].wait(START_SECONDS)

    try:
        with FaultyServer() as server:
            options = asked(folder, server, lasting(12), "--expect-workers", "1", "--port", port)
            told = load(folder / "run", *options, during=late)
        return Ended(told, [each.wait(START_SECONDS) for each in come])
    finally:
        end(*come)


@sees(one_that_comes_late)
def test_a_worker_that_comes_late_takes_nothing_from_those_that_are_at_work(seen: Ended) -> None:
    run, _ = seen.told.read()
    assert seen.statuses == [Status.PASSED, Status.USAGE]
    assert (seen.told.status, run.troubles) == (Status.PASSED, []), seen.told.said
    assert sum(sent(run).values()) == run.spans[0].planned


def nobody_comes(folder: Path) -> tuple[int, Told]:
    port = free_port()
    waits = ("--expect-workers", "2", "--port", str(port), "--worker-wait", "0.5")
    with FaultyServer() as server:
        return port, load(folder / "run", *asked(folder, server, LOAD, *waits))


@sees(nobody_comes)
def test_workers_that_do_not_come_are_told_of(seen: tuple[int, Told]) -> None:
    port, told = seen
    assert told.status == Status.INCONCLUSIVE
    assert told.stderr.splitlines()[-1] == f"loadtests: 0 of 2 workers came to port {port} in 0.5 s"


def alone(seconds: int) -> Alone:
    port = free_port()
    process = worker("--master", f"127.0.0.1:{port}", "--wait", str(seconds))
    try:
        _, words = process.communicate(timeout=START_SECONDS)
    finally:
        end(process)
    return Alone(port, process.returncode, words)


def one_that_does_not_wait(_: Path) -> Alone:
    return alone(0)


@sees(one_that_does_not_wait)
def test_a_worker_without_a_master_ends_in_a_sentence(seen: Alone) -> None:
    assert seen.status == Status.INCONCLUSIVE
    assert seen.words == f"loadtests: no master was at 127.0.0.1:{seen.port} in 0 s: Connection refused\n"


def one_that_waits(_: Path) -> Alone:
    return alone(1)


@sees(one_that_waits)
def test_a_worker_that_waits_says_so(seen: Alone) -> None:
    waiting = f"waiting for the master at 127.0.0.1:{seen.port}, which is not there yet (Connection refused)"
    assert seen.words.splitlines()[0] == f"loadtests: {waiting}, for 1 s"
    assert len(seen.words.splitlines()) == 2


def one_that_is_killed(folder: Path) -> Told:
    def kill_one(running: Load) -> None:
        running.wait_until_under_way(1)
        os.kill(workers_of(running.process)[0], signal.SIGKILL)

    with FaultyServer() as server:
        return load(folder / "run", *asked(folder, server, lasting(5), "--workers", "2"), during=kill_one)


@sees(one_that_is_killed)
def test_a_worker_that_is_killed_makes_the_run_inconclusive_and_no_pass(seen: Told) -> None:
    run, verdict = seen.read()
    assert seen.status == verdict.status == Status.INCONCLUSIVE, seen.said
    assert re.fullmatch(r"worker [12] \(process \d+\) ended with status -9", run.troubles[0])
    assert 0 < run.timeline.over(0, 5).count(Outcome.OK) < run.spans[0].planned
    assert "Traceback" not in seen.said


def a_master_that_is_killed(folder: Path) -> tuple[list[int], str]:
    """Give the workers that were left, all of which have ended, and what one of them wrote."""
    left: list[int] = []

    def kill_master(running: Load) -> None:
        running.wait_until_under_way(0)
        left.extend(workers_of(running.process))
        running.process.kill()

    with FaultyServer() as server:
        load(folder / "run", *asked(folder, server, LONG, "--workers", "2"), during=kill_master)
        until(lambda: not any(Path(f"/proc/{each}").exists() for each in left))
    return left, (folder / "run" / "worker-1.log").read_text()


@sees(a_master_that_is_killed)
def test_workers_end_with_the_master_that_began_them(seen: tuple[list[int], str]) -> None:
    left, log = seen
    assert len(left) == 2
    assert "the master is gone" in log


def end(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.kill()
        process.communicate()
