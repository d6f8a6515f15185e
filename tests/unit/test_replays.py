"""The memory of labels that were counted."""

from hypothesis import given
from hypothesis import strategies as st

from serving.replays import Replays


def test_a_row_is_known_once_it_was_counted() -> None:
    replays = Replays(most_ids=10)
    assert not replays.has(1, 0)
    replays.remember(1, 0)
    assert replays.has(1, 0)
    assert not replays.has(1, 1)
    assert not replays.has(2, 0)


def test_the_id_that_was_counted_first_is_forgotten_first() -> None:
    replays = Replays(most_ids=2)
    for random in (1, 2, 3):
        replays.remember(random, 0)
    assert [replays.has(random, 0) for random in (1, 2, 3)] == [False, True, True]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 511))), st.integers(1, 20))
def test_it_never_holds_more_than_it_may(labels: list[tuple[int, int]], most: int) -> None:
    replays = Replays(most)
    for random, row in labels:
        replays.remember(random, row)
        assert replays.has(random, row)
        assert len(replays) <= most
