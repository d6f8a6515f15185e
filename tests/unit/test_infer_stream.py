"""Requests of one gRPC stream, and the answers each of them has."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from serving.call import Call
from serving.grpc_method import CallFailed
from serving.infer_stream import AHEAD, answer_stream
from serving.oip_pb2 import ModelInferResponse, ModelStreamInferResponse


async def sent(*messages: bytes) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


async def echo(message: bytes, call: Call) -> bytes:
    call.answer_headers = {"last": message.decode()}
    if message.startswith(b"bad"):
        raise CallFailed("INVALID_ARGUMENT", "no such thing", "bad_input", request_id=message.decode())
    return ModelInferResponse(id=message.decode()).SerializeToString()


async def test_each_request_is_answered_in_order_and_a_failure_does_not_end_the_stream() -> None:
    call = Call()
    answers = [
        ModelStreamInferResponse.FromString(answer)
        async for answer in answer_stream(sent(b"a", b"bad 7", b"b"), call, echo)
    ]
    assert [(answer.error_message, answer.infer_response.id) for answer in answers] == [
        ("", "a"),
        ("no such thing", "bad 7"),
        ("", "b"),
    ]
    assert call.answer_headers is None


async def test_a_stream_without_requests_ends() -> None:
    assert [answer async for answer in answer_stream(sent(), Call(), echo)] == []


async def test_requests_of_a_stream_run_together() -> None:
    everybody = asyncio.Barrier(3)

    async def meet(message: bytes, call: Call) -> bytes:
        await everybody.wait()
        return await echo(message, call)

    answers = [answer async for answer in answer_stream(sent(b"a", b"b", b"c"), Call(), meet)]
    assert [ModelStreamInferResponse.FromString(answer).infer_response.id for answer in answers] == ["a", "b", "c"]


async def test_no_more_requests_are_read_than_may_be_under_way() -> None:
    read = 0
    gate = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"%d" % read

    async def wait(message: bytes, call: Call) -> bytes:
        await gate.wait()
        return await echo(message, call)

    stream = answer_stream(endless(), Call(), wait)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(10 * AHEAD):
        await asyncio.sleep(0)
    assert read <= AHEAD + 2
    gate.set()
    assert ModelStreamInferResponse.FromString(await first).infer_response.id == "1"
    await stream.aclose()


async def test_whoever_stops_listening_cancels_what_is_under_way() -> None:
    cancelled: list[bytes] = []

    async def hang(message: bytes, call: Call) -> bytes:
        if message == b"a":
            return await echo(message, call)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(message)
            raise
        return b""

    stream = answer_stream(sent(b"a", b"b", b"c"), Call(), hang)
    await anext(stream)
    await asyncio.sleep(0)
    await stream.aclose()
    assert cancelled == [b"b", b"c"]


async def test_messages_that_stop_with_an_error_end_the_stream_with_it() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise CallFailed("CANCELLED", "the caller left")

    stream = answer_stream(broken(), Call(), echo)
    assert ModelStreamInferResponse.FromString(await anext(stream)).infer_response.id == "a"
    with pytest.raises(CallFailed, match="the caller left"):
        await anext(stream)
