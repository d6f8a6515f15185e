"""HTTP/2 frames, header blocks and flow control."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.bench import http2
from loadtests.bench.outflow import Outflow

FRAMES = st.lists(
    st.builds(
        http2.Frame,
        kind=st.integers(0, 9),
        flags=st.integers(0, 255),
        stream=st.integers(0, 2**31 - 1),
        payload=st.binary(max_size=300),
    ),
    max_size=8,
)


@given(frames=FRAMES, cut=st.integers(0, 3000))
def test_frames_are_read_as_they_were_written_wherever_the_bytes_are_cut(frames: list[http2.Frame], cut: int) -> None:
    written = b"".join(http2.encode_frame(*frame) for frame in frames)
    first, rest = http2.decode_frames(written[:cut])
    second, nothing = http2.decode_frames(rest + written[cut:])
    assert first + second == frames
    assert nothing == b""


def test_a_frame_longer_than_65535_bytes_keeps_its_length() -> None:
    frame = http2.Frame(http2.DATA, 0, 1, bytes(70_000))
    assert http2.encode_frame(*frame)[:3] == b"\x01\x11\x70"
    assert http2.decode_frames(http2.encode_frame(*frame)) == ([frame], b"")


def test_the_reserved_bit_of_a_stream_is_ignored() -> None:
    frames, _ = http2.decode_frames(b"\x00\x00\x00\x00\x00\x80\x00\x00\x05")
    assert frames == [http2.Frame(http2.DATA, 0, 5, b"")]


def test_settings_are_pairs_on_stream_zero() -> None:
    settings = {http2.SETTINGS_ENABLE_PUSH: 0, http2.SETTINGS_INITIAL_WINDOW_SIZE: 2**31 - 1}
    [frame], _ = http2.decode_frames(http2.encode_settings(settings))
    assert (frame.kind, frame.flags, frame.stream) == (http2.SETTINGS, 0, 0)
    assert http2.decode_settings(frame.payload) == settings


def test_a_header_is_a_literal_that_enters_no_table() -> None:
    # RFC 7541 C.2.2 with its name spelled out.
    assert http2.encode_headers([(":path", "/sample/path")]) == b"\x00\x05:path\x0c/sample/path"


@pytest.mark.parametrize(
    ("length", "encoded"),
    [(126, b"\x7e"), (127, b"\x7f\x00"), (128, b"\x7f\x01"), (255, b"\x7f\x80\x01"), (1337, b"\x7f\xba\x09")],
)
def test_the_length_of_a_long_header_takes_more_bytes(length: int, encoded: bytes) -> None:
    assert http2.encode_headers([("", "x" * length)]) == b"\x00\x00" + encoded + b"x" * length


def data_frames(written: bytes) -> list[tuple[int, int]]:
    """List length and flags of the frames, which must all carry data of stream 1."""
    frames, rest = http2.decode_frames(written)
    assert rest == b""
    assert all((frame.kind, frame.stream) == (http2.DATA, 1) for frame in frames)
    return [(len(frame.payload), frame.flags) for frame in frames]


def test_a_small_message_leaves_in_one_frame_that_ends_the_stream() -> None:
    assert data_frames(Outflow().begin(1, bytes(800))) == [(800, http2.END_STREAM)]


def test_a_large_message_leaves_in_frames_until_the_window_is_used_up() -> None:
    outflow = Outflow()
    frame = http2.DEFAULT_FRAME_BYTES
    assert data_frames(outflow.begin(1, bytes(70_000))) == [(frame, 0)] * 3 + [(frame - 1, 0)]
    assert outflow.on_window_update(1, struct.pack(">L", 100_000)) == b""
    assert data_frames(outflow.on_window_update(0, struct.pack(">L", 100_000))) == [(4465, http2.END_STREAM)]


def test_settings_widen_the_open_stream_and_the_frames() -> None:
    outflow = Outflow()
    outflow.begin(1, bytes(70_000))
    outflow.on_window_update(0, struct.pack(">L", 100_000))
    settings = {http2.SETTINGS_INITIAL_WINDOW_SIZE: 100_000, http2.SETTINGS_MAX_FRAME_SIZE: 20_000}
    [frame], _ = http2.decode_frames(http2.encode_settings(settings))
    assert data_frames(outflow.on_settings(frame.payload)) == [(4465, http2.END_STREAM)]
    assert data_frames(outflow.begin(1, bytes(30_000))) == [(20_000, 0), (10_000, http2.END_STREAM)]


def test_a_grant_to_a_stream_that_has_ended_changes_nothing() -> None:
    outflow = Outflow()
    outflow.begin(1, bytes(10))
    assert outflow.on_window_update(3, struct.pack(">L", 5)) == b""
