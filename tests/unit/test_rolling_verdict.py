"""What a run of the rolling update proves, and what it does not."""

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest

from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from tests.cluster.rolling.timeline import PodCount, least_ready
from tests.cluster.rolling.verdict import Mark, judge

MARK = Mark("delete", 10.0, 20.0, new_pods=1, expected_new_pods=1)
PODS = [PodCount(0.0, 3, 0, 0), PodCount(10.5, 2, 1, 1), PodCount(18.0, 3, 0, 0)]


def response(
    at: float,
    outcome: Outcome = Outcome.OK,
    code: str = "200",
    *,
    version: str = "1",
    takes: float = 0.01,
    late: float = 0.0,
) -> Observation:
    return Observation("fresh", at, at + late, at + late + takes, outcome, code, version=version)


def answered(*, until: float = 30.0) -> list[Observation]:
    return [response(place / 10) for place in range(int(until * 10))]


def timeline(responses: Iterable[Observation]) -> Timeline:
    made = Timeline()
    for each in responses:
        made.add(each)
    return made


# What counts


def test_a_run_in_which_all_is_answered_is_a_proof() -> None:
    verdict = judge(timeline(answered()), [MARK], PODS, least_requests=300)
    assert verdict.is_proof
    assert (verdict.requests, verdict.lost) == (300, 0)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_whoever_did_not_get_the_right_answer_has_lost_the_request(outcome: Outcome) -> None:
    verdict = judge(timeline([*answered(), response(12.05, outcome, "503")]), [MARK], PODS, least_requests=0)
    assert not verdict.is_proof
    (span,) = verdict.faults
    assert span.losses == [{"kind": "fresh", "outcome": outcome.value, "code": "503", "count": 1}]
    assert verdict.calm.lost == 0


def test_a_refusal_for_too_much_work_fails_the_run_and_is_told_apart() -> None:
    verdict = judge(
        timeline([*answered(), response(11.0, Outcome.SHED, "503"), response(11.1, Outcome.SERVER, "503")]),
        [MARK],
        PODS,
        least_requests=0,
    )
    assert (verdict.lost, verdict.overload) == (2, 1)
    assert not verdict.is_proof


def test_a_request_belongs_to_the_fault_in_which_it_was_due_though_it_ended_later() -> None:
    slow = response(19.95, Outcome.TIMEOUT, "timeout", takes=5.0)
    verdict = judge(timeline([*answered(), slow]), [MARK], PODS, least_requests=0)
    assert verdict.faults[0].lost == 1


def test_the_requests_of_all_faults_and_of_none_are_all_requests() -> None:
    other = replace(MARK, name="evict", began=22.0, ended=25.0)
    verdict = judge(timeline(answered()), [MARK, other], PODS, least_requests=0)
    assert [span.requests for span in verdict.faults] == [100, 30]
    assert verdict.calm.requests == 170
    assert verdict.calm.seconds == 30 - 13


def test_the_times_of_lost_requests_are_in_no_percentile() -> None:
    slow = response(5.0, Outcome.TIMEOUT, "timeout", takes=30.0)
    verdict = judge(timeline([*answered(), slow]), [], PODS, least_requests=0)
    assert verdict.calm.p99_milliseconds == pytest.approx(10.0)


def test_a_fault_has_every_second_that_it_touched() -> None:
    broken = [response(10.1, Outcome.CONNECTION, "reset"), response(19.9, Outcome.CONNECTION, "reset")]
    mark = replace(MARK, began=10.7, ended=19.3)
    (span,) = judge(timeline([*answered(), *broken]), [mark], PODS, least_requests=0).faults
    assert (span.lost, span.seconds) == (2, 10)


# What proves nothing


def test_too_few_requests_prove_nothing() -> None:
    verdict = judge(timeline(answered()), [MARK], PODS, least_requests=301)
    assert verdict.lost == 0
    assert verdict.objections == ["there were 300 requests, expected 301 at least"]
    assert not verdict.is_proof


def test_a_fault_in_which_no_pod_came_up_has_not_happened() -> None:
    verdict = judge(timeline(answered()), [replace(MARK, new_pods=0)], PODS, least_requests=0)
    assert verdict.objections == ["delete: 0 pods came up, expected 1"]


def test_a_change_of_version_must_be_seen_in_the_answers() -> None:
    mark = replace(MARK, versions=("1", "2"))
    changed = [each if each.planned < 15 else each._replace(version="2") for each in answered()]
    assert judge(timeline(changed), [mark], PODS, least_requests=0).is_proof
    verdict = judge(timeline(answered()), [mark], PODS, least_requests=0)
    assert verdict.objections == ["delete: after it versions ['1'] answered, expected 2 and not 1"]


def test_callers_who_are_late_themselves_prove_nothing() -> None:
    late = [response(place / 10, late=2.0) for place in range(300)]
    (objection,) = judge(timeline(late), [MARK], PODS, least_requests=0).objections
    assert "the callers themselves were late" in objection


def test_a_run_without_a_single_request_is_no_proof() -> None:
    verdict = judge(timeline([]), [], [], least_requests=1)
    assert not verdict.is_proof
    assert math.isnan(verdict.calm.p50_milliseconds)


# Pods


def test_the_least_pods_of_a_span_count_what_held_when_it_began() -> None:
    assert least_ready(PODS, 10.0, 20.0) == 2
    assert least_ready(PODS, 11.0, 17.0) == 2
    assert least_ready(PODS, 18.5, 19.0) == 3
    assert least_ready([], 0.0, 1.0) == 0
