"""The waiter's connection to an API server, over a real socket: what is asked, and what each refusal is called."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from k8s.api_server import ApiError, ApiServer, BadKubeconfig, Conflict, Forbidden, NotFound, Unreachable, connect
from k8s.wait.__main__ import main

FORBIDDEN = 'pods is forbidden: User "ci" cannot list resource "pods" in API group "" in the namespace "models"'
ANSWERS = {
    "/api/v1/fine": (200, {"kind": "Thing"}),
    "/api/v1/log": (200, "one\ntwo\n"),
    "/api/v1/list": (200, [1]),
    "/api/v1/page": (200, "<html>"),
    "/api/v1/expired": (401, {"message": "Unauthorized"}),
    "/api/v1/forbidden": (403, {"message": FORBIDDEN}),
    "/api/v1/busy": (429, {"message": "slow down"}),
    "/api/v1/broken": (503, "upstream is away"),
    "/api/v1/taken": (409, {"message": "there is a conflict"}),
    "/api/v1/odd": (422, {"message": "that is no thing"}),
    "/apis/apps/v1/namespaces/models/deployments/mnist": (403, {"message": FORBIDDEN}),
}


class Api(http.server.BaseHTTPRequestHandler):
    """Answers as the table says, and keeps what was asked."""

    asked: ClassVar[list[tuple[str, str, dict[str, list[str]]]]] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.asked.append((url.path, self.headers.get("Authorization", ""), parse_qs(url.query)))
        status, told = ANSWERS.get(url.path, (404, {"message": f"{url.path} not found"}))
        body = (told if isinstance(told, str) else json.dumps(told)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def kubeconfig(folder: Path, address: str, namespace: str | None = "models") -> Path:
    context = {"cluster": "here", "user": "ci"} | ({"namespace": namespace} if namespace else {})
    file = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "ci", "user": {"token": "a-token"}}],
        "contexts": [
            {"name": "first", "context": context},
            {"name": "second", "context": {**context, "namespace": "other"}},
        ],
        "current-context": "first",
    }
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture
def api(tmp_path: Path, address: str) -> Iterator[ApiServer]:
    with closing(connect(kubeconfig(tmp_path, address))[0]) as api:
        yield api


def test_the_token_goes_with_each_request_and_words_are_quoted(api: ApiServer) -> None:
    assert api.read("api", "v1", "fine", labelSelector="app in (a,b)") == {"kind": "Thing"}
    assert Api.asked[-1] == ("/api/v1/fine", "Bearer a-token", {"labelSelector": ["app in (a,b)"]})


def test_a_log_is_text(api: ApiServer) -> None:
    assert api.text("api", "v1", "log") == "one\ntwo\n"


@pytest.mark.parametrize(
    ("thing", "kind", "words"),
    [
        ("missing", NotFound, "/api/v1/missing not found"),
        ("forbidden", Forbidden, f"a right is missing: {FORBIDDEN}"),
        ("expired", Forbidden, "does not know who asks"),
        ("busy", Unreachable, "answered 429 for api/v1/busy: slow down"),
        ("broken", Unreachable, "answered 503 for api/v1/broken: upstream is away"),
        ("taken", Conflict, "somebody else has written api/v1/taken at the same moment: there is a conflict"),
        ("odd", ApiError, "refused api/v1/odd with 422: that is no thing"),
        ("page", Unreachable, "is it a Kubernetes API server?"),
        ("list", Unreachable, "is it a Kubernetes API server?"),
    ],
)
def test_what_goes_wrong_has_a_name_and_a_sentence(
    api: ApiServer, thing: str, kind: type[ApiError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        api.read("api", "v1", thing)
    assert words in str(caught.value)


def test_an_address_at_which_nobody_listens_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    api, _ = connect(kubeconfig(tmp_path, f"http://127.0.0.1:{port}"))
    with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port} cannot be reached: .*refused"):
        api.read("api", "v1", "fine")


def test_the_namespace_is_that_of_the_context(tmp_path: Path, address: str) -> None:
    assert connect(kubeconfig(tmp_path, address))[1] == "models"
    assert connect(kubeconfig(tmp_path, address), "second")[1] == "other"
    assert connect(kubeconfig(tmp_path, address, None))[1] == "default"


def test_a_context_that_is_not_there_is_a_mistake_in_the_kubeconfig(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadKubeconfig, match="third"):
        connect(kubeconfig(tmp_path, address), "third")


def test_a_kubeconfig_that_is_no_yaml_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("clusters: [{name: one\n")
    with pytest.raises(BadKubeconfig, match=r"^the kubeconfig cannot be used, it is no YAML: .* line 2, column 1$"):
        connect(file)


def test_a_missing_right_ends_the_command_with_four(
    tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy/mnist", "--kubeconfig", str(kubeconfig(tmp_path, address)), "--quiet"]) == 4
    assert capsys.readouterr().err == f"error: a right is missing: {FORBIDDEN}\n"
