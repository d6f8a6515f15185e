"""The gRPC port on our own transport: accepts callers, and takes leave of them.

Binds when it is made, so that a port that cannot be had ends the start-up.
Knows no HTTP/2: each connection is its own (`grpc_connection.py`).
"""

import asyncio
import contextlib
import random
from math import inf
from time import monotonic

from serving import ports
from serving.grpc_connection import GrpcConnection, Outbox
from serving.grpc_limits import HANDSHAKE_SECONDS, Limits
from serving.grpc_method import Methods
from serving.tls import RELOAD_SECONDS, ServerTls

SWEEP_SECONDS = RELOAD_SECONDS / 2
LAST_SECONDS = 1.0
"""What connections get to close after their calls were cut."""
AGE_JITTER = 0.1
"""Connections that came together, after a rollout say, do not leave together."""


class NghttpListener:
    """The gRPC port."""

    def __init__(
        self,
        methods: Methods,
        address: str,
        port: int,
        limits: Limits,
        *,
        max_connections: int,
        age_seconds: float,
        server_tls: ServerTls | None = None,
    ) -> None:
        """Bind the port; raises StartupError where it cannot be had."""
        self._routes = {path.encode(): method for path, method in methods.items()}
        self._limits = limits
        self._max_connections = max_connections
        self._age_seconds = age_seconds
        self._connections: set[GrpcConnection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._sweeping: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._tls = server_tls
        self._socket = ports.bind(address, port, "gRPC")
        self.port = int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    async def start(self) -> None:
        self._outbox = Outbox()
        await self._listen()
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self, timeout_seconds: float) -> None:
        """Take no more callers and calls, and let those in flight end."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._server is not None:
            self._server.close()
        self._socket.close()
        for connection in list(self._connections):
            connection.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), timeout_seconds)
        for connection in list(self._connections):
            connection.cut()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), LAST_SECONDS)

    async def renew(self) -> None:
        """Look whether the certificate's files have changed, and show new callers what they hold now."""
        if self._tls is None or not self._tls.has_changed():
            return
        try:
            await self._listen()
        except OSError as error:
            self._tls.not_taken(error)

    async def _listen(self) -> None:
        """Begin to accept; a server that is there makes way, once the new one accepts too."""
        before = self._server
        self._server = await asyncio.get_running_loop().create_server(
            self._accept,
            sock=self._socket.dup(),
            backlog=ports.BACKLOG,
            ssl=self._tls.context if self._tls is not None else None,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls is not None else None,
        )
        if before is not None:
            before.close()

    def _accept(self) -> asyncio.Protocol:
        if len(self._connections) >= self._max_connections:
            return _TurnedAway()
        age_seconds = self._age_seconds
        if age_seconds != inf:
            age_seconds *= random.uniform(1 - AGE_JITTER, 1 + AGE_JITTER)  # noqa: S311 - nothing is kept secret by it
        return GrpcConnection(self._routes, self._limits, self._outbox, age_seconds, self._joined, self._left)

    # A caller whose TLS handshake fails is made a connection for, and never joins.

    def _joined(self, connection: GrpcConnection) -> None:
        self._connections.add(connection)
        self._empty.clear()

    def _left(self, connection: GrpcConnection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    async def _sweep(self) -> None:
        """Look after what no caller asks for: connections that went silent, and certificates that were renewed."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = monotonic()
            for connection in list(self._connections):
                connection.check(now)
            await self.renew()


class _TurnedAway(asyncio.Protocol):
    """One caller more than may be connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
