"""One HTTP/1.1 connection over a real socket pair of the loop: framing, limits, order, and how it ends."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET, socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.errors import InvalidRequest, ServingError
from serving.http_connection import HttpConnection
from serving.http_house import House
from serving.http_limits import DISCARDED_BYTES, PIPELINED, SPARE_CONNECTIONS, HttpLimits
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes

LIMITS = HttpLimits(
    connections=4,
    payload_bytes=100_000,
    head_bytes=4096,
    head_fields=20,
    keep_alive_seconds=65,
    head_seconds=20,
    body_seconds=30,
    write_seconds=60,
)
GOOD = b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n"


class Echo:
    """An application that answers with what it was asked, at once or when it is told to."""

    def __init__(self) -> None:
        self.is_draining = False
        self.asked: list[HttpRequest] = []
        self.left = 0
        """How many were cancelled, or had no whole body to answer."""
        self.refuses: ServingError | None = None
        self.gate: asyncio.Event | None = None
        self.size: int | None = None
        """The length of each answer's body, where it is not the echo."""

    def objection(self, request: HttpRequest) -> ServingError | None:
        return self.refuses

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        self.asked.append(request)
        try:
            if request.failure is not None and request.path != "/health":
                raise request.failure
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        except ServingError as error:
            return HttpAnswer(error.http_status.value, JSON, str(error).encode())
        body = b"%b %b [%b]" % (request.method.encode(), request.path.encode(), request.body)
        return HttpAnswer(200, JSON, body if self.size is None else b"x" * self.size)


class Served:
    """A listener with an echo behind it."""

    def __init__(self, house: House, app: Echo, port: int) -> None:
        self.house = house
        self.app = app
        self.port = port
        self.turned_away: list[str] = []
        self.wires: list[Wire] = []

    @property
    def connections(self) -> list[HttpConnection]:
        """Those that are open."""
        return [connection for connection in self.house.open if isinstance(connection, HttpConnection)]

    async def connect(self) -> "Wire":
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 26))
        self.wires.append(wire)
        return wire

    async def exchange(self, *pieces: bytes) -> bytes:
        """Send, and read until the connection is closed."""
        wire = await self.connect()
        for piece in pieces:
            await wire.send(piece)
        received = await wire.rest()
        await wire.close()
        return received

    def pass_time(self, seconds: float) -> None:
        self.house.tick(self.house.now + seconds)


