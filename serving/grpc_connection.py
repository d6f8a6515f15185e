"""One HTTP/2 connection that carries gRPC calls, on libnghttp2.

libnghttp2 keeps frames, HPACK, streams and windows right and answers what
breaks the protocol; this file moves bytes between it and the transport, gives
each call its stream, and takes leave in two steps, so that no call is lost that
the caller may count on. What is written in one turn of the event loop goes out
together. Knows the table of methods, and no message.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic
from typing import Any, cast

import ngh2

from serving import grpc_wire
from serving.grpc_head import FIELDS_BYTES, Refused, Routes, read_head
from serving.grpc_limits import (
    CONNECTION_WINDOW_BYTES,
    FLUSH_BYTES,
    FRAME_BYTES,
    HANDSHAKE_SECONDS,
    LINGER_SECONDS,
    NOTICE_SECONDS,
    PONG_SECONDS,
    ROOM_BYTES,
    STREAM_WINDOW_BYTES,
    Limits,
)
from serving.grpc_many import ManyStream
from serving.grpc_method import CallFailed, Unary
from serving.grpc_patience import Patience
from serving.grpc_stream import LEAVING, RefusedStream, Stream
from serving.grpc_unary import UnaryStream
from serving.grpc_wire import Fields

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NOT_HTTP2_BODY = b"this port speaks gRPC over HTTP/2; REST has a port of its own\n"
NOT_HTTP2 = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
) % (len(NOT_HTTP2_BODY), NOT_HTTP2_BODY)


CONFIGURATION = ngh2.Configuration(
    auto_window_update=False,
    # A call with more metadata than FIELDS_BYTES is refused; the connection is cut where it is beyond all reason.
    max_inbound_header_list_size=4 * FIELDS_BYTES,
    max_inbound_header_count=256,
    # Cancelling is cheap here, since it stops the work: a thousand at once, then some hundreds a second.
    stream_reset_rate_limit=(1000, 300),
)


class Outbox:
    """Connections that have something to write when this turn of the event loop is over."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[GrpcConnection] = []

    def add(self, connection: "GrpcConnection") -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.flush()


