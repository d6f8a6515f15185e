"""What comes in on one HTTP/1.1 connection: bytes in, requests behind each other out.

Hears httptools, and holds each request to the limits as its bytes come: a head
or a body beyond them becomes a request with its refusal, which is answered in its
turn. Promises that bytes of bodies are counted while they are held, and that a
refused request's body is asked for no more. Knows nothing of how answers are made.
"""

from abc import ABC, abstractmethod
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any

import httptools

from serving import http_head
from serving.errors import InvalidRequest, ServingError, TooManyBytes
from serving.http_house import House
from serving.http_limits import DISCARDED_BYTES, FED_AT_ONCE, PIPELINED
from serving.http_message import HttpRequest
from serving.http_upgrade import Follower
from serving.incoming_body import Body

if TYPE_CHECKING:
    from asyncio import Transport

FRAMING = (b"content-length", b"transfer-encoding")
"""The headers that say where a body ends."""


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


class HttpReading(ABC):
    """The reading half of a connection."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._is_surplus = False
        self._parser: Any = _parser(self)
        self._transport: Transport
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
        self._is_deaf = False
        """Nothing that comes is parsed any more."""
        # Those that wait for their answer, and the one being answered.
        self._queue: deque[Message] = deque()
        self._running: Message | None = None
        # Time.
        self._deadline = inf
        """When to look whether the caller has made progress; without meaning while a request is being answered."""
        self._came_bytes = 0
        """Of the body, when that was last looked at."""

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
                self._break(self._house.limits.head_too_large())
            elif not message.is_dispatched:
                self._judge(message)
        elif self._is_in_head and self._head_bytes > self._house.limits.head_bytes:
            self._break(self._house.limits.head_too_large())

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
            raise self._house.limits.head_too_large()
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
                raise self._house.limits.head_too_large()
        parser = self._parser
        path, query = http_head.read_target(self._target)
        self._is_in_head = False
        self._arriving = message = Message(parser.get_method().decode(), path, headers, query)
        self._room = limits.payload_bytes
        if self._is_surplus:
            message.failure = self._house.too_many_connections()
            message.is_last = True
        elif not parser.should_keep_alive():
            message.is_last = True
        elif b"connection" in headers:
            message.is_old = parser.get_http_version() == "1.0"
        if b"content-length" in headers:
            declared = int(headers[b"content-length"])
            if declared > self._room:
                message.failure = limits.body_too_large(f"{declared} bytes")
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
            message.failure = self._house.limits.body_too_large(f"more than {self._house.limits.payload_bytes} bytes")
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

    def _time_body(self) -> None:
        self._came_bytes = self._came()
        self._deadline = self._house.now + self._house.limits.body_seconds

    @abstractmethod
    def _break(self, refusal: ServingError) -> None:
        """Answer what cannot be read on from, behind all that was asked before, and close."""

    @abstractmethod
    def _give_up(self, message: Message) -> None:
        """Stop reading the body of a request that was refused: its answer is the last."""

    @abstractmethod
    def _pause_reading(self) -> None:
        """Let the caller wait with what it has to send."""


def _parser(hearer: object) -> Any:
    parser = httptools.HttpRequestParser(hearer)
    # What follows the last request is thrown away; it is no reason for a 400.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
