"""The listener over real sockets: TLS, certificates that change under live connections, and the end."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
import uvloop

from serving.errors import ServingError, StartupError
from serving.http_limits import HttpLimits
from serving.http_listener import HttpListener
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes
from serving.tls import ServerTls, TlsFiles

LIMITS = HttpLimits(
    connections=100,
    payload_bytes=1_000_000,
    head_bytes=4096,
    head_fields=20,
    keep_alive_seconds=65,
    head_seconds=20,
    body_seconds=30,
    write_seconds=60,
)

pytestmark = pytest.mark.timeout(20)


class App:
    """Answers with the size of what it was sent, when it may."""

    def __init__(self) -> None:
        self.is_draining = False
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def objection(self, request: HttpRequest) -> ServingError | None:
        return None

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        self.asked.set()
        await self.may_answer.wait()
        return HttpAnswer(200, JSON, b"%d" % len(request.body))


@asynccontextmanager
async def listening(app: App, tls: ServerTls | None = None) -> AsyncIterator[HttpListener]:
    listener = HttpListener(app, "127.0.0.1", 0, limits=LIMITS, inflight=InflightBytes(1 << 30), tls=tls)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(5)


class Caller:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, listener: HttpListener, trust: ssl.SSLContext | None = None) -> "Caller":
        name = None if trust is None else "localhost"
        return cls(*await asyncio.open_connection("127.0.0.1", listener.port, ssl=trust, server_hostname=name))

    async def send(self, body: bytes = b"") -> None:
        self.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await self.writer.drain()

    async def reply(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        return await self.reader.readexactly(int(length))

    async def ask(self, body: bytes = b"") -> bytes:
        await self.send(body)
        return await self.reply()

    @property
    def serial(self) -> str:
        certificate: dict[str, str] = self.writer.get_extra_info("peercert")
        return certificate["serialNumber"]

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (OSError, ssl.SSLError):
            return


async def connect_and_ask(listener: HttpListener, trust: ssl.SSLContext) -> bytes:
    # With TLS 1.3 a caller hears only at its first request that it was refused.
    caller = await Caller.connect(listener, trust)
    try:
        return await caller.ask()
    finally:
        await caller.close()


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trust(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture
def files(tmp_path: Path, ca: trustme.CA) -> TlsFiles:
    return write(tmp_path, ca)


def write(folder: Path, ca: trustme.CA) -> TlsFiles:
    issued = ca.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "tls.key")
    folder.joinpath("tls.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return TlsFiles(folder / "tls.crt", folder / "tls.key")


async def test_a_port_that_is_taken_is_told() -> None:
    async with listening(App()) as listener:
        with pytest.raises(StartupError, match=f"HTTP on 127.0.0.1 port {listener.port}"):
            HttpListener(App(), "127.0.0.1", listener.port, limits=LIMITS, inflight=InflightBytes(1))


async def test_connections_are_counted() -> None:
    async with listening(App()) as listener:
        caller = await Caller.connect(listener)
        await caller.ask()
        assert listener.connections == 1
        await caller.close()


class TestTls:
    async def test_requests_large_and_small_are_answered(self, files: TlsFiles, trust: ssl.SSLContext) -> None:
        async with listening(App(), ServerTls(files, ["http/1.1"])) as listener:
            caller = await Caller.connect(listener, trust)
            for size in (0, 10, 999_999):
                assert await caller.ask(b"x" * size) == b"%d" % size
            await caller.close()

    async def test_live_connections_outlive_their_certificate(
        self, files: TlsFiles, ca: trustme.CA, trust: ssl.SSLContext
    ) -> None:
        async with listening(App(), ServerTls(files, ["http/1.1"])) as listener:
            before = await Caller.connect(listener, trust)
            assert await before.ask(b"x") == b"1"
            write(files.certificate.parent, ca)
            await listener.renew()
            after = await Caller.connect(listener, trust)
            assert await after.ask(b"xy") == b"2"
            assert await before.ask(b"xyz") == b"3"
            assert before.serial != after.serial
            await before.close()
            await after.close()

    async def test_a_certificate_that_no_socket_can_be_had_for_leaves_the_old_one(
        self, files: TlsFiles, ca: trustme.CA, trust: ssl.SSLContext
    ) -> None:
        async with listening(App(), ServerTls(files, ["http/1.1"])) as listener:
            write(files.certificate.parent, ca)
            listener._socket.close()  # noqa: SLF001 - as failing as a process without file descriptors
            await listener.renew()
            assert await connect_and_ask(listener, trust) == b"0"

    async def nobody_is_refused_while_certificates_change(
        self, files: TlsFiles, ca: trustme.CA, trust: ssl.SSLContext
    ) -> None:
        """Holds on uvloop alone: a server of asyncio that is closed forgets whom it has accepted in the same turn."""
        async with listening(App(), ServerTls(files, ["http/1.1"])) as listener:

            async def come_and_go() -> None:
                for _ in range(20):
                    caller = await Caller.connect(listener, trust)
                    assert await caller.ask(b"x") == b"1"
                    await caller.close()

            callers = [asyncio.create_task(come_and_go()) for _ in range(3)]
            while not all(caller.done() for caller in callers):
                write(files.certificate.parent, ca)
                await listener.renew()
                await asyncio.sleep(0.01)
            await asyncio.gather(*callers)

    async def test_a_caller_without_the_certificate_that_is_asked_for_is_refused(
        self, files: TlsFiles, ca: trustme.CA, trust: ssl.SSLContext, tmp_path: Path
    ) -> None:
        ca.cert_pem.write_to_path(tmp_path / "ca.crt")
        tls = ServerTls(files._replace(client_ca=tmp_path / "ca.crt"), ["http/1.1"])
        async with listening(App(), tls) as listener:
            with pytest.raises((ssl.SSLError, OSError, asyncio.IncompleteReadError)):
                await connect_and_ask(listener, trust)
            ca.issue_cert("caller").configure_cert(trust)
            known = await Caller.connect(listener, trust)
            assert await known.ask() == b"0"
            await known.close()

    async def test_plain_text_to_a_port_of_tls_harms_nobody(self, files: TlsFiles, trust: ssl.SSLContext) -> None:
        async with listening(App(), ServerTls(files, ["http/1.1"])) as listener:
            stranger = await Caller.connect(listener)
            await stranger.send()
            with pytest.raises((asyncio.IncompleteReadError, OSError)):
                await stranger.reply()
            known = await Caller.connect(listener, trust)
            assert await known.ask() == b"0"
            await known.close()
            await stranger.close()


class TestTheEnd:
    async def test_what_was_asked_is_answered_and_nobody_is_taken_in_any_more(self) -> None:
        app = App()
        app.may_answer.clear()
        async with listening(app) as listener:
            idle, busy = await Caller.connect(listener), await Caller.connect(listener)
            await busy.send(b"x")
            await app.asked.wait()
            stopping = asyncio.create_task(listener.stop(10))
            assert await idle.reader.read() == b""
            with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", listener.port)):
                pass
            assert not stopping.done()
            app.may_answer.set()
            assert await busy.reply() == b"1"
            await busy.close()
            await stopping
            await idle.close()

    async def test_at_the_deadline_connections_are_cut_off(self) -> None:
        app = App()
        app.may_answer.clear()
        async with listening(app) as listener:
            busy = await Caller.connect(listener)
            await busy.send(b"x")
            await app.asked.wait()
            await listener.stop(0.01)
            with pytest.raises((asyncio.IncompleteReadError, OSError)):
                await busy.reply()
            await busy.close()
            assert listener.connections == 0

    async def test_a_listener_that_never_started_can_be_stopped(self) -> None:
        listener = HttpListener(App(), "127.0.0.1", 0, limits=LIMITS, inflight=InflightBytes(1))
        await listener.stop(1)
        assert listener.connections == 0


def test_all_of_it_on_the_loop_that_is_used_in_earnest(files: TlsFiles, ca: trustme.CA, trust: ssl.SSLContext) -> None:
    async def all_of_it() -> None:
        ends = TestTheEnd()
        await ends.test_what_was_asked_is_answered_and_nobody_is_taken_in_any_more()
        await ends.test_at_the_deadline_connections_are_cut_off()
        tls = TestTls()
        await tls.test_requests_large_and_small_are_answered(files, trust)
        await tls.test_live_connections_outlive_their_certificate(files, ca, trust)
        await tls.nobody_is_refused_while_certificates_change(files, ca, trust)
        await tls.test_plain_text_to_a_port_of_tls_harms_nobody(files, trust)

    uvloop.run(all_of_it())
