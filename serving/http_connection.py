"""One HTTP/1.1 connection: bytes in, requests to the application, answers out in order.

An asyncio protocol on httptools, with no framework and no Task between: a small
request is parsed, run up to its wait for the batch and, later, answered by one
write. Promises an answer for whatever comes, malformed or too large, before the
connection is closed; that nobody can hold memory or a place without sending or
reading; and that a caller who hangs up takes its work along, which a caller who
closes its sending half also does. Longer than other files: it is one state machine.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from math import inf
from typing import Any, NamedTuple, Protocol

import httptools
import orjson

from serving import http_head
from serving.errors import (
    HeadTooLarge,
    InvalidRequest,
    PayloadTooLarge,
    ServingError,
    SlowCaller,
    TooManyBytes,
    TooManyConnections,
)
from serving.http_body import Body
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes
from serving.steps import Steps

FED_AT_ONCE = 16 * 1024
"""Bytes given to the parser at once while heads may be among them: bounds the requests that one read brings."""

PIPELINED = 16
"""Requests that may wait behind the one being answered before no more is read."""

DISCARDED_BYTES = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away to keep the connection; behind more it is closed."""

SPARE_CONNECTIONS = 64
"""Connections beyond the limit on which health and metrics are told, so that a crowd is not taken for a fault."""

LINGER_SECONDS = 2.0
"""How long a caller who still sends is listened to after the last answer: closed at once, it would lose the answer."""

SLOWEST_BYTES_A_SECOND = 1024
"""A body that comes more slowly is given up, and so is an answer that is read more slowly."""

FRAMING = (b"content-length", b"transfer-encoding")
"""The headers that say where a body ends."""


class HttpLimits(NamedTuple):
    """What one connection may ask for; settings.py says what each means."""

    connections: int
    payload_bytes: int
    head_bytes: int
    head_fields: int
    keep_alive_seconds: float
    head_seconds: float
    body_seconds: float
    write_seconds: float


class App(Protocol):
    """What answers requests (`rest.RestApp`)."""

    @property
    def is_draining(self) -> bool: ...

    def objection(self, request: HttpRequest) -> ServingError | None:
        """Say why a request will be refused, as far as its head tells."""
        ...

    async def answer(self, request: HttpRequest) -> HttpAnswer: ...


class House:
    """What the connections of one listener share."""

    def __init__(
        self, app: App, limits: HttpLimits, inflight: InflightBytes, turned_away: Callable[[str], None] = lambda _: None
    ) -> None:
        """`turned_away` hears of each connection that is closed for its caller's fault, with the reason."""
        self.app = app
        self.limits = limits
        self.inflight = inflight
        self.turned_away = turned_away
        self.open: set[HttpConnection] = set()
        self.is_closing = False
        self.now = 0.0
        """The loop's time at the last tick: near enough for limits in seconds, and cheaper than asking."""
        self.date_line = b""
        self.is_empty = asyncio.Event()
        """Set once the house is closing and the last connection has gone."""

    def tick(self, now: float) -> None:
        """Tell the time, and end what has waited for too long."""
        self.now = now
        self.date_line = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        for connection in [*self.open]:
            connection.expire()

    def objection(self, more_bytes: int, already: int) -> TooManyBytes | None:
        """Say why a body of so many bytes more is refused, without taking them."""
        try:
            self.inflight.take(more_bytes, already)
        except TooManyBytes as error:
            return error
        self.inflight.give_back(more_bytes)
        return None

    def leave(self, connection: "HttpConnection") -> None:
        self.open.discard(connection)
        if self.is_closing and not self.open:
            self.is_empty.set()

    def close(self) -> None:
        """Let what was asked be answered, and every connection end behind that."""
        self.is_closing = True
        for connection in [*self.open]:
            connection.shut()
        if not self.open:
            self.is_empty.set()


class Message(HttpRequest):
    """A request with what its connection must know of it."""

    __slots__ = ("is_dispatched", "is_judged", "is_last", "is_old")

    def __init__(self, method: str, path: str, headers: dict[bytes, bytes], query: bytes) -> None:
        super().__init__(method, path, headers, query=query)
        self.is_judged = False
        """Whether its head was looked at before its body came."""
        self.is_dispatched = False
        """Handed over for its answer, though bytes of its body may still come, to be thrown away."""
        self.is_last = False
        """Whether the connection closes behind its answer."""
        self.is_old = False
        """HTTP/1.0."""


