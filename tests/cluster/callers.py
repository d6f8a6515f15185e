"""Callers from outside the cluster: they know two addresses and the protocol, and nothing of Kubernetes.

`predict` is one request over REST; `triton` asks over both protocols with clients
that are not ours; `Asking` goes on asking while something else happens, and keeps
every answer.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
SEVEN = (ROOT / "docs" / "examples" / "seven.json").read_bytes()
REQUEST_SECONDS = 30
CLIENT_SECONDS = 120
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Addresses:
    """Where a server is reached: `host:port` for each protocol."""

    rest: str
    grpc: str
    model: str = "mnist"


@dataclass(frozen=True)
class Reply:
    status: int
    """0 where there was no answer."""
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def digits(self) -> list[int]:
        """What the reference model says."""
        (digits,) = (output["data"] for output in self.json["outputs"] if output["name"] == "digit")
        return list(digits)


def ask(address: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    """Send one request on a connection of its own; no answer is a reply with status 0."""
    connection = HTTPConnection(address, timeout=REQUEST_SECONDS)
    json_body = {"Content-Type": "application/json"} if body else {}
    try:
        connection.request("POST" if body else "GET", path, body, {**json_body, **(headers or {})})
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.read(), received)
    except (OSError, HTTPException) as error:
        return Reply(0, repr(error).encode(), {})
    finally:
        connection.close()


def predict(at: Addresses, headers: dict[str, str] | None = None) -> Reply:
    """Ask which digit the picture of a seven shows."""
    return ask(at.rest, f"/v2/models/{at.model}/infer", SEVEN, headers)


def triton(at: Addresses) -> dict[str, Any]:
    """Ask the same with Triton's clients over REST and gRPC."""
    script = Path(__file__).parent / "triton_predict.py"
    done = subprocess.run(
        [sys.executable, script, at.rest, at.grpc, at.model],
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


SEVEN_SEEN = {"rest": {"ready": True, "digit": [7]}, "grpc": {"ready": True, "digit": [7]}}
"""What `triton` gives where all is well."""


@dataclass
class Asking:
    """A caller that asks over and over, on a new connection each time, for as long as the `with` block lasts."""

    at: Addresses
    replies: list[Reply] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="asking")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._enough.wait(PAUSE_SECONDS):
            self.replies.append(predict(self.at))

    @property
    def failed(self) -> list[Reply]:
        return [reply for reply in self.replies if reply.status != 200]
