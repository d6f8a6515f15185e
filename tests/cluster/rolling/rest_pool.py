"""A pool of REST connections, as an HTTP client keeps one, that sends nothing twice.

A connection whose end has been seen is thrown away before it is used, as every
client does; one that ends under a request has lost it. Connections take turns,
so that each is silent for as long as the others take.
"""

from collections import deque

from tests.chaos.callers import Connection, Reply


class RestPool:
    """Connections to one address; opens more where all are in use."""

    def __init__(self, address: str, size: int) -> None:
        self._address = address
        self._size = size
        self._resting: deque[Connection] = deque()
        self._open = 0
        self.found_closed = 0
        """Connections that had ended while nobody used them."""
        self.told_last = 0
        """Connections of which an answer had said that it was the last."""

    async def ask(self, path: str, body: bytes) -> Reply:
        """Raises OSError or EOFError where the connection cannot be made, or ends."""
        connection = await self._take()
        try:
            reply = await connection.ask("POST", path, body)
        except BaseException:
            await self._drop(connection)
            raise
        if reply.is_last or len(self._resting) >= self._size:
            self.told_last += reply.is_last
            await self._drop(connection)
        else:
            self._resting.append(connection)
        return reply

    async def close(self) -> None:
        while self._resting:
            await self._drop(self._resting.popleft())

    async def _take(self) -> Connection:
        while self._resting and self._open >= self._size:
            connection = self._resting.popleft()
            if not connection.has_ended:
                return connection
            self.found_closed += 1
            await self._drop(connection)
        connection = await Connection.open(self._address)
        self._open += 1
        return connection

    async def _drop(self, connection: Connection) -> None:
        self._open -= 1
        await connection.close()
