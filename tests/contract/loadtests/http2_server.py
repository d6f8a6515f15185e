"""An HTTP/2 server of gRPC calls, written by hand so that it can break every rule.

`Http2` reads frames and gives a test each call as it is whole; what is answered,
and whether that is HTTP/2, is the test's own. `Obedient` is libnghttp2's server,
for what needs header fields and windows.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import NamedTuple

import ngh2

from loadtests.bench import http2

PLAIN = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0")]
SETTINGS_ACK = http2.encode_frame(http2.SETTINGS, http2.ACK, 0, b"")


class Call(NamedTuple):
    stream: int
    message: bytes


def message(text: bytes) -> bytes:
    return struct.pack(">BL", 0, len(text)) + text


def headers(stream: int, fields: list[tuple[str, str]], *, ends: bool = False) -> bytes:
    flags = http2.END_HEADERS | (http2.END_STREAM if ends else 0)
    return http2.encode_frame(http2.HEADERS, flags, stream, http2.encode_headers(fields))


def data(stream: int, payload: bytes, *, ends: bool = False) -> bytes:
    return http2.encode_frame(http2.DATA, http2.END_STREAM if ends else 0, stream, payload)


def answer(stream: int, text: bytes, trailers: list[tuple[str, str]] | None = None) -> bytes:
    """The frames of a whole answer."""
    last = OK if trailers is None else trailers
    return headers(stream, PLAIN) + data(stream, message(text)) + headers(stream, last, ends=True)


def trailers_only(stream: int, fields: list[tuple[str, str]]) -> bytes:
    return headers(stream, [*PLAIN, *fields], ends=True)


def reset(stream: int, code: int) -> bytes:
    return http2.encode_frame(http2.RST_STREAM, 0, stream, struct.pack(">L", code))


def goaway(last: int, code: int = 0) -> bytes:
    return http2.encode_frame(http2.GOAWAY, 0, 0, struct.pack(">LL", last, code))


class Http2:
    """Reads what a client sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._received = b""
        self._bodies: dict[int, bytes] = {}
        self.frames: list[http2.Frame] = []
        """All that came, but for calls."""

    async def greet(self, settings: dict[int, int] | None = None) -> None:
        assert await self._reader.readexactly(len(http2.PREFACE)) == http2.PREFACE
        self._writer.write(http2.encode_settings(settings or {}))

    def __aiter__(self) -> AsyncIterator[Call]:
        return self._calls()

    async def _calls(self) -> AsyncIterator[Call]:
        while received := await self._reader.read(65_536):
            frames, self._received = http2.decode_frames(self._received + received)
            for frame in frames:
                self.frames.append(frame)
                if frame.kind == http2.SETTINGS and not frame.flags & http2.ACK:
                    self._writer.write(SETTINGS_ACK)
                elif frame.kind == http2.DATA:
                    self._bodies[frame.stream] = self._bodies.get(frame.stream, b"") + frame.payload
                    if frame.flags & http2.END_STREAM:
                        yield Call(frame.stream, self._bodies.pop(frame.stream)[5:])


class Obedient:
    """What libnghttp2 reads: header fields, and bodies under windows as small as a test likes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: dict[int, int] | None = None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._http2 = ngh2.Connection(ngh2.Role.SERVER)
        self._http2.initiate_connection(settings or {})
        self._bodies: dict[int, bytes] = {}
        self._fields: dict[int, dict[bytes, bytes]] = {}

    async def calls(self) -> AsyncIterator[tuple[int, dict[bytes, bytes], bytes]]:
        """Give each call when it is whole: its stream, its fields and its message."""
        while received := await self._reader.read(65_536):
            self._http2.receive_data(received)
            for event in self._http2.events():
                if isinstance(event, ngh2.RequestReceived):
                    self._fields[event.stream_id] = dict(event.headers)
                elif isinstance(event, ngh2.DataReceived):
                    self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
                    if event.end_stream:
                        body = self._bodies.pop(event.stream_id)
                        yield event.stream_id, self._fields.pop(event.stream_id), body[5:]
            await self.flush()

    async def answer(self, stream: int, text: bytes) -> None:
        self._http2.send_response(stream, [(name.encode(), value.encode()) for name, value in PLAIN])
        self._http2.send_data(stream, message(text))
        self._http2.send_trailers(stream, [(b"grpc-status", b"0")])
        await self.flush()

    async def flush(self) -> None:
        self._writer.write(self._http2.data_to_send())
        await self._writer.drain()
