"""Bodies in gzip and deflate, both ways, with a bound on what a small body can become.

Pure functions of bytes. Deflate is read in both forms that are sent under its
name: in zlib's wrapping, as the standard says, and raw, as some clients do. What
is decoded stops at its limit, so a bomb costs no more than an honest body.
"""

import zlib

from serving.errors import InvalidRequest, WrongContentType

IDENTITY = b"identity"
GZIP = b"gzip"
DEFLATE = b"deflate"

GZIP_WINDOW = 16 + zlib.MAX_WBITS
ZLIB_WINDOW = zlib.MAX_WBITS
RAW_WINDOW = -zlib.MAX_WBITS

FASTEST = 1
"""The level of compression: numbers gain little from more, and the processor is the model's."""

PIECE = 256 * 1024
"""Bytes decoded at once."""

FED = 64 * 1024
"""Bytes given to zlib at once: it copies what it leaves of them, each time."""

MOST_MEMBERS = 10_000
"""Parts of one gzip body. Each costs some microseconds however little is in it."""


class TooMuch(Exception):
    """There is more in the body than was asked for."""


def coding_of(header: bytes) -> bytes:
    """Read Content-Encoding; raises WrongContentType for what is not read here."""
    coding = header.strip().lower()
    if coding in (GZIP, DEFLATE, IDENTITY):
        return coding
    if coding == b"x-gzip":
        return GZIP
    if not coding:
        return IDENTITY
    raise WrongContentType(
        f"the body has Content-Encoding {header.decode('latin-1')[:80]!r}, expected 'gzip', 'deflate' or none"
    )


def decode(body: bytes, coding: bytes, limit_bytes: int) -> bytes:
    """Decode a whole body; raises InvalidRequest where it is no such body, TooMuch beyond the limit."""
    try:
        if coding == GZIP:
            return _members(body, limit_bytes)
        try:
            return _stream(body, ZLIB_WINDOW, limit_bytes)
        except zlib.error:
            return _stream(body, RAW_WINDOW, limit_bytes)
    except zlib.error as error:
        raise InvalidRequest(f"the body is no {coding.decode()}: {error}") from error


def _members(body: bytes, limit_bytes: int) -> bytes:
    """Decode gzip, which may be several, one behind the other."""
    whole = bytearray()
    at = 0
    for _ in range(MOST_MEMBERS):
        at = _run(zlib.decompressobj(GZIP_WINDOW), body, at, whole, limit_bytes)
        if at == len(body):
            return bytes(whole)
    raise zlib.error(f"it has more than {MOST_MEMBERS} members")


def _stream(body: bytes, window: int, limit_bytes: int) -> bytes:
    whole = bytearray()
    end = _run(zlib.decompressobj(window), body, 0, whole, limit_bytes)
    if end < len(body):
        raise zlib.error(f"{len(body) - end} bytes follow its end")
    return bytes(whole)


def _run(decoder: "zlib._Decompress", body: bytes, at: int, whole: bytearray, limit_bytes: int) -> int:
    """Decode what begins at `at` into `whole`; give the place where it ends."""
    while at < len(body):
        fed = body[at : at + FED]
        at += len(fed)
        piece = b"begun"
        # Where a piece was bounded there may be more of it, though all that was fed is consumed.
        while piece or fed:
            # One byte beyond the limit is enough to know.
            piece = decoder.decompress(fed, min(PIECE, limit_bytes + 1 - len(whole)))
            whole += piece
            if len(whole) > limit_bytes:
                raise TooMuch
            if decoder.eof:
                return at - len(decoder.unused_data)
            fed = decoder.unconsumed_tail
    raise zlib.error("it ends before its end")


def accepted(header: bytes) -> bytes | None:
    """Give the coding that Accept-Encoding likes best of ours, None where it is to be sent plain."""
    if header == b"gzip, deflate":  # what most clients send unasked
        return GZIP
    likes: dict[bytes, float] = {}
    for entry in header.lower().split(b","):
        name, _, parameter = entry.partition(b";")
        weight = parameter.strip()
        try:
            likes[name.strip()] = float(weight[2:]) if weight.startswith(b"q=") else 1.0
        except ValueError:
            continue
    others = likes.get(b"*", 0.0)
    gzip, deflate = likes.get(GZIP, likes.get(b"x-gzip", others)), likes.get(DEFLATE, others)
    if max(gzip, deflate) <= 0:
        return None
    return GZIP if gzip >= deflate else DEFLATE


def encode(body: bytes, coding: bytes) -> bytes:
    encoder = zlib.compressobj(FASTEST, zlib.DEFLATED, GZIP_WINDOW if coding == GZIP else ZLIB_WINDOW)
    return encoder.compress(body) + encoder.flush()
