"""What tests hold of clients that run in a process of their own, and servers that do to them what a test says."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from tests.servers import ROOT

Told = dict[str, Any]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Asker:
    """The process of `asker.py`."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.loadtests.asker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._opened = 0
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()

    def tell(self, order: Told) -> Any:
        """Give an order, and wait for what came of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the clients' process has ended; what it wrote is above"
        return json.loads(line)

    def refused(self, protocol: str, url: str = "", grpc: str = "", **access: Any) -> str:
        """Say why no client can be had for an address."""
        order = {"open": "refused", "stream": {"protocol": protocol}, "url": url, "grpc": grpc, "access": access}
        return str(self.tell(order))

    @asynccontextmanager
    async def client(
        self, protocol: str, address: str, access: Told | None = None, **stream: Any
    ) -> AsyncIterator["AskedClient"]:
        """Open one; `address` is the URL of REST, or where gRPC listens."""
        self._opened += 1
        name = str(self._opened)
        where = {"grpc": address} if protocol == "grpc" else {"url": address}
        order = {"open": name, "stream": {"protocol": protocol, **stream}, "access": access or {}, **where}
        assert await asyncio.to_thread(self.tell, order) == ""
        asked = AskedClient(self, name)
        try:
            yield asked
        finally:
            await asked.close()


class AskedClient:
    def __init__(self, asker: Asker, name: str) -> None:
        self._asker = asker
        self._name = name
        self.is_open = True

    async def ask(self, **order: Any) -> Told:
        (told,) = await self.ask_many(**order)
        return told

    async def ask_many(self, **order: Any) -> list[Told]:
        answer: list[Told] = await asyncio.to_thread(self._asker.tell, {"ask": self._name, **order})
        return answer

    async def close(self) -> int:
        """Give the number of files that the process has open afterwards."""
        if not self.is_open:
            return 0
        self.is_open = False
        return int(await asyncio.to_thread(self._asker.tell, {"close": self._name}))


class Listening:
    """A server that does with each connection what a test's function does, and ends all of them when the test ends."""

    def __init__(self, serve: Serve, tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._tls = tls
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task, writer in self._tasks.items():
            # One that waits for the other side's last word under TLS would outlive the loop.
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # the loop ends what was aborted in its next turn

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{'grpcs://' if self._tls else ''}127.0.0.1:{self.port}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks[task] = writer
        # Cancelled where the test is over, which is nobody else's matter.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await self._serve(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()
        del self._tasks[task]


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection so that the other side sees a reset."""
    writer.transport.get_extra_info("socket").setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER, for no time
    writer.transport.abort()
