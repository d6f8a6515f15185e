"""gRPC's framing, timeouts, statuses and metadata, as bytes."""

import contextlib
import gzip
import zlib
from urllib.parse import unquote_to_bytes

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import grpc_wire
from serving.grpc_method import CallFailed


def test_the_statuses_have_the_numbers_that_grpc_gives_them() -> None:
    assert {code.name: code.value[0] for code in grpc.StatusCode} == grpc_wire.STATUS_NUMBERS


@given(bodies=st.lists(st.binary(max_size=50)), cut=st.integers(0, 300))
def test_messages_are_split_wherever_the_bytes_are_cut(bodies: list[bytes], cut: int) -> None:
    sent = b"".join(map(grpc_wire.frame, bodies))
    received = bytearray(sent[:cut])
    read = list(grpc_wire.split(received, 50))
    received += sent[cut:]
    read += grpc_wire.split(received, 50)
    assert read == [(False, body) for body in bodies]
    assert not received


def test_a_message_that_declares_too_much_is_refused_before_it_is_there() -> None:
    with pytest.raises(CallFailed, match="51 bytes, and the limit is 50"):
        list(grpc_wire.split(bytearray(b"\x00\x00\x00\x00\x33"), 50))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"1H", 3600.0),
        (b"2M", 120.0),
        (b"3S", 3.0),
        (b"250m", 0.25),
        (b"5u", 5e-6),
        (b"99999999n", 0.099999999),
        (b"0S", 0.0),
    ],
)
def test_a_timeout_is_a_number_and_a_unit(text: bytes, seconds: float) -> None:
    assert grpc_wire.read_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [b"", b"S", b"1", b"1s", b"-1S", b"1.5S", b"123456789S", b"1 S", b"\xb2S"])
def test_what_is_no_timeout_is_refused(text: bytes) -> None:
    with pytest.raises(CallFailed, match="grpc-timeout is") as caught:
        grpc_wire.read_timeout(text)
    assert caught.value.status == "INVALID_ARGUMENT"


@given(st.text("ab %\n\x7f\xe9\N{GRINNING FACE}"))
def test_a_sentence_is_printable_ascii_on_the_wire_and_comes_back(text: str) -> None:
    quoted = grpc_wire.quote(text)
    assert all(0x20 <= byte <= 0x7E for byte in quoted)
    assert unquote_to_bytes(quoted) == text.encode()


def test_a_plain_sentence_stays_as_it_is() -> None:
    assert grpc_wire.quote("input 'x' is missing") == b"input 'x' is missing"


@given(st.binary(max_size=2000))
def test_compressed_messages_are_what_they_were(content: bytes) -> None:
    assert grpc_wire.decompress(gzip.compress(content), b"gzip", 2000) == content
    assert grpc_wire.decompress(zlib.compress(content), b"deflate", 2000) == content


@given(st.binary(max_size=200))
def test_what_cannot_be_decompressed_is_a_failed_call_and_nothing_else(noise: bytes) -> None:
    with contextlib.suppress(CallFailed):
        assert len(grpc_wire.decompress(noise, b"gzip", 100)) <= 100


def test_decompression_stops_at_the_limit() -> None:
    with pytest.raises(CallFailed, match="more than 100 bytes") as caught:
        grpc_wire.decompress(gzip.compress(bytes(10_000_000)), b"gzip", 100)
    assert (caught.value.status, caught.value.reason) == ("RESOURCE_EXHAUSTED", "too_large")


def test_metadata_is_what_is_text_and_not_http2s_own() -> None:
    fields = ((b":path", b"/a/b"), (b"x-tenant", b"caf\xe9"), (b"token-bin", b"AA"), (b"x-tenant", b"last"))
    assert grpc_wire.read_metadata(fields) == {"x-tenant": "last"}


def test_a_failure_is_written_with_its_reason_and_metadata() -> None:
    failure = CallFailed("NOT_FOUND", "50 %", "unknown_model")
    assert grpc_wire.failure_fields(failure, {"x-request-id": "1"}) == (
        (b"grpc-status", b"5"),
        (b"grpc-message", b"50 %25"),
        (b"reason", b"unknown_model"),
        (b"x-request-id", b"1"),
    )
    assert grpc_wire.failure_fields(CallFailed("CANCELLED", ""), None) == ((b"grpc-status", b"1"),)
