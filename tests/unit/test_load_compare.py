"""Two runs of one server are no different, and what is slower or fails more is worse."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtests.__main__ import COMMANDS, main
from loadtests.commands.compare import compared_with
from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.profile.form import Profile
from loadtests.report import run_file
from loadtests.report.comparison import markdown, terminal
from loadtests.verdict.compare import compare
from loadtests.verdict.comparison import Comparison, Difference, Finding, Rule
from loadtests.verdict.result import Status, Verdict
from monitoring import slo
from tests.load_runs import cell, profile, run
from tests.load_study.world import Machine, Server, simulated

for word in COMMANDS:
    # Here, where nobody measures: the first test that calls `main` would have to wait for all of them.
    import_module(f"loadtests.commands.{word}")
PROMISE = slo.read()
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""When the simulated runs were begun, or before."""
QUIET = Machine(between_runs=0.01, between_seconds=0.02, spread=0.2, crowd=0, stalls_a_minute=0)
QUICK = Rule(draws=100)
ASKED = Profile.model_validate(
    {
        "summary": "made for a test",
        "rate": 50,
        "streams": [{"name": "v2", "protocol": "v2"}],
        "phases": [
            {"name": "warm-up", "role": "warm-up", "seconds": 3},
            {"name": "steady", "role": "load", "seconds": 40},
        ],
    }
)


def seen(seed: int, server: Server = Server(0.02), asked: Profile = ASKED) -> Run:  # noqa: B008 - a value
    return simulated(asked, server, QUIET, np.random.default_rng(seed))


def found(before: Run, after: Run, rule: Rule = QUICK, **changed: Any) -> Comparison:
    return compare(before, after, PROMISE, rule, **changed)


def finding(comparison: Comparison, measure: str) -> Finding:
    return next(row.finding for row in comparison.rows if row.measure == measure)


def made(cells: list[Cell]) -> Run:
    return replace_profile(run(("steady", "load", cells)))


def replace_profile(without: Run) -> Run:
    without.profile = profile().model_dump(mode="json")
    return without


def test_two_runs_of_one_server_are_no_different() -> None:
    same = found(seen(1), seen(2))
    assert same.status is Status.PASSED
    assert {row.finding for row in same.rows} == {Finding.SAME}
    assert [row.measure for row in same.rows] == ["p10", "p50", "p95", "p99", "goodput_ratio", "error_ratio"]


def test_the_same_two_runs_always_compare_the_same() -> None:
    assert found(seen(1), seen(2)) == found(seen(1), seen(2))


def test_a_server_that_is_slower_is_worse_and_the_other_way_round_better() -> None:
    slower = seen(2, Server(0.02, times=1.5))
    worse = found(seen(1), slower)
    assert worse.status is Status.FAILED
    assert finding(worse, "p50") is Finding.WORSE
    assert worse.reasons[1].startswith("p50 in steady is worse: 31 ms, and was 20 ms")
    better = found(slower, seen(1))
    assert (better.status, finding(better, "p50")) == (Status.PASSED, Finding.BETTER)
    assert any("is better" in note for note in better.notes)


def test_a_difference_that_nobody_minds_is_none() -> None:
    fast = seen(1, Server(0.002)), seen(2, Server(0.002, times=1.5))
    assert found(*fast).status is Status.FAILED
    assert found(*fast, Rule(smallest_seconds=0.01, draws=100)).status is Status.PASSED
    assert found(*fast, Rule(smallest_ratio=0.8, draws=100)).status is Status.PASSED


def test_a_server_that_fails_more_is_worse() -> None:
    worse = found(seen(1), seen(2, Server(0.02, failing=0.02)))
    assert worse.status is Status.FAILED
    assert finding(worse, "error_ratio") is Finding.WORSE
    assert found(seen(1, Server(0.02, failing=0.02)), seen(2)).status is Status.PASSED


def test_one_failure_more_is_chance() -> None:
    before = [cell({0.005: 50}) for _ in range(40)]
    one_more = [cell({0.005: 49}, failed={Outcome.SERVER: 1}), *before[1:]]
    assert found(made(before), made(one_more)).status is Status.PASSED


def test_a_model_that_became_less_accurate_is_worse() -> None:
    before = made([cell({0.005: 50}, accuracy=0.98) for _ in range(40)])
    after = made([cell({0.005: 50}, accuracy=0.9) for _ in range(40)])
    assert finding(found(before, after), "accuracy") is Finding.WORSE
    assert finding(found(after, before), "accuracy") is Finding.BETTER
    assert finding(found(before, before), "accuracy") is Finding.SAME


