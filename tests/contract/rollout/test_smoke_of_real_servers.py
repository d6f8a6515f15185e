"""What is made of real models' metadata is answered by them, and a version that differs is told."""

import hashlib
import http.client
from collections.abc import Mapping
from pathlib import Path

import pytest

from k8s.rollout.side import Side
from k8s.rollout.smoke import smoke
from tests.servers import RunningServer

KEY = "a long and random key"


class Sides:
    """Two models of running servers, asked as versions of one that is called `model`."""

    def __init__(self, server: RunningServer, stable: str, canary: str) -> None:
        self._server = server
        self._names = {Side.STABLE: stable, Side.CANARY: canary}

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        path = path.replace("/models/model", f"/models/{self._names[side]}")
        connection = http.client.HTTPConnection(self._server.http_address, timeout=30)
        try:
            connection.request("GET" if body is None else "POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.mark.parametrize("model", ["image", "two_inputs", "echo", "text", "open_length", "scalar", "constant"])
def test_a_request_made_from_metadata_is_answered_alike_by_a_model_and_itself(
    zoo_server: RunningServer, model: str
) -> None:
    assert smoke(Sides(zoo_server, model, model), "model", None) == ""


def test_another_model_is_told_by_what_its_callers_would_stumble_on(zoo_server: RunningServer) -> None:
    told = smoke(Sides(zoo_server, "image", "two_inputs"), "model", None)
    assert "the canary takes no input 'image', and the stable version does; the canary takes count, price" in told
    assert "the canary version answers 400 (unknown input 'image'" in told
    missing = smoke(Sides(zoo_server, "image", "nobody"), "model", None)
    assert missing.startswith("the canary version answers 404 ("), missing


def test_a_server_with_keys_is_asked_with_one(zoo: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"rollout:{hashlib.sha256(KEY.encode()).hexdigest()}\n")
    with RunningServer(zoo / "image", "--model_name", "image", "--auth_keys_file", str(keys)) as server:
        sides = Sides(server, "image", "image")
        assert "asks for a key" in smoke(sides, "model", None)
        assert "takes no such key" in smoke(sides, "model", None, "another")
        assert smoke(sides, "model", None, KEY) == ""
        # Without a name, the server's own index is asked for.
        assert smoke(sides, "", None, KEY) == ""
