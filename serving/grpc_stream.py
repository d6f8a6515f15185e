"""One call on an HTTP/2 connection, from its first bytes to its trailers.

A unary call is answered by a coroutine that runs without a Task, a streaming
one by a Task of its own. Promises that a call ends once: by its answer, its
deadline or its caller's leaving, whichever comes first, and that work stops
with it. Knows gRPC's framing, and of the connection only what `Wire` says.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from math import inf
from time import monotonic
from typing import Protocol

from serving import grpc_wire, logs
from serving.call import Call
from serving.errors import ServingError, SlowCaller
from serving.grpc_method import AnswerMany, AnswerOne, CallFailed
from serving.grpc_wire import PREFIX_BYTES, Fields
from serving.inflight_bytes import InflightBytes
from serving.steps import Steps

LONGEST_TIMER_SECONDS = 86_400.0
"""A deadline further away has no timer: it is kept by whoever looks at the clock."""

BACKLOG_BYTES = 1024 * 1024
"""Messages of a stream that may wait for their handler before the caller is held up."""

PATIENCE_SECONDS = 0.1
"""How long a call that is refused by its head may take to begin its body."""

LATE = ("DEADLINE_EXCEEDED", "the deadline passed before the answer came", "late")
LEAVING = ("UNAVAILABLE", "the server is stopping: begin the call anew", "draining")


class Wire(Protocol):
    """What a call asks of its connection. All but `has_room` may be called for a stream that is gone."""

    message_limit_bytes: int
    answer_limit_bytes: int
    inflight: InflightBytes
    refused: Callable[[ServingError | CallFailed], CallFailed]

    def answer(self, stream_id: int, message: bytes, metadata: dict[str, str] | None) -> None:
        """Send the only message and the trailers of a call that succeeded."""
        ...

    def send(self, stream_id: int, message: bytes, *, is_first: bool) -> None: ...

    def finish(
        self, stream_id: int, failure: CallFailed | None, metadata: dict[str, str] | None, *, has_begun: bool
    ) -> None:
        """Send the trailers, alone where nothing has been sent."""
        ...

    def refuse(self, stream_id: int, fields: Fields) -> None:
        """Send fields that end a call before it began."""
        ...

    def consumed(self, stream_id: int, size: int) -> None:
        """Let the caller send so much more."""
        ...

    def has_room(self, stream_id: int) -> "asyncio.Future[None] | None":
        """Give a future to wait for where what was sent is not on its way yet."""
        ...


class _Stream:
    """What all calls have: a deadline, and one end."""

    __slots__ = ("_call", "_deadline", "_encoding", "_held_bytes", "_is_over", "_timer", "_wire", "has_ended", "id")

    def __init__(self, wire: Wire, stream_id: int, call: Call, deadline: float, encoding: bytes) -> None:
        self._wire = wire
        self._call = call
        self._deadline = deadline
        self._encoding = encoding
        self._is_over = False
        self._held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self.id = stream_id
        self.has_ended = False
        """Whether the caller has sent everything."""
        if deadline != inf:
            left = deadline - monotonic()
            if left < LONGEST_TIMER_SECONDS:
                self._timer = asyncio.get_running_loop().call_later(max(left, 0.0), self._expire)

    @property
    def is_over(self) -> bool:
        """Whether its answer has been sent, read or not."""
        return self._is_over

    def leave(self) -> None:
        """The caller is gone: stop, and tell nobody."""
        if not self._is_over:
            self._close()
            self._stop()

    def fail(self, failure: CallFailed) -> None:
        """End the call here and now."""
        if not self._is_over:
            self._close()
            self._send_failure(failure)
            self._stop()

    def _expire(self) -> None:
        self.fail(CallFailed(*LATE))

    def _close(self) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wire.inflight.give_back(self._held_bytes)
        self._held_bytes = 0

    def _hold(self, count: int) -> None:
        """Raises TooManyBytes."""
        self._wire.inflight.take(count)
        self._held_bytes += count

    def _stop(self) -> None:
        raise NotImplementedError

    def _send_failure(self, failure: CallFailed) -> None:
        raise NotImplementedError

    def _open(self, is_compressed: bool, message: bytes) -> bytes:
        if not is_compressed:
            return message
        message = grpc_wire.decompress(message, self._encoding, self._wire.message_limit_bytes)
        self._hold(len(message))
        return message


class UnaryStream(_Stream):
    """One message for one message."""

    __slots__ = ("_answer", "_expected", "_heard_at", "_is_compressed", "_pieces", "_size", "_steps")

    def __init__(
        self, wire: Wire, stream_id: int, call: Call, deadline: float, encoding: bytes, answer: AnswerOne
    ) -> None:
        super().__init__(wire, stream_id, call, deadline, encoding)
        self._answer = answer
        self._pieces: list[bytes] = []
        self._size = 0
        self._expected = -1
        self._is_compressed = False
        self._heard_at = 0.0
        """When the last piece came of a body that comes in pieces."""
        self._steps: Steps[bytes] | None = None

    def receive(self, data: bytes, *, is_end: bool) -> None:
        """Take the next bytes of the caller's; the handler starts when the last is there."""
        self._wire.consumed(self.id, len(data))
        self.has_ended = is_end
        if self._is_over:
            return
        try:
            if self._pieces or not is_end:
                self._gather(data)
                if not is_end:
                    self._heard_at = monotonic()
                    return
                message = self._open(self._is_compressed, self._gathered())
            else:
                message = self._only(data)
        except (ServingError, CallFailed) as error:
            self.fail(self._wire.refused(error))
            return
        if self._deadline != inf and self._deadline <= monotonic():
            self.fail(CallFailed(*LATE))
            return
        steps = Steps(self._answer(message, self._call), self._finished)
        if not self._is_over:
            self._steps = steps

    def drain(self) -> None:
        """The server is stopping; what has been asked is answered."""

    def check(self, now: float, seconds: float) -> None:
        """Refuse a body that does not come on: it holds memory that others want."""
        if not self.has_ended and not self._is_over and 0 < self._heard_at < now - seconds:
            came = self._size + PREFIX_BYTES * (self._expected >= 0)
            sentence = f"{came} bytes of the call came, and then none for {seconds:g} s (GRPC_BODY_SECONDS)"
            self.fail(self._wire.refused(SlowCaller(sentence)))

    def _only(self, data: bytes) -> bytes:
        """Read a message that came in one piece, as most do."""
        if len(data) < PREFIX_BYTES:
            raise _cut_short() if data else _one_message()
        length = grpc_wire.read_length(data, self._wire.message_limit_bytes)
        if len(data) != PREFIX_BYTES + length:
            raise _cut_short() if len(data) < PREFIX_BYTES + length else _one_message()
        self._hold(length)
        return self._open(data[0] == 1, data[PREFIX_BYTES:])

    def _gather(self, data: bytes) -> None:
        """Keep a piece; refuse what is too much as soon as that is known."""
        self._hold(len(data))
        self._pieces.append(data)
        self._size += len(data)
        if self._expected < 0 and self._size >= PREFIX_BYTES:
            head = b"".join(self._pieces)
            self._expected = grpc_wire.read_length(head, self._wire.message_limit_bytes)
            self._is_compressed = head[0] == 1
            self._pieces = [head[PREFIX_BYTES:]]
            self._size -= PREFIX_BYTES
        if 0 <= self._expected < self._size:
            raise _one_message()

    def _gathered(self) -> bytes:
        if self._size != self._expected:
            raise _cut_short()
        message = b"".join(self._pieces)
        self._pieces.clear()
        return message

    def _finished(self, message: bytes | None, error: BaseException | None) -> None:
        self._steps = None
        if self._is_over:
            return
        self._close()
        if message is not None and len(message) <= self._wire.answer_limit_bytes:
            self._wire.answer(self.id, message, self._call.answer_headers)
        elif message is not None:
            self._send_failure(_too_large(message, self._wire))
        else:
            self._send_failure(_as_failure(error))

    def _stop(self) -> None:
        self._pieces.clear()
        if self._steps is not None:
            self._steps.cancel()

    def _send_failure(self, failure: CallFailed) -> None:
        self._wire.finish(self.id, failure, self._call.answer_headers, has_begun=False)


