"""Both transports, asked by grpcio's clients: what one promises, the other keeps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import orjson
import pytest

from serving.grpc_server import GrpcListener
from tests.grpc_servers import ANSWER_BYTES, MESSAGE_BYTES, STRANGE, TRANSPORTS, Methodical, limits, listener

SECONDS = 20.0
"""For what must come; no test waits so long that passes."""

UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class Served:
    """A server with a client on one connection."""

    def __init__(self, listener: GrpcListener, service: Methodical, channel: grpc.aio.Channel) -> None:
        self.listener = listener
        self.service = service
        self.channel = channel

    def unary(self, method: str, message: bytes, **options: Any) -> Any:
        return self.ask(f"/test.Service/{method}", message, **options)

    def ask(self, path: str, message: bytes, **options: Any) -> Any:
        call: Any = self.channel.unary_unary(path)
        return call(message, **options)

    def stream(self, method: str, **options: Any) -> Any:
        return self.channel.stream_stream(f"/test.Service/{method}")(**options)

    def answers(self, method: str, message: bytes, **options: Any) -> Any:
        call: Any = self.channel.unary_stream(f"/test.Service/{method}")
        return call(message, **options)

    async def until(self, event: str) -> None:
        """Wait for what becomes of a call in the server."""
        async with asyncio.timeout(SECONDS):
            await self.service.happened(event)


@asynccontextmanager
async def served(transport: str, **options: Any) -> AsyncIterator[Served]:
    service = Methodical()
    server = listener(transport, service.methods(), **options)
    await server.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=UNLIMITED)
    try:
        yield Served(server, service, channel)
    finally:
        service.let_go.set()
        await channel.close()
        await server.stop(0.1)


@pytest.fixture(params=TRANSPORTS)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with served(request.param) as serving:
        yield serving


async def failure(call: Any) -> tuple[str, str, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    trailers = {str(key): str(value) for key, value in error.trailing_metadata()}
    return error.code().name, error.details() or "", trailers


class TestUnary:
    @pytest.mark.parametrize("size", [0, 1, 16_384, 600_000, MESSAGE_BYTES - 100])
    async def test_a_message_is_answered_whole(self, server: Served, size: int) -> None:
        message = bytes(index % 251 for index in range(min(size, 1000))) * (size // 1000 or 1)
        answer = await server.unary("Echo", message[:ANSWER_BYTES])
        assert answer == message[:ANSWER_BYTES]

    async def test_calls_on_one_connection_each_get_their_own_answer(self, server: Served) -> None:
        messages = [f"call {number}".encode() * (number + 1) for number in range(300)]
        assert await asyncio.gather(*(server.unary("Echo", message) for message in messages)) == messages

    async def test_a_client_with_threads_is_answered(self, server: Served) -> None:
        def ask() -> list[bytes]:
            with grpc.insecure_channel(f"127.0.0.1:{server.listener.port}") as channel:
                call: Any = channel.unary_unary("/test.Service/Echo")
                return [call(b"%d" % number, timeout=SECONDS) for number in range(5)]

        assert await asyncio.to_thread(ask) == [b"0", b"1", b"2", b"3", b"4"]

    @pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
    async def test_a_compressed_message_is_read(self, server: Served, compression: grpc.Compression) -> None:
        assert await server.unary("Echo", b"a" * 100_000, compression=compression) == b"a" * 100_000

    @pytest.mark.parametrize(
        "status", ["INVALID_ARGUMENT", "NOT_FOUND", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "INTERNAL"]
    )
    async def test_a_failure_is_told_with_its_status_its_sentence_and_its_reason(
        self, server: Served, status: str
    ) -> None:
        told = await failure(server.unary("Fail", status.encode()))
        assert told == (status, STRANGE, {"reason": "bad_input"})

    async def test_metadata_comes_in_by_name(self, server: Served) -> None:
        answer = await server.unary(
            "Headers", b"x-tenant traceparent raw-bin nothing", metadata=(("x-tenant", "a b"), ("raw-bin", b"\x00"))
        )
        assert orjson.loads(answer) == {"x-tenant": "a b", "traceparent": None, "raw-bin": None, "nothing": None}

    async def test_metadata_goes_out_with_an_answer(self, server: Served) -> None:
        call = server.unary("Trailers", b"")
        assert await call == b""
        assert dict(await call.trailing_metadata()) == {"x-request-id": "17"}

    async def test_metadata_goes_out_with_a_failure(self, server: Served) -> None:
        _, _, trailers = await failure(server.unary("Trailers", b"fail"))
        assert trailers == {"reason": "unknown_model", "x-request-id": "17"}

    @pytest.mark.parametrize("path", ["/test.Service/None", "/other.Service/Echo", "/"])
    async def test_an_unknown_method_is_unimplemented(self, server: Served, path: str) -> None:
        code, _, _ = await failure(server.ask(path, b""))
        assert code == "UNIMPLEMENTED"
        assert await server.unary("Echo", b"still here") == b"still here"


class TestLimits:
    async def test_a_message_beyond_the_limit_is_refused_and_the_connection_kept(self, server: Served) -> None:
        code, _, _ = await failure(server.unary("Echo", bytes(MESSAGE_BYTES + 1)))
        assert code == "RESOURCE_EXHAUSTED"
        assert await server.unary("Echo", b"still here") == b"still here"

    async def test_a_compressed_message_that_grows_beyond_the_limit_is_refused(self, server: Served) -> None:
        bomb = bytes(MESSAGE_BYTES + 1)
        code, _, _ = await failure(server.unary("Echo", bomb, compression=grpc.Compression.Gzip))
        assert code == "RESOURCE_EXHAUSTED"
        assert await server.unary("Echo", b"still here") == b"still here"

    async def test_an_answer_beyond_the_limit_is_refused(self, server: Served) -> None:
        assert len(await server.unary("Grow", b"%d" % ANSWER_BYTES)) == ANSWER_BYTES
        code, _, _ = await failure(server.unary("Grow", b"%d" % (ANSWER_BYTES + 1)))
        assert code == "RESOURCE_EXHAUSTED"

    async def test_metadata_beyond_the_limit_is_refused_and_the_connection_kept(self, server: Served) -> None:
        code, _, _ = await failure(server.unary("Echo", b"", metadata=(("x-long", "a" * 20_000),)))
        assert code == "RESOURCE_EXHAUSTED"
        assert await server.unary("Echo", b"still here") == b"still here"


class TestEnds:
    async def test_a_deadline_ends_the_call_and_its_work(self, server: Served) -> None:
        code, _, _ = await failure(server.unary("Wait", b"", timeout=0.05))
        assert code == "DEADLINE_EXCEEDED"
        await server.until("cancelled")

    async def test_a_deadline_that_is_far_away_is_no_hindrance(self, server: Served) -> None:
        assert await server.unary("Echo", b"a", timeout=1e6) == b"a"

    async def test_a_caller_that_cancels_ends_the_work(self, server: Served) -> None:
        call = server.unary("Wait", b"")
        await server.until("began")
        call.cancel()
        await server.until("cancelled")
        assert await server.unary("Echo", b"still here") == b"still here"

    async def test_a_caller_whose_connection_is_lost_ends_the_work(self, server: Served) -> None:
        call = asyncio.ensure_future(server.unary("Wait", b""))
        await server.until("began")
        await server.channel.close(None)
        await server.until("cancelled")
        with pytest.raises(asyncio.CancelledError):
            await call


class TestStreams:
    async def test_messages_are_answered_one_by_one(self, server: Served) -> None:
        call = server.stream("Chat")
        for message in (b"a", b"", b"c" * 300_000):
            await call.write(message)
            assert await call.read() == message * 2
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK

    async def test_one_message_may_be_answered_by_many(self, server: Served) -> None:
        call = server.answers("Count", b"1000 100")
        assert [int.from_bytes(message[:4], "big") async for message in call] == list(range(1000))

    async def test_a_failure_comes_after_the_messages_before_it(self, server: Served) -> None:
        call = server.stream("Stumble")
        await call.write(b"a")
        assert await call.read() == b"a"
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()
        assert await call.code() is grpc.StatusCode.ABORTED
        assert await call.details() == STRANGE
        assert dict(await call.trailing_metadata()) == {"reason": "model_failed", "x-request-id": "17"}

    async def test_a_compressed_message_is_read(self, server: Served) -> None:
        call = server.stream("Chat", compression=grpc.Compression.Gzip)
        await call.write(b"a" * 100_000)
        assert await call.read() == b"a" * 200_000
        call.cancel()

    async def test_a_deadline_ends_the_call_and_its_work(self, server: Served) -> None:
        call = server.answers("Watch", b"a", timeout=0.2)
        assert await call.read() == b"a"
        assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await server.until("unwatched")

    async def test_a_caller_that_cancels_ends_the_work(self, server: Served) -> None:
        call = server.answers("Watch", b"a")
        assert await call.read() == b"a"
        call.cancel()
        await server.until("unwatched")

    async def test_a_caller_that_reads_slowly_holds_the_work_up(self, server: Served) -> None:
        call = server.answers("Count", b"400 100000")
        assert (await call.read())[:4] == bytes(4)
        for _ in range(200):
            await asyncio.sleep(0)
        ahead = len(server.service.events)
        assert ahead < 400
        numbers = [int.from_bytes((await call.read())[:4], "big") for _ in range(399)]
        assert numbers == list(range(1, 400))


class TestStop:
    async def test_a_call_in_flight_is_answered(self, server: Served) -> None:
        call = asyncio.ensure_future(server.unary("Wait", b"a"))
        await server.until("began")
        stopping = asyncio.create_task(server.listener.stop(SECONDS))
        await asyncio.sleep(0.05)
        server.service.let_go.set()
        assert await call == b"a"
        await stopping

    async def test_a_stream_that_nobody_ends_does_not_hold_it_up(self, server: Served) -> None:
        call = server.answers("Watch", b"a")
        assert await call.read() == b"a"
        async with asyncio.timeout(SECONDS):
            await server.listener.stop(10 * SECONDS)
        await server.until("unwatched")

    async def test_a_call_that_does_not_end_is_cut_off(self, server: Served) -> None:
        call = asyncio.ensure_future(server.unary("Wait", b"a"))
        await server.until("began")
        await server.listener.stop(0.2)
        code, _, _ = await failure(call)
        assert code in ("UNAVAILABLE", "CANCELLED")
        await server.until("cancelled")


class TestNghttp2Alone:
    async def test_bytes_in_flight_are_bounded(self) -> None:
        async with served("nghttp2", given=limits(inflight_bytes=1000)) as server:
            waiting = asyncio.ensure_future(server.unary("Wait", bytes(900)))
            await server.until("began")
            code, details, _ = await failure(server.unary("Echo", bytes(900)))
            assert code == "UNAVAILABLE"
            assert "900 more do not fit" in details
            server.service.let_go.set()
            assert await waiting == bytes(900)
            assert await server.unary("Echo", bytes(900)) == bytes(900)

    async def test_bytes_of_calls_that_end_badly_are_given_back(self) -> None:
        given = limits()
        async with served("nghttp2", given=given) as server:
            await failure(server.unary("Fail", b"NOT_FOUND"))
            await failure(server.unary("Wait", bytes(1000), timeout=0.05))
            await failure(server.unary("Echo", bytes(MESSAGE_BYTES + 1)))
            await failure(server.unary("Echo", bytes(MESSAGE_BYTES + 1), compression=grpc.Compression.Gzip))
            call = server.stream("Chat")
            await call.write(b"abc")
            await call.read()
            call.cancel()
            await server.until("cancelled")
            await server.unary("Echo", b"")
            assert given.inflight.held_bytes == 0

    async def test_an_old_connection_is_left_without_a_lost_call(self) -> None:
        async with served("nghttp2", age_seconds=0.05) as server:

            async def call_on(caller: int) -> None:
                for number in range(100):
                    message = b"%d of %d" % (number, caller)
                    assert await server.unary("Echo", message) == message

            async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as callers:
                for caller in range(8):
                    callers.create_task(call_on(caller))

    async def test_a_connection_too_many_is_closed(self) -> None:
        async with served("nghttp2", max_connections=1) as server:
            await server.unary("Echo", b"")
            reader, writer = await asyncio.open_connection("127.0.0.1", server.listener.port)
            assert await reader.read() == b""
            writer.close()
            assert await server.unary("Echo", b"still here") == b"still here"

    async def test_more_calls_than_streams_wait_for_their_turn(self) -> None:
        async with served("nghttp2", given=limits(streams=2)) as server:
            messages = [b"%d" % number for number in range(50)]
            assert await asyncio.gather(*(server.unary("Echo", message) for message in messages)) == messages
