"""What is known of how long a batch takes."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.latency import LatencyTable, interpolate, pool

seconds = st.floats(0.0, 10.0)


def known(**runs: float) -> LatencyTable:
    table = LatencyTable((1, 2, 4, 8))
    for bucket, duration in runs.items():
        table.calibrate(int(bucket.removeprefix("b")), [duration])
    return table


def test_nothing_is_known_of_a_table_that_has_seen_no_run() -> None:
    table = known()
    assert [table.seconds(bucket) for bucket in table.buckets] == [inf] * 4
    assert [table.slow_seconds(bucket) for bucket in table.buckets] == [inf] * 4


def test_a_bucket_that_was_never_run_lies_between_its_neighbours() -> None:
    table = known(b1=0.1, b4=0.4)
    assert table.seconds(2) == pytest.approx(0.2)


def test_a_batch_larger_than_all_that_were_seen_is_believed_to_be_as_quick_as_the_largest() -> None:
    assert known(b2=0.3).seconds(8) == 0.3


def test_a_batch_smaller_than_all_that_were_seen_is_no_quicker_than_the_smallest() -> None:
    assert known(b4=0.3).seconds(1) == 0.3


def test_calibration_takes_the_middle_run_and_forgets_what_was_known() -> None:
    table = LatencyTable((1,))
    table.observe(1, 9.0)
    table.calibrate(1, [0.5, 0.4, 7.0])
    assert table.seconds(1) == 0.5


def test_one_slow_run_moves_the_estimate_a_tenth_of_the_way() -> None:
    table = known(b1=1.0)
    table.observe(1, 2.0)
    assert table.seconds(1) == pytest.approx(1.1)


def test_a_run_after_a_doubt_moves_it_half_of_the_way_and_the_next_does_not() -> None:
    table = known(b1=1.0, b2=1.0)
    table.doubt(1)
    table.observe(1, 0.5)
    assert table.seconds(1) == pytest.approx(0.75)
    table.observe(1, 0.45)
    assert table.seconds(1) == pytest.approx(0.72)


def test_a_run_that_is_far_out_counts_for_three_times_what_was_expected() -> None:
    table = known(b1=1.0)
    table.observe(1, 500.0)
    assert table.seconds(1) == pytest.approx(1.2)


def test_fifty_runs_of_a_new_regime_replace_the_old_one() -> None:
    for regime in (0.1, 20.0):
        table = known(b1=1.0)
        for _ in range(50):
            table.observe(1, regime)
        assert table.seconds(1) == pytest.approx(regime, rel=0.06)


def test_a_slow_run_is_slower_than_the_mean_by_what_runs_differ() -> None:
    table = known(b1=1.0)
    assert table.slow_seconds(1) == pytest.approx(1.1)
    for number in range(100):
        table.observe(1, 0.9 if number % 2 else 1.1)
    assert table.seconds(1) == pytest.approx(1.0, rel=0.02)
    assert table.slow_seconds(1) == pytest.approx(1.2, rel=0.05)


@given(seconds, st.lists(seconds, min_size=1))
def test_an_estimate_lies_among_what_was_observed(first: float, others: list[float]) -> None:
    table = LatencyTable((1,))
    for each in (first, *others):
        table.observe(1, each)
    assert min(first, *others) - 1e-9 <= table.seconds(1) <= max(first, *others) + 1e-9


@given(st.lists(st.tuples(st.sampled_from([1, 2, 4, 8]), seconds), min_size=1))
def test_a_larger_batch_is_never_believed_to_be_quicker(runs: list[tuple[int, float]]) -> None:
    table = LatencyTable((1, 2, 4, 8))
    for bucket, duration in runs:
        table.observe(bucket, duration)
        estimates = [table.seconds(bucket) for bucket in table.buckets]
        slow = [table.slow_seconds(bucket) for bucket in table.buckets]
        assert all(low <= high + 1e-9 for low, high in pairwise(estimates))
        assert all(low <= high + 1e-9 for low, high in pairwise(slow))


@given(st.lists(seconds, min_size=1))
def test_pooling_keeps_the_sum_and_leaves_what_rises_alone(values: list[float]) -> None:
    pooled = pool(values)
    assert sum(pooled) == pytest.approx(sum(values))
    assert all(low <= high + 1e-9 for low, high in pairwise(pooled))
    assert pool(sorted(values)) == sorted(values)


def test_neighbours_that_fall_are_pooled_and_others_are_not() -> None:
    assert pool([1.0, 4.0, 2.0, 3.0, 9.0]) == [1.0, 3.0, 3.0, 3.0, 9.0]


def test_interpolation_goes_through_what_is_known() -> None:
    points = [(1, 0.1), (4, 0.4), (64, 1.0)]
    assert [interpolate(points, bucket) for bucket, _ in points] == pytest.approx([0.1, 0.4, 1.0])


def test_neighbours_are_balanced_anew_only_where_an_estimate_has_changed_for_good() -> None:
    table = known(b1=1.0, b2=0.5)
    balanced = table.seconds(1)
    table.observe(1, 1.1)
    assert table.seconds(1) == balanced
    for _ in range(3):
        table.observe(1, 1.1)
    assert table.seconds(1) > balanced
