"""Inputs are sampled: no more a second than allowed, and evenly."""

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.row_sampler import RowSampler, spread


@given(
    rate=st.floats(1, 1000),
    arrivals=st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 300)), min_size=1, max_size=50),
)
def test_no_more_rows_are_taken_than_a_second_and_what_it_left_over(
    rate: float, arrivals: list[tuple[float, int]]
) -> None:
    sampler, now, taken = RowSampler(rate, 0.0), 0.0, 0
    for pause, rows in arrivals:
        now += pause
        some = sampler.take(rows, now)
        assert 0 <= some <= rows
        taken += some
    assert taken <= rate + rate * now + 1e-6


def test_under_the_rate_every_row_is_taken() -> None:
    sampler = RowSampler(100.0, 0.0)
    assert [sampler.take(10, second / 10) for second in range(50)] == [10] * 50


def test_over_the_rate_each_batch_gives_its_share() -> None:
    sampler = RowSampler(128.0, 0.0)
    taken = [sampler.take(64, turn / 128) for turn in range(1000)]
    assert set(taken[100:]) == {1}


@pytest.mark.parametrize("load", [1_500, 4_000, 20_000])
def test_rows_of_small_and_of_large_batches_are_seen_alike(load: int) -> None:
    sampler, random, now = RowSampler(1_000.0, 0.0), Random(1), 0.0
    came, taken = Counter[int](), Counter[int]()
    for _ in range(40_000):
        rows = random.choice((1, 64))
        now += random.expovariate(load / 32.5)
        came[rows] += rows
        taken[rows] += sampler.take(rows, now)
    assert taken.total() == pytest.approx(1_000 * now, rel=0.1)
    assert taken[1] / came[1] == pytest.approx(taken[64] / came[64], rel=0.1)


def test_a_rate_below_one_takes_a_row_now_and_then() -> None:
    sampler = RowSampler(0.25, 0.0)
    assert [sampler.take(64, float(second)) for second in range(9)] == [1, 0, 0, 0, 1, 0, 0, 0, 1]


@given(st.integers(1, 500), st.data())
def test_rows_are_chosen_once_each_in_order_and_at_even_distances(rows: int, data: st.DataObject) -> None:
    taken = data.draw(st.integers(1, rows))
    chosen = spread(rows, taken, data.draw(st.integers(0, 10_000)))
    assert len(chosen) == taken
    assert chosen.min() >= 0
    assert chosen.max() < rows
    distances = np.diff(chosen)
    assert set(distances.tolist()) <= {rows // taken, -(-rows // taken)}
    assert (distances > 0).all()


def test_every_place_of_a_batch_has_its_turn() -> None:
    seen = np.bincount(np.concatenate([spread(64, 3, turn) for turn in range(10_000)]), minlength=64)
    assert seen.min() > 0.9 * seen.mean()
    assert seen.max() < 1.1 * seen.mean()
