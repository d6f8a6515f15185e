"""Shares by numbers of pods: whoever serves is never left without as many pods as there were."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s.rollout.backends.pod_counts import Wish, nearest, shares
from k8s.rollout.backends.weights import is_same

PERCENTS = st.sampled_from([0.0, 1.0, 25.0, 50.0, 90.0, 100.0])


@pytest.mark.parametrize(("pods", "expected"), [(1, [50]), (2, [100 / 3, 50]), (4, [20, 100 / 3, 300 / 7, 50])])
def test_shares_are_those_of_the_canarys_pods_beside_all_of_the_others(pods: int, expected: list[float]) -> None:
    assert shares(pods) == pytest.approx(expected)


@given(st.integers(min_value=1, max_value=20), st.floats(min_value=0.001, max_value=99.999))
def test_a_share_becomes_neither_nothing_nor_everything(pods: int, percent: float) -> None:
    assert 0 < nearest(pods, percent) <= 50
    assert is_same(nearest(pods, nearest(pods, percent)), nearest(pods, percent))


@given(
    pods=st.integers(min_value=1, max_value=5),
    wishes=st.lists(PERCENTS, min_size=1, max_size=6),
    paces=st.lists(st.integers(min_value=0, max_value=3), min_size=40, max_size=40),
)
def test_as_many_pods_as_before_are_ready_at_every_moment(
    pods: int, wishes: Sequence[float], paces: Sequence[int]
) -> None:
    """Pods become ready a few at a time; those that are not asked for any more go at once."""
    wish, now, ready = Wish("blue", "green", pods), (pods, 0), (pods, 0)
    for percent in wishes:
        wish = wish.later(nearest(pods, percent))
        for pace in (*paces, *[1] * 20):
            now = wish.next_counts(now, ready)
            assert wish.is_on_the_way(*now)
            ready = (min(now[0], ready[0] + pace), min(now[1], ready[1] + pace))
            assert sum(ready) >= pods
            if now == wish.counts and ready == now:
                break
        assert now == wish.counts


def test_a_bad_canary_loses_its_pods_at_once_while_the_stable_version_has_its_own() -> None:
    wish = Wish("blue", "green", 3).later(50.0).later(0.0)
    assert wish.next_counts((3, 3), (2, 3)) == (3, 0)


def test_after_everything_the_canarys_pods_go_as_the_others_come() -> None:
    wish = Wish("blue", "green", 3).later(100.0).later(0.0)
    assert [wish.next_counts((3, 3), (ready, 3)) for ready in range(4)] == [(3, 3), (3, 2), (3, 1), (3, 0)]


def test_numbers_that_lie_outside_the_way_were_made_by_somebody_else() -> None:
    wish = Wish("blue", "green", 3).later(25.0)
    assert wish.is_on_the_way(3, 0)
    assert wish.is_on_the_way(3, 1)
    assert not wish.is_on_the_way(3, 2)
    assert not wish.is_on_the_way(2, 1)
