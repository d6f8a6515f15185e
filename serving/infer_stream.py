"""Inference over one gRPC stream: each request has its answer, in the order of the requests.

Requests are begun as they come, so that those of one stream share batches with
each other. A request that fails is an answer like any other, with the id of its
request, and the stream goes on. Knows no model and no status.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from copy import copy
from typing import Any

from serving import raw_contents
from serving.call import Call
from serving.grpc_method import CallFailed
from serving.oip_pb2 import ModelInferResponse, ModelStreamInferResponse

Infer = Callable[[bytes, Call], Coroutine[Any, Any, bytes]]
"""Answer one request with a ModelInferResponse, or raise CallFailed."""

ANSWER = ModelStreamInferResponse.INFER_RESPONSE_FIELD_NUMBER

AHEAD = 64
"""Requests of one stream that may be under way: then the next is not read, and flow control holds its sender back."""


async def answer_stream(messages: AsyncIterator[bytes], call: Call, infer: Infer) -> AsyncGenerator[bytes, None]:
    """Answer each message; whoever stops listening cancels what is under way."""
    begun: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue(AHEAD)

    async def begin() -> None:
        try:
            async for message in messages:
                # A copy, because each has answer headers of its own.
                answer = asyncio.ensure_future(_answer(infer(message, copy(call))))
                try:
                    await begun.put(answer)
                except asyncio.CancelledError:
                    await _give_up(answer)
                    raise
        # Whatever ends the messages ends the answers, in its turn.
        except Exception as error:  # noqa: BLE001
            end: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            end.set_exception(error)
            await begun.put(end)
        else:
            await begun.put(None)

    reading = asyncio.ensure_future(begin())
    try:
        while (answer := await begun.get()) is not None:
            yield await answer
    finally:
        await _give_up(reading)
        while not begun.empty():
            await _give_up(begun.get_nowait())


async def _answer(answered: Awaitable[bytes]) -> bytes:
    try:
        return raw_contents.join(b"", ANSWER, [await answered])
    except CallFailed as failure:
        # Triton's client finds the request that failed by the id of an otherwise empty response.
        named = ModelInferResponse(id=failure.request_id)
        return ModelStreamInferResponse(error_message=failure.details, infer_response=named).SerializeToString()


async def _give_up(work: "asyncio.Future[Any] | None") -> None:
    if work is None:
        return
    work.cancel()
    # Whatever came of it, nobody asks any more.
    with suppress(asyncio.CancelledError, Exception):
        await work
