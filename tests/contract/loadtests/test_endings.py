"""How runs end that do not end as planned, and what a report says of times that are known."""

import os
import signal
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import FaultyServer, Load, load, settings
from tests.contract.loadtests.verdict_cases import EASY, HEALTHY

PART = 0.05
ATTEMPTS = 4
QUIET_SECONDS = 0.01
DISK_BYTES = 8192
"""Less than any report of a run takes."""


def steady(server: FaultyServer, *options: str, overrides: tuple[str, ...] = HEALTHY) -> list[str]:
    return [
        "--profile",
        "steady",
        "--url",
        server.url,
        "--grpc",
        server.grpc,
        "--model",
        "mnist",
        *settings(overrides),
        *options,
    ]


def test_a_disk_that_is_full_costs_reports_and_not_the_verdict(tmp_path: Path) -> None:
    with FaultyServer("status,code=503,share=0.1") as server:
        told = load(tmp_path / "out", *steady(server), limit_bytes=DISK_BYTES)

    assert told.status == Status.FAILED, told.said
    assert "cannot be written" in told.stderr
    assert "The reports are in" not in told.stdout
    assert "Traceback" not in told.said
    assert "FAILED: error_ratio" in told.stdout


def test_workers_need_no_folder_that_can_be_written_to(tmp_path: Path) -> None:
    # Nobody can make a folder there, root neither.
    nowhere = "/proc/nowhere"
    with FaultyServer() as server:
        told = load(tmp_path / "out", *steady(server, "--workers", "2", "--out", nowhere))

    assert told.status in (Status.PASSED, Status.INCONCLUSIVE), told.said
    assert f"{nowhere} cannot be made" in told.stderr
    assert "Traceback" not in told.said


def test_a_change_needs_no_folder_that_can_be_written_to(tmp_path: Path) -> None:
    short = (f"phases.{number}.seconds=1" for number in range(4))
    asked = [word for setting in ("rate=20", "change.settle_seconds=0", *short) for word in ("--set", setting)]
    with FaultyServer() as server:
        where = ("--url", server.url, "--grpc", server.grpc, "--model", "mnist", "--out", "/proc/nowhere")
        told = load(tmp_path / "out", "--profile", "rolling-update", "--change", "true", *where, *asked)

    assert "performed with success" in told.stdout
    assert "Traceback" not in told.said


def test_who_interrupts_twice_waits_for_nothing(tmp_path: Path) -> None:
    def twice(running: Load) -> None:
        running.wait_until_under_way(1)
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)

    # Answers that come late keep whoever interrupts once waiting.
    with FaultyServer("slow,seconds=60") as server:
        told = load(tmp_path / "out", *steady(server), during=twice)

    assert told.status == Status.INTERRUPTED
    assert "Traceback" not in told.said


def test_a_worker_that_is_killed_leaves_the_run_without_a_pass(tmp_path: Path) -> None:
    def kill_one(running: Load) -> None:
        running.wait_until_under_way(2)
        workers = psutil.Process(running.process.pid).children()
        os.kill(workers[0].pid, signal.SIGKILL)

    with FaultyServer() as server:
        told = load(
            tmp_path / "out",
            *steady(server, "--workers", "2", overrides=(*HEALTHY, *EASY, "phases.steady.seconds=5")),
            during=kill_one,
        )

    run, verdict = told.read()
    assert told.status == verdict.status == Status.INCONCLUSIVE, told.said
    assert any("ended with status -9" in trouble for trouble in run.troubles), run.troubles
    assert run.timeline.over(-1, float("inf")).count(Outcome.OK) > 100
    assert "Traceback" not in told.said


def test_times_that_are_known_are_told_within_a_twentieth(tmp_path: Path) -> None:
    """Service times, since response times hold what the generator was late by; the server's own record is the truth.

    Where the machine has other things to do, both are late, and not by the same: then it is tried again.
    """
    for attempt in range(ATTEMPTS):
        with FaultyServer(latency="lognormal:0.15:0.4") as server:
            told = load(tmp_path / str(attempt), *steady(server, overrides=(*HEALTHY, *EASY, "rate=40")))
            truth = server.end()["seconds"]
        run, _ = told.read()
        whole = run.timeline.over(-1, float("inf"))
        if whole.lags.quantile(0.99) < QUIET_SECONDS:
            break

    assert {name: pytest.approx(seconds, rel=PART) for name, seconds in truth.items()} == {
        name: whole.services.quantile(float(name[1:]) / 100) for name in truth
    }
