"""The load tests' gRPC client before servers that misbehave: everything that can become of a call has its name."""

import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable, Iterator

import pytest

from loadtests.bench import http2
from tests.contract.loadtests import http2_server as wire
from tests.contract.loadtests.asking import Asker, Listening, Told, reset
from tests.contract.loadtests.http2_server import Http2, Obedient

METHOD = "/inference.GRPCInferenceService/ModelInfer"
REFUSED_STREAM, CANCEL, INTERNAL, CALM = 7, 8, 2, 11

Serve = Callable[[Reader, Writer], Awaitable[None]]


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    with Asker() as asker:
        yield asker


def saying(*frames: Callable[[int], bytes]) -> Serve:
    """Answer each call with these frames, each a write of its own."""

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            for frame in frames:
                writer.write(frame(call.stream))
                await writer.drain()
                await asyncio.sleep(0)

    return serve


def plain(stream: int) -> bytes:
    return wire.answer(stream, b"yes")


def trailers(*fields: tuple[str, str]) -> Callable[[int], bytes]:
    return lambda stream: wire.trailers_only(stream, list(fields))


async def become(asker: Asker, serve: Serve, **order: object) -> Told:
    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        return await client.ask(path=METHOD, **order)


async def test_a_message_comes_back_with_its_metadata(asker: Asker) -> None:
    told = await become(asker, saying(lambda stream: wire.answer(stream, b"yes", [*wire.OK, ("x-request-id", "a-1")])))
    assert (told["outcome"], told["code"], bytes.fromhex(told["body"])) == ("ok", "OK", b"yes")
    assert told["headers"]["x-request-id"] == "a-1"
    assert told["headers"]["content-type"] == "application/grpc"


async def test_frames_may_come_byte_by_byte_and_a_message_in_any_number_of_frames(asker: Asker) -> None:
    def pieces(stream: int) -> list[bytes]:
        body = wire.message(b"0123456789")
        frames = wire.headers(stream, wire.PLAIN) + b"".join(wire.data(stream, body[at : at + 1]) for at in range(15))
        frames += wire.data(stream, b"") + wire.headers(stream, wire.OK, ends=True)
        return [frames[at : at + 1] for at in range(len(frames))]

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            for piece in pieces(call.stream):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    told = await become(asker, serve)
    assert (told["outcome"], bytes.fromhex(told["body"])) == ("ok", b"0123456789")


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "words"),
    [
        ([("grpc-status", "14"), ("reason", "queue_full"), ("grpc-message", "full")], "shed", "", "queue_full: full"),
        ([("grpc-status", "14"), ("reason", "draining")], "server", "UNAVAILABLE", "draining: UNAVAILABLE"),
        ([("grpc-status", "14")], "server", "UNAVAILABLE", "UNAVAILABLE"),
        ([("grpc-status", "8"), ("reason", "late")], "shed", "RESOURCE_EXHAUSTED", "late: RESOURCE_EXHAUSTED"),
        ([("grpc-status", "8"), ("grpc-message", "quota")], "shed", "RESOURCE_EXHAUSTED", "quota"),
        ([("grpc-status", "8"), ("reason", "too_large")], "client", "", "too_large: RESOURCE_EXHAUSTED"),
        ([("grpc-status", "4"), ("grpc-message", "too late")], "deadline", "DEADLINE_EXCEEDED", "too late"),
        ([("grpc-status", "3"), ("grpc-message", "100%25 %C3%A9")], "client", "INVALID_ARGUMENT", "100% \xe9"),
        ([("grpc-status", "5")], "client", "NOT_FOUND", "NOT_FOUND"),
        ([("grpc-status", "16")], "client", "UNAUTHENTICATED", "UNAUTHENTICATED"),
        ([("grpc-status", "12")], "client", "UNIMPLEMENTED", "UNIMPLEMENTED"),
        ([("grpc-status", "13"), ("grpc-message", "a%0Ab")], "server", "INTERNAL", "a b"),
        ([("grpc-status", "2")], "server", "UNKNOWN", "UNKNOWN"),
        ([("grpc-status", "1")], "server", "CANCELLED", "CANCELLED"),
        ([("grpc-status", "99")], "server", "UNKNOWN", "UNKNOWN"),
        ([("grpc-status", "none")], "server", "UNKNOWN", "UNKNOWN"),
        ([], "server", "UNKNOWN", "the answer has no grpc-status"),
    ],
)
async def test_a_status_is_told_by_its_outcome_in_trailers_alone_and_behind_an_answer(
    asker: Asker, fields: list[tuple[str, str]], outcome: str, code: str, words: str
) -> None:
    for frames in (trailers(*fields), lambda stream: wire.answer(stream, b"", [*fields, ("x", "y")])):
        told = await become(asker, saying(frames))
        assert (told["outcome"], told["words"]) == (outcome, words)
        assert told["code"] == code or not code


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("503", "server"), ("429", "shed"), ("404", "client"), ("504", "deadline"), ("502", "server")],
)
async def test_an_answer_of_http_alone_comes_from_a_proxy_and_is_judged_as_rest_is(
    asker: Asker, status: str, outcome: str
) -> None:
    def frames(stream: int) -> bytes:
        return wire.headers(stream, [(":status", status)]) + wire.data(stream, b"<html>", ends=True)

    told = await become(asker, saying(frames))
    assert (told["outcome"], told["code"]) == (outcome, f"http-{status}")


