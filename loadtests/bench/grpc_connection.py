"""One HTTP/2 connection that makes the same unary gRPC call again and again.

A client of grpcio makes some three thousand calls a second on one core, fewer
than a good server answers, so this one writes frames itself: headers encoded
once, the message behind them, and of the answer only frame heads are read. A
call counts as answered when a message came and the stream ended; gRPC reports
an error by ending the stream without one. What the message says is checked
before the measurement, by `grpc_v2.py`.
"""

import asyncio
import struct
import time
from typing import cast

from loadtests.bench import http2
from loadtests.bench.closed_loop import HOST, Recorder
from loadtests.bench.outflow import Outflow

_MESSAGE_HEAD_BYTES = 5
_TOP_UP_BYTES = 2**30

# The server may send as much as HTTP/2 can grant, so it never waits for us.
_GREETING = (
    http2.PREFACE
    + http2.encode_settings(
        {
            http2.SETTINGS_HEADER_TABLE_SIZE: 0,
            http2.SETTINGS_ENABLE_PUSH: 0,
            http2.SETTINGS_INITIAL_WINDOW_SIZE: http2.LARGEST_WINDOW_BYTES,
        }
    )
    + http2.encode_window_update(0, http2.LARGEST_WINDOW_BYTES - http2.DEFAULT_WINDOW_BYTES)
)
_SETTINGS_ACK = http2.encode_frame(http2.SETTINGS, http2.ACK, 0, b"")


def call_headers(path: str, port: int) -> bytes:
    """Encode the header block of a unary call."""
    return http2.encode_headers(
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", f"{HOST}:{port}"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "ecluse-bench"),
        ]
    )


def frame_message(message: bytes) -> bytes:
    """Put gRPC's own head before a message: not compressed, and its length."""
    return struct.pack(">BL", 0, len(message)) + message


class GrpcConnection(asyncio.Protocol):
    """Call, await message and end of stream, note how long it took, call again."""

    def __init__(self, headers: bytes, message: bytes, recorder: Recorder) -> None:
        self._headers = headers
        self._body = frame_message(message)
        self._recorder = recorder
        self._outflow = Outflow()
        self._received = b""
        self._stream = -1
        self._sent_at = 0.0
        self._answer_bytes = 0
        self._bytes_since_top_up = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._recorder.join()
        self._transport.write(_GREETING)
        self._call(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        frames, self._received = http2.decode_frames(self._received + data if self._received else data)
        for kind, flags, stream, payload in frames:
            if kind == http2.DATA:
                self._answer_bytes += len(payload)
                self._bytes_since_top_up += len(payload)
            elif kind == http2.RST_STREAM:
                self._answer_bytes = 0
            if kind not in (http2.DATA, http2.HEADERS, http2.RST_STREAM):
                self._obey(kind, flags, stream, payload)
            elif stream == self._stream and (kind == http2.RST_STREAM or flags & http2.END_STREAM):
                self._finish()

    def connection_lost(self, _reason: Exception | None) -> None:
        self._recorder.leave()

    def _call(self, at: float) -> None:
        self._sent_at = at
        self._stream += 2
        self._answer_bytes = 0
        head = http2.encode_frame(http2.HEADERS, http2.END_HEADERS, self._stream, self._headers)
        self._transport.write(head + self._outflow.begin(self._stream, self._body))

    def _finish(self) -> None:
        answered_at = time.perf_counter()
        if self._answer_bytes > _MESSAGE_HEAD_BYTES:
            self._recorder.latencies_seconds.append(answered_at - self._sent_at)
        else:
            self._recorder.errors += 1
        if not self._recorder.is_open:
            self._transport.close()
            return
        if self._bytes_since_top_up > _TOP_UP_BYTES:
            self._transport.write(http2.encode_window_update(0, self._bytes_since_top_up))
            self._bytes_since_top_up = 0
        self._call(answered_at)

    def _obey(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        answer = b""
        if kind == http2.SETTINGS and not flags & http2.ACK:
            answer = _SETTINGS_ACK + self._outflow.on_settings(payload)
        elif kind == http2.PING and not flags & http2.ACK:
            answer = http2.encode_frame(http2.PING, http2.ACK, 0, payload)
        elif kind == http2.WINDOW_UPDATE:
            answer = self._outflow.on_window_update(stream, payload)
        if answer:
            self._transport.write(answer)
