"""The same calls over both transports, compared: status, sentence, trailing metadata and bytes."""

import asyncio
import contextlib
from typing import Any, NamedTuple

import grpc
import grpc.aio
import pytest

from tests.grpc_servers import ANSWER_BYTES, MESSAGE_BYTES, TRANSPORTS, Methodical, listener

UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class Told(NamedTuple):
    """All that a caller sees of a call."""

    messages: tuple[bytes, ...]
    status: str
    details: str
    trailers: tuple[tuple[str, str | bytes], ...]


Case = tuple[str, tuple[bytes, ...], dict[str, Any]]

CALLS: dict[str, Case] = {
    "an empty message": ("Echo", (b"",), {}),
    "a small message": ("Echo", (b"abc",), {}),
    "a large message": ("Echo", (bytes(range(256)) * 10_000,), {}),
    "the largest message": ("Echo", (bytes(ANSWER_BYTES),), {}),
    "a message by gzip": ("Echo", (b"a" * 100_000,), {"compression": grpc.Compression.Gzip}),
    "a message by deflate": ("Echo", (b"a" * 100_000,), {"compression": grpc.Compression.Deflate}),
    "metadata of the caller's": ("Headers", (b"x-a x-b",), {"metadata": (("x-a", "1"), ("x-b", "b c"))}),
    "metadata with an answer": ("Trailers", (b"",), {}),
    "metadata with a failure": ("Trailers", (b"fail",), {}),
    "a bug": ("Break", (b"",), {}),
    "a far deadline": ("Echo", (b"a",), {"timeout": 1e5}),
    **{f"failed with {code.name}": ("Fail", (code.name.encode(),), {}) for code in grpc.StatusCode if code.value[0]},
    "a stream of no message": ("Chat", (), {}),
    "a stream of messages": ("Chat", (b"a", b"", b"c" * 70_000), {}),
    "a stream of many answers": ("Count", (b"300 10",), {}),
    "a stream that fails": ("Stumble", (b"a", b"b"), {}),
}
"""What reaches a method: all of the answer must be the same."""

REFUSED: dict[str, Case] = {
    # Without a message: one that is on its way while grpcio refuses the method now and then ends the call as INTERNAL.
    "an unknown method": ("None", (), {}),
    "too large a message": ("Echo", (bytes(MESSAGE_BYTES + 1),), {}),
    "too large a message by gzip": ("Echo", (bytes(MESSAGE_BYTES + 1),), {"compression": grpc.Compression.Gzip}),
    "too large an answer": ("Grow", (b"%d" % (ANSWER_BYTES + 1),), {}),
    "too much metadata": ("Echo", (b"",), {"metadata": (("x-a", "a" * 20_000),)}),
    "a deadline that passes": ("Wait", (b"",), {"timeout": 0.1}),
}
"""What a transport refuses by itself, in a sentence of its own."""


async def told(channel: grpc.aio.Channel, case: Case) -> Told:
    method, messages, options = case
    call: Any = channel.stream_stream(f"/test.Service/{method}")
    began = call(iter(messages), **options)
    answers = []
    with contextlib.suppress(grpc.aio.AioRpcError):
        answers += [answer async for answer in began]
    trailers = tuple(sorted((key, value) for key, value in await began.trailing_metadata()))
    return Told(tuple(answers), (await began.code()).name, await began.details() or "", trailers)


async def both(case: Case) -> list[Told]:
    answers = []
    for transport in TRANSPORTS:
        service = Methodical()
        server = listener(transport, service.methods())
        await server.start()
        async with asyncio.timeout(30), grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", UNLIMITED) as channel:
            answers.append(await told(channel, case))
        service.let_go.set()
        await server.stop(0.1)
    return answers


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
async def test_a_call_is_answered_the_same(case: Case) -> None:
    ours, theirs = await both(case)
    assert ours == theirs


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_has_the_same_status(case: Case) -> None:
    ours, theirs = await both(case)
    assert (ours.messages, ours.status) == (theirs.messages, theirs.status)
    assert ours.status != "OK"
