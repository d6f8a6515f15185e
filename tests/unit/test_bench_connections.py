"""The connections that measure: what they send, and what they count."""

import asyncio
from collections.abc import Callable

import pytest

from loadtests.bench import http2
from loadtests.bench.closed_loop import Recorder
from loadtests.bench.grpc_connection import GrpcConnection, call_headers, frame_message
from loadtests.bench.rest_connection import RestConnection

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}"

TRAILERS = http2.END_HEADERS | http2.END_STREAM


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and closes when told."""

    def __init__(self, connection: asyncio.Protocol) -> None:
        super().__init__()
        self.connection = connection
        self.written: list[bytes] = []
        self.is_closed = False
        connection.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True
        self.connection.connection_lost(None)

    abort = close


def rest() -> tuple[Recorder, Wire]:
    recorder = Recorder()
    return recorder, Wire(RestConnection(b"POST", recorder))


def grpc() -> tuple[Recorder, Wire]:
    recorder = Recorder()
    return recorder, Wire(GrpcConnection(call_headers("/a.B/C", 1), b"message", recorder))


def grpc_answer(stream: int) -> bytes:
    return (
        http2.encode_frame(http2.HEADERS, http2.END_HEADERS, stream, b"\x88")
        + http2.encode_frame(http2.DATA, 0, stream, frame_message(b"answer"))
        + http2.encode_frame(http2.HEADERS, TRAILERS, stream, b"\x88")
    )


def calls(wire: Wire) -> list[tuple[int, bytes]]:
    """List stream and message of every call that was written."""
    frames, rest_of = http2.decode_frames(b"".join(wire.written).removeprefix(http2.PREFACE))
    assert rest_of == b""
    return [(frame.stream, frame.payload) for frame in frames if frame.kind == http2.DATA]


def test_a_rest_connection_asks_again_when_it_has_the_whole_answer() -> None:
    recorder, wire = rest()
    wire.connection.data_received(OK[:20])
    assert wire.written == [b"POST"]
    wire.connection.data_received(OK[20:])
    assert wire.written == [b"POST", b"POST"]
    assert (len(recorder.latencies_seconds), recorder.errors) == (1, 0)


def test_another_status_than_200_is_an_error_and_has_no_latency() -> None:
    recorder, wire = rest()
    wire.connection.data_received(UNAVAILABLE)
    assert (recorder.latencies_seconds, recorder.errors) == ([], 1)
    assert len(wire.written) == 2


def test_an_answer_without_an_end_closes_the_connection() -> None:
    recorder, wire = rest()
    wire.connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    assert wire.is_closed
    assert recorder.errors == 2, "the answer, and the connection that was lost"


def test_a_grpc_connection_calls_again_on_the_next_stream() -> None:
    recorder, wire = grpc()
    answer = grpc_answer(1)
    wire.connection.data_received(answer[:-1])
    assert calls(wire) == [(1, frame_message(b"message"))]
    wire.connection.data_received(answer[-1:])
    assert [stream for stream, _ in calls(wire)] == [1, 3]
    assert (len(recorder.latencies_seconds), recorder.errors) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http2.encode_frame(http2.HEADERS, TRAILERS, 1, b"\x88"), id="trailers only"),
        pytest.param(http2.encode_frame(http2.RST_STREAM, 0, 1, b"\0\0\0\x02"), id="reset"),
    ],
)
def test_a_call_that_ends_without_a_message_is_an_error(answer: bytes) -> None:
    recorder, wire = grpc()
    wire.connection.data_received(answer)
    assert (recorder.latencies_seconds, recorder.errors) == ([], 1)
    assert [stream for stream, _ in calls(wire)] == [1, 3]


def test_settings_and_pings_are_acknowledged() -> None:
    _, wire = grpc()
    del wire.written[:]
    wire.connection.data_received(http2.encode_settings({}) + http2.encode_frame(http2.PING, 0, 0, b"12345678"))
    frames, _ = http2.decode_frames(b"".join(wire.written))
    assert frames == [
        http2.Frame(http2.SETTINGS, http2.ACK, 0, b""),
        http2.Frame(http2.PING, http2.ACK, 0, b"12345678"),
    ]


def test_acknowledgements_are_not_acknowledged() -> None:
    _, wire = grpc()
    del wire.written[:]
    wire.connection.data_received(http2.encode_frame(http2.SETTINGS, http2.ACK, 0, b""))
    assert wire.written == []


@pytest.mark.parametrize(("connect", "answer"), [(rest, OK), (grpc, grpc_answer(1))], ids=["rest", "grpc"])
def test_when_the_time_is_up_a_connection_takes_its_answer_and_closes(
    connect: Callable[[], tuple[Recorder, Wire]], answer: bytes
) -> None:
    recorder, wire = connect()
    recorder.is_open = False
    wire.connection.data_received(answer)
    assert wire.is_closed
    assert recorder.errors == 0


@pytest.mark.parametrize("connect", [rest, grpc])
def test_a_connection_that_is_lost_while_it_should_ask_is_an_error(
    connect: Callable[[], tuple[Recorder, Wire]],
) -> None:
    recorder, wire = connect()
    wire.connection.connection_lost(None)
    assert recorder.errors == 1