class Wire:
    """The caller's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def reply(self) -> tuple[int, dict[bytes, bytes], bytes]:
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        first, *lines = head.split(b"\r\n")[:-2]
        headers = dict(line.split(b": ", 1) for line in lines)
        body = await asyncio.wait_for(self.reader.readexactly(int(headers[b"content-length"])), 10)
        return int(first.split()[1]), headers, body

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), 10)

    async def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        sock: socket = self.writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for is in the server, which knows no event of ours
            await asyncio.sleep(0.001)


@asynccontextmanager
async def serving(limits: HttpLimits = LIMITS, inflight_bytes: int = 1 << 30) -> AsyncIterator[Served]:
    app = Echo()
    away: list[str] = []
    house = House(app, limits, InflightBytes(inflight_bytes), away.append)
    house.tick(1000.0)
    server = await asyncio.get_running_loop().create_server(lambda: HttpConnection(house), "127.0.0.1", 0)
    served = Served(house, app, server.sockets[0].getsockname()[1])
    served.turned_away = away
    try:
        yield served
    finally:
        server.close()
        for wire in served.wires:
            wire.writer.transport.abort()
        await asyncio.sleep(0)
        for connection in [*house.open]:
            connection.abort()
        await until(lambda: not house.open)
        assert house.inflight.held_bytes == 0, "every byte taken is given back"


def post(body: bytes, path: bytes = b"/", *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (path, lines, len(body), body)


def chunked(*pieces: bytes, trailer: bytes = b"") -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailer + b"\r\n"


# What is asked and answered


async def test_a_request_is_answered_and_the_connection_kept() -> None:
    async with serving() as served:
        wire = await served.connect()
        for _ in range(3):
            await wire.send(post(b"hello", b"/path?query#part"))
            status, headers, body = await wire.reply()
            assert (status, body) == (200, b"POST /path [hello]")
            assert headers[b"content-type"] == b"application/json"
            assert headers[b"date"].endswith(b" GMT")
            assert b"connection" not in headers
        assert served.app.asked[0].query == b"query"
        assert served.app.asked[0].headers[b"host"] == b"x"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/v1/models/a%3Apredict", "/v1/models/a:predict"),
        (b"/%C3%A9", "/é"),
        (b"http://proxy:80/path?x=1", "/path"),
        (b"*", "*"),
        (b"/a%2Fb", "/a/b"),
        (b"/?a?b", "/"),
    ],
)
async def test_targets_are_decoded(target: bytes, path: str) -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await wire.reply())[0] == 200
        assert served.app.asked[0].path == path


async def test_an_answer_to_head_has_a_length_and_no_body() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(b"HEAD /good HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await wire.reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 13\r\n" in head
        await wire.send(GOOD)
        assert (await wire.reply())[2] == b"GET /good []", "nothing came between"


async def test_a_header_that_comes_twice_has_both_values() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(b"GET / HTTP/1.1\r\nX-Twice: a\r\nx-twice: b\r\n\r\n")
        await wire.reply()
        assert served.app.asked[0].headers[b"x-twice"] == b"a, b"


@pytest.mark.parametrize(
    ("request_head", "told"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"close"),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"keep-alive"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"close"),
        (b"GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", None),
    ],
)
async def test_who_closes_is_told(request_head: bytes, told: bytes | None) -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(request_head)
        assert (await wire.reply())[1].get(b"connection") == told
        if told == b"close":
            assert await wire.rest() == b""
        else:
            await wire.send(GOOD)
            assert (await wire.reply())[0] == 200


async def test_chunks_are_joined_and_trailers_change_no_header() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(chunked(b"he", b"l", b"lo", trailer=b"Host: evil\r\nX-More: 1\r\n"), GOOD)
        assert (await wire.reply())[2] == b"POST / [hello]"
        assert (await wire.reply())[2] == b"GET /good []"
        assert served.app.asked[0].headers[b"host"] == b"x"
        assert b"x-more" not in served.app.asked[0].headers


async def test_who_waits_to_be_asked_for_the_body_is_asked() -> None:
    async with serving() as served:
        wire = await served.connect()
        head, _, body = post(b"hello", b"/", b"Expect: 100-continue").partition(b"\r\n\r\n")
        await wire.send(head + b"\r\n\r\n")
        assert await wire.reader.readexactly(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(body)
        assert (await wire.reply())[2] == b"POST / [hello]"


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_who_asks_for_another_protocol_is_answered_over_this_one(protocol: bytes, *, is_chunked: bool) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + protocol + b"\r\nHTTP2-Settings: AAMAAABk\r\n"
    plain = chunked(b"hel", b"lo") if is_chunked else post(b"hello")
    first = plain.replace(b"Host: x\r\n", b"Host: x\r\n" + upgrade)
    async with serving() as served:
        wire = await served.connect()
        await wire.send(first, plain, first[:-3])
        await until(lambda: len(served.app.asked) == 2)
        await wire.send(first[-3:], GOOD.replace(b"Host: x\r\n", upgrade), post(b""))
        bodies = [(await wire.reply())[2] for _ in range(5)]
        assert bodies == [b"POST / [hello]"] * 3 + [b"GET /good []", b"POST / []"]


# Order


async def test_requests_sent_together_are_answered_in_order_and_one_by_one() -> None:
    async with serving() as served:
        served.app.gate = asyncio.Event()
        wire = await served.connect()
        await wire.send(b"".join(post(b"%d" % number) for number in range(10)))
        await until(lambda: len(served.app.asked) == 1)
        served.app.gate.set()
        assert [(await wire.reply())[2] for _ in range(10)] == [b"POST / [%d]" % number for number in range(10)]


async def test_no_more_is_read_while_enough_requests_wait() -> None:
    count = 4000
    async with serving() as served:
        served.app.gate = asyncio.Event()
        wire = await served.connect()
        sending = asyncio.create_task(wire.send(GOOD * count))
        await until(lambda: len(served.app.asked) == 1)
        [connection] = served.connections
        await until(lambda: connection._is_reading_paused)  # noqa: SLF001
        assert len(connection._queue) <= 16 * 1024 // len(GOOD) + PIPELINED  # noqa: SLF001
        served.app.gate.set()
        answer = b"GET /good []"
        for _ in range(count):
            assert (await wire.reply())[2] == answer
        await sending


@pytest.mark.timeout(20)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 120), max_size=12), st.lists(st.sampled_from("pgcuh"), min_size=1, max_size=5))
async def test_however_bytes_are_split_the_answers_are_the_same(cuts: list[int], kinds: list[str]) -> None:
    made = {
        "p": (post(b"hello"), b"POST / [hello]"),
        "g": (GOOD, b"GET /good []"),
        "c": (chunked(b"hel", b"lo", trailer=b"X: y\r\n"), b"POST / [hello]"),
        "u": (GOOD.replace(b"Host", b"Connection: Upgrade\r\nUpgrade: h2c\r\nHost"), b"GET /good []"),
        "h": (post(b"x" * 300, b"/a%3Ab"), b"POST /a:b [" + b"x" * 300 + b"]"),
    }
    sent = b"".join(made[kind][0] for kind in kinds)
    transport = Recorder()
    house = House(Echo(), LIMITS, InflightBytes(1 << 30))
    connection = HttpConnection(house)
    connection.connection_made(transport)
    while sent:
        size = cuts.pop() if cuts else len(sent)
        connection.data_received(sent[:size])
        sent = sent[size:]
    bodies = [reply.partition(b"\r\n\r\n")[2] for reply in bytes(transport.written).split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [made[kind][1] for kind in kinds]
    assert house.inflight.held_bytes == 0


@pytest.mark.timeout(20)
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    b"GET ",
                    b"POST ",
                    b"/ ",
                    b"HTTP/1.1",
                    b"\r\n",
                    b"\r\n\r\n",
                    b"Host: x\r\n",
                    b"0\r\n\r\n",
                    b"5\r\nhello\r\n",
                ),
                *(
                    b"Content-Length: 5\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Connection: close\r\n",
                    b"hello",
                    b"\0",
                ),
                *(
                    b"Expect: 100-continue\r\n",
                    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
                    b"Content-Length: -1\r\n",
                    GOOD,
                ),
                *(
                    b"Content-Length: 99999999999999999999999\r\n",
                    b"\xff\xfe",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"CONNECT a:1 ",
                ),
            ]
        )
    )
)
async def test_nothing_that_comes_raises(pieces: list[bytes]) -> None:
    transport = Recorder()
    house = House(Echo(), LIMITS, InflightBytes(1 << 30))
    connection = HttpConnection(house)
    connection.connection_made(transport)
    for piece in pieces:
        connection.data_received(piece)
    connection.connection_lost(None)
    assert house.inflight.held_bytes == 0
    assert not house.open


class Recorder(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nothing more is written."""

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    abort = close

    def pause_reading(self) -> None:
        """Tests feed what they like."""

    resume_reading = pause_reading


