"""Our HTTP/1.1 on a live server: compressed bodies, TLS, and callers who hold what others need."""

import gzip
import http.client
import json
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.contract.mistakes import GOOD, GOOD_ANSWER, INFER
from tests.contract.serve_zoo import PAYLOAD_BYTES
from tests.contract.wire import Caller
from tests.servers import RunningServer

DENSE = INFER.format("dense")
BODY = json.dumps(GOOD).encode()


def raw_deflate(body: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return encoder.compress(body) + encoder.flush()


class TestCompressedBodies:
    @pytest.mark.parametrize(
        ("coding", "encode"),
        [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
        ids=["gzip", "deflate in zlib", "deflate alone"],
    )
    def test_are_read(self, caller: Caller, coding: str, encode: Callable[[bytes], bytes]) -> None:
        reply = caller.post(DENSE, encode(BODY), {"Content-Encoding": coding})
        assert reply.json["outputs"][0]["data"] == GOOD_ANSWER

    def test_may_hold_binary_tensors_behind_a_head_whose_length_is_that_of_the_plain_one(self, caller: Caller) -> None:
        entry = {"name": "x", "datatype": "FP32", "shape": [1, 3], "parameters": {"binary_data_size": 12}}
        head = json.dumps({"inputs": [entry]}).encode()
        numbers = b"\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40"
        headers = {"Content-Encoding": "gzip", "Inference-Header-Content-Length": str(len(head))}
        reply = caller.post(DENSE, gzip.compress(head + numbers), headers)
        assert reply.json["outputs"][0]["data"] == GOOD_ANSWER

    def test_that_become_too_large_are_stopped(self, caller: Caller) -> None:
        bomb = gzip.compress(bytes(200 * PAYLOAD_BYTES))
        assert len(bomb) < PAYLOAD_BYTES
        reply = caller.post(DENSE, bomb, {"Content-Encoding": "gzip"})
        assert (reply.status, reply.json["reason"]) == (413, "too_large")
        assert caller.post(DENSE, GOOD).status == 200

    @pytest.mark.parametrize("cut", [1, 8, -4])
    def test_that_end_too_soon_are_refused(self, caller: Caller, cut: int) -> None:
        reply = caller.post(DENSE, gzip.compress(BODY)[:cut], {"Content-Encoding": "gzip"})
        assert (reply.status, reply.json["reason"]) == (400, "bad_input")
        assert "no gzip" in reply.json["error"]

    def test_in_another_coding_are_told_those_that_are_read(self, caller: Caller) -> None:
        reply = caller.post(DENSE, BODY, {"Content-Encoding": "br"})
        assert reply.status == 415
        assert "'br', expected 'gzip', 'deflate' or none" in reply.json["error"]

    @pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
    def test_come_back_to_who_accepts_them(self, caller: Caller, coding: str, decode: Callable[[bytes], bytes]) -> None:
        reply = caller.ask("GET", "/metrics", headers={"Accept-Encoding": coding})
        assert reply.headers["content-encoding"] == coding
        assert b"ecluse_requests_total" in decode(reply.body)
        assert "content-encoding" not in caller.get("/metrics").headers


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificates(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    ca.cert_pem.write_to_path(folder / "ca.crt")
    issue(folder, ca)
    return folder


def issue(folder: Path, ca: trustme.CA) -> None:
    issued = ca.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(folder / "tls.key")
    folder.joinpath("tls.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


@pytest.fixture(scope="module")
def guarded_server(zoo: Path, certificates: Path) -> Iterator[RunningServer]:
    """TLS, client certificates, and a short patience."""
    options = (
        *("--ssl_certfile", str(certificates / "tls.crt"), "--ssl_keyfile", str(certificates / "tls.key")),
        *("--tls_client_ca", str(certificates / "ca.crt"), "--http_connections", "8", "--http_head_seconds", "1"),
    )
    with RunningServer(zoo / "dense", "--model_name", "dense", *options) as server:
        yield server


@pytest.fixture
def trust(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture
def known(ca: trustme.CA, trust: ssl.SSLContext) -> ssl.SSLContext:
    ca.issue_cert("caller").configure_cert(trust)
    return trust


class TestTls:
    def test_a_caller_with_a_certificate_is_served(self, guarded_server: RunningServer, known: ssl.SSLContext) -> None:
        connection = http.client.HTTPSConnection(guarded_server.http_address, context=known, timeout=30)
        for _ in range(3):
            connection.request("POST", DENSE, BODY)
            assert json.loads(connection.getresponse().read())["outputs"][0]["data"] == GOOD_ANSWER
        connection.close()

    def test_a_caller_without_one_is_refused(self, guarded_server: RunningServer, trust: ssl.SSLContext) -> None:
        connection = http.client.HTTPSConnection(guarded_server.http_address, context=trust, timeout=30)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            exchange(connection)
        connection.close()

    def test_new_certificates_are_shown_while_live_connections_are_kept(
        self, guarded_server: RunningServer, certificates: Path, ca: trustme.CA, known: ssl.SSLContext
    ) -> None:
        before = http.client.HTTPSConnection(guarded_server.http_address, context=known, timeout=30)
        exchange(before)
        issue(certificates, ca)
        guarded_server.wait_for("tls_reloaded", seconds=30, protocol="http/1.1")
        exchange(before)
        after = http.client.HTTPSConnection(guarded_server.http_address, context=known, timeout=30)
        exchange(after)
        shown = certificate(before), certificate(after)
        before.close()
        after.close()
        assert shown[0] != shown[1]

    def test_callers_who_send_half_a_head_and_wait_do_not_keep_others_out(
        self, guarded_server: RunningServer, known: ssl.SSLContext
    ) -> None:
        address = ("127.0.0.1", guarded_server.http_port)
        with ExitStack() as stack:
            crowd = []
            for _ in range(8):
                plain = stack.enter_context(socket.create_connection(address, timeout=30))
                crowd.append(stack.enter_context(known.wrap_socket(plain, server_hostname="localhost")))
            for slow in crowd:
                slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
            answers = [slow.recv(1000) for slow in crowd]
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        connection = http.client.HTTPSConnection(guarded_server.http_address, context=known, timeout=30)
        exchange(connection)
        connection.close()


def exchange(connection: http.client.HTTPSConnection) -> None:
    connection.request("GET", "/v2/health/live")
    reply = connection.getresponse()
    reply.read()
    assert reply.status == 200


def certificate(connection: http.client.HTTPSConnection) -> object:
    sock = connection.sock
    assert isinstance(sock, ssl.SSLSocket)
    return sock.getpeercert()


def test_a_long_json_body_is_answered_as_a_short_one_is(zoo: Path) -> None:
    with RunningServer(zoo / "dense", "--model_name", "dense", "--batch_queue_rows", "100000") as server:
        rows = 30_000
        entry = {"name": "x", "shape": [rows, 3], "datatype": "FP32", "data": [1.5, 2.5, 3.5] * rows}
        with Caller(server.http_address) as caller:
            alone = caller.post(DENSE, {"inputs": [{**entry, "shape": [1, 3], "data": [1.5, 2.5, 3.5]}]})
            reply = caller.post(DENSE, {"inputs": [entry], "id": "long"})
            assert reply.json["id"] == "long"
            assert reply.json["outputs"][0]["data"] == alone.json["outputs"][0]["data"] * rows
            entry["data"] = [1.5] * (3 * rows - 1)
            wrong = caller.post(DENSE, {"inputs": [entry], "id": "long"})
            assert (wrong.status, wrong.json["id"]) == (400, "long")
            too_many = caller.post(DENSE, {"inputs": [{**entry, "shape": [10**7, 3]}]})
            assert (too_many.status, too_many.json["reason"]) == (413, "too_large")
