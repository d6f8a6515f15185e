"""A call of one message and one answer, by a coroutine that runs without a Task.

The message is held once, however small the pieces are in which it comes, and
refused as soon as it is known to be too much.
"""

from math import inf
from time import monotonic

from serving import grpc_wire
from serving.call import Call
from serving.errors import ServingError, SlowCaller
from serving.grpc_method import AnswerOne, CallFailed
from serving.grpc_stream import LATE, Stream, Wire, as_failure, cut_short, one_message, too_large
from serving.grpc_wire import PREFIX_BYTES
from serving.incoming_body import Body
from serving.steps import Steps


class UnaryStream(Stream):
    """One message for one message."""

    __slots__ = ("_answer", "_body", "_expected", "_heard_at", "_is_compressed", "_steps")

    def __init__(
        self, wire: Wire, stream_id: int, call: Call, deadline: float, encoding: bytes, answer: AnswerOne
    ) -> None:
        super().__init__(wire, stream_id, call, deadline, encoding)
        self._answer = answer
        self._body: Body | None = None
        """What has come of a message that comes in pieces; before its length is known, with its prefix."""
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
            if self._body is not None or not is_end:
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
            came = (self._body.size if self._body else 0) + PREFIX_BYTES * (self._expected >= 0)
            sentence = f"{came} bytes of the call came, and then none for {seconds:g} s (GRPC_BODY_SECONDS)"
            self.fail(self._wire.refused(SlowCaller(sentence)))

    def _only(self, data: bytes) -> bytes:
        """Read a message that came in one piece, as most do."""
        if len(data) < PREFIX_BYTES:
            raise cut_short() if data else one_message()
        length = grpc_wire.read_length(data, self._wire.message_limit_bytes)
        if len(data) != PREFIX_BYTES + length:
            raise cut_short() if len(data) < PREFIX_BYTES + length else one_message()
        self._hold(length)
        return self._open(data[0] == 1, data[PREFIX_BYTES:])

    def _gather(self, data: bytes) -> None:
        """Keep a piece; refuse what is too much as soon as that is known."""
        self._hold(len(data))
        body = self._body
        if body is None:
            body = self._body = Body()
        body.add(data)
        if self._expected < 0 and body.size >= PREFIX_BYTES:
            head = body.whole()
            self._expected = grpc_wire.read_length(head, self._wire.message_limit_bytes)
            self._is_compressed = head[0] == 1
            body = self._body = Body()
            body.add(head[PREFIX_BYTES:])
        if 0 <= self._expected < body.size:
            raise one_message()

    def _gathered(self) -> bytes:
        body, self._body = self._body, None
        if body is None or body.size != self._expected:
            raise cut_short()
        return body.whole()

    def _finished(self, message: bytes | None, error: BaseException | None) -> None:
        self._steps = None
        if self._is_over:
            return
        self._close()
        if message is not None and len(message) <= self._wire.answer_limit_bytes:
            self._wire.answer(self.id, message, self._call.answer_headers)
        elif message is not None:
            self._send_failure(too_large(message, self._wire))
        else:
            self._send_failure(as_failure(error))

    def _stop(self) -> None:
        self._body = None
        if self._steps is not None:
            self._steps.cancel()

    def _send_failure(self, failure: CallFailed) -> None:
        self._wire.finish(self.id, failure, self._call.answer_headers, has_begun=False)
