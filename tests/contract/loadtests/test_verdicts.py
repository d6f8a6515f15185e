"""Every fault of the server comes to the verdict that it must, and a healthy server to none.

The loads run beside each other, a few at a time, from when the first is asked
for; each test waits for its own.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report import run_file
from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import FaultyServer, Told, counts, load, profile_file, settings, status_name
from tests.contract.loadtests.verdict_cases import CASES, SEED_COUNT, Case, healthy

AT_ONCE = 4
"""Loads at a time: so many leave the two cores of a small machine half idle."""
ATTEMPTS = 3
ALL = [*healthy(int(os.environ.get("LOADTEST_SEEDS", "2" if "CI" in os.environ else SEED_COUNT))), *CASES]

Trial = tuple[Told, dict[str, Any]]
"""What the load said, and what the server did."""


@pytest.fixture(scope="session")
def trial(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Case], Trial]]:
    """Give the trial of a case; all that are asked for in this session have been begun by then."""
    folder = tmp_path_factory.mktemp("loads")
    asked: list[Case] = [
        cast(Case, item.callspec.params["case"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__) and "case" in item.fixturenames
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun: dict[str, Future[Trial]] = {case.name: pool.submit(put_on_load, case, folder) for case in asked}
        yield lambda case: begun[case.name].result()
        pool.shutdown(cancel_futures=True)


def put_on_load(case: Case, folder: Path) -> Trial:
    """A generator that fell behind where nothing is amiss says so, and is given another chance."""
    for attempt in range(ATTEMPTS):
        told, truth = put_on_load_once(case, folder / str(attempt))
        if case.status is not Status.PASSED or told.status != Status.INCONCLUSIVE:
            break
    return told, truth


def put_on_load_once(case: Case, folder: Path) -> Trial:
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
        return told, server.end()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALL])
def test_verdict(case: Case, trial: Callable[[Case], Trial]) -> None:
    told, truth = trial(case)

    assert status_name(told.status) == case.status.name, told.said
    assert "Traceback" not in told.said
    if case.status is Status.UNREACHABLE:
        assert_says(told.stderr, case)
        assert not (told.out / run_file.NAME).exists()
        return
    run, verdict = told.read()
    assert_says(" ".join((told.said, *verdict.reasons)), case)
    if case.status is not Status.INTERRUPTED:
        assert verdict.status is case.status
        assert bool(verdict.reasons) == (case.status is not Status.PASSED)
    for outcome, faults in case.failed.items():
        assert counts(run)[outcome] == sum(truth["faults"][fault] for fault in faults), truth
    if truth and case.status is not Status.INTERRUPTED:
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
