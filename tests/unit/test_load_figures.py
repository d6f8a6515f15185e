"""The numbers of a phase are those of its seconds, and the same that gates see."""

import math

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond, Span
from loadtests.report.figures import phases
from loadtests.report.wording import duration, rate, share
from tests.reported_runs import a_run, seen


def test_a_phase_has_its_own_seconds_and_no_others() -> None:
    run = a_run([seen(1.9), seen(2.0), seen(4.9), seen(5.0)], spans=[Span("load", "load", 2, 5, 30)])

    (phase,) = phases(run)

    assert phase.all.requests == 2
    assert phase.all.rate == pytest.approx(2 / 3)


def test_each_kind_of_request_is_told_by_itself() -> None:
    _, _, during, _ = phases(a_run())

    assert {name: figures.requests for name, figures in during.streams.items()} == {"grpc": 6, "v2-json": 42}
    assert during.streams["grpc"].quantile(0.5) == pytest.approx(0.020, rel=0.001)
    assert during.all.cell.versions == {"1": 40, "2": 6}


def test_what_was_never_sent_is_no_rate_and_slower_than_all() -> None:
    run = a_run([seen(0), seen(0.5, 0.0, Outcome.DROPPED)], spans=[Span("load", "load", 0, 1, 2)])

    (phase,) = phases(run)

    assert (phase.all.rate, phase.all.requests, phase.all.failed_ratio) == (1.0, 2, 0.5)
    assert math.isinf(phase.all.quantile(0.99))


def test_the_busiest_worker_is_told_by_its_mean_over_the_phase() -> None:
    generator = [
        GeneratorSecond(second, name, busy, 1) for second in (0, 1, 2) for name, busy in (("a", 0.2), ("b", second / 2))
    ]

    (phase,) = phases(a_run(generator=generator, spans=[Span("load", "load", 1, 3, 20)]))

    assert phase.busy == pytest.approx(0.75)


def test_a_phase_without_requests_has_no_numbers() -> None:
    (phase,) = phases(a_run(spans=[Span("after", "after", 50, 60, 0)], generator=[]))

    assert phase.all.requests == 0
    assert phase.all.rate == 0
    assert all(map(math.isnan, (phase.busy, phase.all.quantile(0.5), phase.all.failed_ratio, phase.all.accuracy)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.000_05, "0.05 ms"),
        (0.012_34, "12.3 ms"),
        (0.2503, "250 ms"),
        (1.5, "1.50 s"),
        (90, "90.0 s"),
        (900, "15 min"),
        (math.inf, "no answer in time"),
        (math.nan, "-"),
        (None, "-"),
    ],
)
def test_a_duration_is_written_with_three_digits(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50.00 %"), (0.000_01, "0.0010 %"), (0.999_99, "99.9990 %"), (math.nan, "-")],
)
def test_a_share_is_never_rounded_to_none_or_all(ratio: float, words: str) -> None:
    assert share(ratio) == words


def test_a_rate_has_three_digits() -> None:
    assert [rate(each) for each in (0.5, 49.96, 1234.4, math.nan)] == ["0.50/s", "50.0/s", "1,234/s", "-"]