# What is too much


@pytest.mark.parametrize("split", [True, False])
async def test_a_head_that_is_too_long_is_answered_and_closed(*, split: bool) -> None:
    head = b"GET / HTTP/1.1\r\nX-Long: " + b"a" * LIMITS.head_bytes
    async with serving() as served:
        received = await served.exchange(head, *([] if split else [b"\r\n\r\n"]))
        assert received.startswith(b"HTTP/1.1 431 ")
        assert b"4096 bytes (LIMIT_HEAD_BYTES)" in received
        assert b'"reason":"head_too_large"' in received
        assert served.turned_away == ["head_too_large"]


async def test_too_many_headers_are_answered_and_closed() -> None:
    async with serving() as served:
        received = await served.exchange(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 21 + b"\r\n")
        assert received.startswith(b"HTTP/1.1 431 ")
        assert b"20 headers (LIMIT_HEAD_FIELDS)" in received


async def test_a_trailer_without_end_is_cut_off() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(chunked(b"hello")[:-2] + b"X-Long: ")
        for _ in range(10):
            await wire.send(b"a" * 1000)
            await asyncio.sleep(0.002)
        assert (await wire.reply())[0] == 431


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x00 hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: five\r\n\r\n",
        b"GET http:/// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_told_in_json(noise: bytes) -> None:
    async with serving() as served:
        received = await served.exchange(noise)
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"content-type: application/json" in head
        assert b"connection: close" in head
        assert b'"reason":"bad_input"' in body
        assert served.turned_away == ["bad_input"]


