"""The intervals are those of the binomial distribution, summed up term by term, and hold what they say."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.verdict.binomial import at_most, rank_interval, share_interval


@given(st.integers(1, 20_000), st.data())
def test_an_interval_of_a_share_is_where_the_count_stops_being_a_surprise(trials: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    low, high = share_interval(count, trials)
    assert low <= count / trials <= high
    if count:
        assert 1 - at_most(count - 1, trials, low) == pytest.approx(0.025, rel=1e-6)
    if count < trials:
        assert at_most(count, trials, high) == pytest.approx(0.025, rel=1e-6)


@given(st.integers(0, 60), st.floats(0.001, 0.999))
def test_the_sum_of_the_distribution_is_that_of_its_terms(count: int, share: float) -> None:
    term = total = (1 - share) ** 60
    for each in range(1, count + 1):
        term *= (61 - each) / each * share / (1 - share)
        total += term
    assert at_most(count, 60, share) == pytest.approx(total, rel=1e-9, abs=1e-12)


def test_the_99th_percentile_of_1000_lies_between_ranks_983_and_997() -> None:
    assert rank_interval(1000, 0.99) == (983, 997)


def test_few_samples_do_not_bound_a_quantile_from_above() -> None:
    assert rank_interval(367, 0.99)[1] is None
    assert rank_interval(368, 0.99)[1] == 368
    assert rank_interval(0, 0.99) == (None, None)


def test_nothing_tried_leaves_every_share_possible() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_19_of_20_intervals_of_a_quantile_hold_it(share: float) -> None:
    chance, samples = random.Random(1), 500
    low, high = rank_interval(samples, share)
    held = 0
    for _ in range(400):
        drawn = sorted(chance.random() for _ in range(samples))
        held += (low is None or drawn[low - 1] <= share) and (high is None or share <= drawn[high - 1])
    assert held >= 0.93 * 400
