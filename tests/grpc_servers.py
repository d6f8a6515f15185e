"""A gRPC server inside the test's own event loop, with methods that show what a transport does.

The same table is served by either transport, so that one test can hold both to
the same promises.
"""

import asyncio
from collections.abc import AsyncIterator
from math import inf

import orjson

from serving.call import Call
from serving.errors import ServingError
from serving.grpc_limits import Limits
from serving.grpc_listener import NghttpListener
from serving.grpc_method import CallFailed, Methods, Streaming, Unary
from serving.grpc_server import GrpcListener
from serving.grpcio_listener import GrpcioListener
from serving.inflight_bytes import InflightBytes
from serving.settings import Grpc
from serving.tls import ServerTls, TlsFiles

TRANSPORTS = ("nghttp2", "grpcio")
MESSAGE_BYTES = 8 * 1024 * 1024
ANSWER_BYTES = 6 * 1024 * 1024
STRANGE = "100 % of caf\N{LATIN SMALL LETTER E WITH ACUTE}s\n\N{GRINNING FACE}"
"""A sentence that no header can carry as it is."""


class Methodical:
    """Methods that answer in every way there is, and remember what became of each call."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.let_go = asyncio.Event()
        self._change = asyncio.Event()

    def note(self, event: str) -> None:
        self.events.append(event)
        self._change.set()
        self._change = asyncio.Event()

    async def happened(self, event: str) -> None:
        while event not in self.events:
            await self._change.wait()

    def methods(self) -> Methods:
        return {
            "/test.Service/Echo": Unary(self.echo),
            "/test.Service/Fail": Unary(self.fail),
            "/test.Service/Break": Unary(self.break_down),
            "/test.Service/Wait": Unary(self.wait),
            "/test.Service/Guarded": Unary(self.echo, self.admit),
            "/test.Service/Headers": Unary(self.headers),
            "/test.Service/Trailers": Unary(self.trailers),
            "/test.Service/Grow": Unary(self.grow),
            "/test.Service/Chat": Streaming(self.chat),
            "/test.Service/Count": Streaming(self.count),
            "/test.Service/Stumble": Streaming(self.stumble),
            "/test.Service/Watch": Streaming(self.watch, is_endless=True),
        }

    async def echo(self, message: bytes, call: Call) -> bytes:
        return message

    def admit(self, call: Call) -> None:
        if call.field(b"authorization") is None:
            raise CallFailed("UNAUTHENTICATED", "no key came", "unauthenticated")

    async def fail(self, message: bytes, call: Call) -> bytes:
        raise CallFailed(message.decode(), STRANGE, "bad_input")

    async def break_down(self, message: bytes, call: Call) -> bytes:
        raise CallFailed("INTERNAL", "internal error 42", "internal")

    async def wait(self, message: bytes, call: Call) -> bytes:
        self.note("began")
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.note("cancelled")
            raise
        self.note("ended")
        return message

    async def headers(self, message: bytes, call: Call) -> bytes:
        names = message.decode().split()
        return orjson.dumps({name: call.headers.get(name) for name in names})

    async def trailers(self, message: bytes, call: Call) -> bytes:
        call.answer_headers = {"x-request-id": "17"}
        if message == b"fail":
            raise CallFailed("NOT_FOUND", "no such model", "unknown_model")
        return message

    async def grow(self, message: bytes, call: Call) -> bytes:
        return bytes(int(message))

    async def chat(self, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
        async for message in messages:
            self.note("read")
            yield message * 2

    async def count(self, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
        many, size = (int(number) for number in (await anext(messages)).split())
        for number in range(many):
            self.note("sent")
            yield number.to_bytes(4, "big") + bytes(size)

    async def stumble(self, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
        call.answer_headers = {"x-request-id": "17"}
        async for message in messages:
            yield message
            raise CallFailed("ABORTED", STRANGE, "model_failed")

    async def watch(self, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
        message = await anext(messages)
        try:
            while True:
                yield message
                await self.let_go.wait()
                self.let_go.clear()
        finally:
            self.note("unwatched")


def as_failure(error: ServingError | CallFailed) -> CallFailed:
    return error if isinstance(error, CallFailed) else CallFailed(error.grpc_status, str(error), error.reason)


def limits(
    *,
    message_bytes: int = MESSAGE_BYTES,
    inflight_bytes: int = 2**30,
    streams: int = 100,
    age_grace_seconds: float = 60.0,
    keepalive_seconds: float = inf,
) -> Limits:
    return Limits(
        message_bytes=message_bytes,
        answer_bytes=ANSWER_BYTES,
        inflight=InflightBytes(inflight_bytes),
        refused=as_failure,
        streams=streams,
        age_grace_seconds=age_grace_seconds,
        keepalive_seconds=keepalive_seconds,
        body_seconds=30.0,
        write_seconds=60.0,
    )


def listener(
    transport: str,
    methods: Methods,
    *,
    files: TlsFiles | None = None,
    age_seconds: float = inf,
    max_connections: int = 100,
    given: Limits | None = None,
) -> GrpcListener:
    if transport == "grpcio":
        settings = Grpc(answer_bytes=ANSWER_BYTES, age_seconds=0 if age_seconds == inf else age_seconds)
        return GrpcioListener(
            methods, "127.0.0.1", 0, settings, message_bytes=MESSAGE_BYTES, extra_settle_turns=0, tls=files
        )
    return NghttpListener(
        methods,
        "127.0.0.1",
        0,
        given or limits(),
        max_connections=max_connections,
        age_seconds=age_seconds,
        server_tls=ServerTls(files, ("h2",)) if files else None,
    )
