"""Constant moderate load on one server, or on several behind a balancer, which counts every request that is lost.

A caller that is refused, broken off or answered with another's rows has lost a
request: nothing is sent again. Callers stop by themselves after so many
requests.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import grpc

from tests.chaos.balancer import Endpoint
from tests.chaos.callers import INFER, POLL_SECONDS, PREDICT, Connection, Reply, Rpc, answer, expected, post, v1, v2

MAX_REQUESTS = 1500
"""Of one caller, unless it is told otherwise: a test that goes wrong ends all the same."""


@dataclass
class Load:
    """Callers by every protocol, what they were answered, and what they lost."""

    endpoint: Endpoint
    seconds: float | None
    """How long each request asks the model to take; None where the model takes no such input."""
    max_requests: int = MAX_REQUESTS
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    last_replies: int = 0
    """REST answers that said the connection ends with them."""

    def __post_init__(self) -> None:
        self._is_over = asyncio.Event()
        self._callers: list[asyncio.Task[None]] = []
        self._next_number = 0

    def add_keep_alive(self, callers: int, *, think_seconds: float) -> None:
        """One connection a caller, kept until the server says that it ends."""
        self._add(callers, self._keep_alive, think_seconds)

    def add_fresh(self, callers: int, *, think_seconds: float) -> None:
        """A new connection for every request."""
        self._add(callers, self._fresh, think_seconds)

    def add_grpc(self, callers: int, *, think_seconds: float) -> None:
        """One channel a caller."""
        self._add(callers, self._by_grpc, think_seconds)

    async def has_answered(self, requests: int) -> None:
        """Wait until so many more are answered, or one is lost, or the callers have stopped."""
        goal = self.answered + requests
        while True:
            if self.answered >= goal or self.lost or all(caller.done() for caller in self._callers):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Let every caller get its last answer."""
        self._is_over.set()
        await asyncio.gather(*self._callers)

    def _add(self, callers: int, call: Callable[[float], Coroutine[Any, Any, None]], think_seconds: float) -> None:
        self._callers += [asyncio.create_task(call(think_seconds)) for _ in range(callers)]

    def _numbers(self) -> list[float]:
        """Rows that no other request of this load asks about."""
        self._next_number += 2
        return [float(self._next_number), float(self._next_number + 1)]

    async def _think(self, seconds: float) -> bool:
        """Wait before the next request; say whether there is to be one."""
        if seconds:
            await asyncio.wait((asyncio.create_task(self._is_over.wait()),), timeout=seconds)
        return not self._is_over.is_set()

    async def _keep_alive(self, think_seconds: float) -> None:
        connection: Connection | None = None
        for _ in range(self.max_requests):
            numbers = self._numbers()
            try:
                if connection is None:
                    connection = await Connection.open(self.endpoint.http)
                reply = await connection.post(INFER, v2(numbers, self.seconds))
            except (OSError, EOFError) as error:
                self.lost.append(f"keep-alive: {error!r}")
                return
            self._judge("keep-alive", numbers, reply)
            if reply.is_last:
                self.last_replies += 1
                await connection.close()
                connection = None
            if not await self._think(think_seconds):
                break
        if connection is not None:
            await connection.close()

    async def _fresh(self, think_seconds: float) -> None:
        for _ in range(self.max_requests):
            numbers = self._numbers()
            try:
                self._judge("fresh", numbers, await post(self.endpoint.http, PREDICT, v1(numbers, self.seconds)))
            except (OSError, EOFError) as error:
                self.lost.append(f"fresh: {error!r}")
            if not await self._think(think_seconds):
                return

    async def _by_grpc(self, think_seconds: float) -> None:
        async with Rpc(self.endpoint.grpc) as rpc:
            for _ in range(self.max_requests):
                numbers = self._numbers()
                try:
                    rows = await rpc.infer(numbers, self.seconds)
                except grpc.aio.AioRpcError as error:
                    self.lost.append(f"gRPC: {error.code()} {error.details()}")
                else:
                    self._count("gRPC", numbers, rows)
                if not await self._think(think_seconds):
                    return

    def _judge(self, caller: str, numbers: list[float], reply: Reply) -> None:
        if reply.status != 200:
            self.lost.append(f"{caller}: {reply.status} {reply.body!r}")
        else:
            self._count(caller, numbers, answer(reply))

    def _count(self, caller: str, numbers: list[float], rows: list[float]) -> None:
        if rows != expected(numbers):
            self.lost.append(f"{caller}: asked about {numbers} and was answered {rows}")
        else:
            self.answered += 1