class ManyStream(_Stream):
    """Messages for messages."""

    __slots__ = ("_answer", "_has_begun", "_is_draining", "_is_endless", "_messages", "_received", "_task", "_unread")

    def __init__(
        self,
        wire: Wire,
        stream_id: int,
        call: Call,
        deadline: float,
        encoding: bytes,
        answer: AnswerMany,
        *,
        is_endless: bool,
    ) -> None:
        super().__init__(wire, stream_id, call, deadline, encoding)
        self._answer = answer
        self._is_endless = is_endless
        self._is_draining = False
        self._has_begun = False
        self._received = bytearray()
        self._unread = 0
        self._messages = _Messages(self._read)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def receive(self, data: bytes, *, is_end: bool) -> None:
        """Take the next bytes of the caller's, and hold the caller up while the handler is behind."""
        self.has_ended = is_end
        if self._is_over:
            self._wire.consumed(self.id, len(data))
            return
        self._received += data
        self._unread += len(data)
        try:
            for is_compressed, message in grpc_wire.split(self._received, self._wire.message_limit_bytes):
                self._hold(len(message))
                self._messages.put(self._open(is_compressed, message))
            if is_end and self._received:
                raise _cut_short()
        except (ServingError, CallFailed) as error:
            self.fail(self._wire.refused(error))
            return
        if is_end:
            self._messages.end()
        self._release()

    def drain(self) -> None:
        """The server is stopping: read no further, and answer what has been read."""
        if self._is_endless:
            self.fail(CallFailed(*LEAVING))
        else:
            self._is_draining = not self.has_ended
            self._messages.end()

    async def _run(self) -> None:
        failure: CallFailed | None = None
        answers = self._answer(self._messages, self._call)
        try:
            async for message in answers:
                if len(message) > self._wire.answer_limit_bytes:
                    raise _too_large(message, self._wire)
                self._wire.send(self.id, message, is_first=not self._has_begun)
                self._has_begun = True
                if (room := self._wire.has_room(self.id)) is not None:
                    await room
        except asyncio.CancelledError:
            if self._is_over:
                return
            raise
        except Exception as error:  # noqa: BLE001 - the last border before the wire
            failure = _as_failure(error)
        finally:
            # What the handler has begun ends with the call, and not when the collector finds it.
            if isinstance(answers, AsyncGenerator):
                await answers.aclose()
        if not self._is_over:
            self._close()
            self._send_failure(CallFailed(*LEAVING) if failure is None and self._is_draining else failure)

    def _read(self, message: bytes) -> None:
        """The handler has taken a message."""
        if not self._is_over:
            # Of a compressed one, the smaller part is kept until the call ends.
            self._wire.inflight.give_back(len(message))
            self._held_bytes -= len(message)
        self._release()

    def _release(self) -> None:
        if self._unread and self._messages.size_bytes <= BACKLOG_BYTES:
            unread, self._unread = self._unread, 0
            self._wire.consumed(self.id, unread)

    def _stop(self) -> None:
        self._messages.end()
        self._received.clear()
        self._task.cancel()

    def _send_failure(self, failure: CallFailed | None) -> None:
        self._wire.finish(self.id, failure, self._call.answer_headers, has_begun=self._has_begun)


