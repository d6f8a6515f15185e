"""Mistakes of whoever calls a load test: a sentence that names what was wrong, status 2, and nothing was asked.

All are made in one process, since each would import the same.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import ROOT

NOWHERE = ("--url", "http://127.0.0.1:1", "--grpc", "127.0.0.1:1", "--wait-ready", "0")
STEADY = ("run", "--profile", "steady", "--model", "mnist", *NOWHERE)
ROLLING = ("run", "--profile", "rolling-update", "--model", "mnist", *NOWHERE)
EMPTY = "{empty}"
"""Where it stands, the path of an empty file."""

MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "a_profile_that_nobody_knows": (("run", "--profile", "stedy"), "did you mean steady?"),
    "an_impossible_rate": ((*STEADY, "--set", "rate=-1", "--set", "nope=1"), "rate must be more than 0"),
    "an_unknown_field": ((*STEADY, "--set", "nope=1"), "nope is no field"),
    "a_setting_without_a_value": ((*STEADY, "--set", "rate"), "must be FIELD=VALUE"),
    "no_workers": ((*STEADY, "--workers", "0"), "must be a whole number from 1"),
    "workers_of_both_kinds": ((*STEADY, "--workers", "2", "--expect-workers", "2"), "one of the two"),
    "an_address_without_a_scheme": ((*STEADY, "--url", "127.0.0.1:8080"), "http://HOST:PORT"),
    "an_address_of_another_scheme": (
        (*STEADY, "--url", "ftp://a"),
        "the address 'ftp://a' must be as http://HOST:PORT or https://HOST:PORT",
    ),
    "no_address_for_grpc": (
        (*STEADY, "--grpc", ""),
        "of the profile asks over gRPC: where it is must be named by --grpc HOST:PORT",
    ),
    "no_model": ((*STEADY, "--model", ""), "of the profile names no model: it must be named by --model NAME"),
    "no_certificate": ((*STEADY, "--ca", "README.md"), "README.md holds no certificate in PEM"),
    "a_folder_that_is_a_file": ((*STEADY, "--out", "README.md"), "is a file"),
    "a_change_that_no_phase_waits_for": ((*STEADY, "--change", "true"), "has none"),
    "a_rolling_update_without_a_change": (ROLLING, "what is changed is not told"),
    "a_change_that_cannot_be_run": (
        (*ROLLING, "--change", "no-such-program"),
        "the change begins with 'no-such-program', and there is no such command",
    ),
    "rows_that_are_none": ((*STEADY, "--data", "README.md"), "README.md is no file of NumPy's (npz)"),
    "a_promise_that_is_not_there": ((*STEADY, "--slo", "/nowhere.yaml"), "cannot be read"),
    "a_trace_that_is_empty": ((*STEADY, "--set", f"trace={EMPTY}"), f"{EMPTY} is empty"),
    "a_run_that_is_none": (("compare", "README.md", "README.md"), "README.md"),
}

CALL = """
import contextlib, io, json, sys, traceback
from loadtests.__main__ import main

for words in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = main(words)
        except SystemExit as ended:
            status = ended.code
        except Exception:
            status = traceback.print_exc()
    print(json.dumps([status, said.getvalue(), "gevent" in sys.modules]))
"""
"""The last of what it tells of each call: whether all was got ready to put load on."""

Said = tuple[int, str, bool]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Said]:
    """Give what was said of a mistake; `EMPTY` stands for the path again."""
    empty = tmp_path_factory.mktemp("mistakes") / "trace.txt"
    empty.touch()
    calls = [[word.replace(EMPTY, str(empty)) for word in words] for words, _ in MISTAKES.values()]
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        cwd=ROOT,
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = (json.loads(line.replace(str(empty), EMPTY)) for line in done.stdout.splitlines())
    told = {name: (status, words, is_ready) for name, (status, words, is_ready) in zip(MISTAKES, lines, strict=True)}
    return lambda name: told[name]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(mistake: str, said: Callable[[str], Said]) -> None:
    status, told, is_ready = said(mistake)

    assert MISTAKES[mistake][1] in told
    assert "Traceback" not in told
    assert status == Status.USAGE
    assert not is_ready


def test_a_mistake_is_one_line_and_the_status_of_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loadtests", *STEADY, "--model", "", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (Status.USAGE, "", 1), done.stderr
    assert not (tmp_path / "out").exists()
