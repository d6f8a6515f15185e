"""The formulas of drift: against scipy, by hand, and on windows that hold nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, entropy

from monitoring import drift

BASELINE = drift.baseline_ratio(np.array([100, 200, 300, 400]))
COUNTS = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)


@given(COUNTS)
def test_psi_is_the_entropy_of_each_histogram_relative_to_the_other(counts: list[int]) -> None:
    live = drift.live_ratio(np.array(counts), BASELINE)
    assert drift.psi(live, BASELINE) == pytest.approx(entropy(live, BASELINE) + entropy(BASELINE, live), abs=1e-12)


@given(COUNTS)
def test_the_distance_of_jensen_and_shannon_is_that_of_scipy(counts: list[int]) -> None:
    live = drift.live_ratio(np.array(counts), BASELINE)
    assert drift.jensen_shannon(live, BASELINE) == pytest.approx(jensenshannon(live, BASELINE, base=2), abs=1e-7)


def test_a_window_without_rows_has_not_drifted() -> None:
    live = drift.live_ratio(np.zeros(4, dtype=np.int64), BASELINE)
    assert live == pytest.approx(BASELINE)
    assert drift.psi(live, BASELINE) == pytest.approx(0.0, abs=1e-15)
    assert drift.jensen_shannon(live, BASELINE) == pytest.approx(0.0, abs=1e-7)
    assert drift.noise(30.0, 0, 1_000) == np.inf


def test_rows_in_a_bin_that_the_baseline_left_empty_give_a_finite_distance() -> None:
    baseline = drift.baseline_ratio(np.array([1_000, 0]))
    live = drift.live_ratio(np.array([0, 1_000]), baseline)
    assert 1.0 < drift.psi(live, baseline) < 20.0
    assert drift.jensen_shannon(live, baseline) == pytest.approx(1.0, abs=0.05)


def test_many_windows_are_reckoned_together_as_one_by_one() -> None:
    windows = np.random.default_rng(1).multinomial(500, BASELINE, size=20)
    live = drift.live_ratio(windows, BASELINE)
    for formula in (drift.psi, drift.jensen_shannon, drift.largest_difference):
        one_by_one = [formula(drift.live_ratio(window, BASELINE), BASELINE) for window in windows]
        assert formula(live, BASELINE) == pytest.approx(np.array(one_by_one))


def test_chance_crosses_the_noise_floor_as_seldom_as_it_promises() -> None:
    """With rows enough for chi-squared, once in a hundred where that was asked for."""
    random = np.random.default_rng(1)
    share, rows, baseline_rows = np.full(10, 0.1), 2_000, 10_000
    baselines = drift.baseline_ratio(random.multinomial(baseline_rows, share, size=20_000))
    live = drift.live_ratio(random.multinomial(rows, share, size=20_000), baselines)
    crossed = drift.psi(live, baselines) > drift.noise(float(chi2.isf(0.01, 9)), rows, baseline_rows)
    assert 0.005 < crossed.mean() < 0.012


def test_a_value_beyond_the_bounds_counts_as_the_bound() -> None:
    mean, stddev = drift.moments(np.array([-100.0, 0.0, 1.0, 100.0]), -1.0, 2.0)
    assert mean == 0.5
    assert stddev == pytest.approx(np.std([-1.0, 0.0, 1.0, 2.0]))
