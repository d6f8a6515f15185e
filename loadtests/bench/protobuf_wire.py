"""Protocol Buffers by hand, as far as V2's messages go.

Two generated copies of V2's messages cannot live in one process, and the
servers each bring their own. The benchmark needs one message out and one in,
so it writes fields itself. Pure: bytes in, bytes out.
"""

from collections.abc import Iterator

_VARINT = 0
_FIXED_64 = 1
_BYTES = 2
_FIXED_32 = 5


def encode_varint(value: int) -> bytes:
    """Encode a number that is not negative, seven bits to a byte."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_field(number: int, content: bytes) -> bytes:
    """Encode a string, a byte string, a message or a packed list."""
    return encode_varint(number << 3 | _BYTES) + encode_varint(len(content)) + content


def decode_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Walk a message's fields in their order: numbers as int, everything else as bytes."""
    start = 0
    while start < len(message):
        tag, start = decode_varint(message, start)
        if tag & 7 == _VARINT:
            number, start = decode_varint(message, start)
            yield tag >> 3, number
            continue
        if tag & 7 == _BYTES:
            length, start = decode_varint(message, start)
        elif tag & 7 in (_FIXED_64, _FIXED_32):
            length = 8 if tag & 7 == _FIXED_64 else 4
        else:
            raise ValueError(f"a field has wire type {tag & 7}, which V2's messages do not use")
        yield tag >> 3, message[start : start + length]
        start += length


def decode_varint(encoded: bytes, start: int) -> tuple[int, int]:
    """Return the number that begins at `start`, and where the next thing begins."""
    value = shift = 0
    while encoded[start] >= 0x80:
        value |= (encoded[start] & 0x7F) << shift
        shift += 7
        start += 1
    return value | encoded[start] << shift, start + 1
