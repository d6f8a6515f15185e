"""What gates conclude of counts: sure of the worse, never sure of nothing."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.judge import judge
from k8s.rollout.gates.sample import Sample
from k8s.rollout.plan.form import Gate
from k8s.rollout.side import Side
from tests.rollout_answers import (
    BOTH,
    CONFIDENCE,
    PROMISE,
    about,
    classes,
    durations,
    judged,
    number,
    parts,
    shares,
)

PASSED, FAILED, INCONCLUSIVE = Judgement.PASSED, Judgement.FAILED, Judgement.INCONCLUSIVE
CANARY, STABLE = Side.CANARY, Side.STABLE
ERRORS = Gate(measure="error_ratio", most=0.01, worse_times=2, worse_by=0.001)


@pytest.mark.parametrize(
    ("errors", "requests", "judgement"),
    [
        (1, 10, INCONCLUSIVE),
        (0, 10, INCONCLUSIVE),
        (0, 60, PASSED),
        (1, 60, INCONCLUSIVE),
        (10, 10, FAILED),
        (8, 400, FAILED),
        (1, 2000, PASSED),
        (500, 100_000, FAILED),
    ],
)
def test_errors_are_told_by_how_many_of_how_many(errors: int, requests: int, judgement: Judgement) -> None:
    finding = judged(ERRORS, shares(CANARY, errors, requests), shares(STABLE, 2, 20_000))
    assert finding is not None
    assert finding.judgement is judgement
    assert finding.samples == requests


def test_a_finding_says_what_was_seen_and_what_is_allowed() -> None:
    finding = judged(ERRORS, shares(CANARY, 8, 400), shares(STABLE, 2, 20_000))
    assert finding is not None
    assert finding.sentence == "2 % of 400 requests; 0.12 % is the most beside the stable version's 0.01 %"
    assert finding.canary == pytest.approx(0.02)
    assert finding.stable == pytest.approx(0.0001)
    assert finding.unit == "ratio"


def test_a_version_as_bad_as_the_stable_one_is_not_worse_than_it() -> None:
    finding = judged(
        Gate(measure="error_ratio", worse_by=0.001), shares(CANARY, 50, 1000), shares(STABLE, 5000, 100_000)
    )
    assert finding is not None
    assert finding.judgement is PASSED


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["errors", "requests", "scrapes"])
def test_what_is_no_number_is_never_passed(name: str, value: float) -> None:
    canary = shares(CANARY, 0, 1000) | {(CANARY, name): number(value)}
    finding = judged(ERRORS, canary, shares(STABLE, 0, 1000))
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE


@pytest.mark.parametrize("gate", defaults(PROMISE), ids=lambda gate: str(gate.measure))
def test_a_window_without_data_is_never_passed(gate: Gate) -> None:
    for answers in ({}, {**about(CANARY), **about(STABLE)}, about(STABLE, scrapes=50)):
        findings = judge([gate], answers, sides=BOTH, window_seconds=300, confidence=CONFIDENCE, promise=PROMISE)
        assert [finding.judgement for finding in findings] == [INCONCLUSIVE]


def test_fewer_than_four_scrapes_say_nothing() -> None:
    finding = judged(ERRORS, shares(CANARY, 0, 1000, scrapes=3), shares(STABLE, 0, 1000))
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert "scraped 3 times" in finding.sentence


def test_a_pod_that_is_not_scraped_is_missed() -> None:
    finding = judged(ERRORS, shares(CANARY, 0, 1000, pods=2), shares(STABLE, 0, 1000), pods={CANARY: 3})
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert finding.sentence == "Prometheus scrapes 2 of the 3 pods of the canary version"


def test_what_increase_stretches_is_no_evidence() -> None:
    """Of five scrapes four intervals were seen, and it answers for five."""
    finding = judged(ERRORS, shares(CANARY, 0, 60, scrapes=5), shares(STABLE, 0, 1000))
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert finding.samples == 48


# Latency

SLOW = Gate(measure="p99", most=0.25)
TWICE = Gate(measure="p99", worse_times=1.5, worse_by=0.002)


def timed(side: Side, quick: float, slow: float, at: float = 0.4) -> dict[Any, Any]:
    return about(side, durations=durations({0.015: quick, at: slow}))


@pytest.mark.parametrize(
    ("quick", "slow", "judgement"),
    [(1000, 5, PASSED), (1000, 15, INCONCLUSIVE), (900, 100, FAILED), (40, 0, INCONCLUSIVE)],
)
def test_p99_is_the_share_that_takes_longer(quick: float, slow: float, judgement: Judgement) -> None:
    finding = judged(SLOW, timed(CANARY, quick, slow), timed(STABLE, 1000, 1))
    assert finding is not None
    assert finding.judgement is judgement


def test_twice_the_p99_of_the_stable_version_fails() -> None:
    def spread(side: Side, scale: float, count: float) -> dict[Any, Any]:
        return about(side, durations=durations({0.01 * scale: 0.98 * count, 0.05 * scale: 0.02 * count}))

    same = judged(TWICE, spread(CANARY, 1, 8000), spread(STABLE, 1, 80_000))
    worse = judged(TWICE, spread(CANARY, 2, 8000), spread(STABLE, 1, 80_000))
    assert same is not None
    assert worse is not None
    assert (same.judgement, worse.judgement) == (PASSED, FAILED)
    assert worse.stable == pytest.approx(0.045, abs=0.005)


def test_times_beyond_the_histogram_are_not_told_apart() -> None:
    finding = judged(Gate(measure="p99", most=20), timed(CANARY, 900, 100, at=15), timed(STABLE, 1000, 0))
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert "does not tell times above 10 s apart" in finding.sentence


def test_within_is_exact_at_the_promises_threshold() -> None:
    gate = Gate(measure="within", least=0.99)
    well = judged(gate, timed(CANARY, 995, 5), timed(STABLE, 1000, 0))
    badly = judged(gate, timed(CANARY, 800, 200), timed(STABLE, 1000, 0))
    assert well is not None
    assert badly is not None
    assert well.judgement is PASSED
    assert well.canary == pytest.approx(0.995)
    assert badly.judgement is FAILED


# What the model says

SHIFT = Gate(measure="prediction_shift", worse_by=0.1)


def test_a_shift_is_large_and_more_than_chance() -> None:
    usual = classes(*[1000] * 10)
    alike = judged(SHIFT, about(CANARY, predictions=classes(*[50] * 10)), about(STABLE, predictions=usual))
    shifted = judged(SHIFT, about(CANARY, predictions=classes(300, *[22] * 9)), about(STABLE, predictions=usual))
    few = judged(SHIFT, about(CANARY, predictions=classes(5, *[1] * 9)), about(STABLE, predictions=usual))
    assert alike is not None
    assert shifted is not None
    assert few is not None
    assert (alike.judgement, shifted.judgement, few.judgement) == (PASSED, FAILED, INCONCLUSIVE)


def labelled(side: Side, correct: float, labels: float, version: str) -> dict[Any, Any]:
    served = number(1, model_name="mnist", model_version=version)
    return about(side, correct=number(correct), labels=number(labels), served=served)


RIGHT = Gate(measure="accuracy", worse_by=0.05, optional=True)


def test_wrong_answers_are_found_by_labels() -> None:
    same = judged(RIGHT, labelled(CANARY, 390, 400, "2"), labelled(STABLE, 3900, 4000, "1"))
    worse = judged(RIGHT, labelled(CANARY, 300, 400, "2"), labelled(STABLE, 3900, 4000, "1"))
    assert same is not None
    assert worse is not None
    assert (same.judgement, worse.judgement) == (PASSED, FAILED)
    assert worse.canary == pytest.approx(0.75)


def test_labels_of_one_version_that_both_serve_are_nobodys() -> None:
    needed = RIGHT.model_copy(update={"optional": False})
    sides = labelled(CANARY, 390, 400, "1"), labelled(STABLE, 3900, 4000, "1")
    finding = judged(needed, *sides)
    assert judged(RIGHT, *sides) is None
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert "give the new model another version number" in finding.sentence


def test_an_optional_gate_is_left_out_while_it_has_too_little() -> None:
    assert judged(RIGHT, labelled(CANARY, 9, 10, "2"), labelled(STABLE, 3900, 4000, "1")) is None
    assert judged(RIGHT, about(CANARY), about(STABLE)) is None


def test_an_optional_gate_fails_all_the_same_where_little_is_sure() -> None:
    finding = judged(RIGHT, labelled(CANARY, 1, 30, "2"), labelled(STABLE, 3900, 4000, "1"))
    assert finding is not None
    assert finding.judgement is FAILED


def test_confidence_is_judged_by_its_spread() -> None:
    def sure(side: Side, mean: float, rows: float) -> dict[Any, Any]:
        bounds = (0.5, 0.9, 0.99, 1.0, math.inf)
        high = (mean - 0.45) / 0.5 * rows
        buckets = [Sample({"le": str(bound)}, rows if bound > 0.9 else rows - high) for bound in bounds]
        return about(side, confidences=buckets, confidence=number(mean * rows))

    gate = Gate(measure="confidence", worse_by=0.05)
    same = judged(gate, sure(CANARY, 0.9, 1000), sure(STABLE, 0.9, 9000))
    worse = judged(gate, sure(CANARY, 0.7, 1000), sure(STABLE, 0.9, 9000))
    assert same is not None
    assert worse is not None
    assert (same.judgement, worse.judgement) == (PASSED, FAILED)


# Levels and growth


@pytest.mark.parametrize(("value", "judgement"), [(0.2, PASSED), (0.95, FAILED), (math.nan, INCONCLUSIVE)])
def test_a_level_is_held_against_its_limit(value: float, judgement: Judgement) -> None:
    gate = Gate(measure="utilisation", most=0.9)
    finding = judged(gate, about(CANARY, utilisation=number(value)), about(STABLE, utilisation=number(0.1)))
    assert finding is not None
    assert finding.judgement is judgement


def test_a_query_of_several_series_is_no_number() -> None:
    gate = Gate(measure="query", name="gpu", most=1, query="DCGM_FI_DEV_GPU_UTIL{{matchers}}")
    both = {(CANARY, "query gpu"): [Sample({"gpu": "0"}, 0.1), Sample({"gpu": "1"}, 0.2)]}
    finding = judged(gate, both, about(STABLE))
    assert finding is not None
    assert finding.judgement is INCONCLUSIVE
    assert "gives 2 series" in finding.sentence


@pytest.mark.parametrize(
    ("megabytes", "window", "judgement"),
    [
        ((500, 501, 500, 501), 120, PASSED),
        ((500, 520, 540, 560), 300, FAILED),
        ((500, 520, 540, 560), 120, INCONCLUSIVE),
        ((300, 420, 480, 500), 120, INCONCLUSIVE),
        ((420, 499, 500, 500), 300, PASSED),
        ((560, 540, 520, 500), 300, PASSED),
    ],
    ids=["flat", "leaks", "too-soon", "warms-up", "has-warmed-up", "shrinks"],
)
def test_what_leaks_does_not_slow_down(megabytes: tuple[float, ...], window: float, judgement: Judgement) -> None:
    gate = Gate(measure="memory_growth", most=0.5)
    finding = judged(gate, about(CANARY, memory_parts=parts(*megabytes)), about(STABLE), window=window)
    assert finding is not None
    assert finding.judgement is judgement


# One side alone


def test_one_side_alone_is_held_against_absolute_limits() -> None:
    alone = judged(ERRORS, shares(STABLE, 2, 20_000))
    assert alone is not None
    assert alone.judgement is PASSED
    assert alone.canary is None
    assert alone.stable == pytest.approx(0.0001)
    assert judged(RIGHT, labelled(CANARY, 390, 400, "2")) is None


def test_gates_that_say_nothing_of_one_side_are_no_pass() -> None:
    (finding,) = judge(
        [RIGHT], about(CANARY), sides=[CANARY], window_seconds=60, confidence=CONFIDENCE, promise=PROMISE
    )
    assert finding.judgement is INCONCLUSIVE


@settings(max_examples=30)
@given(
    errors=st.integers(0, 200),
    requests=st.integers(0, 2000),
    stable_errors=st.integers(0, 200),
    stable_requests=st.integers(0, 20_000),
)
def test_more_errors_never_make_it_better(errors: int, requests: int, stable_errors: int, stable_requests: int) -> None:
    stable = shares(STABLE, min(stable_errors, stable_requests), stable_requests)
    rank = {PASSED: 0, INCONCLUSIVE: 1, FAILED: 2}
    found = [judged(ERRORS, shares(CANARY, min(count, requests), requests), stable) for count in (errors, errors + 1)]
    first, second = (rank[finding.judgement] for finding in found if finding is not None)
    assert first <= second
    if requests < PROMISE.rollout.minimum_requests:
        assert first > 0
