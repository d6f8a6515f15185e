"""A body that comes in pieces is one body, in few pieces."""

from hypothesis import given
from hypothesis import strategies as st

from serving.incoming_body import SMALL, Body


@given(st.lists(st.sampled_from([b"a", b"bc", b"d" * (SMALL - 1), b"e" * SMALL, b"f" * 3 * SMALL]), max_size=12))
def test_pieces_of_any_size_are_joined_in_order(pieces: list[bytes]) -> None:
    body = Body()
    for piece in pieces:
        body.add(piece)
    assert body.whole() == b"".join(pieces)
    assert body.size == sum(map(len, pieces))


def test_a_piece_alone_is_not_copied() -> None:
    body, piece = Body(), b"x" * 100
    body.add(piece)
    assert body.whole() is piece


def test_small_pieces_are_gathered() -> None:
    body = Body()
    for _ in range(10_000):
        body.add(b"x")
    assert len(body._pieces) == 2  # noqa: SLF001
