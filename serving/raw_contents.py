"""The raw tensors of a gRPC message, parted from it and put into it without a copy.

protobuf copies each tensor twice on its way in and twice on its way out, which
for a picture costs more than everything else together. The tensors are fields of
the message's outermost level, so a walk over that level finds them, and the
rest is left to protobuf. Knows the encoding of fields, and of the messages
nothing but the number of one.
"""

from collections.abc import Iterable
from functools import lru_cache

from serving import value_limit
from serving.wire_format import LENGTH_DELIMITED, BadWire, skipped, varint

LARGE_BYTES = 16 * 1024
"""Below it protobuf is faster than a walk."""


def part(message: bytes, field: int) -> tuple[bytes, list[memoryview]] | None:
    """Give the message without its fields of that number, and those fields' contents.

    None where it is no message. Raises InvalidRequest where it has more fields than any caller means.
    """
    wanted = field << 3 | LENGTH_DELIMITED
    view = memoryview(message)
    rest: list[memoryview] = []
    found: list[memoryview] = []
    at, end, rest_from, fields = 0, len(message), 0, 0
    try:
        while at < end:
            start = at
            fields += 1
            value_limit.check_fields(fields)
            tag, at = varint(message, at)
            stop = skipped(message, tag, at)
            if tag == wanted:
                _, at = varint(message, at)
                found.append(view[at:stop])
                rest.append(view[rest_from:start])
                rest_from = stop
            at = stop
    except BadWire:
        return None
    rest.append(view[rest_from:])
    return b"".join(rest), found


def join(message: bytes, field: int, contents: Iterable[bytes | memoryview]) -> bytes:
    """Put contents behind a message as fields of that number: the one copy that they need."""
    parts: list[bytes | memoryview] = [message]
    for content in contents:
        parts += (field_head(field, len(content)), content)
    return b"".join(parts)


@lru_cache
def field_head(field: int, size: int) -> bytes:
    """Write what stands before contents of a size."""
    return _as_varint(field << 3 | LENGTH_DELIMITED) + _as_varint(size)


def _as_varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