def test_what_is_answered_too_late_more_often_is_less_goodput() -> None:
    before = made([cell({0.02: 50}) for _ in range(40)])
    after = made([cell({0.02: 46, 2.0: 4}) for _ in range(40)])
    assert finding(found(before, after), "goodput_ratio") is Finding.WORSE


def test_a_single_stall_is_not_held_against_all_that_follows() -> None:
    before = [cell({0.02: 50}) for _ in range(40)]
    stalled = [cell({0.9: 50}), *before[1:]]
    assert found(made(before), made(stalled)).status is Status.PASSED


@pytest.mark.parametrize("change", [{"rate": 60}, {"arrivals": "constant"}, {"timeout_seconds": 3}])
def test_runs_that_were_asked_something_else_are_not_compared(change: dict[str, Any]) -> None:
    other = seen(2, asked=ASKED.model_copy(update=change))
    refused = found(seen(1), other)
    assert (refused.status, refused.rows) == (Status.USAGE, ())
    assert "differ" in refused.reasons[0]
    anyway = found(seen(1), other, anyway=True)
    assert anyway.status is Status.PASSED
    assert refused.reasons[0] in anyway.notes


def test_runs_of_other_models_or_profiles_are_not_compared() -> None:
    other = seen(2)
    other.target, other.profile_name = {"model": "iris"}, "spike"
    assert found(seen(1), other).reasons == (
        "they are of different profiles: simulated and spike",
        "they asked different models: mnist and iris",
    )


def test_another_machine_is_told() -> None:
    before, after = seen(1), seen(2)
    before.environment, after.environment = {"processor": "old"}, {"processor": "new"}
    assert "they ran on different machines: processor was old, and is new" in found(before, after).notes


def test_a_late_generator_leaves_latency_untold_and_errors_told() -> None:
    late = made([cell({0.2: 50}, lag=0.2) for _ in range(40)])
    before = made([cell({0.02: 50}) for _ in range(40)])
    untold = found(before, late)
    assert untold.status is Status.INCONCLUSIVE
    assert finding(untold, "p50") is Finding.UNTOLD
    failing = made([cell({0.2: 40}, lag=0.2, failed={Outcome.SERVER: 10}) for _ in range(40)])
    assert found(before, failing).status is Status.FAILED


def test_a_machine_that_was_far_busier_leaves_latency_untold() -> None:
    before = made([cell({0.02: 50}, lag=0.0002) for _ in range(40)])
    busier = made([cell({0.06: 50}, lag=0.002) for _ in range(40)])
    untold = found(before, busier)
    assert untold.status is Status.INCONCLUSIVE
    assert any("the machine was far busier in one of the two" in reason for reason in untold.reasons)
    as_quiet = made([cell({0.06: 50}, lag=0.00025) for _ in range(40)])
    assert found(before, as_quiet).status is Status.FAILED


def test_runs_without_requests_are_never_no_different() -> None:
    nothing = made([cell() for _ in range(40)])
    for before, after in ((nothing, nothing), (made([cell({0.02: 50})] * 40), nothing), (made([]), made([]))):
        assert found(before, after).status is Status.INCONCLUSIVE


def test_few_answers_tell_nothing() -> None:
    few = made([cell({0.02: 1}) for _ in range(10)])
    assert found(few, few).status is Status.INCONCLUSIVE


def test_a_phase_that_one_of_the_two_lacks_leaves_them_untold() -> None:
    cells = [cell({0.02: 50}) for _ in range(40)]
    both = replace_profile(run(("steady", "load", cells), ("after", "after", cells)))
    assert found(both, made(cells)).status is Status.INCONCLUSIVE
    assert found(made(cells), both).status is Status.INCONCLUSIVE


def test_a_run_that_was_cut_off_is_no_measure() -> None:
    cut = seen(2)
    cut.cut_off = "Ctrl-C was pressed"
    assert found(seen(1), cut).status is Status.INCONCLUSIVE
    assert found(cut, seen(1)).status is Status.INCONCLUSIVE


def searched(*steps: tuple[float, bool]) -> Run:
    cells = {True: [cell({0.005: 10})] * 15, False: [cell({0.6: 10})] * 15}
    made_ = run(*((f"step-{number}", "load", cells[holds]) for number, (_, holds) in enumerate(steps, 1)))
    made_.spans = [replace(span, rate=rate) for span, (rate, _) in zip(made_.spans, steps, strict=True)]
    made_.profile = profile(phases=[], search={"first": 50, "last": 1000}).model_dump(mode="json")
    return made_