class HttpConnection(asyncio.Protocol):
    """One connection of one caller."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._is_surplus = False
        self._parser: Any = _parser(self)
        self._transport: asyncio.Transport
        self._can_half_close = False
        # The request that comes in.
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._fields = 0
        self._is_in_head = False
        self._head_bytes = 0
        """Of the head that comes in, as far as its bytes can be told from those of a request before it."""
        self._silent_bytes = 0
        """Bytes that came since the last of a body that has not ended: a trailer, if anything sensible."""
        self._arriving: Message | None = None
        """The request whose body is still to come."""
        self._body: Body | None = None
        self._room = 0
        """Bytes that the body may still have; negative where they are thrown away."""
        self._waits_for_continue = False
        self._fed: bytes | memoryview = b""
        self._unfed: bytes | memoryview = b""
        # Those that wait for their answer, and the one being answered.
        self._queue: deque[Message] = deque()
        self._running: Message | None = None
        self._steps: Steps[HttpAnswer] | None = None
        self._is_answering = False
        # The end.
        self._is_reading_paused = False
        self._is_write_paused = False
        self._farewell: ServingError | None = None
        self._is_deaf = False
        """Nothing that comes is parsed any more."""
        self._is_closed = False
        # Time.
        self._deadline = inf
        """When to look whether the caller has made progress; without meaning while a request is being answered."""
        self._came_bytes = 0
        """Of the body, when that was last looked at."""
        self._unread_bytes = 0
        """Of our answers, when that was last looked at."""

    # Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._can_half_close = self._transport.can_write_eof()
        house = self._house
        house.open.add(self)
        self._deadline = house.now + house.limits.keep_alive_seconds
        surplus = len(house.open) - house.limits.connections
        if surplus > 0:
            self._is_surplus = True
            house.turned_away(TooManyConnections.reason)
            if surplus > SPARE_CONNECTIONS:
                self._break(_too_many_connections(house))

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        if self._unfed:
            self._unfed = bytes(self._unfed) + data
        elif len(data) <= FED_AT_ONCE:
            self._feed(data)
        else:
            self._unfed = memoryview(data)
            self._feed_in_parts()
        if self._queue and self._running is None:
            self._answer_next()

    def eof_received(self) -> None:
        """Close: whoever sends no more has left, or cannot be told from one who has."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        house = self._house
        self._is_closed = self._is_deaf = True
        house.leave(self)
        left = [*self._queue]
        if self._arriving is not None and not self._arriving.is_dispatched:
            left.append(self._arriving)
        self._queue.clear()
        self._arriving = None
        if self._steps is not None:
            self._steps.cancel()
        for message in left:
            self._forget_body(message)
            message.failure = asyncio.CancelledError()
            Steps(house.app.answer(message), _unheard)  # so that it is counted
        self._parser = None  # it holds this connection, which holds it
        self._unfed = self._fed = b""

    def pause_writing(self) -> None:
        self._is_write_paused = True
        self._unread_bytes = self._transport.get_write_buffer_size()
        self._deadline = self._house.now + self._house.limits.write_seconds
        self._pause_reading()

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._unread_bytes = 0
        if self._is_deaf and self._running is None and not self._queue:
            self._deadline = self._house.now + LINGER_SECONDS
        else:
            self._answer_next()

    # Parsing

    def _feed(self, data: bytes | memoryview) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        self._fed = data
        room = self._room
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            self._read_on(data, stopped.args[0])
            return
        except httptools.HttpParserCallbackError as error:
            refusal = error.__context__
            if not isinstance(refusal, ServingError):
                raise
            self._break(refusal)
            return
        except httptools.HttpParserError as error:
            if not self._is_deaf:
                self._break(InvalidRequest(f"this is no HTTP/1.1: {error}"))
            return
        message = self._arriving
        if message is not None:
            self._silent_bytes = 0 if self._room != room else self._silent_bytes + len(data)
            if self._silent_bytes > self._house.limits.head_bytes:
                self._break(self._head_too_large())
            elif not message.is_dispatched:
                self._judge(message)
        elif self._is_in_head and self._head_bytes > self._house.limits.head_bytes:
            self._break(self._head_too_large())

    def _feed_in_parts(self) -> None:
        """Feed what was read request by request, until enough of them wait."""
        while self._unfed and not self._is_deaf:
            if len(self._queue) >= PIPELINED:
                self._pause_reading()
                return
            unfed = self._unfed
            size = FED_AT_ONCE
            if self._arriving is None:
                end = bytes(unfed[:FED_AT_ONCE]).find(b"\r\n\r\n")
                if end >= 0:
                    size = end + 4
            elif not self._arriving.is_dispatched:
                declared = self._arriving.headers.get(b"content-length")
                if declared is not None:
                    size = max(1, int(declared) - self._came())
            self._unfed = unfed[size:]
            self._feed(unfed[:size])

    def _came(self) -> int:
        """Count the bytes of the body that came."""
        return self._house.limits.payload_bytes - self._room

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers = {}
        self._fields = 0
        self._head_bytes = len(self._fed)
        self._is_in_head = True
        self._deadline = self._house.now + self._house.limits.head_seconds

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > self._house.limits.head_fields:
            raise self._head_too_large()
        if not self._is_in_head:
            return  # a trailer: no header may be told behind the body that it is about
        name = name.lower()
        headers = self._headers
        headers[name] = value if name not in headers else headers[name] + b", " + value

    def on_headers_complete(self) -> None:
        limits = self._house.limits
        headers = self._headers
        if self._head_bytes > limits.head_bytes or not self._head_bytes:
            size = len(self._target) + sum(len(name) + len(value) + 4 for name, value in headers.items())
            if size > limits.head_bytes:
                raise self._head_too_large()
        parser = self._parser
        path, query = http_head.read_target(self._target)
        self._is_in_head = False
        self._arriving = message = Message(parser.get_method().decode(), path, headers, query)
        self._room = limits.payload_bytes
        if self._is_surplus:
            message.failure = _too_many_connections(self._house)
            message.is_last = True
        elif not parser.should_keep_alive():
            message.is_last = True
        elif b"connection" in headers:
            message.is_old = parser.get_http_version() == "1.0"
        if b"content-length" in headers:
            declared = int(headers[b"content-length"])
            if declared > self._room:
                message.failure = self._too_large(f"{declared} bytes")
        elif b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
            came = headers[b"transfer-encoding"][:80].decode("latin-1")
            message.failure = InvalidRequest(f"the body has Transfer-Encoding {came!r}, expected 'chunked'")
        self._waits_for_continue = b"expect" in headers and headers[b"expect"].lower() == b"100-continue"

    def on_body(self, piece: bytes) -> None:
        message = self._arriving
        if message is None:
            return  # behind the last request
        size = len(piece)
        self._room -= size
        if message.failure is not None or message.is_dispatched:
            if self._room < -DISCARDED_BYTES:
                self._give_up(message)
            return
        if self._room < 0:
            message.failure = self._too_large(f"more than {self._house.limits.payload_bytes} bytes")
            return
        try:
            self._house.inflight.take(size, message.held_bytes)
        except TooManyBytes as error:
            message.failure = error
            return
        message.held_bytes += size
        if not message.body:
            message.body = piece
            return
        if self._body is None:
            self._body = Body()
            self._body.add(message.body)
        self._body.add(piece)

    def on_message_complete(self) -> None:
        message = self._arriving
        if message is None or self._parser.should_upgrade():
            return
        self._arriving = None
        self._fed = b""
        if self._is_deaf and not message.is_dispatched:
            self._forget_body(message)  # it came behind a request that was the last
            return
        if message.is_last:
            self._is_deaf = True
        if self._body is not None:
            message.body = self._body.whole()
            self._body = None
        if not message.is_dispatched:
            message.is_dispatched = True
            self._queue.append(message)

    def _judge(self, message: Message) -> None:
        """Look at a request whose body is still to come; refuse it now, or ask for the body."""
        house = self._house
        if not message.is_judged:
            message.is_judged = True
            self._time_body()
            if message.failure is None:
                message.failure = house.app.objection(message)
            if message.failure is None:
                declared = int(message.headers.get(b"content-length", b"0"))
                message.failure = house.objection(declared - message.held_bytes, message.held_bytes)
            self._continue()
        if message.failure is None:
            return
        left = int(message.headers.get(b"content-length", b"0")) - self._came()
        if self._waits_for_continue or left > DISCARDED_BYTES:
            # It may not come at all, or would not be worth the wait.
            message.is_last = True
            self._is_deaf = True
        self._forget_body(message)
        self._room = 0  # what is thrown away is counted from here
        self._time_body()
        message.is_dispatched = True
        self._queue.append(message)

    def _continue(self) -> None:
        """Ask for the body of a caller who waits to be asked, unless answers are owed before."""
        message = self._arriving
        if message is None or not self._waits_for_continue or message.failure is not None:
            return
        if self._running is None and not self._queue:
            self._waits_for_continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _forget_body(self, message: Message) -> None:
        self._house.inflight.give_back(message.held_bytes)
        message.held_bytes = 0
        message.body = b""
        self._body = None

    def _read_on(self, data: bytes | memoryview, offset: int) -> None:
        """Read on as HTTP/1.1, as a server may that is asked for another protocol.

        Java's client asks for HTTP/2 whenever it may. httptools then stops behind
        the head and calls the request complete, though its body is still to come.
        """
        message, rest = self._arriving, bytes(data[offset:])
        if message is None:
            return
        framing = b"".join(b"%b: %b\r\n" % (name, message.headers[name]) for name in FRAMING if name in message.headers)
        follower = Follower(self)
        self._parser = _parser(follower)
        self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        follower.connection = self
        if follower.has_no_body:
            self.on_message_complete()
        if rest:
            self._feed(rest)

    # Answering

    def _answer_next(self) -> None:
        """Hand requests over one by one, for as long as they are answered at once."""
        if self._is_answering or self._is_closed:
            return
        self._is_answering = True
        app = self._house.app
        queue = self._queue
        while self._running is None and not self._is_write_paused:
            if not queue:
                if not self._unfed or self._is_deaf:
                    break
                self._feed_in_parts()
                continue
            self._running = message = queue.popleft()
            steps = Steps(app.answer(message), self._finished)
            if self._running is message:
                self._steps = steps
        self._is_answering = False
        if self._running is None and not queue and not self._is_write_paused:
            self._rest()

    def _finished(self, answer: HttpAnswer | None, error: BaseException | None) -> None:
        message = self._running
        assert message is not None  # noqa: S101 - set before its steps began
        self._running = self._steps = None
        house = self._house
        house.inflight.give_back(message.held_bytes)
        message.held_bytes = 0
        if self._is_closed:
            return
        if answer is None:
            # The application answers everything; only being cancelled is left, and that was our doing.
            self._transport.abort()
            if error is not None and not isinstance(error, asyncio.CancelledError):
                raise error
            return
        if house.is_closing or house.app.is_draining:
            message.is_last = True
        self._write(answer, message.method, is_last=message.is_last, is_old=message.is_old)
        if message.is_last:
            for behind in self._queue:
                self._forget_body(behind)
            self._queue.clear()
            self._close()
        elif not self._is_answering:
            self._answer_next()

    def _write(self, answer: HttpAnswer, method: str, *, is_last: bool, is_old: bool = False) -> None:
        pieces = http_head.render(
            answer, self._house.date_line, is_head=method == "HEAD", is_last=is_last, is_old=is_old
        )
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)

    def _rest(self) -> None:
        """Wait for what comes next, now that nothing is left to answer."""
        if self._is_closed or self._transport.is_closing():
            return
        if self._farewell is not None:
            self._say_farewell()
        if self._is_deaf:
            return
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()
        limits = self._house.limits
        if self._arriving is not None:
            self._time_body()
            self._continue()
        elif self._is_in_head:
            self._deadline = self._house.now + limits.head_seconds
        else:
            self._deadline = self._house.now + limits.keep_alive_seconds

    def _time_body(self) -> None:
        self._came_bytes = self._came()
        self._deadline = self._house.now + self._house.limits.body_seconds

    # The end

    def _head_too_large(self) -> HeadTooLarge:
        limits = self._house.limits
        return HeadTooLarge(
            f"the head of the request is longer than {limits.head_bytes} bytes (LIMIT_HEAD_BYTES) "
            f"or has more than {limits.head_fields} headers (LIMIT_HEAD_FIELDS)"
        )

    def _too_large(self, came: str) -> PayloadTooLarge:
        limit = self._house.limits.payload_bytes
        return PayloadTooLarge(f"the body has {came}, and the limit is {limit} (LIMIT_PAYLOAD_BYTES)")

    def _break(self, refusal: ServingError) -> None:
        """Answer what cannot be read on from, behind all that was asked before, and close."""
        self._is_deaf = True
        self._unfed = b""
        message, self._arriving = self._arriving, None
        if message is None:
            self._farewell = refusal
            if self._running is None and not self._queue:
                self._say_farewell()
        elif message.is_dispatched:
            self._give_up(message)
        else:
            self._forget_body(message)
            message.failure = refusal
            message.is_last = message.is_dispatched = True
            self._queue.append(message)

    def _give_up(self, message: Message) -> None:
        """Stop reading the body of a request that was refused: its answer is the last."""
        message.is_last = True
        self._is_deaf = True
        if self._running is not message and message not in self._queue and message.is_dispatched:
            self._close()

    def _say_farewell(self) -> None:
        refusal, self._farewell = self._farewell, None
        assert refusal is not None  # noqa: S101 - asked by whoever set it
        if not self._is_surplus:
            self._house.turned_away(refusal.reason)
        body = orjson.dumps({"error": str(refusal), "reason": refusal.reason})
        self._write(HttpAnswer(refusal.http_status.value, JSON, body), "", is_last=True)
        self._close()

    def _close(self) -> None:
        """Close behind what was written, and let a caller who still sends read it first."""
        is_sending = self._arriving is not None or self._farewell is not None or bool(self._unfed)
        self._is_deaf = True
        self._arriving = None
        self._unfed = b""
        if self._transport.is_closing():
            return
        if not self._is_write_paused:
            self._deadline = self._house.now + LINGER_SECONDS
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()
        if self._can_half_close:
            self._transport.write_eof()
        elif not is_sending:
            self._transport.close()

    def _pause_reading(self) -> None:
        if not self._is_reading_paused and not self._transport.is_closing():
            self._is_reading_paused = True
            self._transport.pause_reading()

    # Time and shutdown

    def shut(self) -> None:
        """Close now, or behind the answers that are owed; a head that has begun is owed one."""
        is_idle = self._running is None and not self._queue and self._arriving is None and not self._is_in_head
        if is_idle and not self._is_deaf and not self._is_write_paused:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def expire(self) -> None:
        """End a wait that has been too long; called for connections past their deadline, every second or so."""
        house = self._house
        if house.now < self._deadline:
            return
        unread = self._transport.get_write_buffer_size()
        if unread:
            self._expire_answer(unread)
        elif self._running is not None or self._queue:
            return
        elif self._is_deaf:
            self._transport.close()
        elif self._arriving is not None:
            self._expire_body(self._arriving)
        elif self._is_in_head:
            seconds = house.limits.head_seconds
            self._break(SlowCaller(f"the head did not come whole within {seconds:g} s (HTTP_HEAD_SECONDS)"))
        else:
            self._transport.close()

    def _expire_answer(self, unread: int) -> None:
        seconds = self._house.limits.write_seconds
        if self._unread_bytes and self._unread_bytes - unread < SLOWEST_BYTES_A_SECOND * seconds:
            self._house.turned_away(SlowCaller.reason)
            self._transport.abort()
            return
        self._unread_bytes = unread
        self._deadline = self._house.now + seconds

    def _expire_body(self, message: Message) -> None:
        seconds, came = self._house.limits.body_seconds, self._came()
        if came - self._came_bytes >= SLOWEST_BYTES_A_SECOND * seconds:
            self._time_body()
            return
        self._break(
            SlowCaller(f"{came} bytes of the body came, and then next to none for {seconds:g} s (HTTP_BODY_SECONDS)")
        )
        if message.is_dispatched and self._queue:
            self._answer_next()


def _parser(hearer: object) -> Any:
    parser = httptools.HttpRequestParser(hearer)
    # What follows the last request is thrown away; it is no reason for a 400.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _too_many_connections(house: House) -> TooManyConnections:
    return TooManyConnections(
        f"{len(house.open)} connections are open, and the limit is {house.limits.connections} (HTTP_CONNECTIONS)"
    )


class Follower:
    """Hears a parser that reads a head once more, and keeps that one head to itself."""

    def __init__(self, connection: HttpConnection) -> None:
        self.connection: HttpConnection | None = None
        """Who is told, once the head is over."""
        self.has_no_body = False
        self.on_body = connection.on_body

    def on_message_begin(self) -> None:
        if self.connection is not None:
            self.connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.connection is not None:
            self.connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.connection is not None:
            self.connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.connection is not None:
            self.connection.on_headers_complete()

    def on_message_complete(self) -> None:
        if self.connection is not None:
            self.connection.on_message_complete()
        else:
            self.has_no_body = True


def _unheard(answer: HttpAnswer | None, error: BaseException | None) -> None:
    """Take the answer that nobody waits for."""
