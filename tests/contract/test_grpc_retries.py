"""What grpc's own client does with a call that a server did not begin, which decides what a rolling update can show.

By its defaults it sends a call again by itself where the server's GOAWAY says that
it was not seen, so that a server which turns calls away as it leaves would look as
if it had lost none. Our callers switch that off, and this holds it against the
library itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import ngh2
import pytest

from serving import grpc_wire
from tests.chaos.callers import Rpc, message

SECONDS = 20.0


GOAWAY = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)
"""A frame that says: no stream was seen, and there was no error."""


class Leaving(asyncio.Protocol):
    """A gRPC server that takes leave when it is first asked, and answers every other call with nothing."""

    def __init__(self, leave: Callable[[asyncio.Transport], None], asked: list[int], gone: asyncio.Event) -> None:
        self._leave = leave
        self._asked = asked
        self._gone = gone
        self._http2 = ngh2.Connection(ngh2.Role.SERVER)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._http2.initiate_connection({})
        self._transport.write(self._http2.data_to_send())

    def connection_lost(self, _: Exception | None) -> None:
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self._http2.receive_data(data)
        for event in self._http2.events():
            if not isinstance(event, ngh2.RequestReceived):
                continue
            self._asked.append(event.stream_id)
            if len(self._asked) == 1:
                self._leave(self._transport)
                return
            self._http2.send_response(event.stream_id, grpc_wire.ANSWER_FIELDS)
            self._http2.send_data(event.stream_id, grpc_wire.frame(b""))
            self._http2.send_trailers(event.stream_id, grpc_wire.OK_FIELDS)
        self._transport.write(self._http2.data_to_send())


def tell(transport: asyncio.Transport) -> None:
    """Say which calls were seen, and close."""
    transport.write(GOAWAY)
    transport.close()


@asynccontextmanager
async def leaving(leave: Callable[[asyncio.Transport], None]) -> AsyncIterator[tuple[str, list[int]]]:
    """Give its address, and the streams on which it was asked."""
    asked: list[int] = []
    gone = asyncio.Event()
    server = await asyncio.get_running_loop().create_server(lambda: Leaving(leave, asked, gone), "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    server.close()
    async with asyncio.timeout(SECONDS):
        await gone.wait()


async def test_by_its_defaults_grpc_sends_a_call_again_that_was_not_seen_and_nobody_hears_of_it() -> None:
    async with leaving(tell) as (address, asked), Rpc(address) as rpc:
        await rpc.start(message([1.0]), seconds=SECONDS)
    assert len(asked) == 2


async def test_our_callers_hear_of_every_call_that_was_not_seen() -> None:
    async with leaving(tell) as (address, asked), Rpc(address, sends_again=False) as rpc:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rpc.start(message([1.0]), seconds=SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(asked) == 1


@pytest.mark.parametrize("sends_again", [True, False])
async def test_no_caller_is_spared_a_connection_that_ends_without_a_word(sends_again: bool) -> None:
    async with leaving(asyncio.Transport.close) as (address, asked), Rpc(address, sends_again=sends_again) as rpc:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rpc.start(message([1.0]), seconds=SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(asked) == 1