def test_capacities_are_compared_by_their_brackets() -> None:
    before = searched((100, True), (150, False), (125, True))
    worse = found(before, searched((50, True), (100, False), (75, True)))
    assert worse.status is Status.FAILED
    assert worse.reasons == ("capacity in search is worse: 75 requests a second, and was 125",)
    assert found(before, searched((100, True), (150, False), (125, False))).status is Status.PASSED
    assert found(before, searched((50, False))).status is Status.INCONCLUSIVE


def test_what_could_not_be_told_stands_beside_the_answer() -> None:
    rows = [Difference("steady", measure, Finding.SAME, 0.01, 0.01, 0.0) for measure in ("p10", "p50")]
    assert terminal(Comparison(Status.PASSED, tuple(rows))).endswith("\nno difference\n")
    rows.append(Difference("steady", "p95", Finding.UNTOLD, 0.01, 0.03, None, words="it swings"))
    told = "no difference in what could be told; nothing can be said of p95 in steady"
    assert told in terminal(Comparison(Status.PASSED, tuple(rows))).splitlines()
    assert f"**Compared with the stored run: {told}**" in markdown(Comparison(Status.PASSED, tuple(rows))).splitlines()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str, str]:
    runs = seen(1), seen(2), seen(3, Server(0.02, times=1.5))
    for name, each in zip("abc", runs, strict=True):
        (tmp_path / name).mkdir()
        run_file.write(each, Verdict(Status.PASSED), tmp_path / name)
    return str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "c")


def test_two_folders_are_compared_on_the_command_line(
    folders: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    before, same, slower = folders
    assert main(["compare", before, same]) == 0
    assert "no difference" in capsys.readouterr().out
    assert main(["compare", before, slower, "--markdown"]) == 1
    assert "| **worse** |" in capsys.readouterr().out
    assert main(["compare", before, slower, "--json"]) == 1
    assert '"finding": "worse"' in capsys.readouterr().out


def test_what_cannot_be_read_or_compared_is_a_mistake_of_the_caller(
    folders: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", folders[0], str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    other = seen(2, asked=ASKED.model_copy(update={"rate": 60}))
    run_file.write(other, Verdict(Status.PASSED), tmp_path / "b")
    assert main(["compare", *folders[:2]]) == 2
    assert "their rates differ: 50" in capsys.readouterr().err
    assert main(["compare", *folders[:2], "--anyway"]) == 0


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (Status.PASSED, Status.FAILED),
        (Status.INCONCLUSIVE, Status.FAILED),
        (Status.FAILED, Status.FAILED),
        (Status.UNREACHABLE, Status.UNREACHABLE),
        (Status.INTERRUPTED, Status.INTERRUPTED),
    ],
)
def test_a_run_that_is_worse_than_the_stored_one_fails(
    folders: tuple[str, str, str], judged: Status, expected: Status
) -> None:
    status = compared_with(seen(1), Path(folders[2]), PROMISE, judged, begun=BEGUN, is_told_aside=False)
    assert status is expected


def test_a_run_that_is_no_worse_is_worth_what_its_own_gates_say(folders: tuple[str, str, str], tmp_path: Path) -> None:
    for judged in (Status.PASSED, Status.INCONCLUSIVE, Status.FAILED):
        assert compared_with(seen(1), Path(folders[1]), PROMISE, judged, begun=BEGUN, is_told_aside=True) is judged
    nowhere = compared_with(seen(1), tmp_path / "nowhere", PROMISE, Status.PASSED, begun=BEGUN, is_told_aside=True)
    assert nowhere is Status.INCONCLUSIVE


def test_an_earlier_run_that_lies_in_the_folder_is_not_taken_for_the_one_that_could_not_be_written(
    folders: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    later = datetime.now(UTC)
    status = compared_with(seen(1), Path(folders[1]), PROMISE, Status.PASSED, begun=later, is_told_aside=True)
    assert status is Status.INCONCLUSIVE
    assert "still holds an earlier one" in capsys.readouterr().err


def test_a_run_that_could_not_be_compared_puts_no_load_on_anything(
    folders: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A port on which nobody listens: it would end with 4.
    asked = ["run", "--profile", "steady", "--url", "http://127.0.0.1:9", "--grpc", "127.0.0.1:9", "--model", "mnist"]
    assert main([*asked, "--compare-with", folders[0], "--out", str(tmp_path / "out")]) == 2
    assert "they are of different profiles: simulated and steady" in capsys.readouterr().err
    assert main([*asked, "--compare-with", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_gate_that_can_never_be_judged_is_refused_before_any_load(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["run", "--profile", "steady", "--url", "http://127.0.0.1:9", "--grpc", "127.0.0.1:9", "--model", "mnist"]
    assert main([*asked, "--set", "gates.+={measure: versions, promised: true}"]) == 2
    assert "slo.yaml promises nothing of versions" in capsys.readouterr().err
