"""One HTTP/1.1 connection: requests to the application, answers out in order, and the end.

An asyncio protocol on httptools, with no framework and no Task between: a small
request is parsed, run up to its wait for the batch and, later, answered by one
write. Promises an answer for whatever comes, malformed or too large, before the
connection is closed; that nobody can hold a place without sending or reading; and
that a caller who hangs up takes its work along, which a caller who closes its
sending half also does.
"""

import asyncio

import orjson

from serving import http_head
from serving.errors import ServingError, SlowCaller, TooManyConnections
from serving.http_house import House
from serving.http_limits import FED_AT_ONCE, LINGER_SECONDS, SLOWEST_BYTES_A_SECOND, SPARE_CONNECTIONS
from serving.http_message import JSON, HttpAnswer
from serving.http_reading import HttpReading, Message
from serving.steps import Steps


class HttpConnection(HttpReading, asyncio.Protocol):
    """One connection of one caller."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._can_half_close = False
        self._steps: Steps[HttpAnswer] | None = None
        self._is_answering = False
        self._is_reading_paused = False
        self._is_write_paused = False
        self._unread_bytes = 0
        """Of our answers, when that was last looked at."""
        self._farewell: ServingError | None = None
        """The refusal that is said behind all that is owed, about bytes that belong to no request."""
        self._is_closed = False

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
                self._break(house.too_many_connections())

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

    # The end

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
        if not house.is_past(self._deadline):
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


def _unheard(answer: HttpAnswer | None, error: BaseException | None) -> None:
    """Take the answer that nobody waits for."""
