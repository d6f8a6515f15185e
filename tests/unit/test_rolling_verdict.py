"""What a run of the rolling update proves, and what it does not."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.rolling.arrivals import Kind
from tests.cluster.rolling.record import Response, Writer, read
from tests.cluster.rolling.timeline import PodCount, least_ready, percentile, seconds
from tests.cluster.rolling.verdict import Mark, judge

MARK = Mark("delete", 10.0, 20.0, new_pods=1, expected_new_pods=1)
PODS = [PodCount(0.0, 3, 0, 0), PodCount(10.5, 2, 1, 1), PodCount(18.0, 3, 0, 0)]


def response(at: float, status: str = "200", *, version: str = "1", reason: str = "", takes: float = 0.01) -> Response:
    return Response(Kind.FRESH, int(at * 10), at, at, at + takes, status, version, reason, "")


def answered(*, until: float = 30.0) -> list[Response]:
    return [response(place / 10) for place in range(int(until * 10))]


# What counts


def test_a_run_in_which_all_is_answered_is_a_proof() -> None:
    verdict = judge(answered(), [MARK], PODS, least_requests=300)
    assert verdict.is_proof
    assert (verdict.requests, verdict.lost) == (300, 0)


@pytest.mark.parametrize("status", ["0", "500", "503", "404", "UNAVAILABLE", "DEADLINE_EXCEEDED", "wrong"])
def test_whoever_did_not_get_the_right_answer_has_lost_the_request(status: str) -> None:
    verdict = judge([*answered(), response(12.05, status)], [MARK], PODS, least_requests=0)
    assert not verdict.is_proof
    (span,) = verdict.faults
    assert span.losses == [{"kind": Kind.FRESH.value, "status": status, "reason": "", "count": 1}]
    assert verdict.calm.lost == 0


def test_a_refusal_for_too_much_work_fails_the_run_and_is_told_apart() -> None:
    verdict = judge(
        [*answered(), response(11.0, "503", reason="queue_full"), response(11.1, "503", reason="draining")],
        [MARK],
        PODS,
        least_requests=0,
    )
    assert (verdict.lost, verdict.overload) == (2, 1)
    assert not verdict.is_proof


def test_a_request_belongs_to_the_fault_in_which_it_was_due_though_it_ended_later() -> None:
    verdict = judge([*answered(), response(19.95, "0", takes=5.0)], [MARK], PODS, least_requests=0)
    assert verdict.faults[0].lost == 1


def test_the_requests_of_all_faults_and_of_none_are_all_requests() -> None:
    other = replace(MARK, name="evict", began=22.0, ended=25.0)
    verdict = judge(answered(), [MARK, other], PODS, least_requests=0)
    assert [span.requests for span in verdict.faults] == [100, 30]
    assert verdict.calm.requests == 170
    assert verdict.calm.seconds == pytest.approx(29.9 - 13.0)


def test_the_times_of_lost_requests_are_in_no_percentile() -> None:
    verdict = judge([*answered(), response(5.0, "0", takes=30.0)], [], PODS, least_requests=0)
    assert verdict.calm.p99_milliseconds == pytest.approx(10.0)


# What proves nothing


def test_too_few_requests_prove_nothing() -> None:
    verdict = judge(answered(), [MARK], PODS, least_requests=301)
    assert verdict.lost == 0
    assert verdict.objections == ["there were 300 requests, expected 301 at least"]
    assert not verdict.is_proof


def test_a_fault_in_which_no_pod_came_up_has_not_happened() -> None:
    verdict = judge(answered(), [replace(MARK, new_pods=0)], PODS, least_requests=0)
    assert verdict.objections == ["delete: 0 pods came up, expected 1"]


def test_a_change_of_version_must_be_seen_in_the_answers() -> None:
    mark = replace(MARK, versions=("1", "2"))
    changed = [each if each.scheduled < 15 else each._replace(version="2") for each in answered()]
    assert judge(changed, [mark], PODS, least_requests=0).is_proof
    verdict = judge(answered(), [mark], PODS, least_requests=0)
    assert verdict.objections == ["delete: after it versions ['1'] answered, expected 2 and not 1"]


def test_callers_who_are_late_themselves_prove_nothing() -> None:
    late = [each._replace(sent=each.sent + 2.0, ended=each.ended + 2.0) for each in answered()]
    (objection,) = judge(late, [MARK], PODS, least_requests=0).objections
    assert "the callers themselves were late" in objection


def test_a_run_without_a_single_request_is_no_proof() -> None:
    verdict = judge([], [], [], least_requests=1)
    assert not verdict.is_proof
    assert math.isnan(verdict.calm.p50_milliseconds)


# The timeline


def test_a_second_shows_the_waits_of_the_requests_that_were_due_in_it() -> None:
    first, second = seconds([response(100.2, takes=3.0), response(101.1), response(101.2, "0")], began=100.0)
    assert [first.at, second.at] == [0, 1]
    assert [first.p50, second.p50] == pytest.approx([3.0, 0.01])
    assert second.lost.total() == 1


def test_a_second_counts_the_answers_that_came_in_it_whenever_they_were_due() -> None:
    timeline = seconds([response(100.2, takes=1.1), response(101.1), response(101.2, "0")], began=100.0)
    assert [second.answered for second in timeline] == [0, 2]


def test_a_second_without_a_request_is_shown_as_one() -> None:
    timeline = seconds([response(0.5), response(2.5)], began=0.0)
    assert [second.requests.total() for second in timeline] == [1, 0, 1]
    assert math.isnan(timeline[1].p99)


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50.0, 99.0, 7.0)


def test_the_least_pods_of_a_span_count_what_held_when_it_began() -> None:
    assert least_ready(PODS, 10.0, 20.0) == 2
    assert least_ready(PODS, 11.0, 17.0) == 2
    assert least_ready(PODS, 18.5, 19.0) == 3
    assert least_ready([], 0.0, 1.0) == 0


# The record


def test_what_is_written_is_read_back_in_the_order_in_which_it_was_due(tmp_path: Path) -> None:
    one = response(1.0)._replace(trouble='a "quoted" word, and\na line')
    other = response(2.0, "UNAVAILABLE", reason="draining")._replace(kind=Kind.GRPC)
    path = tmp_path / "responses.csv"
    with path.open("w", newline="") as file:
        writer = Writer(file)
        writer.write(other)
        writer.write(one)
    assert read(path) == [one, other]
