"""protobuf's wire format, as far as walking over the fields of one level goes.

Knows the encoding of numbers and lengths, and no message. Raises BadWire where
bytes are no fields; protobuf itself says what is wrong with them.
"""

VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5
LONGEST_VARINT = 10


class BadWire(Exception):
    """These bytes are no message, or one that proto3 does not write."""


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Read a number; gives it and where it ends."""
    try:
        byte = message[at]
        if byte < 0x80:
            return byte, at + 1
        number = byte & 0x7F
        for place in range(1, LONGEST_VARINT):
            byte = message[at + place]
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return number, at + place + 1
    except IndexError:
        raise BadWire("a number is cut off") from None
    raise BadWire("a number has more than ten bytes")


def skipped(message: bytes, tag: int, at: int) -> int:
    """Where the field ends whose tag has been read; groups, which proto3 has not, are refused."""
    match tag & 7:
        case 2:
            size, at = varint(message, at)
            at += size
        case 0:
            _, at = varint(message, at)
        case 1:
            at += 8
        case 5:
            at += 4
        case _:
            raise BadWire("a field is of a kind that proto3 does not write")
    if at > len(message):
        raise BadWire("a field is cut off")
    return at
