"""One call on an HTTP/2 connection, from its first bytes to its trailers.

Here is what all calls have in common; those of one message are in
`grpc_unary.py`, those of many in `grpc_many.py`. Promises that a call ends once:
by its answer, its deadline or its caller's leaving, whichever comes first, and
that work stops with it. Knows gRPC's framing, and of the connection only what
`Wire` says.
"""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Protocol

from serving import grpc_wire, logs
from serving.call import Call
from serving.errors import ServingError
from serving.grpc_method import CallFailed
from serving.grpc_wire import Fields
from serving.inflight_bytes import InflightBytes

LONGEST_TIMER_SECONDS = 86_400.0
"""A deadline further away has no timer: it is kept by whoever looks at the clock."""

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


class Stream:
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

    def receive(self, data: bytes, *, is_end: bool) -> None:
        """Take the next bytes of the caller's."""
        raise NotImplementedError

    def drain(self) -> None:
        """The server is stopping."""
        raise NotImplementedError

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


def too_large(message: bytes, wire: Wire) -> CallFailed:
    return grpc_wire.too_large(f"the answer has {len(message)} bytes, and the limit is {wire.answer_limit_bytes}")


def one_message() -> CallFailed:
    return CallFailed("UNIMPLEMENTED", "the method takes one message")


def cut_short() -> CallFailed:
    return CallFailed("INTERNAL", "the call ended within a message")


def as_failure(error: BaseException | None) -> CallFailed:
    if isinstance(error, CallFailed):
        return error
    logs.event("request_failed", level=logs.ERROR, error=error)
    return CallFailed("INTERNAL", "the server failed", "internal")
