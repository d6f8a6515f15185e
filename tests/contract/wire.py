"""Plain callers: an HTTP connection that must be kept, and a gRPC channel.

Neither knows anything of the server but its address and the protocol's messages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Self

import grpc

from serving import oip_pb2

TIMEOUT_SECONDS = 30.0
SERVICE = "inference.GRPCInferenceService"
EXTENSIONS = [
    *("binary_tensor_data", "classification", "schedule_policy", "statistics", "model_configuration"),
    "model_repository",
]
"""What the server says of itself that it can, beside the protocol."""
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One keep-alive connection; asking fails where the server has closed it."""

    def __init__(self, address: str) -> None:
        self._connection = HTTPConnection(address, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        self._connection.connect()
        # http.client would hide a closed connection by opening another.
        self._connection.auto_open = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        self._connection.request(method, path, body, dict(headers or {}))
        return self._reply()

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, body: object, headers: Mapping[str, str] = JSON) -> Reply:
        """Send bytes as they are, and anything else as JSON."""
        return self.ask("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)

    def send_in_chunks(self, path: str, chunks: list[bytes]) -> Reply:
        """Send a body whose length is not told beforehand."""
        self._connection.request("POST", path, iter(chunks), JSON, encode_chunked=True)
        return self._reply()

    def _reply(self) -> Reply:
        response = self._connection.getresponse()
        body = response.read()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class Rpc:
    """A gRPC channel to one server."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def call(self, method: str, request: Any, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        """Call by name; the answer's type follows from the name. Raises grpc.RpcError."""
        answer = getattr(oip_pb2, f"{method}Response")
        return self.send(method, request.SerializeToString(), answer.FromString, seconds=seconds)

    def send(self, method: str, message: bytes, parse: Any = None, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        """Send bytes, which need not be a message."""
        call: Any = self.channel.unary_unary(f"/{SERVICE}/{method}", response_deserializer=parse)
        return call(message, timeout=seconds)

    def infer(self, request: oip_pb2.ModelInferRequest, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        return self.call("ModelInfer", request, seconds=seconds)
