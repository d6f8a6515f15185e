"""Compressed bodies through the application: decoded, bounded, counted in memory; answers compressed for who asks."""

import gzip
import zlib

import pytest

from serving.body_coding import ON_THE_SPOT, BodyCoding
from serving.errors import InvalidRequest, PayloadTooLarge, TooManyBytes, WrongContentType
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes

LIMIT = 1_000_000
SIZES = [
    pytest.param(0, id="nothing"),
    pytest.param(100, id="a few bytes"),
    pytest.param(ON_THE_SPOT, id="as many as are done on the spot"),
    pytest.param(ON_THE_SPOT + 1, id="one more"),
    pytest.param(LIMIT, id="as many as may be"),
]


def request(body: bytes, coding: str = "gzip") -> HttpRequest:
    return HttpRequest("POST", "/", {b"content-encoding": coding.encode()}, body)


def coding(inflight_bytes: int = 1 << 30, compress_bytes: int = 1000) -> tuple[BodyCoding, InflightBytes]:
    inflight = InflightBytes(inflight_bytes)
    return BodyCoding(LIMIT, inflight, compress_bytes), inflight


@pytest.mark.parametrize("size", SIZES)
async def test_a_body_becomes_what_it_was_and_counts_as_that(size: int) -> None:
    bodies, inflight = coding()
    sent = request(gzip.compress(b"x" * size))
    await bodies.decode(sent)
    assert sent.body == b"x" * size
    assert sent.held_bytes == inflight.held_bytes == size


async def test_a_body_that_is_smaller_decoded_counts_as_it_came() -> None:
    bodies, inflight = coding()
    sent = request(gzip.compress(b""))
    sent.held_bytes = len(sent.body)
    await bodies.decode(sent)
    assert (sent.body, inflight.held_bytes) == (b"", 0)


async def test_a_body_that_is_said_to_be_plain_stays() -> None:
    bodies, _ = coding()
    sent = request(b"{}", "identity")
    await bodies.decode(sent)
    assert sent.body == b"{}"


@pytest.mark.parametrize("size", [LIMIT + 1, 100 * LIMIT])
async def test_a_bomb_is_too_large(size: int) -> None:
    bodies, inflight = coding()
    with pytest.raises(PayloadTooLarge, match="larger than 1000000 bytes once decoded"):
        await bodies.decode(request(gzip.compress(bytes(size))))
    assert inflight.held_bytes == 0


async def test_a_limit_below_what_is_done_on_the_spot_is_kept() -> None:
    bodies = BodyCoding(100, InflightBytes(1 << 30), 0)
    with pytest.raises(PayloadTooLarge):
        await bodies.decode(request(gzip.compress(bytes(101))))


async def test_what_does_not_fit_beside_others_once_decoded_is_refused() -> None:
    bodies, inflight = coding(inflight_bytes=1000)
    inflight.take(500)
    with pytest.raises(TooManyBytes):
        await bodies.decode(request(gzip.compress(bytes(501))))
    assert inflight.held_bytes == 500


@pytest.mark.parametrize("size", [100, 10 * ON_THE_SPOT])
async def test_a_broken_body_is_told(size: int) -> None:
    bodies, _ = coding()
    with pytest.raises(InvalidRequest, match="no gzip"):
        await bodies.decode(request(gzip.compress(bytes(size))[:-1]))


async def test_a_coding_that_is_not_read_is_told() -> None:
    bodies, _ = coding()
    with pytest.raises(WrongContentType, match="'br'"):
        await bodies.decode(request(b"", "br"))


@pytest.mark.parametrize("size", [100, 10 * ON_THE_SPOT])
async def test_an_answer_is_compressed_as_its_caller_likes_it(size: int) -> None:
    bodies, _ = coding()
    for name, read in ((b"gzip", gzip.decompress), (b"deflate", zlib.decompress)):
        answer = HttpAnswer(200, JSON, b"x" * size)
        await bodies.encode(HttpRequest("POST", "/", {b"accept-encoding": name}), answer)
        assert read(answer.body) == b"x" * size
        assert dict(answer.headers)[b"content-encoding"] == name
        assert dict(answer.headers)[b"vary"] == b"accept-encoding"


async def test_an_answer_stays_plain_for_who_does_not_ask() -> None:
    bodies, _ = coding()
    answer = HttpAnswer(200, JSON, b"x" * 5000)
    await bodies.encode(HttpRequest("POST", "/", {}), answer)
    assert (answer.body, answer.headers) == (b"x" * 5000, JSON)


def test_zero_compresses_nothing() -> None:
    assert coding(compress_bytes=0)[0].compress_bytes > 1 << 40
