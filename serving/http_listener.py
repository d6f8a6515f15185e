"""The HTTP/1.1 listener: uvicorn, run inside our own process and stopped by us.

uvicorn brings its own signal handlers and binds its own socket; here the
process owns both. A connection that breaks cancels the request it carried, so
that nobody's place in the queue outlives them.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

import httptools
import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving import ports
from serving.errors import PayloadTooLarge
from serving.http_message import HttpRequest
from serving.rest import RestApp

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TASK = "ecluse.task"
"""Where a request's scope holds its task, so that the connection can cancel it."""

HEAD_BYTES = 64 * 1024
"""The longest head of a request that is still being sent; what came whole in one read is taken."""

FRAMING = (b"content-length", b"transfer-encoding")
"""The headers that say where a body ends."""


class Asgi:
    """The application as uvicorn calls it."""

    def __init__(self, app: RestApp, payload_bytes: int) -> None:
        self._app = app
        self._payload_bytes = payload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TASK] = asyncio.current_task()
        request = HttpRequest(scope["method"], scope["path"], dict(scope["headers"]), query=scope["query_string"])
        try:
            try:
                request.body = await self._body(request, receive)
            except (PayloadTooLarge, asyncio.CancelledError) as error:
                request.failure = error
            answer = await self._app.answer(request)
            headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
            if self._app.is_draining:
                headers.append((b"connection", b"close"))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})
        except asyncio.CancelledError:
            return  # the caller left, and there is nobody to answer

    async def _body(self, request: HttpRequest, receive: Receive) -> bytes:
        declared = int(request.headers.get(b"content-length", b"0"))
        if declared > self._payload_bytes:
            raise self._too_large(f"{declared} bytes")
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise asyncio.CancelledError
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._payload_bytes:
                raise self._too_large(f"more than {self._payload_bytes} bytes")
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _too_large(self, came: str) -> PayloadTooLarge:
        return PayloadTooLarge(f"the body has {came}, and the limit is {self._payload_bytes} (LIMIT_PAYLOAD_BYTES)")


class Connection(HttpToolsProtocol):
    """One connection of one caller."""

    _running: RequestResponseCycle | None = None
    _received = b""
    _head_bytes = 0
    _is_in_head = True

    def data_received(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)
        if not self._is_in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The head of the request is longer than {HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Read on as HTTP/1.1, as a server may that is asked for another protocol.

        Java's client asks for HTTP/2 whenever it may. httptools then stops behind
        the head and calls the request complete, though its body is still to come.
        """
        stopped = cast(httptools.HttpParserUpgrade, sys.exception())
        rest = self._received[stopped.args[0] :]
        framing = b"".join(b"%b: %b\r\n" % header for header in self.headers if header[0] in FRAMING)
        self.cycle.more_body = True
        follower = Follower(self)
        self.parser = httptools.HttpRequestParser(follower)
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        follower.is_past_head = True
        if rest:
            self.data_received(rest)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # Not always the latest request of the connection: a caller may send the next before it has the answer.
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._running is None:
            return
        self._running.disconnected = True
        scope = cast(Scope, self._running.scope)
        if TASK in scope:
            scope[TASK].cancel()


class Follower:
    """Hears a parser that reads a head once more, and keeps that one head to itself."""

    def __init__(self, connection: Connection) -> None:
        self.is_past_head = False
        self._connection = connection
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if self.is_past_head:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.is_past_head:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_past_head:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.is_past_head:
            self._connection.on_headers_complete()


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: SIGTERM means draining, which is not its business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpListener:
    """Listens from construction, answers from `start` on."""

    def __init__(self, app: RestApp, address: str, port: int, *, payload_bytes: int, keep_alive_seconds: int) -> None:
        """Bind the port; raises StartupError where it cannot be had."""
        self._socket = ports.bind(address, port, "HTTP")
        self.port = int(self._socket.getsockname()[1])
        self._config = uvicorn.Config(
            Asgi(app, payload_bytes),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=keep_alive_seconds,
        )
        self._server = Server(self._config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.01)
            if self._serving.done():
                self._serving.result()

    async def stop(self, timeout_seconds: float) -> None:
        """Accept no more, let the requests in flight end, close every connection."""
        # uvicorn asks for whole seconds and only hands them to asyncio, which does not.
        self._config.timeout_graceful_shutdown = timeout_seconds  # type: ignore[assignment]
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
