"""What holds of every verdict, whatever was seen."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.measure.timeline import Timeline
from loadtests.verdict.compare import compare
from loadtests.verdict.judge import judge
from loadtests.verdict.result import Mark, Status, Verdict
from monitoring import slo
from tests.load_runs import cell, profile, run, steady

PROMISE = slo.read()
GATES: tuple[Mapping[str, Any], ...] = (
    {"measure": "p50", "most": 0.1},
    {"measure": "p95", "promised": True},
    {"measure": "p99", "promised": True},
    {"measure": "error_ratio", "promised": True},
    {"measure": "error_ratio", "most": 0, "of": ["server", "connection", "wrong", "timeout"]},
    {"measure": "goodput_ratio", "least": 0.99},
    {"measure": "within_ratio", "promised": True},
)
HARM = {Status.PASSED: 0, Status.INCONCLUSIVE: 1, Status.FAILED: 2}
SERVERS_FAULTS = (Outcome.SERVER, Outcome.CONNECTION, Outcome.TIMEOUT, Outcome.WRONG, Outcome.DEADLINE)

latencies = st.dictionaries(st.sampled_from([0.001, 0.01, 0.2, 0.3, 2.0]), st.integers(0, 60), max_size=4)
failures = st.dictionaries(st.sampled_from(list(Outcome)).filter(lambda each: each.is_failure), st.integers(0, 4))
cells = st.builds(
    lambda answered, failed, lag: cell(answered, failed=failed, lag=lag),
    latencies,
    st.one_of(st.just({}), failures),
    st.sampled_from([0.0005, 0.0005, 0.0005, 0.1]),
)
phases = st.lists(cells, max_size=12)


def verdict(seen: Run, *gates: Mapping[str, Any]) -> Verdict:
    return judge(seen, profile(*gates), PROMISE)


def with_failures(before: Sequence[Cell], outcome: Outcome, many: int) -> list[Cell]:
    """In place of as many that were answered well, as far as there are."""
    made, left = [], many
    for each in before:
        changed = Timeline()
        changed.cells[0, "v2"] = each
        copy = changed.over(0, 1)
        answered = copy.responses.get(Outcome.OK)
        for key in sorted(answered.counts) if answered else []:
            taken = min(left, copy.responses[Outcome.OK].counts[key])
            copy.responses[Outcome.OK].counts[key] -= taken
            if taken:
                failed = cell(failed={outcome: taken})
                # The generator is as late as it was.
                failed.lags = Histogram()
                copy.merge(failed)
            left -= taken
        made.append(copy)
    return made


@settings(max_examples=10, deadline=None)
@given(phases, st.sampled_from(SERVERS_FAULTS), st.integers(1, 50))
def test_more_failures_make_no_verdict_better(before: Sequence[Cell], outcome: Outcome, many: int) -> None:
    less, more = (
        verdict(steady(before), *GATES[3:5]),
        verdict(steady(with_failures(before, outcome, many)), *GATES[3:5]),
    )
    assert HARM[more.status] >= HARM[less.status]


@settings(max_examples=6, deadline=None)
@given(st.lists(cells, max_size=6), st.integers(0, 1000))
def test_the_order_in_which_workers_report_changes_nothing(before: Sequence[Cell], seed: int) -> None:
    whole = steady(before)
    parts = []
    for key, each in whole.timeline.cells.items():
        part = Timeline()
        part.cells[key] = each
        parts.append(part)
    random.Random(seed).shuffle(parts)
    other = steady(before)
    other.timeline = Timeline()
    for part in parts:
        other.timeline.merge(Timeline.from_wire(part.to_wire()))
    assert verdict(other, *GATES) == verdict(whole, *GATES)


@settings(max_examples=10, deadline=None)
@given(phases, st.lists(st.sampled_from(GATES), max_size=4))
def test_nothing_passes_without_a_request_that_was_answered_well(
    before: Sequence[Cell], gates: Sequence[Mapping[str, Any]]
) -> None:
    found = verdict(steady(before), *gates)
    if found.status is Status.PASSED:
        assert any(each.count(Outcome.OK) for each in before)
    else:
        assert found.reasons
        assert all(found.reasons)


@settings(max_examples=10, deadline=None)
@given(phases)
def test_a_failed_gate_fails_the_run_and_all_gates_have_words(before: Sequence[Cell]) -> None:
    found = verdict(steady(before), *GATES)
    assert (found.status is Status.FAILED) >= any(gate.mark is Mark.FAILED for gate in found.gates)
    for gate in found.gates:
        assert gate.words
        assert gate.low is None or gate.seen is None or gate.low <= gate.seen
        assert gate.high is None or gate.seen is None or gate.seen <= gate.high


@settings(max_examples=8, deadline=None)
@given(phases, phases)
def test_any_two_runs_can_be_compared(before: Sequence[Cell], after: Sequence[Cell]) -> None:
    runs = [run(("steady", "load", each)) for each in (before, after)]
    for each in runs:
        each.profile = profile().model_dump(mode="json")
    found = compare(runs[0], runs[1], PROMISE)
    assert found.status in HARM
    assert found.status is not Status.PASSED or (before and after)
