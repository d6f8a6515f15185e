"""The client of Prometheus against servers that answer, refuse, lie and are not there: one sentence each."""

import base64
import json
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme

from k8s.rollout.prometheus import NoMetrics, Prometheus

VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {"metric": {"pod": "a"}, "value": [1, "0.5"]},
            {"metric": {"pod": "b"}, "value": [1, "NaN"]},
            {"metric": {"pod": "c"}, "value": [1, "+Inf"]},
        ],
    },
}


class Reply:
    """What the server says to everybody, and what it was asked."""

    status = 200
    kind = "application/json"
    body = json.dumps(VECTOR).encode()

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {}
        self.authorization: str | None = None
        self.waits: threading.Event | None = None


@pytest.fixture
def reply() -> Reply:
    return Reply()


@contextmanager
def serving(reply: Reply, context: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply.asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            reply.authorization = self.headers.get("Authorization")
            if reply.waits is not None:
                reply.waits.wait(10)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    finally:
        if reply.waits is not None:
            reply.waits.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def url(reply: Reply) -> Iterator[str]:
    with serving(reply) as address:
        yield address


def test_series_come_with_their_labels_and_numbers(url: str, reply: Reply) -> None:
    first, second, third = Prometheus(url + "/").query("sum by (pod) (up)", 12.5)
    assert (first.labels, first.value) == ({"pod": "a"}, 0.5)
    assert math.isnan(second.value)
    assert third.value == math.inf
    assert reply.asked == {"query": ["sum by (pod) (up)"], "time": ["12.5"]}


def test_a_scalar_is_one_number(url: str, reply: Reply) -> None:
    reply.body = json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}}).encode()
    (sample,) = Prometheus(url).query("time()")
    assert sample.value == 7


def test_credentials_are_read_anew_for_each_question(url: str, reply: Reply, tmp_path: Path) -> None:
    token = tmp_path / "token"
    prometheus = Prometheus(url, token_file=token)
    for secret in ("one", "two"):
        token.write_text(f"{secret}\n")
        prometheus.query("up")
        assert reply.authorization == f"Bearer {secret}"
    pair = tmp_path / "pair"
    pair.write_text("me:word")
    Prometheus(url, basic_file=pair).query("up")
    assert reply.authorization == f"Basic {base64.b64encode(b'me:word').decode()}"


@pytest.mark.parametrize(
    ("status", "kind", "body", "told"),
    [
        (400, "application/json", b'{"status":"error","error":"parse error: unclosed"}', "400: parse error: unclosed"),
        (422, "application/json", b'{"status":"error","error":"too many samples"}', "status 422: too many samples"),
        (200, "text/html", b"<html>login</html>", "text/html in place of its JSON, with status 200"),
        (200, "application/json", b"{}", "application/json in place of its JSON, with status 200"),
        (200, "application/json", b"[" * 100_000, "in place of its JSON, with status 200"),
        (401, "text/plain", b"Unauthorized", "with status 401: Unauthorized"),
        (403, "text/html", b"<html>no</html>", "with status 403: the credentials may not ask it"),
        (404, "text/html", b"<html>nothing</html>", "with status 404: is the path of the address right"),
        (502, "", b"", "in place of its JSON, with status 502"),
        (302, "text/html", b"", "with status 302"),
        (200, "application/json", b'{"status":"success","data":null}', "answers in a form of its own"),
        (
            200,
            "application/json",
            b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"much"]}]}}',
            "answers in a form of its own",
        ),
        (
            200,
            "application/json",
            b'{"status":"success","data":{"resultType":"matrix","result":[]}}',
            "the query gives a matrix, and one number a series is expected",
        ),
        (
            200,
            "application/json",
            b'{"status":"success","warnings":["store a is down"],"data":{"resultType":"vector","result":[]}}',
            "warns that its answer may not be whole: store a is down",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_in_a_sentence(
    url: str, reply: Reply, status: int, kind: str, body: bytes, told: str
) -> None:
    reply.status, reply.kind, reply.body = status, kind, body
    with pytest.raises(NoMetrics) as raised:
        Prometheus(url).query("up")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_advice_about_a_query_is_no_warning(url: str, reply: Reply) -> None:
    reply.body = json.dumps({**VECTOR, "warnings": ["PromQL info: metric might not be a counter"]}).encode()
    assert len(Prometheus(url).query("up")) == 3


def test_a_prometheus_that_goes_in_the_middle_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take_and_leave() -> None:
            taken, _ = listener.accept()
            taken.recv(1)
            taken.close()

        leaving = threading.Thread(target=take_and_leave)
        leaving.start()
        with pytest.raises(NoMetrics, match="cannot be asked: it ended the connection without an answer"):
            Prometheus(f"http://127.0.0.1:{listener.getsockname()[1]}").query("up")
        leaving.join()


def test_a_prometheus_that_is_not_there_is_told() -> None:
    with pytest.raises(NoMetrics, match=r"cannot be asked: .*Connection refused"):
        Prometheus("http://127.0.0.1:9").query("up")
    with pytest.raises(NoMetrics, match=r"cannot be asked: .*resol"):
        Prometheus("http://nowhere.invalid").query("up")


def test_a_prometheus_that_does_not_answer_is_told(url: str, reply: Reply) -> None:
    reply.waits = threading.Event()
    with pytest.raises(NoMetrics, match="it does not answer in time"):
        Prometheus(url, timeout_seconds=0.1).query("up")


def test_a_certificate_is_held_against_the_given_authority(reply: Reply, tmp_path: Path) -> None:
    ca, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    for name, authority in (("ca.crt", ca), ("other.crt", other)):
        authority.cert_pem.write_to_path(tmp_path / name)
    with serving(reply, context) as address:
        assert len(Prometheus(address, ca_file=tmp_path / "ca.crt").query("up")) == 3
        with pytest.raises(NoMetrics, match="its certificate is not trusted"):
            Prometheus(address, ca_file=tmp_path / "other.crt").query("up")


def test_what_cannot_be_an_address_or_a_file_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for made, told in (
        (lambda: Prometheus("prometheus:9090"), "is no address of a Prometheus"),
        (lambda: Prometheus("http://"), "is no address of a Prometheus"),
        (lambda: Prometheus("http://me:word@prometheus"), "holds a password"),
        (lambda: Prometheus("https://p", ca_file=tmp_path / "none"), "does not exist"),
        (lambda: Prometheus("https://p", ca_file=empty), "holds no certificate"),
        (lambda: Prometheus("http://p", token_file=empty).query("up"), "must hold one line"),
        (lambda: Prometheus("http://p", token_file=tmp_path / "none").query("up"), "cannot be read"),
        (lambda: Prometheus("http://p", token_file=empty, basic_file=empty), "one of both is enough"),
    ):
        with pytest.raises(NoMetrics) as raised:
            made()
        assert told in str(raised.value)
        assert "word@" not in str(raised.value)
