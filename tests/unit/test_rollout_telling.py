"""What is told of a rollout: a line for each change, an object for machines, and what is waited for and how long."""

import io
import json

import pytest
from rich.console import Console

from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan, Step
from k8s.rollout.report.told import Heading
from k8s.rollout.screen import drawn
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.telling import JsonLines, Lines, Quiet
from k8s.rollout.terms import Terms, from_json, to_json
from k8s.rollout.view import Ending, View
from k8s.rollout.waiting import awaited, least_seconds
from tests.rollout_doubles import finding

HEADING = Heading("httproute/mnist", "models", "gateway", "", "blue", "green")
PLAN = Plan(steps=(Step(percent=5), Step(percent=25, approval=True)))


def view(phase: Phase = Phase.ANALYSING, *, percent: float = 5.0, step: int = 0, **more: object) -> View:
    state = State("one", "digest", 100.0, "blue", "green", phase=phase, since=150.0, step=step, percent=percent)
    return View(PLAN, state, 160.0, **more)  # type: ignore[arg-type]


def lines(*views: View) -> list[str]:
    out = io.StringIO()
    teller = Lines(HEADING, out)
    for each in views:
        teller.turned(each)
    return out.getvalue().splitlines()


def test_a_line_is_written_where_something_has_changed() -> None:
    assert len(lines(view(), view(), view(Phase.SHIFTING), view(Phase.SHIFTING))) == 2


def test_a_line_says_where_it_is_what_is_waited_for_and_how_long_at_most() -> None:
    assert lines(view()) == ["   60 s  analysing at 5 %, waiting for the gates: 0 of 2 windows passed (at most 15 min)"]


def test_a_share_that_is_not_as_it_is_meant_is_told() -> None:
    assert "analysing at 5 % (seen: 7 %)" in lines(view(traffic=Traffic(7.0)))[0]


def test_a_canary_that_is_not_ready_is_told_with_its_reason() -> None:
    sick = Health(ready=False, sentence="pod green-1 crashes")
    assert lines(view(Phase.DEPLOYING, canary=sick))[0].endswith("; pod green-1 crashes")


def test_gates_are_told_with_their_numbers_and_a_failure_with_its_reason() -> None:
    told = lines(view(findings=(finding(), finding(Judgement.FAILED, "p99"))))
    assert told[1].strip() == "error_ratio: passed (canary 0.1 %, stable 0.1 %, limit 1 %, 500 samples)"
    assert told[2].strip() == "p99: failed (canary 2 %, stable 0.1 %, limit 1 %, 500 samples): p99 failed"


def test_machines_get_an_object_a_line_of_which_the_last_has_the_exit() -> None:
    out = io.StringIO()
    teller = JsonLines(HEADING, out)
    teller.turned(view(findings=(finding(),)))
    teller.ended(Ending(view(Phase.ENDED).state, Exit.ABORTED, "p99 failed"), ["report.json"])
    look, end = (json.loads(line) for line in out.getvalue().splitlines())
    assert (look["phase"], look["percent"], look["findings"][0]["gate"]) == ("analysing", 5.0, "error_ratio")
    assert (end["event"], end["exit"], end["outcome"], end["report"]) == ("ended", 2, "aborted", ["report.json"])


@pytest.mark.parametrize(
    ("end", "told"), [(Exit.PROMOTED, ""), (Exit.ABORTED, "aborted: why\n"), (Exit.INFRASTRUCTURE, "error: why\n")]
)
def test_who_is_quiet_says_a_bad_end_alone(end: Exit, told: str) -> None:
    errors = io.StringIO()
    Quiet(HEADING, errors).ended(Ending(view().state, end, "why"), [])
    assert errors.getvalue() == told


def test_the_screen_shows_phase_share_wait_and_gates() -> None:
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(drawn(HEADING, view(findings=(finding(Judgement.INCONCLUSIVE, "p99"),), traffic=Traffic(5.0))))
    text = console.export_text()
    for words in ("ANALYSING", "step 1 of 2", "blue → green", "5 %", "10 s of at most 15 min", "p99", "inconclusive"):
        assert words in text


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("step", [0, 1, 2])
def test_every_phase_of_every_step_has_words_for_its_wait(phase: Phase, step: int) -> None:
    assert bool(awaited(PLAN, view(phase, step=step).state).what) is (phase is not Phase.ENDED)


def test_a_rollout_takes_at_least_its_windows_and_pauses() -> None:
    limits = PLAN.limits
    steps = 2 * (limits.settle_seconds + 2 * limits.window_seconds)
    assert least_seconds(PLAN) == steps + limits.settle_seconds + limits.verify_seconds


def test_the_terms_of_a_rollout_come_back_from_their_json() -> None:
    terms = Terms(Wishes(backend="gateway", to="green", stable="blue"), PLAN, "gateway, since it is there")
    assert from_json(to_json(terms)) == terms


def test_the_same_words_and_fewer_are_no_difference() -> None:
    terms = Terms(Wishes(backend="gateway", to="green", stable="blue"), PLAN)
    assert terms.differences(Wishes(), None) == []
    assert terms.differences(Wishes(backend="gateway", to="green"), PLAN) == []


def test_other_words_are_told_one_by_one() -> None:
    terms = Terms(Wishes(backend="gateway", to="green", stable="blue"), PLAN)
    assert terms.differences(Wishes(to="red", backend="replicas"), Plan()) == [
        "it goes to green, not red",
        "its backend is gateway, not replicas",
        "its plan is another",
    ]
