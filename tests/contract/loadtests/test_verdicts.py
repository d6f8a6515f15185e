"""Every fault of the server comes to the verdict that it must, and a healthy server to none."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report import run_file
from loadtests.verdict.result import Status
from tests.contract.loadtests.together import sees_each
from tests.contract.loadtests.trial import FaultyServer, Told, counts, load, profile_file, settings, status_name
from tests.contract.loadtests.verdict_cases import CASES, SEED_COUNT, Case, healthy

ATTEMPTS = 3
ALL = [*healthy(int(os.environ.get("LOADTEST_SEEDS", "2" if "CI" in os.environ else SEED_COUNT))), *CASES]


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, what the load said, and what the server did."""

    case: Case
    told: Told
    truth: dict[str, Any]


def put_on_load(case: Case, folder: Path) -> Tried:
    """A generator that fell behind where nothing is amiss says so, and is given another chance."""
    for attempt in range(ATTEMPTS):
        tried = put_on_load_once(case, folder / str(attempt))
        if case.status is not Status.PASSED or tried.told.status != Status.INCONCLUSIVE:
            break
    return tried


def put_on_load_once(case: Case, folder: Path) -> Tried:
    profile = case.profile
    if not isinstance(profile, str):
        profile = str(profile_file(folder, case.name, profile))
    with FaultyServer(*case.faults, latency=case.latency) as server:
        told = load(
            folder / case.name,
            *("--profile", profile, "--url", server.url, "--grpc", server.grpc, "--model", "mnist"),
            *settings(case.overrides),
            *case.options,
            during=case.during,
        )
        return Tried(case, told, server.end())


@sees_each({case.name: partial(put_on_load, case) for case in ALL})
def test_verdict(seen: Tried) -> None:
    case, told, truth = seen.case, seen.told, seen.truth

    assert status_name(told.status) == case.status.name, told.said
    assert "Traceback" not in told.said
    if case.status is Status.UNREACHABLE:
        assert_says(told.stderr, case)
        assert not (told.out / run_file.NAME).exists()
        return
    run, verdict = told.read()
    assert_says(" ".join((told.said, *verdict.reasons)), case)
    assert verdict.status is case.status
    assert bool(verdict.reasons) == (case.status is not Status.PASSED)
    for outcome, faults in case.failed.items():
        assert counts(run)[outcome] == sum(truth["faults"][fault] for fault in faults), truth
    if truth:
        assert_counted_what_happened(run, truth)


def assert_says(said: str, case: Case) -> None:
    assert [words for words in case.words if words.lower() not in said.lower()] == []


def assert_counted_what_happened(run: Run, truth: dict[str, Any]) -> None:
    """What the server answered is what the report tells of; the rest was lost on the way, seen by the server or not."""
    whole = run.timeline.over(-1, float("inf"))
    lost = whole.count(Outcome.CONNECTION) + whole.count(Outcome.TIMEOUT)
    answered = Counter({code: many for code, many in truth["codes"].items() if code.isdecimal()})
    assert whole.total - whole.count(Outcome.DROPPED) - lost == answered.total()
    assert whole.count(Outcome.OK) + whole.count(Outcome.WRONG) == answered["200"]
    assert sum(truth["requests"].values()) <= answered.total() + lost
