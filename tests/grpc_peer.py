"""A caller of one gRPC connection without a socket, who may write any frame there is."""

import asyncio
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, cast

import ngh2

from serving.grpc_connection import GrpcConnection, Outbox
from serving.grpc_limits import Limits
from serving.grpc_method import Methods
from tests.grpc_servers import limits

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NONE: Mapping[str, str] = {}
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


class Pipe(asyncio.Transport):
    """What the connection writes, and what it does to its transport."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_closed = False
        self.is_aborted = False
        self.has_ended = False

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.is_aborted = True


class Peer:
    """Keeps HTTP/2 with a connection in its own way."""

    def __init__(self, methods: Methods, given: Limits | None = None, *, age_seconds: float = inf) -> None:
        self.pipe = Pipe()
        self.joined: list[GrpcConnection] = []
        self.left: list[GrpcConnection] = []
        routes = {path.encode(): method for path, method in methods.items()}
        self.connection = GrpcConnection(
            routes, given or limits(), Outbox(), age_seconds, self.joined.append, self.left.append
        )
        self.connection.connection_made(self.pipe)
        self.http2 = ngh2.Connection(ngh2.Role.CLIENT)
        self.events: list[ngh2.Event] = []

    async def greet(self, settings: Mapping[int, int] | None = None) -> None:
        self.http2.initiate_connection(settings)
        await self.exchange()

    async def exchange(self, *, cut: Callable[[bytes], list[bytes]] = lambda data: [data]) -> None:
        """Carry bytes both ways until both sides are silent."""
        for _ in range(4):
            for piece in cut(self.http2.data_to_send()):
                if piece and not self.pipe.is_closed:
                    self.connection.data_received(piece)
            await turns()
            self.read()

    def read(self) -> None:
        if self.pipe.written:
            written = bytes(self.pipe.written)
            self.pipe.written.clear()
            self.http2.receive_data(written)
        self.events += self.http2.events()

    def ask(self, path: str, body: bytes | None = None, fields: Mapping[str, str] = NONE, *, end: bool = True) -> int:
        """Begin a call; the body is as it comes, gRPC's prefix included. A field that is empty is left out."""
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "test",
            "te": "trailers",
            "content-type": "application/grpc",
            **fields,
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value]
        stream_id = self.http2.send_request(pairs, end_stream=body is None and end)
        if body is not None:
            self.http2.send_data(stream_id, body, end_stream=end)
        return stream_id

    def write(self, raw: bytes) -> None:
        """Send bytes that no client would."""
        if not self.pipe.is_closed:
            self.connection.data_received(raw)

    def fields(self, stream_id: int) -> dict[str, str]:
        """What the headers and the trailers of an answer said."""
        return {
            name.decode(): value.decode()
            for event in self.of(stream_id, ngh2.ResponseReceived, ngh2.TrailersReceived)
            for name, value in cast(ngh2.ResponseReceived, event).headers
        }

    def body(self, stream_id: int) -> bytes:
        return b"".join(cast(ngh2.DataReceived, event).data for event in self.of(stream_id, ngh2.DataReceived))

    def of(self, stream_id: int, *kinds: type[ngh2.Event]) -> list[ngh2.Event]:
        return [event for event in self.events if isinstance(event, kinds) and event.stream_id == stream_id]  # type: ignore[attr-defined]

    def reset(self, stream_id: int) -> int | None:
        """The code with which the server reset a stream."""
        resets = self.of(stream_id, ngh2.StreamReset)
        return cast(ngh2.StreamReset, resets[0]).error_code if resets else None

    def goaways(self) -> list[tuple[int, int, bytes]]:
        return [
            (event.last_stream_id, event.error_code, event.debug_data)
            for event in self.events
            if isinstance(event, ngh2.GoAwayReceived)
        ]


async def turns(count: int = 4) -> None:
    """Let the event loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


def message(content: bytes, flag: int = 0) -> bytes:
    return bytes([flag]) + len(content).to_bytes(4, "big") + content
