"""Inference over one gRPC stream: each request has its answer, in the order of the requests.

Requests are begun as they come, so that those of one stream share batches with
each other. A request that fails is an answer like any other, with the id of its
request, and the stream goes on. Knows no model and no status.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
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


async def answer_stream(messages: AsyncIterator[bytes], call: Call, infer: Infer) -> AsyncIterator[bytes]:
    """Answer each message; whoever stops listening cancels what is under way."""
    begun: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(AHEAD)

    async def begin() -> None:
        try:
            async for message in messages:
                # A copy, because each has answer headers of its own.
                await begun.put(asyncio.ensure_future(_answer(infer(message, copy(call)))))
        finally:
            await begun.put(None)

    reading = asyncio.ensure_future(begin())
    try:
        while (answer := await begun.get()) is not None:
            yield await answer
        await reading
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


async def _give_up(task: "asyncio.Task[Any] | None") -> None:
    if task is not None and not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