class GrpcConnection(asyncio.Protocol):
    """A caller's connection."""

    def __init__(
        self,
        routes: Routes,
        limits: Limits,
        outbox: Outbox,
        age_seconds: float,
        joined: "Callable[[GrpcConnection], None]",
        left: "Callable[[GrpcConnection], None]",
    ) -> None:
        """`age_seconds` is how long it may live; `joined` is called once it stands, and `left` once it is gone."""
        self.message_limit_bytes = limits.message_bytes
        self.answer_limit_bytes = limits.answer_bytes
        self.inflight = limits.inflight
        self.refused = limits.refused
        self._routes = routes
        self._limits = limits
        self._outbox = outbox
        self._age_seconds = age_seconds
        self._joined = joined
        self._left = left
        self._loop = asyncio.get_running_loop()
        self._http2 = ngh2.Connection(ngh2.Role.SERVER, CONFIGURATION)
        self._streams: dict[int, Stream | RefusedStream] = {}
        self._early: set[int] = set()
        """Streams that we have answered before their callers had sent everything."""
        self._blocked: dict[int, asyncio.Future[None]] = {}
        self._preface = b""
        self._patience = Patience()
        self._timers: list[asyncio.TimerHandle] = []
        self._heard_at = 0.0
        self._pinged_at = inf
        """When we asked whether the caller lives, while no answer has come."""
        self._unread = 0
        self._read_at = -inf
        """When the caller was last seen to read what had been sent to it."""
        self._is_greeted = False
        self._has_settings = False
        self._is_dirty = False
        self._is_paused = False
        self._is_leaving = False
        self._refuses = False
        self._is_done = False
        self._is_closing = False

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._joined(self)
        self._heard_at = monotonic()
        self._later(HANDSHAKE_SECONDS, self._check_handshake)
        if self._age_seconds != inf:
            self._later(self._age_seconds, partial(self.drain, self._limits.age_grace_seconds))

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        if not self._is_greeted:
            data = self._preface + data
            if not self._greet(data):
                return
        try:
            self._http2.receive_data(data)
        except ngh2.DenialOfServiceError:
            self._hang_up(ngh2.ErrorCode.ENHANCE_YOUR_CALM)
            return
        except (ngh2.NGH2Error, MemoryError):
            self._hang_up(ngh2.ErrorCode.PROTOCOL_ERROR)
            return
        self._handle_events()
        self._soon()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._soon()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_closing = True
        for timer in self._timers:
            timer.cancel()
        for stream in self._streams.values():
            stream.leave()
        self._streams.clear()
        for room in self._blocked.values():
            room.cancel()
        self._left(self)

    # What the listener tells

    def drain(self, grace_seconds: float = inf) -> None:
        """Take leave: announce it, refuse new calls once that is heard, let the others end."""
        if self._is_leaving or self._is_closing:
            return
        self._is_leaving = True
        if not self._has_settings:
            self._transport.close()
            return
        if grace_seconds != inf:
            self._later(grace_seconds, self.cut)
        self._do(self._http2.send_shutdown_notice)
        self._do(self._http2.ping)
        self._later(NOTICE_SECONDS, self._refuse_more)

    def cut(self) -> None:
        """End every call that is left, and the connection."""
        if self._is_closing:
            return
        for stream in list(self._streams.values()):
            stream.fail(CallFailed(*LEAVING))
        self.flush()
        self._close()

    def check(self, now: float) -> None:
        """Ask a caller that is silent whether it lives, and let go of one that is not."""
        if self._is_closing or not self._has_settings:
            return
        for stream in list(self._streams.values()):
            if isinstance(stream, UnaryStream):
                stream.check(now, self._limits.body_seconds)
        if now - self._pinged_at > PONG_SECONDS or self._leaves_answers(now):
            self._transport.abort()
        elif self._pinged_at == inf and now - self._heard_at > self._limits.keepalive_seconds:
            self._pinged_at = now
            self._do(self._http2.ping)

    def _leaves_answers(self, now: float) -> bool:
        """Say whether answers have waited too long; a stream may pause its reading for as long as it likes."""
        unread = self._http2.queued_body_size() + self._transport.get_write_buffer_size()
        if unread != self._unread or not any(
            isinstance(stream, UnaryStream) and stream.is_over for stream in self._streams.values()
        ):
            self._unread, self._read_at = unread, now
        return unread > 0 and now - self._read_at > self._limits.write_seconds

    # What a call asks (grpc_stream.Wire)

    def answer(self, stream_id: int, message: bytes, metadata: dict[str, str] | None) -> None:
        http2 = self._http2
        trailers = (*grpc_wire.OK_FIELDS, *grpc_wire.metadata_fields(metadata)) if metadata else grpc_wire.OK_FIELDS
        try:
            http2.send_response(stream_id, grpc_wire.ANSWER_FIELDS)
            http2.send_data(stream_id, grpc_wire.frame(message))
            http2.send_trailers(stream_id, trailers)
        except ngh2.NGH2Error:
            return  # it is gone, and its end is on its way to us
        self._patience.answered()
        self._soon()

    def send(self, stream_id: int, message: bytes, *, is_first: bool) -> None:
        try:
            if is_first:
                self._http2.send_response(stream_id, grpc_wire.ANSWER_FIELDS)
            self._http2.send_data(stream_id, grpc_wire.frame(message))
        except ngh2.NGH2Error:
            return
        self._patience.answered()
        self._soon()

    def finish(
        self, stream_id: int, failure: CallFailed | None, metadata: dict[str, str] | None, *, has_begun: bool
    ) -> None:
        if failure is not None:
            trailers = grpc_wire.failure_fields(failure, metadata)
        else:
            trailers = (*grpc_wire.OK_FIELDS, *grpc_wire.metadata_fields(metadata or {}))
        if not has_begun:
            self.refuse(stream_id, (*grpc_wire.ANSWER_FIELDS, *trailers))
            return
        self._last(stream_id, partial(self._http2.send_trailers, stream_id, trailers))

    def refuse(self, stream_id: int, fields: Fields) -> None:
        self._last(stream_id, partial(self._http2.send_response, stream_id, fields, end_stream=True))

    def _last(self, stream_id: int, send: Callable[[], None]) -> None:
        """Send what ends a stream; a caller that still sends is asked to stop, once it is on its way."""
        try:
            send()
        except ngh2.NGH2Error:
            return
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.has_ended:
            self._early.add(stream_id)
        self._patience.answered()
        self._soon()

    def consumed(self, stream_id: int, size: int) -> None:
        if size and not self._is_closing:
            try:
                self._http2.acknowledge_received_data(size, stream_id)
            except ngh2.NGH2Error:
                return
            self._soon()

    def has_room(self, stream_id: int) -> "asyncio.Future[None] | None":
        if self._is_closing or self._http2.queued_body_size(stream_id) <= ROOM_BYTES:
            return None
        return self._blocked.setdefault(stream_id, self._loop.create_future())

    # Writing

    def flush(self) -> None:
        """Write what there is; called once a turn, however often it was asked for."""
        self._is_dirty = False
        if self._is_paused or self._is_closing:
            return
        try:
            data = self._http2.data_to_send(FLUSH_BYTES)
        except (ngh2.NGH2Error, MemoryError):
            self._transport.abort()
            return
        if data:
            self._transport.write(data)
        self._handle_events()
        if len(data) >= FLUSH_BYTES:
            self._soon()
        elif self._early:
            self._reset_early()
        if self._blocked:
            self._unblock()
        if self._refuses and not self._streams and not self._is_done:
            self._is_done = True
            self._close_when_read()

    def _soon(self) -> None:
        if not self._is_dirty:
            self._is_dirty = True
            self._outbox.add(self)

    def _do(self, act: Callable[[], None]) -> None:
        """Let libnghttp2 act; where the connection is past that, there is nothing to act on."""
        try:
            act()
        except ngh2.NGH2Error:
            return
        self._soon()

    def _reset_early(self) -> None:
        """Ask callers to send no more of what nobody will read, now that they have their answers."""
        for stream_id in list(self._early):
            if not self._http2.queued_body_size(stream_id):
                self._early.discard(stream_id)
                self._do(partial(self._http2.reset_stream, stream_id, ngh2.ErrorCode.NO_ERROR))

    def _unblock(self) -> None:
        for stream_id in list(self._blocked):
            if self._http2.queued_body_size(stream_id) <= ROOM_BYTES:
                room = self._blocked.pop(stream_id)
                if not room.done():
                    room.set_result(None)

    # Reading

    def _greet(self, data: bytes) -> bool:
        """Say whether HTTP/2 begins; our settings wait for that, since others would not understand them."""
        if not PREFACE.startswith(data[: len(PREFACE)]):
            self._transport.write(NOT_HTTP2)
            self._close()
            return False
        if len(data) < len(PREFACE):
            self._preface = data
            return False
        self._is_greeted = True
        self._preface = b""
        settings = {
            ngh2.Setting.MAX_CONCURRENT_STREAMS: self._limits.streams,
            ngh2.Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
            ngh2.Setting.MAX_FRAME_SIZE: FRAME_BYTES,
            ngh2.Setting.MAX_HEADER_LIST_SIZE: FIELDS_BYTES,
        }
        self._http2.initiate_connection(settings)
        self._http2.set_local_window_size(CONNECTION_WINDOW_BYTES)
        return True

    def _handle_events(self) -> None:
        events = self._http2.events()
        if not events:
            return
        self._heard_at = monotonic()
        for event in events:
            handle = HANDLERS.get(type(event))
            if handle is not None:
                handle(self, event)

    def _on_request(self, event: ngh2.RequestReceived) -> None:
        stream = self._stream(event)
        self._streams[event.stream_id] = stream
        if event.end_stream:
            stream.receive(b"", is_end=True)
        if self._refuses:
            stream.drain()

    def _stream(self, event: ngh2.RequestReceived) -> Stream | RefusedStream:
        try:
            head = read_head(event.headers, self._routes)
        except Refused as refused:
            return RefusedStream(self, event.stream_id, refused.fields)
        method, call, deadline, encoding = head
        if isinstance(method, Unary):
            return UnaryStream(self, event.stream_id, call, deadline, encoding, method.answer)
        return ManyStream(self, event.stream_id, call, deadline, encoding, method.answer, is_endless=method.is_endless)

    def _on_data(self, event: ngh2.DataReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            self.consumed(event.stream_id, len(event.data))
        else:
            stream.receive(event.data, is_end=event.end_stream)

    def _on_trailers(self, event: ngh2.TrailersReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            stream.receive(b"", is_end=True)

    def _on_stream_closed(self, event: ngh2.StreamClosed) -> None:
        self._early.discard(event.stream_id)
        room = self._blocked.pop(event.stream_id, None)
        if room is not None:
            room.cancel()
        stream = self._streams.pop(event.stream_id, None)
        if stream is not None:
            stream.leave()
            if self._refuses and not self._streams:
                self._soon()

    def _on_settings(self, _: ngh2.SettingsReceived) -> None:
        self._has_settings = True
        if not self._patience.outlasts_settings():
            self._refuse_service(b"too_many_settings")

    def _on_ping(self, _: ngh2.PingReceived) -> None:
        if not self._patience.outlasts_ping(monotonic()):
            self._refuse_service(b"too_many_pings")

    def _on_pong(self, _: ngh2.PingAcknowledged) -> None:
        self._pinged_at = inf
        if self._is_leaving:
            self._refuse_more()

    def _on_closed(self, _: ngh2.ConnectionClosed) -> None:
        self._close()

    # Leaving

    def _refuse_more(self) -> None:
        """Tell which call is the last; callers know that later ones were not begun."""
        if self._refuses or self._is_closing:
            return
        self._refuses = True
        self._do(self._http2.send_goaway)
        for stream in list(self._streams.values()):
            stream.drain()
        self._soon()

    def _refuse_service(self, why: bytes) -> None:
        self._do(partial(self._http2.send_goaway, ngh2.ErrorCode.ENHANCE_YOUR_CALM, debug_data=why))
        self.flush()
        self._close()

    def _hang_up(self, code: ngh2.ErrorCode) -> None:
        """Part from a caller whose bytes libnghttp2 cannot go on with; it writes no more either."""
        goaway = (8).to_bytes(3, "big") + b"\x07\x00" + bytes(8) + int(code).to_bytes(4, "big")
        self._transport.write(goaway)
        self._close()

    def _close_when_read(self) -> None:
        """Half-close, and give the caller time to read: bytes that meet a closed socket would undo the last answers."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._later(LINGER_SECONDS, self._close)
        else:
            self._close()

    def _close(self) -> None:
        self._is_closing = True
        self._transport.close()
        # A caller that does not read would keep the socket for ever.
        self._later(LINGER_SECONDS, self._transport.abort)

    def _check_handshake(self) -> None:
        if not self._has_settings:
            self._transport.abort()

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self._timers.append(self._loop.call_later(seconds, act))


HANDLERS: dict[type, Callable[[GrpcConnection, Any], None]] = {
    ngh2.RequestReceived: GrpcConnection._on_request,  # noqa: SLF001 - a table beside its class
    ngh2.DataReceived: GrpcConnection._on_data,  # noqa: SLF001
    ngh2.TrailersReceived: GrpcConnection._on_trailers,  # noqa: SLF001
    ngh2.StreamClosed: GrpcConnection._on_stream_closed,  # noqa: SLF001
    ngh2.SettingsReceived: GrpcConnection._on_settings,  # noqa: SLF001
    ngh2.PingReceived: GrpcConnection._on_ping,  # noqa: SLF001
    ngh2.PingAcknowledged: GrpcConnection._on_pong,  # noqa: SLF001
    ngh2.ConnectionClosed: GrpcConnection._on_closed,  # noqa: SLF001
}
