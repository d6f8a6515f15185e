"""The load tests' REST client before servers that misbehave: everything that can become of a request has its name."""

import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.contract.loadtests.asking import Asker, Listening, Told, reset


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    with Asker() as asker:
        yield asker


async def request(reader: Reader) -> tuple[dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {"": first} | {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return headers, await reader.readexactly(int(headers["content-length"]))


def answer(status: str = "200 OK", body: bytes = b"{}", *fields: str) -> bytes:
    head = "".join(f"{field}\r\n" for field in (*fields, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def saying(*pieces: bytes) -> Callable[[Reader, Writer], Awaitable[None]]:
    """Answer each request with these pieces, one after the other."""

    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            await request(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    return serve


def ending_after(*pieces: bytes) -> Callable[[Reader, Writer], Awaitable[None]]:
    """Read a request, say this, and close."""

    async def serve(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.writelines(pieces)
        await writer.drain()

    return serve


async def become(asker: Asker, serve: Callable[[Reader, Writer], Awaitable[None]], **order: object) -> Told:
    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        return await client.ask(**order)


async def test_an_answer_comes_with_its_headers_and_body(asker: Asker) -> None:
    told = await become(asker, saying(answer("200 OK", b"\0\1body", "X-Request-Id:  a-1 ")))
    assert (told["outcome"], told["code"], bytes.fromhex(told["body"])) == ("ok", "200", b"\0\1body")
    assert told["headers"]["x-request-id"] == "a-1"


async def test_an_answer_may_come_byte_by_byte_and_after_interim_ones(asker: Asker) -> None:
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + answer("200 OK", b"0123456789")
    told = await become(asker, saying(*(whole[at : at + 1] for at in range(len(whole)))))
    assert (told["outcome"], bytes.fromhex(told["body"])) == ("ok", b"0123456789")


async def test_chunks_are_put_together(asker: Asker) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"3\r\nabc\r\n" + b"A;why=not\r\n0123456789\r\n" + b"0\r\nTrailer: x\r\n\r\n"
    for pieces in ([head + body], [head, body], [bytes([byte]) for byte in head + body]):
        async with Listening(saying(*pieces)) as server, asker.client("v2", server.url) as client:
            asked = await client.ask_many(times=2)
            assert [bytes.fromhex(told["body"]) for told in asked] == [b"abc0123456789"] * 2
            assert server.connections == 1


async def test_an_answer_without_a_length_ends_with_the_connection(asker: Asker) -> None:
    told = await become(asker, ending_after(b"HTTP/1.1 200 OK\r\n\r\n", b"all of it"))
    assert (told["outcome"], bytes.fromhex(told["body"])) == ("ok", b"all of it")


@pytest.mark.parametrize(
    ("status", "body", "fields", "outcome", "words"),
    [
        ("503 x", b'{"error":"12 rows wait","reason":"queue_full"}', (), "shed", "queue_full: 12 rows wait"),
        ("503 x", b'{"error":"too late","reason":"late"}', (), "shed", "late: too late"),
        ("429 x", b'{"error":"12 rows wait","reason":"queue_full"}', (), "shed", "queue_full: 12 rows wait"),
        ("429 x", b"slow down", (), "shed", "slow down"),
        ("503 x", b"upstream overflow", ("X-Envoy-Overloaded: true",), "shed", "upstream overflow"),
        ("503 x", b"pending request queue full\n", (), "shed", "pending request queue full"),
        ("503 x", b'{"error":"going","reason":"draining"}', ("Retry-After: 1",), "server", "draining: going"),
        ("503 x", b'{"error":"not yet","reason":"loading"}', (), "server", "loading: not yet"),
        ("503 x", b"no healthy upstream", (), "server", "no healthy upstream"),
        ("504 x", b'{"error":"too late","reason":"late"}', (), "deadline", "late: too late"),
        ("500 x", b"", (), "server", "HTTP 500"),
        ("502 x", b"<html>\n<b>bad</b>\n", (), "server", "<html> <b>bad</b>"),
        ("400 x", b'{"error":"no","reason":"bad_input"}', (), "client", "bad_input: no"),
        ("404 x", b"[1]", (), "client", "[1]"),
        ("302 x", b"", ("Location: /",), "client", "HTTP 302"),
    ],
)
async def test_a_status_is_told_by_its_outcome(
    asker: Asker, status: str, body: bytes, fields: tuple[str, ...], outcome: str, words: str
) -> None:
    told = await become(asker, saying(answer(status, body, *fields)))
    assert (told["outcome"], told["code"], told["words"]) == (outcome, status[:3], words)


async def test_a_port_where_nobody_listens_refuses(asker: Asker) -> None:
    async with Listening(saying()) as server:
        url = server.url
    async with asker.client("v2", url) as client:
        told = await client.ask()
    assert (told["outcome"], told["code"], told["words"]) == ("connection", "refused", "connection refused")


async def test_a_name_that_stands_for_nothing_is_unreachable(asker: Asker) -> None:
    async with asker.client("v2", "http://nowhere.invalid:80") as client:
        told = await client.ask()
    assert (told["outcome"], told["code"]) == ("connection", "unreachable")
    assert told["words"].startswith("nowhere.invalid: ")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "the server closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the server closed the connection within its answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "the server closed the connection within its answer"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
            "the server closed the connection within its answer",
        ),
    ],
)
async def test_a_connection_that_closes_before_the_answer_is_whole_is_a_loss_and_the_request_is_not_sent_again(
    asker: Asker, said: bytes, words: str
) -> None:
    async with Listening(ending_after(said)) as server, asker.client("v2", server.url) as client:
        told = await client.ask()
        assert (told["outcome"], told["code"], told["words"]) == ("connection", "closed", words)
        assert server.connections == 1


async def test_a_reset_is_a_loss_and_the_request_is_not_sent_again(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request(reader)
        if not is_first():
            reset(writer)
        else:
            writer.write(answer())
            await request(reader)
            reset(writer)

    seen: list[None] = []

    def is_first() -> bool:
        seen.append(None)
        return len(seen) == 1

    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        told = await client.ask_many(times=3)
        assert [(each["outcome"], each["code"]) for each in told] == [
            ("ok", "200"),
            ("connection", "reset"),
            ("connection", "reset"),
        ]
        assert server.connections == 2


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_told_as_that(asker: Asker, said: bytes) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(said)
        await reader.read()

    told = await become(asker, serve)
    assert (told["outcome"], told["code"]) == ("connection", "protocol"), told["words"]


async def test_a_server_that_says_nothing_or_not_all_is_waited_for_so_long_and_no_longer(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        await reader.read()
        ended.set()

    ended = asyncio.Event()
    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        told = await client.ask(timeout=0.2)
        assert (told["outcome"], told["code"], told["words"]) == ("timeout", "timeout", "no answer in 0.2 s")
        await asyncio.wait_for(ended.wait(), 10)  # the connection is given up, since its answer may still come


async def test_a_kept_connection_is_used_again_and_as_many_are_opened_as_requests_wait_at_once(asker: Asker) -> None:
    async with Listening(saying(answer())) as server, asker.client("v2", server.url) as client:
        assert {told["outcome"] for told in await client.ask_many(times=5)} == {"ok"}
        assert server.connections == 1
        await client.ask_many(times=12, at_once=4)
        assert server.connections == 4


async def test_connections_take_turns_and_one_that_has_ended_is_made_anew(asker: Asker) -> None:
    asked: list[int] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        asked.append(0)
        own = len(asked) - 1
        while True:
            await request(reader)
            asked[own] += 1
            writer.write(answer("200 OK", b"{}", *(["Connection: close"] if asked == [2, 2, 2] else [])))

    async with Listening(serve) as server, asker.client("v2", server.url, connections=3) as client:
        await client.ask_many(times=6)
        assert asked == [2, 2, 2]
        await client.ask_many(times=3)
        assert asked == [3, 3, 2, 1]


async def test_a_connection_carries_as_many_requests_as_was_said_and_its_last_one_says_so(asker: Asker) -> None:
    said: list[str] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            headers, _ = await request(reader)
            said.append(headers.get("connection", ""))
            writer.write(answer())

    async with Listening(serve) as server:
        async with asker.client("v2", server.url, requests_per_connection=3) as client:
            await client.ask_many(times=7)
        assert server.connections == 3
        assert said == ["", "", "close", "", "", "close", ""]
        said.clear()
        async with asker.client("v1", server.url, requests_per_connection=1) as client:
            await client.ask_many(times=3)
        assert said == ["close"] * 3


@pytest.mark.parametrize(
    "said",
    [
        answer("200 OK", b"{}", "Connection: close"),
        answer("200 OK", b"{}", "connection: Keep-Alive, Close"),
        answer().replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
async def test_nothing_is_sent_on_a_connection_that_the_server_said_would_end(asker: Asker, said: bytes) -> None:
    """The server leaves it open, and would answer."""
    async with Listening(saying(said)) as server, asker.client("v2", server.url) as client:
        assert {told["outcome"] for told in await client.ask_many(times=3)} == {"ok"}
        assert server.connections == 3


async def test_an_idle_connection_that_has_ended_is_noticed_before_it_is_used(asker: Asker) -> None:
    """The clients' event loop stands still in between, so that only a look before sending can tell."""
    ended = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(answer())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        for times in range(1, 4):
            ended.clear()
            assert (await client.ask())["outcome"] == "ok"
            await ended.wait()
            assert server.connections == times


async def test_what_nobody_asked_for_ends_an_idle_connection(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            await request(reader)
            writer.write(answer())
            if not told.is_set():
                await idle.wait()
                writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
                told.set()

    idle, told = asyncio.Event(), asyncio.Event()
    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        assert (await client.ask())["code"] == "200"
        idle.set()
        await told.wait()
        assert (await client.ask())["code"] == "200"
        assert server.connections == 2


async def test_an_answer_that_comes_before_the_request_was_read_is_the_answer(asker: Asker) -> None:
    """A server that refuses a body that is too large and closes resets the connection under whoever still sends."""

    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer("413 x", b'{"error":"no","reason":"too_large"}', "Connection: close"))

    told = await become(asker, serve, body="00" * 8_000_000)
    assert (told["outcome"], told["code"], told["words"]) == ("client", "413", "too_large: no")


async def test_bodies_larger_than_a_socket_takes_go_both_ways(asker: Asker) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            _, body = await request(reader)
            writer.write(answer("200 OK", body))

    body = bytes(range(256)) * 20_000
    async with Listening(serve) as server, asker.client("v2", server.url) as client:
        for told in await client.ask_many(body=body.hex(), times=4, at_once=2):
            assert bytes.fromhex(told["body"]) == body


async def test_the_head_says_what_is_asked_how_long_one_waits_and_who_asks(asker: Asker) -> None:
    heads: list[dict[str, str]] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            headers, body = await request(reader)
            heads.append(headers | {"body": body.decode()})
            writer.write(answer())

    access = {"headers": {"Host": "model.example", ":authority": "calls.example", "authorization": "Bearer x"}}
    async with (
        Listening(serve) as server,
        asker.client("v2", f"{server.url}/serving/", access, deadline_seconds=0.25) as client,
    ):
        await client.ask(path="/v2/models/m/infer", body=b"[1]".hex(), headers={"content-type": "application/json"})
    (head,) = heads
    assert head == {
        "": "POST /serving/v2/models/m/infer HTTP/1.1",
        "host": "model.example",
        "user-agent": "ecluse-load-test",
        "accept-encoding": "identity",
        "x-request-timeout-ms": "250",
        "authorization": "Bearer x",
        "content-type": "application/json",
        "content-length": "3",
        "body": "[1]",
    }


async def test_a_client_that_is_closed_leaves_no_connection(asker: Asker) -> None:
    async with Listening(saying(answer())) as server:
        async with asker.client("v2", server.url) as client:
            before = await client.close()
        async with asker.client("v2", server.url) as client:
            await client.ask_many(times=5, at_once=5)
            assert await client.close() <= before + 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:8080", "must be as http://HOST:PORT"),
        ("ftp://host", "must be as http://HOST:PORT"),
        ("http://", "must be as http://HOST:PORT"),
        ("http://host:99999", "must be as http://HOST:PORT"),
        ("http://user@host", "without a user"),
        ("http://host/?a=b", "without a user, a question"),
    ],
)
def test_an_address_that_is_none_is_refused_in_a_sentence(asker: Asker, url: str, words: str) -> None:
    assert words in asker.refused("v2", url)


def test_headers_that_would_break_a_head_are_refused(asker: Asker) -> None:
    assert "a line's end" in asker.refused("v2", "http://h", headers={"a": "b\r\nc: d"})
    assert "no name of a header" in asker.refused("v2", "http://h", headers={"a b": "c"})
