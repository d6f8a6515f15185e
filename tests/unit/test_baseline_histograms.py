"""Bins, bounds and moments of a baseline: as properties, and by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from model.baseline import histograms
from model.errors import NoBaseline
from monitoring.baseline import MOST_BINS
from monitoring.contract.values import PROBABILITIES

VALUES = st.one_of(
    # Few values that repeat, as `max` and `ink_share` have, and any floats at all.
    st.lists(st.sampled_from([0.0, 1 / 3, 0.5, 254.0, 255.0]), min_size=1, max_size=300),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100),
)


@given(VALUES)
@settings(max_examples=100)
def test_every_value_is_counted_once_in_at_most_ten_bins(values: list[float]) -> None:
    array = np.array(values)
    edges = histograms.quantile_edges(array)
    counts = histograms.bin_counts(array, edges)
    assert len(counts) == len(edges) + 1 <= MOST_BINS
    assert counts.sum() == len(values)
    assert np.all(np.diff(edges) > 0)


@given(VALUES)
@settings(max_examples=100)
def test_no_bin_of_a_feature_that_varies_is_empty(values: list[float]) -> None:
    array = np.array(values)
    counts = histograms.bin_counts(array, histograms.quantile_edges(array))
    if len(np.unique(array)) > 1:
        assert counts.min() > 0


@given(VALUES)
@settings(max_examples=100)
def test_counts_are_those_of_the_convention_in_the_file(values: list[float]) -> None:
    array = np.array(values)
    edges = [-np.inf, *histograms.quantile_edges(array).tolist(), np.inf]
    by_hand = [sum(low <= value < high for value in values) for low, high in pairwise(edges)]
    assert histograms.bin_counts(array, np.array(edges[1:-1])).tolist() == by_hand


@given(st.lists(st.integers(0, 784), min_size=2, max_size=300, unique=True))
@settings(max_examples=50)
def test_rounding_moves_no_value_to_another_bin(numerators: list[int]) -> None:
    exact = np.array(numerators) / 784
    edges = histograms.quantile_edges(exact)
    rounded = exact.astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(histograms.bin_counts(exact, edges), histograms.bin_counts(rounded, edges))


def test_bins_of_a_continuous_feature_hold_a_tenth_each() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    assert histograms.bin_counts(values, histograms.quantile_edges(values)).tolist() == [1000] * 10


def test_quantiles_that_fall_on_one_heap_share_an_edge() -> None:
    values = np.array([250.0] * 40 + [254.0] * 60 + [255.0] * 900)
    edges = histograms.quantile_edges(values)
    assert edges.tolist() == [254.5]
    assert histograms.bin_counts(values, edges).tolist() == [100, 900]


def test_any_other_value_of_a_constant_feature_shows() -> None:
    edges = histograms.quantile_edges(np.full(10, 255.0))
    assert histograms.bin_counts(np.array([254.0, 255.0, 255.0, 256.0]), edges).tolist() == [1, 2, 1]


def test_a_feature_is_described_by_its_bounds_and_moments() -> None:
    values = np.append(np.arange(1001.0), np.nan)
    described = histograms.describe_feature("x", values)
    assert (described["observations"], described["missing"]) == (1001, 1)
    assert (described["lower_bound"], described["upper_bound"]) == (1.0, 999.0)
    assert described["mean"] == 500.0
    assert described["stddev"] == pytest.approx(np.arange(1001.0).clip(1.0, 999.0).std())
    assert sum(described["counts"]) == 1001


def test_the_noise_floor_is_that_of_the_number_of_bins() -> None:
    assert histograms.chi2_critical(10) == pytest.approx(33.72, abs=0.005)
    assert chi2.sf(histograms.chi2_critical(4), 3) == pytest.approx(1e-4)


def test_a_confidence_on_a_bound_belongs_to_the_bucket_below() -> None:
    described = histograms.describe_probability(np.array([0.05, 0.1, 0.95, 0.951, 1.0, 1.0]))
    assert dict(zip(described["bounds"], described["counts"], strict=True)) == {
        **dict.fromkeys(PROBABILITIES, 0),
        0.1: 2,
        0.95: 1,
        0.99: 1,
        1.0: 2,
    }


def test_moments_are_those_of_values_brought_into_the_bounds() -> None:
    values = np.append(np.linspace(0.0, 1.0, 1_000), [1e12, np.inf, -np.inf])
    described = histograms.describe_feature("x", values)
    within = values.clip(described["lower_bound"], described["upper_bound"])
    assert (described["mean"], described["stddev"]) == (within.mean(), within.std())
    assert described["upper_bound"] < np.inf


def test_infinity_is_counted_in_the_last_bin() -> None:
    described = histograms.describe_feature("x", np.append(np.arange(100.0), [np.inf] * 7))
    assert described["observations"] == 107
    assert described["counts"][-1] == 10 + 7
    assert all(np.isfinite(described["edges"]))


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_a_feature_without_a_finite_value_is_refused_by_name(nothing: float) -> None:
    with pytest.raises(NoBaseline, match="feature 'x' has no finite value in 5 rows"):
        histograms.describe_feature("x", np.full(5, nothing))