async def test_noise_behind_a_request_is_answered_behind_its_answer() -> None:
    async with serving() as served:
        served.app.gate = asyncio.Event()
        wire = await served.connect()
        await wire.send(GOOD + b"nonsense\r\n\r\n")
        await until(lambda: len(served.app.asked) == 1)
        served.app.gate.set()
        assert (await wire.reply())[0] == 200
        assert (await wire.reply())[0] == 400
        assert await wire.rest() == b""


async def test_noise_in_a_chunk_is_an_answer_about_its_request() -> None:
    async with serving() as served:
        received = await served.exchange(chunked(b"hello")[:-5] + b"xyz\r\n")
        assert received.startswith(b"HTTP/1.1 400 ")
        assert len(served.app.asked) == 1


async def test_a_body_announced_too_large_is_refused_before_it_comes_and_costs_no_connection() -> None:
    async with serving() as served:
        wire = await served.connect()
        body = b"x" * (LIMITS.payload_bytes + 1)
        head = post(body)[: -len(body)]
        await wire.send(head)
        status, headers, told = await wire.reply()
        assert (status, b"connection" in headers) == (413, False)
        assert told == b"the body has 100001 bytes, and the limit is 100000 (LIMIT_PAYLOAD_BYTES)"
        await wire.send(body, GOOD)
        assert (await wire.reply())[2] == b"GET /good []"


async def test_a_body_in_chunks_that_grows_too_large_is_refused_and_costs_no_connection() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(chunked(*[b"x" * 30_000] * 4), GOOD)
        assert (await wire.reply())[0] == 413
        assert (await wire.reply())[2] == b"GET /good []"


async def test_a_refused_body_too_long_to_throw_away_is_answered_and_closed_without_losing_the_answer() -> None:
    async with serving() as served:
        wire = await served.connect()
        size = LIMITS.payload_bytes + DISCARDED_BYTES + 1
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
        sending = asyncio.create_task(wire.send(head, *[b"x" * 65536] * 100))
        status, headers, _ = await wire.reply()
        assert (status, headers[b"connection"]) == (413, b"close")
        await sending
        assert await wire.rest() == b"", "closed, and not reset"