@pytest.mark.parametrize(
    "body", [b"", b"\0\0\0", b"\1\0\0\0\1x", b"\0\0\0\0\2x", wire.message(b"a") + wire.message(b"b")]
)
async def test_a_message_that_is_not_one_and_plain_is_a_fault_of_the_server(asker: Asker, body: bytes) -> None:
    def frames(stream: int) -> bytes:
        return wire.headers(stream, wire.PLAIN) + wire.data(stream, body) + wire.headers(stream, wire.OK, ends=True)

    told = await become(asker, saying(frames))
    assert (told["outcome"], told["code"]) == ("server", "INTERNAL")


async def test_calls_at_once_share_a_connection_and_are_told_apart(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        waiting: list[int] = []
        async for call in connection:
            waiting.append(call.stream)
            if len(waiting) == 8:  # the last one first, and all in one write
                writer.write(b"".join(wire.answer(stream, b"%d" % stream) for stream in reversed(waiting)))
                waiting.clear()

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        asked = await client.ask_many(path=METHOD, times=16, at_once=8)
        assert {told["outcome"] for told in asked} == {"ok"}
        assert sorted(int(bytes.fromhex(told["body"])) for told in asked) == list(range(1, 33, 2))
        assert server.connections == 1


async def test_connections_take_turns(asker: Asker) -> None:
    asked: list[int] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        asked.append(0)
        own = len(asked) - 1
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            asked[own] += 1
            writer.write(wire.answer(call.stream, b"yes"))

    async with Listening(serve) as server, asker.client("grpc", server.address, connections=3) as client:
        told = await client.ask_many(path=METHOD, times=9)
    assert {each["outcome"] for each in told} == {"ok"}
    assert asked == [3, 3, 3]


async def test_more_calls_at_once_than_one_connection_carries_open_another(asker: Asker) -> None:
    waiting: list[tuple[Writer, int]] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            waiting.append((writer, call.stream))
            if len(waiting) == 40:
                for each, stream in waiting:
                    each.write(plain(stream))
                waiting.clear()

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        asked = await client.ask_many(path=METHOD, times=80, at_once=40)
        assert {told["outcome"] for told in asked} == {"ok"}
        assert server.connections == 3


async def test_a_server_that_allows_fewer_calls_at_once_is_obeyed(asker: Asker) -> None:
    most = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal most
        connection = Http2(reader, writer)
        await connection.greet({3: 2})
        seen = 0
        async for call in connection:
            seen += 1
            most = max(most, sum(frame.kind == http2.HEADERS for frame in connection.frames) - seen + 1)
            writer.write(plain(call.stream))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        await client.ask(path=METHOD)
        assert {told["outcome"] for told in await client.ask_many(path=METHOD, times=20, at_once=10)} == {"ok"}
        assert most <= 2


async def test_a_connection_carries_as_many_calls_as_was_said(asker: Asker) -> None:
    async with Listening(saying(plain)) as server:
        async with asker.client("grpc", server.address, requests_per_connection=3) as client:
            assert {told["outcome"] for told in await client.ask_many(path=METHOD, times=7)} == {"ok"}
            assert server.connections == 3
        async with asker.client("grpc", server.address, requests_per_connection=1) as client:
            assert {told["outcome"] for told in await client.ask_many(path=METHOD, times=6, at_once=3)} == {"ok"}
        assert server.connections == 9


async def test_a_call_above_the_last_one_of_a_goaway_is_asked_again_elsewhere_and_those_below_are_answered(
    asker: Asker,
) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        waiting: list[int] = []
        is_first = server.connections == 1
        async for call in connection:
            waiting.append(call.stream)
            if is_first and len(waiting) == 4:
                writer.write(wire.goaway(3) + plain(1) + plain(3))
            elif not is_first:
                writer.write(wire.answer(call.stream, b"elsewhere"))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        asked = await client.ask_many(path=METHOD, times=4, at_once=4)
        assert {told["outcome"] for told in asked} == {"ok"}
        assert sorted(bytes.fromhex(told["body"]) for told in asked) == [b"elsewhere"] * 2 + [b"yes"] * 2
        assert server.connections == 2


async def test_no_call_begins_on_a_connection_that_the_server_has_taken_leave_of(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            writer.write(plain(call.stream) + wire.goaway(2**31 - 1))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        for times in range(1, 4):
            assert (await client.ask(path=METHOD))["outcome"] == "ok"
            assert server.connections == times


async def test_a_call_that_the_server_refused_unseen_is_asked_again_once_and_no_more(asker: Asker) -> None:
    calls = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal calls
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            calls += 1
            is_refused = calls in {1, 3, 4}
            writer.write(wire.reset(call.stream, REFUSED_STREAM) if is_refused else plain(call.stream))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        assert (await client.ask(path=METHOD))["outcome"] == "ok"
        assert calls == 2
        told = await client.ask(path=METHOD)
        assert (told["outcome"], told["code"]) == ("connection", "reset")
        assert told["words"] == "the server reset the call: REFUSED_STREAM"
        assert calls == 4


@pytest.mark.parametrize(("code", "name"), [(INTERNAL, "INTERNAL_ERROR"), (CANCEL, "CANCEL"), (CALM, "ENHANCE_YOUR")])
async def test_a_call_that_is_reset_is_a_loss_and_not_asked_again_and_the_connection_goes_on(
    asker: Asker, code: int, name: str
) -> None:
    calls = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal calls
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            calls += 1
            part = wire.headers(call.stream, wire.PLAIN) + wire.data(call.stream, b"\0\0")
            writer.write(part + wire.reset(call.stream, code) if calls == 1 else plain(call.stream))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        told, after = await client.ask_many(path=METHOD, times=2)
        assert (told["outcome"], told["code"]) == ("connection", "reset")
        assert name in told["words"]
        assert (after["outcome"], calls, server.connections) == ("ok", 2, 1)


async def test_a_connection_that_ends_loses_the_calls_on_it_and_they_are_not_asked_again(asker: Asker) -> None:
    calls = 0

    def serve(end: Callable[[Writer], None]) -> Serve:
        async def serve(reader: Reader, writer: Writer) -> None:
            nonlocal calls
            connection = Http2(reader, writer)
            await connection.greet()
            async for call in connection:
                calls += 1
                if calls % 3 == 0:
                    writer.write(wire.headers(call.stream, wire.PLAIN))
                    await writer.drain()
                    end(writer)

        return serve

    # The server reads on after its end, since a close upon what it has not read would be a reset as well.
    for end, code in ((reset, "reset"), (Writer.write_eof, "closed")):
        async with Listening(serve(end)) as server, asker.client("grpc", server.address) as client:
            asked = await client.ask_many(path=METHOD, times=3, at_once=3)
            assert [(told["outcome"], told["code"]) for told in asked] == [("connection", code)] * 3
            assert server.connections == 1
    assert calls == 6


async def test_a_port_where_nobody_listens_refuses_all_who_wait_for_it(asker: Asker) -> None:
    async with Listening(saying()) as server:
        address = server.address
    async with asker.client("grpc", address) as client:
        asked = await client.ask_many(path=METHOD, times=20, at_once=20)
    assert {(told["outcome"], told["code"]) for told in asked} == {("connection", "refused")}


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"\xff" * 64, b"\0\0\4\x00\1\0\0\0\1abcd"]
)
async def test_what_is_not_http2_is_told_as_that(asker: Asker, said: bytes) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        writer.write(said)
        while await reader.read(65_536):
            pass

    told = await become(asker, serve)
    assert (told["outcome"], told["code"]) == ("connection", "protocol"), told


