"""Mistakes of whoever calls a load test: a sentence that names what was wrong, status 2, and nothing was asked."""

import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import ROOT

NOWHERE = ("--url", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1", "--wait-ready", "0")
STEADY = ("run", "--profile", "steady", "--model", "mnist", *NOWHERE)
ROLLING = ("run", "--profile", "rolling-update", "--model", "mnist", *NOWHERE)


def said(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("run", "--profile", "stedy"), "did you mean steady?", id="a_profile_that_nobody_knows"),
        pytest.param(
            (*STEADY, "--set", "rate=-1", "--set", "nope=1"), "rate must be more than 0", id="an_impossible_rate"
        ),
        pytest.param((*STEADY, "--set", "nope=1"), "nope is no field", id="an_unknown_field"),
        pytest.param((*STEADY, "--set", "rate"), "must be FIELD=VALUE", id="a_setting_without_a_value"),
        pytest.param((*STEADY, "--workers", "0"), "must be a whole number from 1", id="no_workers"),
        pytest.param((*STEADY, "--url", "127.0.0.1:8080"), "http://HOST:PORT", id="an_address_without_a_scheme"),
        pytest.param((*STEADY, "--out", "README.md"), "is a file", id="a_folder_that_is_a_file"),
        pytest.param((*STEADY, "--change", "true"), "has none", id="a_change_that_no_phase_waits_for"),
        pytest.param(ROLLING, "what is changed is not told", id="a_rolling_update_without_a_change"),
        pytest.param((*ROLLING, "--change", "nosuchcommand"), "no such command", id="a_change_that_cannot_be_run"),
        pytest.param((*STEADY, "--data", "README.md"), "README.md", id="rows_that_are_none"),
        pytest.param((*STEADY, "--slo", "/nowhere.yaml"), "cannot be read", id="a_promise_that_is_not_there"),
        pytest.param(("compare", "README.md", "README.md"), "README.md", id="a_run_that_is_none"),
    ],
)
def test_mistake(words: tuple[str, ...], expected: str) -> None:
    status, told = said(*words)

    assert expected in told
    assert "Traceback" not in told
    assert status == Status.USAGE


def test_an_empty_trace_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("")

    status, told = said(*STEADY, "--set", f"trace={trace}")

    assert status == Status.USAGE
    assert f"{trace} is empty" in told


def test_a_host_where_nobody_listens_is_unreachable(tmp_path: Path) -> None:
    status, told = said(*STEADY, "--out", str(tmp_path / "out"))

    assert status == Status.UNREACHABLE
    assert "http://127.0.0.1:1 cannot be reached: Connection refused" in told
    assert not (tmp_path / "out").exists()
