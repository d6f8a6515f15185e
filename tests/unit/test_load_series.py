"""A row a second tells what was planned, what was sent, and how it ended."""

import csv
import io

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run, Span
from loadtests.report.series import MOST_VERSIONS, series
from loadtests.report.stretches import length, stretches
from tests.reported_runs import a_run, seen


def rows(run: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(series(run).decode())))


def test_a_second_has_its_numbers() -> None:
    sixth = rows(a_run())[6]

    assert {key: sixth[key] for key in ("second", "phase", "planned_rate", "due", "sent")} == {
        "second": "6",
        "phase": "during",
        "planned_rate": "10.0",
        "due": "13",
        "sent": "13",
    }
    assert (sixth["ok"], sixth["shed"], sixth["server"], sixth["dropped"]) == ("12", "1", "0", "0")
    assert (sixth["version 1"], sixth["version 2"]) == ("10", "2")
    assert float(sixth["p50"]) == pytest.approx(0.010, rel=0.001)
    assert (sixth["lag_p99"], sixth["busy_ratio"], sixth["in_flight"]) == ("0.001", "0.25", "3")


def test_every_second_of_the_run_has_a_row_also_one_without_requests() -> None:
    run = a_run([seen(3.5)], spans=[Span("load", "load", 0, 6, 1)], generator=[])

    found = rows(run)

    assert [row["second"] for row in found] == ["0", "1", "2", "3", "4", "5"]
    assert (found[0]["p99"], found[0]["due"], found[0]["busy_ratio"]) == ("", "0", "")


def test_a_quantile_without_an_answer_is_infinite() -> None:
    (row,) = rows(a_run([seen(0.1), seen(0.2, 10, Outcome.TIMEOUT)], spans=[], generator=[]))

    assert float(row["p99"]) == float("inf")
    assert float(row["p50"]) == pytest.approx(0.010, rel=0.001)


def test_the_planned_rate_follows_a_ramp() -> None:
    profile = {
        "summary": "How does it rise?",
        "rate": 10,
        "streams": [{"name": "v2-json", "protocol": "v2"}],
        "phases": [{"name": "rise", "role": "load", "seconds": 10, "times": {"first": 0, "last": 2}}],
    }
    run = a_run([seen(0)], profile=profile, spans=[Span("rise", "load", 0, 10, 100, rate=10)], generator=[])

    assert [float(row["planned_rate"]) for row in rows(run)] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]


def test_a_server_with_a_version_each_time_makes_no_columns_without_end() -> None:
    run = a_run([seen(number / 100, version=str(number)) for number in range(100)], spans=[])

    assert sum(column.startswith("version ") for column in rows(run)[0]) == MOST_VERSIONS


def test_a_run_of_nothing_has_a_head() -> None:
    assert series(Run(profile={}, profile_name="", target={}, began_at="")).decode().startswith("second,phase,")


@pytest.mark.parametrize(("seconds", "each"), [(12, 1), (300, 1), (301, 2), (3600, 15), (8 * 3600, 120)])
def test_a_long_run_is_drawn_in_few_stretches(seconds: int, each: int) -> None:
    run = a_run([seen(0)], spans=[Span("load", "load", 0, seconds, 0)], generator=[])

    assert length(run) == each
    assert len(stretches(run, each)) <= 300


def test_a_stretch_holds_all_requests_of_its_seconds() -> None:
    first, second, third = stretches(a_run(), 5)

    assert [each.cell.total for each in (first, second, third)] == [50, 60, 24]
    assert [each.span.name for each in (first, second, third) if each.span] == ["warm-up", "during", "after"]
    assert first.planned_rate == pytest.approx(10)
    assert third.seconds == 2, "the run ends before the stretch would"
    assert third.planned_rate == pytest.approx(10)
