"""The part of HTTP/2 that a client with one call at a time needs.

Frames to bytes and back, and a header block. Headers are written as literals
that enter no table, so the block of one request is the block of all of them.
Header blocks that arrive are not decoded: whoever reads frames asks for a
table of size zero and looks at flags alone. Pure: bytes in, bytes out.
"""

import struct
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA = 0x0
HEADERS = 0x1
RST_STREAM = 0x3
SETTINGS = 0x4
PING = 0x6
GOAWAY = 0x7
WINDOW_UPDATE = 0x8

# ACK and END_STREAM share a bit; which it is depends on the kind of frame.
ACK = 0x1
END_STREAM = 0x1
END_HEADERS = 0x4

SETTINGS_HEADER_TABLE_SIZE = 0x1
SETTINGS_ENABLE_PUSH = 0x2
SETTINGS_INITIAL_WINDOW_SIZE = 0x4
SETTINGS_MAX_FRAME_SIZE = 0x5

DEFAULT_WINDOW_BYTES = 65_535
DEFAULT_FRAME_BYTES = 16_384
LARGEST_WINDOW_BYTES = 2**31 - 1

_HEAD = struct.Struct(">HBBBL")
_HEAD_BYTES = 9


class Frame(NamedTuple):
    """One frame as it came; `stream` is 0 for what concerns the whole connection."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def encode_frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Put the nine bytes of head before a payload."""
    return _HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream) + payload


def decode_frames(received: bytes) -> tuple[list[Frame], bytes]:
    """Read every whole frame, and return the rest to be put before what comes next."""
    frames: list[Frame] = []
    start = 0
    while len(received) - start >= _HEAD_BYTES:
        length_high, length_low, kind, flags, stream = _HEAD.unpack_from(received, start)
        end = start + _HEAD_BYTES + (length_high << 8 | length_low)
        if end > len(received):
            break
        # The highest bit of a stream's number is reserved and must be ignored.
        frames.append(Frame(kind, flags, stream & 0x7FFFFFFF, received[start + _HEAD_BYTES : end]))
        start = end
    return frames, received[start:]


def encode_settings(settings: dict[int, int]) -> bytes:
    """Encode the frame that tells the server how we want to be answered."""
    payload = b"".join(struct.pack(">HL", key, value) for key, value in settings.items())
    return encode_frame(SETTINGS, 0, 0, payload)


def decode_settings(payload: bytes) -> dict[int, int]:
    """Read the pairs of a SETTINGS frame."""
    return dict(struct.iter_unpack(">HL", payload))


def encode_window_update(stream: int, more_bytes: int) -> bytes:
    """Encode the frame that allows the server to send more."""
    return encode_frame(WINDOW_UPDATE, 0, stream, struct.pack(">L", more_bytes))


def encode_headers(headers: list[tuple[str, str]]) -> bytes:
    """Encode a header block of literals without indexing and without Huffman coding."""
    return b"".join(b"\x00" + _encode_text(name) + _encode_text(value) for name, value in headers)


def _encode_text(text: str) -> bytes:
    """Encode a string after its length, which is an integer with a seven-bit prefix."""
    raw = text.encode("ascii")
    if len(raw) < 0x7F:
        return bytes([len(raw)]) + raw
    length = len(raw) - 0x7F
    prefix = bytearray([0x7F])
    while length >= 0x80:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + raw
