"""The raw tensors of a gRPC message, parted from it and put into it without a copy.

protobuf copies each tensor twice on its way in and twice on its way out, which
for a picture costs more than everything else together. The tensors are fields of
the message's outermost level, so a walk over that level finds them, and the
rest is left to protobuf. Knows the encoding of fields, and of the messages
nothing but the number of one.
"""

from collections.abc import Iterable

LARGE_BYTES = 16 * 1024
"""Below it protobuf is faster than a walk."""

VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5
LONGEST_VARINT = 10


def part(message: bytes, field: int) -> tuple[bytes, list[memoryview]] | None:
    """Give the message without its fields of that number, and those fields' contents.

    None where the message is not understood: protobuf itself shall say so.
    """
    wanted = field << 3 | LENGTH_DELIMITED
    view = memoryview(message)
    rest: list[memoryview] = []
    found: list[memoryview] = []
    at, end, rest_from = 0, len(message), 0
    try:
        while at < end:
            start = at
            tag, at = _varint(message, at)
            kind = tag & 7
            if kind == LENGTH_DELIMITED:
                size, at = _varint(message, at)
                stop = at + size
                if tag == wanted and stop <= end:
                    found.append(view[at:stop])
                    rest.append(view[rest_from:start])
                    rest_from = stop
                at = stop
            elif kind == VARINT:
                _, at = _varint(message, at)
            elif kind in (EIGHT_BYTES, FOUR_BYTES):
                at += 8 if kind == EIGHT_BYTES else 4
            else:
                return None
    except (IndexError, ValueError):
        return None
    if at != end:
        return None
    rest.append(view[rest_from:])
    return b"".join(rest), found


def join(message: bytes, field: int, contents: Iterable[bytes | memoryview]) -> bytes:
    """Put contents behind a message as fields of that number: the one copy that they need."""
    tag = _as_varint(field << 3 | LENGTH_DELIMITED)
    parts: list[bytes | memoryview] = [message]
    for content in contents:
        parts += (tag, _as_varint(len(content)), content)
    return b"".join(parts)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Read a number; raises IndexError or ValueError where there is none."""
    byte = message[at]
    if byte < 0x80:
        return byte, at + 1
    number = byte & 0x7F
    for place in range(1, LONGEST_VARINT):
        byte = message[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("a number of more than ten bytes")


def _as_varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