async def test_a_server_that_says_nothing_is_waited_for_so_long_and_the_next_call_goes_elsewhere(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        if server.connections > 1:
            await saying(plain)(reader, writer)
        connection = Http2(reader, writer)
        await connection.greet()
        async for call in connection:
            if call.stream == 1:
                writer.write(plain(1))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        assert (await client.ask(path=METHOD))["outcome"] == "ok"
        told = await client.ask(path=METHOD, timeout=0.2)
        assert (told["outcome"], told["code"], told["words"]) == ("timeout", "timeout", "no answer in 0.2 s")
        assert (await client.ask(path=METHOD))["outcome"] == "ok"
        assert server.connections == 2


async def test_a_call_that_nobody_waits_for_is_cancelled_and_the_others_go_on(asker: Asker) -> None:
    frames: list[http2.Frame] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Http2(reader, writer)
        await connection.greet()
        connection.frames = frames
        async for call in connection:
            if call.message == b"answer":
                writer.write(plain(call.stream))
            else:
                writer.write(http2.encode_frame(http2.PING, 0, 0, b"12345678"))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        told = await client.ask(path=METHOD, timeout=0.2)
        assert told["outcome"] == "timeout"
        assert (await client.ask(path=METHOD, body=b"answer".hex()))["outcome"] == "ok"
        assert server.connections == 1
    cancelled = [frame for frame in frames if frame.kind == http2.RST_STREAM]
    assert [(frame.stream, int.from_bytes(frame.payload, "big")) for frame in cancelled] == [(1, CANCEL)]
    assert [frame.payload for frame in frames if frame.kind == http2.PING and frame.flags & http2.ACK] == [b"12345678"]


async def test_large_messages_go_both_ways_under_small_windows(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Obedient(reader, writer, {4: 1000})
        async for stream, _, message in connection.calls():
            await connection.answer(stream, message)

    body = bytes(range(256)) * 4_000
    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        for told in await client.ask_many(path=METHOD, body=body.hex(), times=4, at_once=2):
            assert bytes.fromhex(told["body"]) == body
        assert server.connections == 1


async def test_windows_are_granted_anew_as_answers_are_read(asker: Asker) -> None:
    """More than the first window of the connection comes over it."""

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Obedient(reader, writer)
        async for stream, _, _ in connection.calls():
            await connection.answer(stream, bytes(12_000_000))

    async with Listening(serve) as server, asker.client("grpc", server.address) as client:
        for _ in range(7):
            told = await client.ask(path=METHOD)
            assert (told["outcome"], len(told["body"])) == ("ok", 24_000_000)
        assert server.connections == 1


async def test_an_answer_that_comes_before_the_message_was_read_is_the_answer(asker: Asker) -> None:
    async def refuse(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(1000)
        writer.write(http2.encode_settings({}))
        writer.write(trailers(("grpc-status", "8"), ("reason", "too_large"))(1) + wire.reset(1, 0))
        while await reader.read(65_536):
            pass

    told = await become(asker, refuse, body="00" * 1_000_000)
    assert (told["outcome"], told["code"], told["words"]) == (
        "client",
        "RESOURCE_EXHAUSTED",
        "too_large: RESOURCE_EXHAUSTED",
    )


async def test_the_call_says_what_is_asked_how_long_one_waits_and_who_asks(asker: Asker) -> None:
    heads: list[dict[bytes, bytes]] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        connection = Obedient(reader, writer)
        async for stream, fields, message in connection.calls():
            heads.append(fields | {b"message": message})
            await connection.answer(stream, b"yes")

    access = {"headers": {"Host": "model.example", ":authority": "calls.example", "Authorization": "Bearer x"}}
    async with (
        Listening(serve) as server,
        asker.client("grpc", server.address, access, deadline_seconds=0.25) as client,
    ):
        await client.ask(path=METHOD, body=b"ask".hex(), headers={"X-Id": "7"})
    assert heads == [
        {
            b":method": b"POST",
            b":scheme": b"http",
            b":path": METHOD.encode(),
            b":authority": b"calls.example",
            b"te": b"trailers",
            b"content-type": b"application/grpc",
            b"user-agent": b"ecluse-load-test",
            b"grpc-timeout": b"250m",
            b"authorization": b"Bearer x",
            b"x-id": b"7",
            b"message": b"ask",
        }
    ]


async def test_a_client_that_is_closed_leaves_no_connection(asker: Asker) -> None:
    async with Listening(saying(plain)) as server:
        async with asker.client("grpc", server.address) as client:
            before = await client.close()
        async with asker.client("grpc", server.address) as client:
            await client.ask_many(path=METHOD, times=40, at_once=40)
            assert await client.close() <= before


async def test_a_server_that_ends_each_connection_as_it_comes_is_not_tried_for_ever(asker: Asker) -> None:
    came = 0

    async def serve(_: Reader, writer: Writer) -> None:
        nonlocal came
        came += 1
        writer.close()

    for _ in range(5):
        told = await become(asker, serve)
        assert told["outcome"] == "connection", told
    assert came <= 10


def test_an_address_that_is_none_is_refused_in_a_sentence(asker: Asker) -> None:
    assert "must be as HOST:PORT" in asker.refused("grpc", grpc="nothing")
