"""The load tests' clients over TLS: whom they trust, what they say when they do not, and that nothing else changes."""

import asyncio
import ssl
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.contract.loadtests import http2_server as wire
from tests.contract.loadtests.asking import Asker, Listening
from tests.contract.loadtests.http2_server import Http2

LARGE = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    with Asker() as asker:
        yield asker


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return ca, path


def context(ca: trustme.CA, protocol: str = "", name: str = "127.0.0.1") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(made)
    if protocol:
        made.set_alpn_protocols([protocol])
    return made


async def echo_rest(reader: Reader, writer: Writer) -> None:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.split("\r\n") if line.startswith("Content-Length: "))
        body = await reader.readexactly(int(length.partition(": ")[2]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def echo_grpc(reader: Reader, writer: Writer) -> None:
    connection = Http2(reader, writer)
    await connection.greet()
    async for call in connection:
        writer.write(wire.answer(call.stream, call.message))


async def test_rest_trusts_an_authority_of_its_own_and_keeps_the_connection(
    asker: Asker, authority: tuple[trustme.CA, Path]
) -> None:
    ca, path = authority
    access = {"ca": str(path)}
    async with (
        Listening(echo_rest, context(ca)) as server,
        asker.client("v2", server.url, access) as client,
    ):
        for body in (b"small", LARGE, b"small"):
            told = await client.ask(body=body.hex())
            assert (told["outcome"], bytes.fromhex(told["body"]) == body) == ("ok", True), told
        assert server.connections == 1


async def test_grpc_trusts_an_authority_of_its_own_and_agrees_on_http2(
    asker: Asker, authority: tuple[trustme.CA, Path]
) -> None:
    ca, path = authority
    async with (
        Listening(echo_grpc, context(ca, "h2")) as server,
        asker.client("grpc", server.address, {"ca": str(path)}) as client,
    ):
        asked = await client.ask_many(body=b"yes".hex(), times=8, at_once=4)
        assert {(told["outcome"], told["body"]) for told in asked} == {("ok", b"yes".hex())}
        assert server.connections == 1


@pytest.mark.parametrize("protocol", ["v2", "grpc"])
async def test_who_is_not_trusted_is_told_as_that_unless_anyone_is_believed(
    asker: Asker, authority: tuple[trustme.CA, Path], protocol: str
) -> None:
    _, path = authority
    stranger = context(trustme.CA(), "h2" if protocol == "grpc" else "")
    async with Listening(echo_grpc if protocol == "grpc" else echo_rest, stranger) as server:
        address = server.address if protocol == "grpc" else server.url
        async with asker.client(protocol, address, {"ca": str(path)}) as client:
            told = await client.ask()
            assert (told["outcome"], told["code"]) == ("connection", "tls")
            assert "unable to get local issuer" in told["words"]
        async with asker.client(protocol, address, {"insecure": True}) as client:
            assert (await client.ask())["outcome"] == "ok"


async def test_a_certificate_for_another_name_is_not_trusted(asker: Asker, authority: tuple[trustme.CA, Path]) -> None:
    ca, path = authority
    async with (
        Listening(echo_rest, context(ca, name="other.example")) as server,
        asker.client("v2", server.url, {"ca": str(path)}) as client,
    ):
        told = await client.ask()
        assert (told["outcome"], told["code"]) == ("connection", "tls")
        assert "IP address mismatch" in told["words"]


async def test_a_server_without_http2_is_no_server_of_grpc(asker: Asker, authority: tuple[trustme.CA, Path]) -> None:
    ca, path = authority
    async with (
        Listening(echo_rest, context(ca, "http/1.1")) as server,
        asker.client("grpc", server.address, {"ca": str(path)}) as client,
    ):
        told = await client.ask()
        assert (told["outcome"], told["code"]) == ("connection", "tls")


@pytest.mark.parametrize("protocol", ["v2", "grpc"])
async def test_a_port_without_tls_is_told_as_that(asker: Asker, protocol: str) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with Listening(serve) as server:
        address = f"grpcs://127.0.0.1:{server.port}" if protocol == "grpc" else f"https://127.0.0.1:{server.port}"
        async with asker.client(protocol, address, {"insecure": True}) as client:
            told = await client.ask()
    assert (told["outcome"], told["code"]) == ("connection", "tls"), told


async def test_an_idle_connection_that_has_ended_under_tls_is_noticed_before_it_is_used(
    asker: Asker, authority: tuple[trustme.CA, Path]
) -> None:
    ca, path = authority
    ended = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()  # says so at once, and waits for the client's word, which stands still
        await asyncio.sleep(0)
        ended.set()

    async with (
        Listening(serve, context(ca)) as server,
        asker.client("v2", server.url, {"ca": str(path)}) as client,
    ):
        for times in range(1, 3):
            ended.clear()
            assert (await client.ask())["outcome"] == "ok"
            await ended.wait()
            assert server.connections == times


def test_certificates_that_cannot_be_read_are_refused_in_a_sentence(asker: Asker, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in asker.refused("v2", "https://h", ca=str(tmp_path / "none.pem"))
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    assert f"the certificates of {broken} cannot be read" in asker.refused("v2", "https://h", ca=str(broken))
