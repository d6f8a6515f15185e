"""Constant moderate load on one server or more, which counts every request that is lost.

A balancer sends new connections to the endpoints it knows, as kube-proxy does:
taking an endpoint away moves nobody who is connected to it already. Callers
stop by themselves after so many requests.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import grpc

from tests.chaos.callers import INFER, POLL_SECONDS, PREDICT, Connection, Reply, Rpc, answer, expected, post, v1, v2

MAX_REQUESTS = 1500
"""Of one caller: a test that goes wrong ends all the same."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server is reached."""

    http: str
    grpc: str


class Balancer:
    """Hands out its endpoints in turn."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = list(endpoints)
        self._turn = cycle(range(1_000_000))

    def add(self, endpoint: Endpoint) -> None:
        self._endpoints.append(endpoint)

    def remove(self, endpoint: Endpoint) -> None:
        self._endpoints.remove(endpoint)

    def pick(self) -> Endpoint:
        return self._endpoints[next(self._turn) % len(self._endpoints)]


@dataclass
class Load:
    """Callers by every protocol, what they were answered, and what they lost."""

    balancer: Balancer
    seconds: float | None
    """How long each request asks the model to take; None where the model takes no such input."""
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
        """A channel to each endpoint."""
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
        for _ in range(MAX_REQUESTS):
            numbers = self._numbers()
            try:
                if connection is None:
                    connection = await Connection.open(self.balancer.pick().http)
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
        for _ in range(MAX_REQUESTS):
            numbers = self._numbers()
            try:
                self._judge("fresh", numbers, await post(self.balancer.pick().http, PREDICT, v1(numbers, self.seconds)))
            except (OSError, EOFError) as error:
                self.lost.append(f"fresh: {error!r}")
            if not await self._think(think_seconds):
                return

    async def _by_grpc(self, think_seconds: float) -> None:
        channels: dict[str, Rpc] = {}
        for _ in range(MAX_REQUESTS):
            numbers = self._numbers()
            address = self.balancer.pick().grpc
            if address not in channels:
                channels[address] = Rpc(address)
            try:
                rows = await channels[address].infer(numbers, self.seconds)
            except grpc.aio.AioRpcError as error:
                self.lost.append(f"gRPC: {error.code()} {error.details()}")
            else:
                self._count("gRPC", numbers, rows)
            if not await self._think(think_seconds):
                break
        for channel in channels.values():
            await channel.channel.close()

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
