"""gzip and deflate: read in every form, refused in words where broken, stopped at the limit."""

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import content_coding
from serving.content_coding import DEFLATE, FED, GZIP, IDENTITY, MOST_MEMBERS, PIECE, TooMuch
from serving.errors import InvalidRequest, WrongContentType

BODY = b'{"inputs": []}' * 1000
LIMIT = 1 << 20


def raw_deflate(body: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(body) + encoder.flush()


FORMS = [
    pytest.param(gzip.compress(BODY), GZIP, id="gzip"),
    pytest.param(gzip.compress(BODY[:5000]) + gzip.compress(BODY[5000:]), GZIP, id="two members of gzip"),
    pytest.param(zlib.compress(BODY), DEFLATE, id="deflate in zlib"),
    pytest.param(raw_deflate(BODY), DEFLATE, id="deflate alone"),
    pytest.param(gzip.compress(BODY, compresslevel=0), GZIP, id="gzip that compresses nothing"),
]


@pytest.mark.parametrize(("sent", "coding"), FORMS)
def test_every_form_is_read(sent: bytes, coding: bytes) -> None:
    assert content_coding.decode(sent, coding, LIMIT) == BODY
    assert content_coding.decode(sent, coding, len(BODY)) == BODY, "as large as may be"


@pytest.mark.parametrize(("sent", "coding"), FORMS)
def test_beyond_the_limit_is_told(sent: bytes, coding: bytes) -> None:
    with pytest.raises(TooMuch):
        content_coding.decode(sent, coding, len(BODY) - 1)


@pytest.mark.parametrize(("sent", "coding"), FORMS)
@pytest.mark.parametrize("kept", [0, 1, 10, -1, -8])
def test_a_body_that_is_cut_off_is_refused(sent: bytes, coding: bytes, kept: int) -> None:
    with pytest.raises(InvalidRequest, match=r"the body is no (gzip|deflate): "):
        content_coding.decode(sent[:kept], coding, LIMIT)


@pytest.mark.parametrize(("sent", "coding"), FORMS)
def test_noise_behind_the_end_is_refused(sent: bytes, coding: bytes) -> None:
    with pytest.raises(InvalidRequest):
        content_coding.decode(sent + b"noise", coding, LIMIT)


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(bytes(100 << 20), compresslevel=9)
    assert len(bomb) < 200_000
    with pytest.raises(TooMuch):
        content_coding.decode(bomb, GZIP, LIMIT)


def test_many_empty_members_are_nothing() -> None:
    assert content_coding.decode(gzip.compress(b"") * 1000, GZIP, LIMIT) == b""


def test_members_beyond_number_are_refused_however_little_is_in_them() -> None:
    with pytest.raises(InvalidRequest, match=f"the body is no gzip: it has more than {MOST_MEMBERS} members"):
        content_coding.decode(gzip.compress(b"") * (MOST_MEMBERS + 1), GZIP, LIMIT)


@pytest.mark.parametrize("size", [FED - 1, FED, FED + 1, 3 * FED, 5 * PIECE + 7])
def test_members_end_anywhere_in_what_is_fed(size: int) -> None:
    noise = random.Random(size).randbytes(size)
    sent = gzip.compress(noise) + gzip.compress(bytes(size)) + gzip.compress(noise)
    assert content_coding.decode(sent, GZIP, 3 * size) == noise + bytes(size) + noise
    assert content_coding.decode(zlib.compress(noise), DEFLATE, size) == noise


@given(st.binary(max_size=200), st.sampled_from([GZIP, DEFLATE]))
def test_noise_is_refused_or_read_and_never_raises_anything_else(noise: bytes, coding: bytes) -> None:
    try:
        read = content_coding.decode(noise, coding, LIMIT)
    except (InvalidRequest, TooMuch):
        return
    assert len(read) <= LIMIT


@given(st.binary(max_size=2000), st.sampled_from([GZIP, DEFLATE]))
def test_what_is_written_can_be_read(body: bytes, coding: bytes) -> None:
    assert content_coding.decode(content_coding.encode(body, coding), coding, LIMIT) == body


def test_others_read_what_is_written() -> None:
    assert gzip.decompress(content_coding.encode(BODY, GZIP)) == BODY
    assert zlib.decompress(content_coding.encode(BODY, DEFLATE)) == BODY


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (b"gzip", GZIP),
        (b"GZIP", GZIP),
        (b"x-gzip", GZIP),
        (b" deflate ", DEFLATE),
        (b"identity", IDENTITY),
        (b"", IDENTITY),
    ],
)
def test_codings_have_names(header: bytes, coding: bytes) -> None:
    assert content_coding.coding_of(header) == coding


@pytest.mark.parametrize("header", [b"br", b"gzip, gzip", b"zstd", b"\xff"])
def test_a_coding_that_is_not_read_is_told_those_that_are(header: bytes) -> None:
    with pytest.raises(WrongContentType, match="expected 'gzip', 'deflate' or none"):
        content_coding.coding_of(header)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (b"gzip, deflate", GZIP),
        (b"deflate", DEFLATE),
        (b"br, deflate, gzip;q=0.5", DEFLATE),
        (b"gzip;q=0", None),
        (b"gzip;q=0, *", DEFLATE),
        (b"*", GZIP),
        (b"identity", None),
        (b"", None),
        (b"br", None),
        (b"gzip;q=nonsense", None),
        (b"GZip;Q=1.0", GZIP),
    ],
)
def test_what_a_caller_likes_best_is_chosen(header: bytes, coding: bytes | None) -> None:
    assert content_coding.accepted(header) == coding
