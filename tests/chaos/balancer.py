"""A balancer of connections, as trivial as kube-proxy.

Each new connection goes to the next backend whose readiness was true when last
asked; nobody who is connected is moved, and nothing is sent again. Knows no
protocol: bytes pass through it both ways.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self
from weakref import WeakSet

from tests.chaos.callers import READY, get

CHUNK_BYTES = 64 * 1024
PROBE_SECONDS = 0.2
"""How often readiness is asked for."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server is reached."""

    http: str
    grpc: str


class ConnectionBalancer:
    """Two ports of its own, one a protocol, in front of the endpoints it is given."""

    def __init__(self) -> None:
        self._endpoints: list[Endpoint] = []
        self._ready: list[Endpoint] = []
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._probed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._listeners = [
            await asyncio.start_server(self._pass_http, "127.0.0.1", 0),
            await asyncio.start_server(self._pass_grpc, "127.0.0.1", 0),
        ]
        http, grpc = (f"127.0.0.1:{listener.sockets[0].getsockname()[1]}" for listener in self._listeners)
        self.front = Endpoint(http, grpc)
        self._probing = asyncio.create_task(self._probe())
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.close()
        for task in (self._probing, *self._tasks):
            task.cancel()
        await asyncio.gather(self._probing, *self._tasks, return_exceptions=True)
        # One that closes while its other side reads no more would outlive the loop.
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # the loop ends what was aborted in its next turn

    def add(self, endpoint: Endpoint) -> None:
        self._endpoints.append(endpoint)

    def remove(self, endpoint: Endpoint) -> None:
        self._endpoints.remove(endpoint)

    async def has_ready(self, count: int) -> None:
        """Wait until so many backends are known to be ready."""
        while len(self._ready) < count:
            self._probed.clear()
            await self._probed.wait()

    async def _probe(self) -> None:
        while True:
            # Readiness of all is asked for before any is believed, so that no backend is tried in between.
            answers = await asyncio.gather(*map(is_ready, endpoints := list(self._endpoints)))
            self._ready = [endpoint for endpoint, ready in zip(endpoints, answers, strict=True) if ready]
            self._probed.set()
            await asyncio.sleep(PROBE_SECONDS)

    async def _pass_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pass(reader, writer, self._next().http)

    async def _pass_grpc(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pass(reader, writer, self._next().grpc)

    def _next(self) -> Endpoint:
        self._turn += 1
        return self._ready[self._turn % len(self._ready)]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        host, port = address.split(":")
        self._connections.add(writer.transport)
        try:
            backend_reader, backend_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._connections.add(backend_writer.transport)
        for work in (copy(reader, backend_writer), copy(backend_reader, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what is read until one side has no more to say, and then say so to the other."""
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        writer.transport.abort()
        return
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()


async def is_ready(endpoint: Endpoint) -> bool:
    try:
        return (await get(endpoint.http, READY)).status == 200
    except (OSError, EOFError):
        return False
