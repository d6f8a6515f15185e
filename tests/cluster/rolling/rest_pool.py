"""A pool of REST connections, as an HTTP client keeps one, that sends nothing twice.

A connection whose end has been seen is thrown away before it is used, as every
client does; one that ends under a request has lost it, and is told of with how
long it had been silent. Connections take turns, so that each is silent for as long
as the others take, and for `silent_seconds` at most while there are requests.
"""

import time
from collections import deque
from typing import NamedTuple

from tests.chaos.callers import Connection, Reply


class ConnectionLost(Exception):
    """A connection could not be made, or ended under a request; the message says which, and after what silence."""


class Resting(NamedTuple):
    """A connection that nobody uses."""

    connection: Connection
    since: float


class RestPool:
    """Connections to one address; opens more where all are in use."""

    def __init__(self, address: str, size: int, silent_seconds: float) -> None:
        self._address = address
        self._size = size
        self._silent_seconds = silent_seconds
        self._resting: deque[Resting] = deque()
        self._open = 0

    async def ask(self, path: str, body: bytes) -> Reply:
        """Raises ConnectionLost."""
        resting = await self._from_rest()
        if resting is None:
            connection, where = await self._new(), "on a new connection"
        else:
            connection = resting.connection
            where = f"after {time.monotonic() - resting.since:.2f} s of silence"
        try:
            reply = await connection.ask("POST", path, body)
        except (OSError, EOFError) as error:
            await self._drop(connection)
            raise ConnectionLost(f"{error!r} {where}") from error
        except BaseException:
            await self._drop(connection)
            raise
        if reply.is_last or len(self._resting) >= self._size:
            await self._drop(connection)
        else:
            self._resting.append(Resting(connection, time.monotonic()))
        return reply

    async def close(self) -> None:
        while self._resting:
            await self._drop(self._resting.popleft().connection)

    async def _from_rest(self) -> Resting | None:
        """Give the connection that has been silent for longest, or nothing where a new one is due first."""
        while self._resting:
            is_due = time.monotonic() - self._resting[0].since >= self._silent_seconds
            if self._open < self._size and not is_due:
                return None
            resting = self._resting.popleft()
            if not resting.connection.has_ended:
                return resting
            await self._drop(resting.connection)
        return None

    async def _new(self) -> Connection:
        try:
            connection = await Connection.open(self._address)
        except OSError as error:
            raise ConnectionLost(f"{error!r} when connecting") from error
        self._open += 1
        return connection

    async def _drop(self, connection: Connection) -> None:
        self._open -= 1
        await connection.close()
