"""baseline.json: bins, bounds and calibration, as properties and by hand."""

import json
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from model import baseline
from model.baseline import MAX_BINS, MAX_KNOTS, PROBABILITY_BOUNDS, Answers

Floats = npt.NDArray[np.float64]

VALUES = st.one_of(
    # Few values that repeat, as `max` and `ink_share` have, and any floats at all.
    st.lists(st.sampled_from([0.0, 1 / 3, 0.5, 254.0, 255.0]), min_size=1, max_size=300),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100),
)


@given(VALUES)
@settings(max_examples=100)
def test_every_value_is_counted_once_in_at_most_ten_bins(values: list[float]) -> None:
    array = np.array(values)
    edges = baseline.quantile_edges(array)
    counts = baseline.bin_counts(array, edges)
    assert len(counts) == len(edges) + 1 <= MAX_BINS
    assert counts.sum() == len(values)
    assert np.all(np.diff(edges) > 0)


@given(VALUES)
@settings(max_examples=100)
def test_no_bin_of_a_feature_that_varies_is_empty(values: list[float]) -> None:
    array = np.array(values)
    counts = baseline.bin_counts(array, baseline.quantile_edges(array))
    if len(np.unique(array)) > 1:
        assert counts.min() > 0


@given(VALUES)
@settings(max_examples=100)
def test_counts_are_those_of_the_convention_in_the_file(values: list[float]) -> None:
    array = np.array(values)
    edges = [-np.inf, *baseline.quantile_edges(array).tolist(), np.inf]
    by_hand = [sum(low <= value < high for value in values) for low, high in pairwise(edges)]
    assert baseline.bin_counts(array, np.array(edges[1:-1])).tolist() == by_hand


@given(st.lists(st.integers(0, 784), min_size=2, max_size=300, unique=True))
@settings(max_examples=50)
def test_rounding_moves_no_value_to_another_bin(numerators: list[int]) -> None:
    exact = np.array(numerators) / 784
    edges = baseline.quantile_edges(exact)
    rounded = exact.astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(baseline.bin_counts(exact, edges), baseline.bin_counts(rounded, edges))


def test_bins_of_a_continuous_feature_hold_a_tenth_each() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    assert baseline.bin_counts(values, baseline.quantile_edges(values)).tolist() == [1000] * 10


def test_quantiles_that_fall_on_one_heap_share_an_edge() -> None:
    values = np.array([250.0] * 40 + [254.0] * 60 + [255.0] * 900)
    edges = baseline.quantile_edges(values)
    assert edges.tolist() == [254.5]
    assert baseline.bin_counts(values, edges).tolist() == [100, 900]


def test_any_other_value_of_a_constant_feature_shows() -> None:
    edges = baseline.quantile_edges(np.full(10, 255.0))
    assert baseline.bin_counts(np.array([254.0, 255.0, 255.0, 256.0]), edges).tolist() == [1, 2, 1]


def test_a_feature_is_described_by_its_bounds_and_moments() -> None:
    values = np.append(np.arange(1001.0), np.nan)
    described = baseline.describe_feature(values)
    assert (described["observations"], described["missing"]) == (1001, 1)
    assert (described["lower_bound"], described["upper_bound"]) == (1.0, 999.0)
    assert described["mean"] == 500.0
    assert described["stddev"] == pytest.approx(np.arange(1001.0).std())
    assert sum(described["counts"]) == 1001


def test_the_noise_floor_is_that_of_the_number_of_bins() -> None:
    assert baseline.chi2_critical(10) == pytest.approx(33.72, abs=0.005)
    assert chi2.sf(baseline.chi2_critical(4), 3) == pytest.approx(1e-4)


def test_a_confidence_on_a_bound_belongs_to_the_bucket_below() -> None:
    described = baseline.describe_probability(np.array([0.05, 0.1, 0.95, 0.951, 1.0, 1.0000001]))
    assert dict(zip(described["bounds"], described["counts"], strict=True)) == {
        **dict.fromkeys(PROBABILITY_BOUNDS, 0),
        0.1: 2,
        0.95: 1,
        0.99: 1,
        1.0: 2,
    }


def confident_answers(rows: int, seed: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Confidences whose chance of being right is their square: overconfident, as networks are."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.2, 1.0, rows)
    return confidence, random.uniform(size=rows) < confidence**2


def test_the_calibration_table_is_short_and_monotone() -> None:
    x, y = baseline.calibrate(*confident_answers(20_000, seed=1))
    assert len(x) == len(y) == MAX_KNOTS
    assert np.all(np.diff(x) > 0)
    assert np.all(np.diff(y) >= 0)
    assert y.min() >= 0
    assert y.max() <= 1


def test_calibrated_confidence_tells_the_accuracy_of_rows_it_has_not_seen() -> None:
    table = baseline.calibrate(*confident_answers(20_000, seed=1))
    confidence, correct = confident_answers(20_000, seed=2)
    assert np.interp(confidence, *table).mean() == pytest.approx(correct.mean(), abs=0.02)


@pytest.mark.parametrize("right", [True, False], ids=["all right", "all wrong"])
def test_a_model_that_is_always_right_or_wrong_is_calibrated_too(right: bool) -> None:
    confidence = np.full(20, 0.9)
    x, y = baseline.calibrate(confidence, np.full(20, right))
    assert np.interp(confidence, x, y).tolist() == [float(right)] * 20


def answers(rows: int, seed: int) -> Answers:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, rows)
    logits = random.normal(size=(rows, 10)) + 3 * np.eye(10)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    images = random.integers(0, 256, (rows, 28, 28)).astype(np.uint8)
    return Answers(images, labels, probabilities.astype(np.float32))


def test_the_file_agrees_with_the_answers_it_describes() -> None:
    test = answers(300, seed=1)
    described = baseline.describe(test, answers(200, seed=2))
    assert described["rows"] == 300
    assert len(described["features"]) == 7
    assert all(sum(feature["counts"]) == 300 for feature in described["features"])
    assert described["quality"]["accuracy_ratio"] == test.correct.mean()
    assert sum(described["classes"]["label_counts"]) == 300
    assert sum(described["classes"]["predicted_ratio"]) == pytest.approx(1.0)
    assert sum(described["confidence"]["counts"]) == sum(described["margin"]["counts"]) == 300
    gap = described["calibration"]["expected_accuracy_ratio"] - test.correct.mean()
    assert described["calibration"]["gap_ratio"] == pytest.approx(gap)
    assert described["missing_ratio"] == 0.0
    assert 0.0 < described["outlier_ratio"] < 0.05


def test_the_digest_is_of_all_the_rest_and_the_same_twice() -> None:
    described = baseline.describe(answers(300, seed=1), answers(200, seed=2))
    again = json.loads(json.dumps(baseline.describe(answers(300, seed=1), answers(200, seed=2))))
    assert described["digest"] == again.pop("digest") == baseline.digest(again)
    assert described["digest"] != baseline.describe(answers(300, seed=3), answers(200, seed=2))["digest"]


def test_a_trial_on_a_handful_of_rows_is_described_too() -> None:
    described = baseline.describe(answers(20, seed=1), answers(10, seed=2))
    assert all(sum(feature["counts"]) == 20 for feature in described["features"])
