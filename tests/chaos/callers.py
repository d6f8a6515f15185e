"""Many callers at once, who tell lost requests from refused ones.

The connections are bare on purpose: a client library would open another
connection, or send again, where a test must see that something was lost.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import grpc
import pytest
from grpc_health.v1 import health_pb2

from serving.oip_pb2 import ModelInferRequest, ModelInferResponse

MODEL = "clerk"
"""The name that every server here gives its model."""

TRANSPORTS = ("nghttp2", "grpcio")
"""What can speak gRPC in a server."""

on_both_transports = pytest.mark.parametrize("clerk", TRANSPORTS, indirect=True)

INFER = f"/v2/models/{MODEL}/infer"
PREDICT = f"/v1/models/{MODEL}:predict"
READY = "/v2/health/ready"
LIVE = "/v2/health/live"

HANG_SECONDS = 60.0
"""After this long a caller is one who hangs."""
POLL_SECONDS = 0.02


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

    @property
    def is_last(self) -> bool:
        """Whether the server closes the connection after it."""
        return self.headers.get("connection") == "close"


class Connection:
    """One HTTP/1.1 connection; raises OSError or EOFError where the server breaks it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, address: str) -> AsyncIterator[Self]:
        connection = await cls.open(address)
        try:
            yield connection
        finally:
            await connection.close()

    @classmethod
    async def open(cls, address: str) -> Self:
        host, port = address.split(":")
        async with asyncio.timeout(HANG_SECONDS):
            return cls(*await asyncio.open_connection(host, int(port)))

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    @property
    def has_ended(self) -> bool:
        """Whether the server has closed it, as far as is known here."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def ask(self, method: str, path: str, body: bytes = b"") -> Reply:
        await self.send(method, path, body)
        return await self.receive()

    async def get(self, path: str) -> Reply:
        return await self.ask("GET", path)

    async def post(self, path: str, body: object) -> Reply:
        return await self.ask("POST", path, json.dumps(body).encode())

    async def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Send a request and wait for nothing."""
        self._writer.write(head(method, path, len(body)) + body)
        await self._writer.drain()

    async def send_twice(self, method: str, path: str, body: bytes) -> None:
        """Send a request and, ahead of its answer, the same again."""
        self._writer.write(2 * (head(method, path, len(body)) + body))
        await self._writer.drain()

    async def send_part(self, method: str, path: str, body: bytes) -> None:
        """Send a request without the end of its body."""
        self._writer.write(head(method, path, len(body)) + body[:-1])
        await self._writer.drain()

    async def receive(self) -> Reply:
        async with asyncio.timeout(HANG_SECONDS):
            first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Reply(int(first.split()[1]), headers, body)


def head(method: str, path: str, body_bytes: int) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {body_bytes}\r\n\r\n".encode()


async def ask(address: str, method: str, path: str, body: bytes = b"") -> Reply:
    """Ask on a connection of its own."""
    async with Connection.to(address) as connection:
        return await connection.ask(method, path, body)


async def get(address: str, path: str) -> Reply:
    return await ask(address, "GET", path)


async def post(address: str, path: str, body: object) -> Reply:
    return await ask(address, "POST", path, json.dumps(body).encode())


# What is asked, and what must come back


def v2(numbers: Sequence[float], seconds: float | None = 0.0, **parameters: object) -> dict[str, Any]:
    """Ask the clerk, who takes so many seconds; None asks a model that knows no patience."""
    columns = {"number": list(numbers)}
    if seconds is not None:
        columns["seconds"] = [seconds] * len(numbers)
    inputs = [{"name": name, "shape": [len(data)], "datatype": "FP32", "data": data} for name, data in columns.items()]
    return {"inputs": inputs, "parameters": parameters}


def v1(numbers: Sequence[float], seconds: float | None = 0.0) -> dict[str, Any]:
    if seconds is None:
        return {"instances": [{"number": number} for number in numbers]}
    return {"instances": [{"number": number, "seconds": seconds} for number in numbers]}


def message(numbers: Sequence[float], seconds: float | None = 0.0) -> ModelInferRequest:
    request = ModelInferRequest(model_name=MODEL)
    columns = {"number": list(numbers)}
    if seconds is not None:
        columns["seconds"] = [seconds] * len(numbers)
    for name, data in columns.items():
        entry = request.inputs.add(name=name, datatype="FP32", shape=[len(data)])
        entry.contents.fp32_contents.extend(data)
    return request


def expected(numbers: Sequence[float]) -> list[float]:
    return [2.0 * number + 1.0 for number in numbers]


def answer(reply: Reply) -> list[float]:
    """The rows of a V1 or V2 answer."""
    told = reply.json
    rows: list[float] = told["predictions"] if "predictions" in told else told["outputs"][0]["data"]
    return rows


class Rpc:
    """A gRPC channel to one server."""

    def __init__(self, address: str, *, sends_again: bool = True) -> None:
        """Unless it `sends_again`, not even a call of which the server says that it was never begun."""
        # Without the first option two channels to one address share a connection.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", int(sends_again))]
        self.channel = grpc.aio.insecure_channel(address, options=options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()

    def start(self, request: ModelInferRequest, *, seconds: float = HANG_SECONDS) -> Any:
        """Begin a call, which is awaited or cancelled."""
        call = self.channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=ModelInferRequest.SerializeToString,
            response_deserializer=ModelInferResponse.FromString,
        )
        return call(request, timeout=seconds)

    async def infer(self, numbers: Sequence[float], seconds: float | None = 0.0) -> list[float]:
        response = await self.start(message(numbers, seconds))
        return list(response.outputs[0].contents.fp32_contents)

    async def is_serving(self) -> bool:
        """Ask grpc.health, as Kubernetes does."""
        call = self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        response = await call(health_pb2.HealthCheckRequest(), timeout=HANG_SECONDS)
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    def watch(self) -> Any:
        """Hear grpc.health's changes for as long as the call lasts."""
        call = self.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        return call(health_pb2.HealthCheckRequest(), timeout=HANG_SECONDS)


def reason(error: grpc.aio.AioRpcError) -> str:
    """What a refusal says machines should read."""
    return str(dict(error.trailing_metadata() or ()).get("reason", ""))


# What the server has counted


async def counted(address: str, name: str, **labels: object) -> float:
    """Sum the samples of a metric that carry these labels."""
    text = (await get(address, "/metrics")).body.decode()
    total = 0.0
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if match is None or match[1] != name:
            continue
        carried = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
        if {label: str(value) for label, value in labels.items()}.items() <= carried.items():
            total += float(match[3])
    return total


async def until_counted(address: str, name: str, value: float, **labels: object) -> None:
    """Wait for a metric to have this value."""
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            if await counted(address, name, **labels) == value:
                return
            await asyncio.sleep(POLL_SECONDS)


class Blocked:
    """A batch that keeps the model busy for as long as it takes, behind which others wait."""

    def __init__(self, address: str, seconds: float = 2.0) -> None:
        self._address = address
        self._seconds = seconds

    async def __aenter__(self) -> Self:
        batches = await counted(self._address, "ecluse_batches_total")
        self._running = asyncio.create_task(post(self._address, INFER, v2([1.0], self._seconds)))
        await until_counted(self._address, "ecluse_batches_total", batches + 1)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert answer(await self._running) == expected([1.0])

    @property
    def has_ended(self) -> bool:
        return self._running.done()
