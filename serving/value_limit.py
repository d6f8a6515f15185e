"""How many values a request may carry, where each becomes an object of Python's.

Four bytes on the wire can become a hundred in memory: a body well within its
limit of bytes may hold tens of millions of empty lists, strings or messages.
So they are counted before they are made, by looking at the bytes alone. Raw
tensors of numbers become no objects and are not counted: they are what a
caller with more should send. Constants, because no model is better served by
others. Pure.
"""

import numpy as np

from serving.errors import InvalidRequest, PayloadTooLarge
from serving.wire_format import LENGTH_DELIMITED, skipped, varint

MOST_VALUES = 4 * 1024 * 1024
"""In JSON, and in one input of typed contents."""

MOST_ELEMENTS = 1024 * 1024
"""In a tensor of BYTES, which only Python can take apart."""

MOST_FIELDS = 4096
"""In a message over gRPC and its inputs. A field of numbers or a raw tensor counts once."""

MOST_SEPARATE_VALUES = 256 * 1024
"""In the contents of an input over gRPC, fields of their own: those are walked one by one."""

FEWEST_BYTES = 2
"""No field takes less."""

MOST_SHAPE_BYTES = 1024
"""A shape of more dimensions than any tensor has, written as wastefully as can be, takes less."""

INPUTS, SHAPE, CONTENTS = (number << 3 | LENGTH_DELIMITED for number in (5, 3, 5))
"""The tags of `inputs` in a ModelInferRequest, and of an input's `shape` and `contents`."""
VARINTS = tuple(number << 3 | LENGTH_DELIMITED for number in (1, 2, 3, 4, 5))
"""The tags of the contents whose numbers are as long as they are large, down to a byte."""


def check_json(text: bytes | memoryview) -> None:
    """Refuse JSON of too many values: each follows a comma, or is the first of a list or an object."""
    if len(text) <= MOST_VALUES:
        return
    whole = bytes(text)
    count = sum(whole.count(mark) for mark in (b",", b"[", b"{"))
    if count > MOST_VALUES:
        raise PayloadTooLarge(f"the JSON has some {count} values, {_limit(MOST_VALUES)}")


def check_count(name: str, count: int, most: int = MOST_VALUES) -> None:
    """Refuse an input of too many values."""
    if count > most:
        raise PayloadTooLarge(f"input {name!r} has {count} values, {_limit(most)}")


def check_inputs(message: bytes) -> None:
    """Refuse a ModelInferRequest whose inputs are made of too many fields.

    Its outermost level must have been walked before, and found to be sound.
    """
    at, fields = 0, 0
    while at < len(message):
        tag, start = varint(message, at)
        at = skipped(message, tag, start)
        if tag == INPUTS:
            size, inside = varint(message, start)
            fields = _check_input(message, inside, inside + size, fields)


def _check_input(message: bytes, at: int, end: int, fields: int) -> int:
    while at < end:
        fields += 1
        check_fields(fields)
        tag, start = varint(message, at)
        at = skipped(message, tag, start)
        if tag in (SHAPE, CONTENTS):
            size, inside = varint(message, start)
            if tag == SHAPE and size > MOST_SHAPE_BYTES:
                raise InvalidRequest(f"an input has a shape of {size} bytes, which no request can fill")
            if tag == CONTENTS and size > MOST_SEPARATE_VALUES * FEWEST_BYTES:
                _check_contents(message, inside, inside + size)
    return fields


def _check_contents(message: bytes, at: int, end: int) -> None:
    fields = 0
    while at < end:
        tag, start = varint(message, at)
        at = skipped(message, tag, start)
        fields += 1
        if fields > MOST_SEPARATE_VALUES:
            raise PayloadTooLarge(f"an input has more than {fields - 1} values one by one, {_limit(fields - 1)}")
        if tag in VARINTS and at - start > MOST_VALUES:
            size, inside = varint(message, start)
            # The last byte of each number is the only one below 128.
            count = int(np.count_nonzero(np.frombuffer(message, np.int8, size, inside) >= 0))
            if count > MOST_VALUES:
                raise PayloadTooLarge(f"the typed contents of an input have {count} values, {_limit(MOST_VALUES)}")


def check_fields(count: int) -> None:
    if count > MOST_FIELDS:
        raise InvalidRequest(f"the message has more than {MOST_FIELDS} fields, expected a ModelInferRequest")


def _limit(most: int) -> str:
    return f"and the limit is {most}: send it as a binary tensor, or in parts"
