"""What is known of how long a batch takes."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.latency import LatencyTable

seconds = st.floats(0.0, 10.0)


def test_nothing_is_known_of_a_bucket_that_was_never_run() -> None:
    table = LatencyTable((1, 2))
    table.observe(1, 0.5)
    assert table.seconds(1) == 0.5
    assert table.seconds(2) == inf


def test_calibration_forgets_what_was_known() -> None:
    table = LatencyTable((1,))
    table.observe(1, 9.0)
    table.calibrate(1, 0.5)
    assert table.seconds(1) == 0.5


def test_one_slow_run_moves_the_estimate_a_tenth_of_the_way() -> None:
    table = LatencyTable((1,))
    table.calibrate(1, 1.0)
    table.observe(1, 2.0)
    assert table.seconds(1) == pytest.approx(1.1)


def test_fifty_runs_of_a_new_regime_replace_the_old_one() -> None:
    table = LatencyTable((1,))
    table.calibrate(1, 1.0)
    for _ in range(50):
        table.observe(1, 0.1)
    assert table.seconds(1) == pytest.approx(0.1, rel=0.05)


@given(seconds, st.lists(seconds, min_size=1))
def test_an_estimate_lies_among_what_was_observed(first: float, others: list[float]) -> None:
    table = LatencyTable((1,))
    for each in (first, *others):
        table.observe(1, each)
    assert min(first, *others) - 1e-9 <= table.seconds(1) <= max(first, *others) + 1e-9
