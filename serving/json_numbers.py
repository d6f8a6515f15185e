"""Numbers of a JSON body to an array, without a Python object for each.

`lift` takes long arrays of numbers out of a body before it is parsed, which
leaves a short body for the parser and the numbers for simdjson: a quarter of
the time for a picture. It is a fast way only, and promises what the slow one
gives, to the last bit, or nothing: whatever is not plainly an array of numbers
of the shape and datatype declared stays for `json_tensor`, which alone refuses.
"""

import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import orjson
import simdjson

from serving import long_numbers
from serving.signature import TensorSpec

SHORT_BYTES = 256
"""An array shorter than this is parsed as fast with all the rest."""

MOST_ARRAYS = 16

SPACE = b" \t\r\n"
NOT_STRUCTURE = b"0123456789+-.eE" + SPACE
"""What an array of numbers holds beside brackets and commas."""

CACHED_VALUES = 65536

# What stands in the body for an array that was taken out: a string that no caller can know.
PLACE = f'"{secrets.token_hex(16)}:%d"'.encode()

BUFFERS = {
    "i": ("i", np.dtype(np.int64)),
    "u": ("i", np.dtype(np.int64)),
    "f": ("d", np.dtype(np.float64)),
}
"""What simdjson is asked for, by the kind of datatype it is for."""

SURPRISES = (KeyError, TypeError, ValueError, RuntimeError, FloatingPointError)
"""What simdjson raises, and what a conversion does: a number of too many digits is a RuntimeError."""

UINT64 = ("u", np.dtype(np.uint64))


class Numbers:
    """An array of numbers, or nested arrays of them, as it stood in a body."""

    __slots__ = ("_parsed", "_text")

    def __init__(self, text: bytes) -> None:
        """Raises one of SURPRISES where `text` is not a JSON array, or not one that simdjson takes."""
        self._text = text
        # A parser costs little to make, and one that is kept would keep the memory of its longest body.
        self._parsed: Any = long_numbers.parse(text) or simdjson.Parser().parse(text)

    def to_array(self, spec: TensorSpec, shape: Sequence[int]) -> np.ndarray | None:
        """Convert what fits the datatype and the shape, nested so or flat; None for anything else."""
        try:
            array = self._convert(spec)
        except SURPRISES:
            return None
        if array is None or array.size != prod(shape) or not shape:
            return None
        if self._is_nested() and self._text.translate(None, NOT_STRUCTURE) != _structure(tuple(shape)):
            return None
        return array.reshape(shape)

    def to_list(self) -> Any:
        return orjson.loads(self._text)

    def _is_nested(self) -> bool:
        return self._text.find(b"[", 1) != -1

    def _convert(self, spec: TensorSpec) -> np.ndarray | None:
        dtype = spec.dtype
        kind, wide = UINT64 if spec.datatype == "UINT64" else BUFFERS[dtype.kind]
        # Any element that is no such number raises, and so does a whole number beyond 64 bits.
        array = np.frombuffer(self._parsed.as_buffer(of_type=kind), dtype=wide)
        if dtype == wide or not array.size:
            return array.astype(dtype, copy=False)
        if dtype.kind == "f":
            with np.errstate(over="raise"):
                return array.astype(dtype)
        bounds = _bounds(dtype)
        if dtype.kind == "u":
            # Seen without its sign, a negative number is larger than any that fits.
            fits = np.maximum.reduce(array.view(np.uint64)) <= bounds[1]
        else:
            fits = bounds[0] <= np.minimum.reduce(array) and np.maximum.reduce(array) <= bounds[1]
        return array.astype(dtype) if fits else None


def lift(body: bytes, key: bytes) -> tuple[bytes, Mapping[str, Numbers]] | None:
    """Take the long arrays under `key` out of a body, however deep they lie.

    Gives the rest, with a string in the place of each, and the arrays by these
    strings; or None where there is nothing to take. The body need not be JSON:
    then the rest is not JSON either.
    """
    quoted = b'"%b"' % key
    parts: list[bytes] = []
    lifted: dict[str, Numbers] = {}
    at = found = 0
    while len(lifted) < MOST_ARRAYS and (found := body.find(quoted, found)) != -1:
        start = _array_after(body, found + len(quoted))
        # A quote behind a backslash is a letter of a string, and opens no key.
        if start == -1 or body[found - 1 : found] == b"\\":
            found += 1
            continue
        end = _end_of_numbers(body, start)
        found = end
        if end - start < SHORT_BYTES:
            found = start
            continue
        try:
            numbers = Numbers(body[start:end])
        except SURPRISES:
            return None
        place = PLACE % len(lifted)
        lifted[place[1:-1].decode()] = numbers
        parts += (body[at:start], place)
        at = end
    if not lifted:
        return None
    parts.append(body[at:])
    return b"".join(parts), lifted


def _array_after(body: bytes, at: int) -> int:
    """Say where the array begins whose key ended here, or -1."""
    if body[at : at + 2] == b":[":
        return at + 1
    rest = body[at : at + 64].lstrip(SPACE)
    if rest[:1] != b":":
        return -1
    rest = rest[1:].lstrip(SPACE)
    return body.find(b"[", at) if rest[:1] == b"[" else -1


def _end_of_numbers(body: bytes, start: int) -> int:
    """Say where an array that holds neither strings nor objects ends: before the next of either, or of the object."""
    end = len(body)
    for stop in (b'"', b"}"):
        nearer = body.find(stop, start, end)
        if nearer != -1:
            end = nearer
    return body.rfind(b"]", start, end) + 1


def _structure(shape: tuple[int, ...]) -> bytes:
    """Write nested lists of this shape without their numbers."""
    return _cached_structure(shape) if prod(shape) <= CACHED_VALUES else _nested(shape)


def _nested(shape: tuple[int, ...]) -> bytes:
    text = b""
    for size in reversed(shape):
        text = b"[" + b",".join([text] * size) + b"]"
    return text


_cached_structure = lru_cache(maxsize=64)(_nested)


@lru_cache
def _bounds(dtype: np.dtype) -> tuple[int, int]:
    bounds = np.iinfo(dtype)
    return int(bounds.min), int(bounds.max)
