"""The pool of REST connections: what a client of one's own does, and nothing that would hide a loss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.cluster.rolling.rest_pool import ConnectionLost, RestPool

LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
NOT_LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

FOR_EVER = 1e9
TURNS = 10
"""Of the event loop: enough for our side to read that the other has ended."""


class Server:
    """Answers every request with `reply`; nothing makes it hang up instead."""

    def __init__(self) -> None:
        self.reply: bytes | None = NOT_LAST
        self.asked: list[int] = []
        """The connection of each request, counted from zero."""
        self.writers: list[asyncio.StreamWriter] = []
        self.holds_back = 0
        """So many requests wait for one more."""
        self._may_answer = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.writers)
        self.writers.append(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked.append(number)
                if len(self.asked) > self.holds_back:
                    self._may_answer.set()
                await self._may_answer.wait()
                if self.reply is None:
                    break
                writer.write(self.reply)
        except asyncio.IncompleteReadError:
            pass  # the caller has hung up
        finally:
            writer.close()


@asynccontextmanager
async def pool_of(size: int, silent_seconds: float = FOR_EVER) -> AsyncIterator[tuple[Server, RestPool]]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    pool = RestPool(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}", size, silent_seconds)
    yield server, pool
    await pool.close()
    listener.close()
    for writer in server.writers:
        writer.close()
        await writer.wait_closed()


async def test_connections_are_opened_up_to_the_size_and_then_take_turns() -> None:
    async with pool_of(3) as (server, pool):
        for _ in range(7):
            await pool.ask("/", b"")
        assert server.asked == [0, 1, 2, 0, 1, 2, 0]


async def test_one_that_has_been_silent_for_long_enough_goes_before_a_new_one() -> None:
    async with pool_of(3, silent_seconds=0.0) as (server, pool):
        for _ in range(3):
            await pool.ask("/", b"")
        assert server.asked == [0, 0, 0]


async def test_where_all_are_in_use_more_are_opened() -> None:
    async with pool_of(1) as (server, pool):
        server.holds_back = 2
        await asyncio.gather(*(pool.ask("/", b"") for _ in range(3)))
        assert sorted(server.asked) == [0, 1, 2]


async def test_a_connection_of_which_an_answer_was_the_last_is_not_used_again() -> None:
    async with pool_of(1) as (server, pool):
        server.reply = LAST
        await pool.ask("/", b"")
        await pool.ask("/", b"")
        assert server.asked == [0, 1]


async def test_a_connection_whose_end_was_seen_is_not_used_again_and_nothing_is_lost() -> None:
    async with pool_of(1) as (server, pool):
        await pool.ask("/", b"")
        server.writers[0].close()
        await server.writers[0].wait_closed()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        await pool.ask("/", b"")
        assert server.asked == [0, 1]


async def test_a_connection_that_ends_under_a_request_has_lost_it_and_tells_after_what_silence() -> None:
    async with pool_of(1) as (server, pool):
        await pool.ask("/", b"")
        server.reply = None
        with pytest.raises(ConnectionLost, match=r"after \d\.\d\d s of silence"):
            await pool.ask("/", b"")
        assert server.asked == [0, 0]


async def test_a_connection_that_cannot_be_made_is_told_as_that() -> None:
    async with pool_of(1) as (_, pool):
        pass
    with pytest.raises(ConnectionLost, match="when connecting"):
        await pool.ask("/", b"")
