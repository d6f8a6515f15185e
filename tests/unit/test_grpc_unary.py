"""A call of one message that comes in pieces."""

import tracemalloc
from collections.abc import Callable
from math import inf

from serving.call import Call
from serving.errors import ServingError
from serving.grpc_method import CallFailed
from serving.grpc_stream import as_failure
from serving.grpc_unary import UnaryStream
from serving.grpc_wire import Fields
from serving.inflight_bytes import InflightBytes

LIMIT_BYTES = 1 << 20


class Caller:
    """The connection, as the call sees it."""

    message_limit_bytes = LIMIT_BYTES
    answer_limit_bytes = LIMIT_BYTES
    refused: Callable[[ServingError | CallFailed], CallFailed]

    def __init__(self) -> None:
        self.inflight = InflightBytes(LIMIT_BYTES)
        self.answers: list[bytes] = []
        self.failures: list[CallFailed | None] = []
        self.refused = as_failure

    def answer(self, stream_id: int, message: bytes, metadata: dict[str, str] | None) -> None:
        self.answers.append(message)

    def send(self, stream_id: int, message: bytes, *, is_first: bool) -> None: ...

    def finish(
        self, stream_id: int, failure: CallFailed | None, metadata: dict[str, str] | None, *, has_begun: bool
    ) -> None:
        self.failures.append(failure)

    def refuse(self, stream_id: int, fields: Fields) -> None: ...

    def consumed(self, stream_id: int, size: int) -> None: ...

    def has_room(self, stream_id: int) -> None:
        return None


async def echo(message: bytes, call: Call) -> bytes:
    return message


def a_call(caller: Caller) -> UnaryStream:
    return UnaryStream(caller, 1, Call(), inf, b"identity", echo)


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


async def test_a_message_in_tiny_pieces_holds_little_more_memory_than_its_bytes() -> None:
    caller = Caller()
    call = a_call(caller)
    message = bytes(range(256)) * 400
    whole = framed(message)
    pieces = [whole[at : at + 2] for at in range(0, len(whole), 2)]
    tracemalloc.start()
    try:
        for piece in pieces[:-1]:
            call.receive(piece, is_end=False)
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held_bytes < 2 * len(message)
    assert caller.inflight.held_bytes >= len(message)
    call.receive(pieces[-1], is_end=True)
    assert caller.answers == [message]
    assert caller.inflight.held_bytes == 0


async def test_a_message_longer_than_it_said_is_refused_before_its_end() -> None:
    caller = Caller()
    call = a_call(caller)
    call.receive(framed(b"four")[:7], is_end=False)
    call.receive(b"urtoo much", is_end=False)
    assert [failure and failure.status for failure in caller.failures] == ["UNIMPLEMENTED"]
    assert caller.inflight.held_bytes == 0
