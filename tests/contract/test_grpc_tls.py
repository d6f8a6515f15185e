"""gRPC over TLS: what clients see of certificates, of ALPN and of files that change."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme

from serving.tls import TlsFiles
from tests.grpc_servers import TRANSPORTS, Methodical, listener

HOST = "localhost"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def write(folder: Path, issued: trustme.LeafCert, client_ca: trustme.CA | None = None) -> TlsFiles:
    issued.private_key_pem.write_to_path(folder / "tls.key")
    folder.joinpath("tls.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    if client_ca is None:
        return TlsFiles(folder / "tls.crt", folder / "tls.key")
    client_ca.cert_pem.write_to_path(folder / "ca.crt")
    return TlsFiles(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")


def credentials(ca: trustme.CA, own: trustme.LeafCert | None = None) -> grpc.ChannelCredentials:
    root = ca.cert_pem.bytes()
    if own is None:
        return grpc.ssl_channel_credentials(root)
    return grpc.ssl_channel_credentials(root, own.private_key_pem.bytes(), own.cert_chain_pems[0].bytes())


@asynccontextmanager
async def serving(transport: str, files: TlsFiles) -> AsyncIterator[int]:
    server = listener(transport, Methodical().methods(), files=files)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop(0.1)


async def ask(port: int, using: grpc.ChannelCredentials, message: bytes = b"a", seconds: float = 20.0) -> bytes:
    async with grpc.aio.secure_channel(f"{HOST}:{port}", using) as channel:
        call: Any = channel.unary_unary("/test.Service/Echo")
        return bytes(await call(message, timeout=seconds))


async def refused(port: int, using: grpc.ChannelCredentials) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(port, using)
    return caught.value.code().name


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_caller_who_trusts_the_authority_is_answered(transport: str, tmp_path: Path, ca: trustme.CA) -> None:
    async with serving(transport, write(tmp_path, ca.issue_cert(HOST))) as port:
        assert await ask(port, credentials(ca), bytes(3_000_000)) == bytes(3_000_000)
        assert await refused(port, credentials(trustme.CA())) == "UNAVAILABLE"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_with_an_authority_for_clients_a_caller_must_show_its_certificate(
    transport: str, tmp_path: Path, ca: trustme.CA
) -> None:
    async with serving(transport, write(tmp_path, ca.issue_cert(HOST), ca)) as port:
        assert await ask(port, credentials(ca, ca.issue_cert("client.test"))) == b"a"
        assert await refused(port, credentials(ca)) == "UNAVAILABLE"
        assert await refused(port, credentials(ca, trustme.CA().issue_cert("client.test"))) == "UNAVAILABLE"


async def test_a_renewed_certificate_is_shown_to_new_callers_and_costs_the_old_nothing(
    tmp_path: Path, ca: trustme.CA
) -> None:
    other = trustme.CA()
    files = write(tmp_path, ca.issue_cert(HOST))
    server = listener("nghttp2", Methodical().methods(), files=files)
    await server.start()
    async with grpc.aio.secure_channel(f"{HOST}:{server.port}", credentials(ca)) as channel:
        call: Any = channel.unary_unary("/test.Service/Echo")
        assert await call(b"a") == b"a"
        write(tmp_path, other.issue_cert(HOST))
        await server.renew()  # type: ignore[attr-defined]  # of the transport of our own
        assert await ask(server.port, credentials(other)) == b"a"
        assert await refused(server.port, credentials(ca)) == "UNAVAILABLE"
        assert await call(b"b") == b"b"
    await server.stop(0.1)


async def test_alpn_tells_http2_and_a_caller_of_http1_hears_why_not(tmp_path: Path, ca: trustme.CA) -> None:
    async with serving("nghttp2", write(tmp_path, ca.issue_cert(HOST))) as port:
        context = ssl.create_default_context()
        ca.configure_trust(context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        reader, writer = await asyncio.open_connection(HOST, port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request")
        writer.close()


async def test_a_caller_of_plain_text_is_cut_off(tmp_path: Path, ca: trustme.CA) -> None:
    async with serving("nghttp2", write(tmp_path, ca.issue_cert(HOST))) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        async with asyncio.timeout(20):
            assert b"HTTP" not in await reader.read()
        writer.close()
