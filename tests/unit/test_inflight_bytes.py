"""The counter of bytes in flight: never beyond its limit, never below nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import TooManyBytes
from serving.inflight_bytes import InflightBytes


def test_what_fits_is_taken_and_given_back() -> None:
    inflight = InflightBytes(100)
    inflight.take(60)
    inflight.take(40)
    assert inflight.held_bytes == 100
    inflight.give_back(60)
    assert inflight.held_bytes == 40


def test_what_does_not_fit_is_refused_in_words_and_takes_nothing() -> None:
    inflight = InflightBytes(100)
    inflight.take(60)
    with pytest.raises(TooManyBytes) as refused:
        inflight.take(41)
    assert str(refused.value) == (
        "requests of 60 bytes are in flight, so 41 more do not fit: the limit is 100 (LIMIT_INFLIGHT_BYTES)"
    )
    assert (refused.value.http_status, refused.value.grpc_status) == (503, "UNAVAILABLE")
    assert refused.value.reason == "overloaded_bytes"
    assert inflight.held_bytes == 60


def test_a_message_alone_always_fits() -> None:
    inflight = InflightBytes(100)
    inflight.take(1000)
    with pytest.raises(TooManyBytes):
        inflight.take(1)
    inflight.give_back(1000)
    inflight.take(1)


def test_a_message_that_comes_in_pieces_and_is_alone_always_fits() -> None:
    inflight = InflightBytes(100)
    inflight.take(90)
    inflight.take(90, already=90)
    assert inflight.held_bytes == 180


@given(st.lists(st.integers(0, 60)))
def test_more_than_one_message_never_holds_more_than_the_limit(counts: list[int]) -> None:
    inflight = InflightBytes(100)
    held: list[int] = []
    for count in counts:
        try:
            inflight.take(count)
        except TooManyBytes:
            inflight.give_back(held.pop(0))
        else:
            held.append(count)
        assert inflight.held_bytes == sum(held) <= 100
