"""The capacity is the largest rate that held, with the smallest that did not, and nothing where that cannot be said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.verdict.capacity import holds
from loadtests.verdict.judge import judge
from loadtests.verdict.result import Mark, Status, Verdict
from monitoring import slo
from tests.load_runs import cell, profile, run

PROMISE = slo.read()
SEARCH: dict[str, Any] = {"first": 50, "last": 1000}
FAST = [cell({0.005: 10})] * 15
SLOW = [cell({0.6: 10})] * 15
LATE = [cell({0.005: 10}, lag=0.2)] * 15
FAILING = [cell({0.005: 9}, failed={Outcome.SERVER: 1})] * 15
STRAY = [cell({0.005: 149}), cell(failed={Outcome.SERVER: 1})]
REFUSED = [cell(failed={Outcome.CLIENT: 10})] * 15


def searched(*steps: tuple[float, Sequence[Cell]], **changed: Any) -> Run:
    made = run(*((f"step-{number}", "load", cells) for number, (_, cells) in enumerate(steps, 1)), **changed)
    made.spans = [replace(span, rate=rate) for span, (rate, _) in zip(made.spans, steps, strict=True)]
    return made


def answer(*steps: tuple[float, Sequence[Cell]], **changed: Any) -> Verdict:
    return judge(searched(*steps, **changed), profile(phases=[], search=SEARCH), PROMISE)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(FAST, True), (SLOW, False), (FAILING, False), (LATE, None), (STRAY, None), (REFUSED, None), ([], None)],
)
def test_a_step_holds_or_does_not_or_cannot_be_told(cells: Sequence[Cell], expected: bool | None) -> None:
    made = searched((50, cells))
    asked = profile(phases=[], search=SEARCH)
    assert holds(made.timeline, made.spans[0], made.generator, asked, PROMISE) is expected


def test_the_capacity_is_the_largest_that_held_and_says_what_did_not() -> None:
    found = answer((50, FAST), (75, FAST), (112, SLOW), (94, FAST))
    assert found.status is Status.PASSED
    assert found.capacity == 94
    assert "94 requests a second, and 112 did not" in found.notes[0]
    assert [gate.mark for gate in found.gates] == [Mark.PASSED, Mark.PASSED, Mark.WARNED, Mark.PASSED]
    assert [gate.seen for gate in found.gates] == [50, 75, 112, 94]


def test_a_search_whose_first_step_does_not_hold_fails() -> None:
    found = answer((50, SLOW), (25, SLOW))
    assert (found.status, found.capacity) == (Status.FAILED, None)
    assert "even 25 requests a second" in found.reasons[0]


def test_a_generator_that_ends_the_search_leaves_the_capacity_untold() -> None:
    found = answer((50, FAST), (75, LATE), (75, LATE))
    assert (found.status, found.capacity) == (Status.INCONCLUSIVE, 50)
    assert "the generator was late" in found.reasons[0]


def test_a_search_that_came_to_its_last_rate_says_that_there_may_be_more() -> None:
    found = answer((50, FAST), (1000, FAST))
    assert (found.status, found.capacity) == (Status.PASSED, 1000)
    assert "search.last" in found.notes[0]


@pytest.mark.parametrize("steps", [(), ((50, []),), ((50, LATE),), ((50, FAST),)])
def test_a_search_without_an_answer_is_inconclusive(steps: Sequence[tuple[float, Sequence[Cell]]]) -> None:
    found = answer(*steps)
    assert found.status is Status.INCONCLUSIVE
    assert all(found.reasons)


def test_a_search_that_was_cut_off_or_lost_a_worker_is_inconclusive() -> None:
    for changed in ({"cut_off": "Ctrl-C"}, {"troubles": ["worker 1 was lost"]}):
        found = answer((50, FAST), (75, SLOW), **changed)
        assert (found.status, found.capacity) == (Status.INCONCLUSIVE, 50)


def test_a_search_asks_what_its_profile_asks() -> None:
    made = searched((50, [cell({0.005: 5}, failed={Outcome.SHED: 5})] * 15))
    strict = profile({"measure": "goodput_ratio", "least": 0.9}, phases=[], search=SEARCH)
    mild = profile({"measure": "p99", "most": 0.1}, phases=[], search=SEARCH)
    assert holds(made.timeline, made.spans[0], [], strict, PROMISE) is False
    assert holds(made.timeline, made.spans[0], [], mild, PROMISE) is True