async def test_a_refused_body_without_end_is_cut_off() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range((LIMITS.payload_bytes + DISCARDED_BYTES) // 65536 + 4):
            await wire.send(chunk)
        assert (await wire.reply())[0] == 413
        assert await wire.rest() == b""


async def test_what_the_head_says_is_refused_before_the_body_comes() -> None:
    async with serving() as served:
        served.app.refuses = InvalidRequest("not like this")
        wire = await served.connect()
        head, _, body = post(b"hello").partition(b"\r\n\r\n")
        await wire.send(head + b"\r\n\r\n")
        assert (await wire.reply())[2] == b"not like this"
        await wire.send(body, GOOD)
        assert (await wire.reply())[0] == 200


async def test_who_waits_to_be_asked_for_a_body_that_is_refused_is_not_asked() -> None:
    async with serving() as served:
        served.app.refuses = InvalidRequest("not like this")
        received = await served.exchange(post(b"hello", b"/", b"Expect: 100-continue")[:-5])
        assert received.startswith(b"HTTP/1.1 400 ")
        assert b"connection: close" in received


async def test_bodies_that_do_not_fit_beside_others_are_refused() -> None:
    async with serving(inflight_bytes=60_000) as served:
        served.app.gate = asyncio.Event()
        first, second, third = [await served.connect() for _ in range(3)]
        await first.send(post(b"x" * 50_000))
        await until(lambda: len(served.app.asked) == 1)
        await second.send(post(b"x" * 20_000)[:100])
        assert (await second.reply())[0] == 503
        await third.send(chunked(b"x" * 20_000))
        assert (await third.reply())[0] == 503
        served.app.gate.set()
        assert (await first.reply())[0] == 200
        await third.send(post(b"x" * 50_000))
        assert (await third.reply())[0] == 200


async def test_a_transfer_encoding_we_do_not_read_is_refused() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(chunked(b"hello").replace(b": chunked", b": gzip, chunked"))
        status, _, told = await wire.reply()
        assert (status, told) == (400, b"the body has Transfer-Encoding 'gzip, chunked', expected 'chunked'")


# Crowds


async def test_on_connections_beyond_the_limit_only_health_is_told() -> None:
    async with serving() as served:
        crowd = [await served.connect() for _ in range(LIMITS.connections)]
        await until(lambda: len(served.house.open) == LIMITS.connections)
        received = await served.exchange(post(b"hello"))
        assert received.startswith(b"HTTP/1.1 503 ")
        assert b"the limit is 4 (HTTP_CONNECTIONS)" in received
        assert b"connection: close" in received
        assert served.turned_away == ["too_many_connections"]
        assert (await served.exchange(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        await crowd[0].send(GOOD)
        assert (await crowd[0].reply())[0] == 200


async def test_connections_far_beyond_the_limit_are_turned_away_at_once() -> None:
    async with serving() as served:
        for _ in range(LIMITS.connections + SPARE_CONNECTIONS):
            await served.connect()
        await until(lambda: len(served.house.open) == LIMITS.connections + SPARE_CONNECTIONS)
        assert (await served.exchange()).startswith(b"HTTP/1.1 503 ")


# Slow callers


async def test_an_idle_connection_is_closed_after_a_while() -> None:
    async with serving() as served:
        fresh, used = await served.connect(), await served.connect()
        await used.send(GOOD)
        await used.reply()
        served.pass_time(64)
        assert len(served.house.open) == 2
        served.pass_time(2)
        assert await fresh.rest() == await used.rest() == b""
        assert served.turned_away == [], "it is nobody's fault"


async def test_a_head_that_comes_byte_by_byte_is_cut_off() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(b"GET / HT")
        await until(lambda: any(connection._is_in_head for connection in served.connections))  # noqa: SLF001
        for byte in b"TP/1.1\r\nX-Slow: ":
            served.pass_time(1.2)
            await wire.send(bytes([byte]))
            await asyncio.sleep(0.002)
        served.pass_time(2)
        status, headers, body = await wire.reply()
        assert (status, headers[b"connection"]) == (408, b"close")
        assert b"within 20 s (HTTP_HEAD_SECONDS)" in body
        assert served.turned_away == ["slow_caller"]


async def test_a_body_without_progress_is_cut_off_and_told() -> None:
    async with serving() as served:
        wire = await served.connect()
        await wire.send(post(b"x" * 1000)[:-500])
        await until(lambda: served.house.inflight.held_bytes > 0)
        served.pass_time(29)
        await wire.send(b"x")
        await asyncio.sleep(0.01)
        served.pass_time(2)
        status, headers, body = await wire.reply()
        assert (status, headers[b"connection"]) == (408, b"close")
        assert body == b"501 bytes of the body came, and then next to none for 30 s (HTTP_BODY_SECONDS)"
        assert await wire.rest() == b""


async def test_a_body_that_makes_progress_may_take_its_time() -> None:
    async with serving() as served:
        wire = await served.connect()
        body = b"x" * 99_000
        whole = post(body)
        await wire.send(whole[: -len(body)])
        for at in range(0, len(body), 33_000):
            await wire.send(body[at : at + 33_000])
            expected = at + 33_000
            await until(lambda: bool(served.app.asked) or served.house.inflight.held_bytes == expected)  # noqa: B023
            served.pass_time(29.5)
        assert (await wire.reply())[0] == 200


async def test_a_caller_who_does_not_read_is_cut_off() -> None:
    async with serving() as served:
        served.app.size = 20_000_000
        wire = await served.connect()
        wire.reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001
        await wire.send(GOOD)
        [connection] = served.connections
        await until(lambda: connection._is_write_paused)  # noqa: SLF001
        served.pass_time(59)
        assert served.house.open
        served.pass_time(2)
        await until(lambda: not served.house.open)
        assert served.turned_away == ["slow_caller"]


async def test_no_further_request_is_begun_while_a_large_answer_is_unread() -> None:
    async with serving() as served:
        served.app.size = 20_000_000
        wire = await served.connect()
        wire.reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001
        await wire.send(GOOD * 3)
        [connection] = served.connections
        await until(lambda: connection._is_write_paused)  # noqa: SLF001
        assert len(served.app.asked) == 1
        wire.reader._transport.resume_reading()  # type: ignore[attr-defined]  # noqa: SLF001
        for _ in range(3):
            assert len((await wire.reply())[2]) == 20_000_000


async def test_the_time_of_the_model_is_not_the_callers_fault() -> None:
    async with serving() as served:
        served.app.gate = asyncio.Event()
        wire = await served.connect()
        await wire.send(post(b"hello"))
        await until(lambda: len(served.app.asked) == 1)
        served.pass_time(1000)
        served.app.gate.set()
        assert (await wire.reply())[0] == 200


# Callers who leave


@pytest.mark.parametrize("how", ["close", "half-close", "reset"])
async def test_who_leaves_takes_the_work_along(how: str) -> None:
    async with serving() as served:
        served.app.gate = asyncio.Event()
        wire = await served.connect()
        await wire.send(post(b"hello") + post(b"behind") + post(b"half")[:-2])
        await until(lambda: len(served.app.asked) == 1)
        match how:
            case "close":
                await wire.close()
            case "half-close":
                wire.writer.write_eof()
            case "reset":
                wire.reset()
        await until(lambda: served.app.left == 3)
        assert not served.house.open


async def test_who_leaves_amid_a_large_answer_harms_nobody() -> None:
    async with serving() as served:
        served.app.size = 20_000_000
        wire = await served.connect()
        await wire.send(GOOD)
        await wire.reader.readexactly(1000)
        wire.reset()
        await until(lambda: not served.house.open)
        served.app.size, served.app.is_draining = 0, True
        assert (await served.exchange(GOOD)).startswith(b"HTTP/1.1 200 ")


# The end


async def test_while_draining_the_answer_closes_the_connection() -> None:
    async with serving() as served:
        served.app.is_draining = True
        assert b"connection: close" in await served.exchange(GOOD)


async def test_closing_ends_idle_connections_at_once_and_the_others_behind_their_answers() -> None:
    async with serving() as served:
        served.app.gate = asyncio.Event()
        idle, busy, half = [await served.connect() for _ in range(3)]
        await busy.send(post(b"hello"))
        await half.send(post(b"hello")[:20])
        await until(lambda: len(served.app.asked) == 1)
        await until(lambda: sum(connection._is_in_head for connection in served.connections) == 1)  # noqa: SLF001
        served.house.close()
        assert await idle.rest() == b""
        assert len(served.house.open) == 2
        await half.send(post(b"hello")[20:])
        await until(lambda: len(served.app.asked) == 2)
        served.app.gate.set()
        for wire in (busy, half):
            status, headers, body = await wire.reply()
            assert (status, body, headers[b"connection"]) == (200, b"POST / [hello]", b"close")
            await wire.close()
        await asyncio.wait_for(served.house.is_empty.wait(), 10)


def test_no_wait_is_cut_short_by_the_length_of_a_tick() -> None:
    house = House(Echo(), LIMITS, InflightBytes(1), tick_seconds=1.0)
    house.tick(10.0)
    deadline = house.now + 1.0  # of what may begin as late as just before the next tick
    house.tick(11.0)
    assert not house.is_past(deadline)
    house.tick(12.0)
    assert house.is_past(deadline)
