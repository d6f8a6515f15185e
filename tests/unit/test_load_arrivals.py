"""When requests are due: how many, where in their second, and the same whoever asks."""

import math

import numpy as np
import pytest
from scipy import stats

from loadtests.profile.arrivals import arrivals, planned
from loadtests.profile.rate_curve import Curve, Line, Sine, flat, moment
from loadtests.profile.segment import Arrivals, Segment

KINDS: tuple[Arrivals, ...] = ("poisson", "constant", "trace")
CURVES: dict[str, Curve] = {
    "flat": flat(40.0),
    "rising": Line(0.0, 80.0, 30.0),
    "falling": Line(90.0, 3.3, 30.0),
    "waving": Sine(40.0, 1.0, 12.0),
}
TRACE = tuple(float(each) for each in np.sort(np.random.default_rng(3).uniform(5, 35, 1000)))


def segment(kind: Arrivals = "poisson", curve: Curve = CURVES["flat"], seconds: int | None = 30) -> Segment:
    trace = TRACE if kind == "trace" else ()
    return Segment(2, "steady", "load", 5, seconds, curve, kind, trace=trace)


def moments(of: Segment, seed: int = 1) -> list[float]:
    return [each.at for second in range(5, 35) for each in arrivals(of, second, seed=seed)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("curve", CURVES.values(), ids=list(CURVES))
def test_arrivals_lie_in_order_within_their_second(kind: Arrivals, curve: Curve) -> None:
    whole = segment(kind, curve)
    for second in range(5, 35):
        at = [each.at for each in arrivals(whole, second, seed=7)]
        assert at == sorted(at)
        assert all(int(each) == second for each in at)
        assert planned(whole, second, seed=7) == len(at)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [2, 3, 7])
def test_all_workers_together_send_what_one_would(kind: Arrivals, workers: int) -> None:
    whole = segment(kind, CURVES["rising"])
    for second in range(5, 35):
        alone = arrivals(whole, second, seed=4, shares=(1, 2))
        shared = [
            each
            for worker in range(workers)
            for each in arrivals(whole, second, seed=4, worker=worker, workers=workers, shares=(1, 2))
        ]
        assert sorted(shared) == alone


@pytest.mark.parametrize("kind", KINDS)
def test_workers_have_equal_parts_even_of_few(kind: Arrivals) -> None:
    whole = segment(kind, flat(1.0), None)
    counts = [
        sum(len(arrivals(whole, second, seed=4, worker=worker, workers=4)) for second in range(5, 405))
        for worker in range(4)
    ]
    assert min(counts) > 0.6 * max(counts)


@pytest.mark.parametrize("curve", CURVES.values(), ids=list(CURVES))
def test_there_are_as_many_as_the_curve_promises(curve: Curve) -> None:
    expected = curve.count(moment(30.0))[0]
    poisson = [len(moments(segment("poisson", curve), seed)) for seed in range(10)]
    assert abs(sum(poisson) - 10 * expected) < 4 * math.sqrt(10 * expected)
    assert abs(len(moments(segment("constant", curve))) - expected) <= 1


@pytest.mark.parametrize("curve", CURVES.values(), ids=list(CURVES))
def test_poisson_arrivals_have_exponential_gaps_in_the_time_that_their_rate_makes(curve: Curve) -> None:
    at = np.array(moments(segment("poisson", curve), 11)) - 5
    gaps = np.diff(curve.count(at))
    assert stats.kstest(gaps, "expon").pvalue > 0.01


@pytest.mark.parametrize("curve", CURVES.values(), ids=list(CURVES))
def test_constant_arrivals_have_equal_gaps_in_the_time_that_their_rate_makes(curve: Curve) -> None:
    at = np.array(moments(segment("constant", curve))) - 5
    assert np.diff(curve.count(at)) == pytest.approx(1, abs=2e-3)


def test_constant_arrivals_of_a_flat_rate_are_exactly_even_across_seconds() -> None:
    at = moments(segment("constant", flat(33.3)))
    assert np.diff(at) == pytest.approx(1 / 33.3, abs=1e-9)


def test_a_trace_is_sent_as_it_stands() -> None:
    assert moments(segment("trace")) == list(TRACE)


def test_a_second_is_drawn_alike_however_often_and_whichever_came_before() -> None:
    whole = segment()
    assert arrivals(whole, 20, seed=5) == arrivals(whole, 20, seed=5)
    assert arrivals(whole, 20, seed=5) != arrivals(whole, 20, seed=6)
    assert [each.at % 1 for each in arrivals(whole, 20, seed=5)] != [
        each.at % 1 for each in arrivals(whole, 21, seed=5)
    ]


def test_streams_are_drawn_by_their_shares() -> None:
    whole = segment("poisson", flat(1000.0))
    streams = [each.stream for second in range(5, 15) for each in arrivals(whole, second, seed=1, shares=(1, 0.5, 2.5))]
    counts = np.bincount(streams, minlength=3)
    assert stats.chisquare(counts, np.array([1, 0.5, 2.5]) / 4 * counts.sum()).pvalue > 0.01


def test_nothing_is_due_outside_a_segment() -> None:
    for second in (0, 4, 35, 100):
        assert arrivals(segment(), second, seed=1) == []
        assert planned(segment(), second, seed=1) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("curve", CURVES.values(), ids=list(CURVES))
def test_a_segment_survives_the_wire(kind: Arrivals, curve: Curve) -> None:
    whole = segment(kind, curve)
    assert Segment.from_wire(whole.to_wire()) == whole


@pytest.mark.parametrize("broken", [{"curve": ["cube", 1]}, {"curve": []}, {"arrivals": "now"}, {"began": "soon"}])
def test_a_segment_that_is_none_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Segment.from_wire(segment().to_wire() | broken)


def test_an_open_segment_goes_on_at_its_last_rate() -> None:
    ramp = segment("constant", Line(10.0, 50.0, 30.0), None)
    assert ramp.rate_at(0) == 10
    assert ramp.rate_at(30) == 50
    assert ramp.rate_at(300) == 50
    assert len(arrivals(ramp, 500, seed=1)) == 50
