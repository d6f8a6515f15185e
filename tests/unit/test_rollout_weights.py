"""A share as two weights: said exactly where that goes, and never rounded to nothing or everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s.rollout.backends.weights import in_words, is_same, nearest, share, split

PERCENTS = st.floats(min_value=0, max_value=100)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0, (100, 0)),
        (1, (99, 1)),
        (0.5, (995, 5)),
        (33.3, (667, 333)),
        (0.01, (9999, 1)),
        (100 / 3, (6667, 3333)),
        (100, (0, 100)),
    ],
)
def test_weights_are_of_a_number_that_says_the_share(percent: float, expected: tuple[int, int]) -> None:
    assert split(percent) == expected


@given(PERCENTS)
def test_a_share_is_off_by_a_hundredth_of_a_percent_at_most(percent: float) -> None:
    assert abs(nearest(percent) - percent) <= 0.01
    assert (nearest(percent) == 0) == (percent == 0)
    assert (nearest(percent) == 100) == (percent == 100)


@given(PERCENTS, st.integers(min_value=2, max_value=1_000_000))
def test_two_beside_a_third_keep_what_they_have_together(percent: float, total: int) -> None:
    stable, canary = split(percent, total)
    assert stable + canary == total
    assert stable >= 0
    assert canary >= 0
    if 0 < percent < 100:
        assert min(stable, canary) > 0


@given(PERCENTS, st.sampled_from([0, 7, 90, 1000]))
def test_what_can_be_made_is_made_exactly(percent: float, total: int) -> None:
    made = nearest(percent, total)
    assert is_same(nearest(made, total), made)


def test_nothing_of_nothing_is_nothing() -> None:
    assert share(0, 0) == 0


@pytest.mark.parametrize(("percent", "words"), [(5, "5 %"), (0.5, "0.5 %"), (100, "100 %"), (100 / 3, "33.3333 %")])
def test_a_share_is_written_without_zeros(percent: float, words: str) -> None:
    assert in_words(percent) == words