class RefusedStream:
    """A call that is refused by its head.

    It hears so once it has begun to send its message: clients take a status that overtakes
    their own first message for a fault of the connection.
    """

    __slots__ = ("_fields", "_timer", "_wire", "has_ended", "id")

    def __init__(self, wire: Wire, stream_id: int, fields: Fields) -> None:
        self._wire = wire
        self._fields = fields
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self.drain)
        self.id = stream_id
        self.has_ended = False

    def receive(self, data: bytes, *, is_end: bool) -> None:
        self._wire.consumed(self.id, len(data))
        self.has_ended = is_end
        self.drain()

    def drain(self) -> None:
        if not self._timer.cancelled():
            self._timer.cancel()
            self._wire.refuse(self.id, self._fields)

    def fail(self, _failure: CallFailed) -> None:
        self.drain()

    def leave(self) -> None:
        self._timer.cancel()


class _Messages(AsyncIterator[bytes]):
    """What has come and was not read yet."""

    def __init__(self, read: Callable[[bytes], None]) -> None:
        self._read = read
        self._queue: deque[bytes] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._has_ended = False
        self.size_bytes = 0

    def put(self, message: bytes) -> None:
        if not self._has_ended:
            self._queue.append(message)
            self.size_bytes += len(message)
            self._wake()

    def end(self) -> None:
        self._has_ended = True
        self._wake()

    async def __anext__(self) -> bytes:
        while not self._queue:
            if self._has_ended:
                raise StopAsyncIteration
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        message = self._queue.popleft()
        self.size_bytes -= len(message)
        self._read(message)
        return message

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


Stream = UnaryStream | ManyStream | RefusedStream


def _too_large(message: bytes, wire: Wire) -> CallFailed:
    return grpc_wire.too_large(f"the answer has {len(message)} bytes, and the limit is {wire.answer_limit_bytes}")


def _one_message() -> CallFailed:
    return CallFailed("UNIMPLEMENTED", "the method takes one message")


def _cut_short() -> CallFailed:
    return CallFailed("INTERNAL", "the call ended within a message")


def _as_failure(error: BaseException | None) -> CallFailed:
    if isinstance(error, CallFailed):
        return error
    logs.event("request_failed", level=logs.ERROR, error=error)
    return CallFailed("INTERNAL", "the server failed", "internal")
