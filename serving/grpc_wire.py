"""gRPC over HTTP/2 as its protocol writes it: framing, timeouts, statuses, metadata.

Pure functions from bytes to values and back; mistakes are raised as CallFailed
with the status that the protocol names for them. Knows no connection and no
stream.
"""

import zlib
from collections.abc import Iterator

from ngh2 import NeverIndexedHeader

from serving.grpc_method import CallFailed

Fields = tuple[tuple[bytes, bytes], ...]

PREFIX_BYTES = 5
"""Before each message: whether it is compressed, and its length."""

STATUS_NUMBERS = {
    name: number
    for number, name in enumerate(
        (
            *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
            *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
            *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
        )
    )
}

# HPACK finds in its table what is the same in every answer, so these never change.
ACCEPTED_ENCODINGS = (b"grpc-accept-encoding", b"identity,deflate,gzip")
ANSWER_FIELDS = ((b":status", b"200"), (b"content-type", b"application/grpc"), ACCEPTED_ENCODINGS)
OK_FIELDS = ((b"grpc-status", b"0"),)
WRONG_CONTENT_TYPE_FIELDS = (
    (b":status", b"415"),
    (b"content-type", b"application/grpc"),
    (b"grpc-status", b"2"),
    (b"grpc-message", b"the content type must be application/grpc"),
)
WRONG_METHOD_FIELDS = (
    (b":status", b"405"),
    (b"allow", b"POST"),
    (b"content-type", b"application/grpc"),
    (b"grpc-status", b"13"),
    (b"grpc-message", b"the method must be POST"),
)

TIMEOUT_UNITS = {72: 3600.0, 77: 60.0, 83: 1.0, 109: 1e-3, 117: 1e-6, 110: 1e-9}
"""By the last byte: H, M, S, m, u and n."""
TIMEOUT_DIGITS = 8

WINDOW_BITS = {b"gzip": 31, b"deflate": 15}
"""What zlib calls the containers of the two compressions."""


def frame(message: bytes) -> bytes:
    """Put a message behind its prefix, not compressed."""
    return b"\x00" + len(message).to_bytes(4, "big") + message


def split(received: bytearray, limit_bytes: int) -> Iterator[tuple[bool, bytes]]:
    """Take every whole message off the front, as whether it is compressed and its bytes.

    Raises CallFailed where one declares more than the limit, before it is there.
    """
    start = 0
    try:
        while len(received) - start >= PREFIX_BYTES:
            length = read_length(received, limit_bytes, start)
            end = start + PREFIX_BYTES + length
            if end > len(received):
                return
            yield bool(received[start]), bytes(received[start + PREFIX_BYTES : end])
            start = end
    finally:
        del received[:start]


def read_length(received: bytes | bytearray, limit_bytes: int, start: int = 0) -> int:
    """Read the length that a message's prefix declares."""
    if received[start] > 1:
        raise CallFailed("INTERNAL", f"a message begins with {received[start]}, expected 0 or 1")
    length = int.from_bytes(received[start + 1 : start + PREFIX_BYTES], "big")
    if length > limit_bytes:
        raise too_large(f"the message has {length} bytes, and the limit is {limit_bytes}")
    return length


def read_timeout(text: bytes) -> float:
    """Read `grpc-timeout` as seconds: at most eight digits and a unit."""
    digits, seconds = text[:-1], TIMEOUT_UNITS.get(text[-1]) if text else None
    if seconds is None or not digits.isdigit() or len(digits) > TIMEOUT_DIGITS:
        shown = text[:40].decode("latin-1")
        raise CallFailed("INVALID_ARGUMENT", f"grpc-timeout is {shown!r}, expected digits and a unit, as in '100m'")
    return int(digits) * seconds


def decompress(compressed: bytes, encoding: bytes, limit_bytes: int) -> bytes:
    """Undo a message's compression, and stop where it grows beyond the limit."""
    bits = WINDOW_BITS.get(encoding)
    if bits is None:
        raise CallFailed("INTERNAL", "a message is flagged as compressed and grpc-encoding names no compression")
    decompressor = zlib.decompressobj(bits)
    try:
        message = decompressor.decompress(compressed, limit_bytes + 1)
    except zlib.error as error:
        raise CallFailed("INTERNAL", f"a message cannot be decompressed: {error}") from None
    if len(message) > limit_bytes:
        raise too_large(f"a compressed message holds more than {limit_bytes} bytes")
    if not decompressor.eof:
        raise CallFailed("INTERNAL", "a message cannot be decompressed: it ends too early")
    return message


def check_encoding(encoding: bytes) -> None:
    if encoding not in WINDOW_BITS:
        shown = encoding[:80].decode("latin-1")
        raise CallFailed("UNIMPLEMENTED", f"grpc-encoding {shown!r} is not known here, only gzip and deflate are")


def too_large(sentence: str) -> CallFailed:
    return CallFailed("RESOURCE_EXHAUSTED", sentence, "too_large")


def read_metadata(fields: Fields) -> dict[str, str]:
    """Give the caller's metadata: neither what HTTP/2 itself writes nor `-bin` fields, which are no text."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in fields
        if not name.startswith(b":") and not name.endswith(b"-bin")
    }


def failure_fields(failure: CallFailed, metadata: dict[str, str] | None) -> Fields:
    """Write the trailers of a call that failed."""
    fields = [(b"grpc-status", b"%d" % STATUS_NUMBERS[failure.status])]
    if failure.details:
        fields.append((b"grpc-message", quote(failure.details)))
    if failure.reason:
        fields.append((b"reason", failure.reason.encode("ascii")))
    return (*fields, *metadata_fields(metadata)) if metadata else tuple(fields)


def metadata_fields(metadata: dict[str, str]) -> Fields:
    """Write metadata that is text as fields.

    HPACK is told not to remember them: a table full of what never comes again holds nothing that does.
    """
    return tuple(
        [NeverIndexedHeader(name.encode(), value.encode("ascii", "replace")) for name, value in metadata.items()]
    )


def quote(text: str) -> bytes:
    """Percent-encode all but the printable part of ASCII, as grpc-message must be."""
    raw = text.encode()
    if raw.isascii() and text.isprintable() and b"%" not in raw:
        return raw
    return b"".join(b"%c" % byte if 0x20 <= byte <= 0x7E and byte != 0x25 else b"%%%02X" % byte for byte in raw)
