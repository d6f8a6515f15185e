"""A very long JSON array of numbers, parsed piece by piece.

The parser does not let go of the interpreter while it parses, so a body of
60 MiB would stop the event loop for a third of a second even from a thread. In
pieces of a quarter of a megabyte the loop gets its turn after each. The array
is cut where a part of its first dimension of more than one ends; where that
turns out to be no such place, the array was not regular and does not parse.
"""

from collections.abc import Iterator
from typing import Literal

import simdjson

LONG_BYTES = 512 * 1024
PIECE_BYTES = 256 * 1024

SPACE = b" \t\r\n"


class LongNumbers:
    """What simdjson would give for the whole text, as far as it is needed here."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: list[simdjson.Array]) -> None:
        self._pieces = pieces

    def as_buffer(self, *, of_type: Literal["d", "i", "u"]) -> bytes:
        """Raises what simdjson raises for an element that is not of the type."""
        return b"".join([piece.as_buffer(of_type=of_type) for piece in self._pieces])


def parse(text: bytes) -> LongNumbers | None:
    """Parse the text; None where it is not long, or not to be cut: then it may be JSON or not."""
    if len(text) <= LONG_BYTES:
        return None
    try:
        pieces = [_parsed(piece) for piece in _cut(text)]
    except (ValueError, RuntimeError):
        return None
    return LongNumbers(pieces)


def _parsed(piece: bytes) -> simdjson.Array:
    # A parser for each piece: its array lies in its memory.
    array = simdjson.Parser().parse(b"[%b]" % piece)
    if not isinstance(array, simdjson.Array) or not len(array):
        raise ValueError("there is nothing between two commas")
    return array


def _cut(text: bytes) -> Iterator[bytes]:
    start, end, depth = _within(text)
    closers = b"]" * depth
    while True:
        cut = text.find(closers, start + PIECE_BYTES, end) + depth if depth else start + PIECE_BYTES
        comma = text.find(b",", cut, end) if depth - 1 < cut < end else -1
        if comma == -1:
            yield text[start:end]
            return
        yield text[start:comma]
        start = comma + 1


def _within(text: bytes) -> tuple[int, int, int]:
    """Give where the parts of the first dimension of more than one begin and end, and how deep each of them is."""
    start, end = 0, len(text)
    while True:
        inner_start, inner_end = _past(text, start, end)
        start, end = inner_start, inner_end
        head = text[start : start + 64].translate(None, SPACE)
        depth = len(head) - len(head.lstrip(b"["))
        # A part that goes on to the end is the only one.
        if not depth or text.find(b"]" * depth, start, end - depth) != -1:
            return start, end, depth


def _past(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Step over the brackets around what lies between."""
    while text[start : start + 1] and text[start : start + 1] in SPACE:
        start += 1
    while end > start and text[end - 1 : end] in SPACE:
        end -= 1
    if text[start : start + 1] != b"[" or text[end - 1 : end] != b"]" or end - start < 2:
        raise ValueError("this is no array")
    return start + 1, end - 1
