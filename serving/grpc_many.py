"""A call of many messages and many answers, by a Task of its own.

The handler reads as it can, and a caller who is quicker is held up.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from serving import grpc_wire
from serving.call import Call
from serving.errors import ServingError
from serving.grpc_method import AnswerMany, CallFailed
from serving.grpc_stream import LEAVING, Stream, Wire, as_failure, cut_short, too_large

BACKLOG_BYTES = 1024 * 1024
"""Messages of a stream that may wait for their handler before the caller is held up."""


class ManyStream(Stream):
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
                raise cut_short()
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
                    raise too_large(message, self._wire)
                self._wire.send(self.id, message, is_first=not self._has_begun)
                self._has_begun = True
                if (room := self._wire.has_room(self.id)) is not None:
                    await room
        except asyncio.CancelledError:
            if self._is_over:
                return
            raise
        except Exception as error:  # noqa: BLE001 - the last border before the wire
            failure = as_failure(error)
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
