"""The HTTP/1.1 listener: the port, its connections, and the second that times them.

The process owns signals and order; this owns the socket. Certificates that
change are taken by a new server on the same socket, so that nobody is refused
meanwhile and open connections stay as they are.
"""

import asyncio
import socket
from collections.abc import Callable

from serving import ports
from serving.http_connection import HttpConnection
from serving.http_house import App, House
from serving.http_limits import HttpLimits
from serving.inflight_bytes import InflightBytes
from serving.tls import RELOAD_SECONDS, ServerTls

TICK_SECONDS = 1.0
"""How often connections are looked through for those that wait too long."""


class HttpListener:
    """Listens from construction, answers from `start` on."""

    def __init__(
        self,
        app: App,
        address: str,
        port: int,
        *,
        limits: HttpLimits,
        inflight: InflightBytes,
        turned_away: Callable[[str], None] = lambda _: None,
        tls: ServerTls | None = None,
    ) -> None:
        """Bind the port; raises StartupError where it cannot be had."""
        self._socket = ports.bind(address, port, "HTTP")
        self.port = int(self._socket.getsockname()[1])
        self._house = House(app, limits, inflight, turned_away, tick_seconds=TICK_SECONDS)
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._look_at_files_at = 0.0
        self._renewing: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._house.open)

    async def start(self) -> None:
        self._look_at_files_at = asyncio.get_running_loop().time() + RELOAD_SECONDS
        self._tick()
        self._server = await self._serve(self._socket.dup())

    async def stop(self, timeout_seconds: float) -> None:
        """Accept no more, let the requests in flight end, close every connection."""
        self._socket.close()
        if self._renewing is not None:
            await self._renewing
        if self._server is not None:
            self._server.close()
        house = self._house
        house.close()
        try:
            await asyncio.wait_for(house.is_empty.wait(), timeout_seconds)
        except TimeoutError:
            for connection in [*house.open]:
                connection.abort()
            await asyncio.sleep(0)
        if self._ticking is not None:
            self._ticking.cancel()

    async def _serve(self, on: socket.socket) -> asyncio.Server:
        house, context = self._house, self._tls.context if self._tls is not None else None
        return await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(house),
            sock=on,
            backlog=ports.BACKLOG,
            ssl=context,
            ssl_handshake_timeout=None if context is None else house.limits.head_seconds,
        )

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Before anything that may fail: without ticks no limit of time holds any more.
        self._ticking = loop.call_later(TICK_SECONDS, self._tick)
        self._house.tick(now)
        if self._tls is not None and now >= self._look_at_files_at and not self._house.is_closing:
            self._look_at_files_at = now + RELOAD_SECONDS
            self._renewing = loop.create_task(self.renew())

    async def renew(self) -> None:
        """Accept by new certificates, where there are any; who comes meanwhile waits in the socket's own queue."""
        if self._tls is None or not self._tls.has_changed():
            return
        before = self._server
        try:
            self._server = await self._serve(self._socket.dup())
        except OSError as error:
            self._tls.not_taken(error)
            return
        if before is not None:
            before.close()
