"""What the HTTP connections of one listener share: the application, the limits, the time.

Keeps the open connections and ends all of them at shutdown. Promises that time
is told once for all of them, every tick, and that `is_empty` is set when the last
one has gone. Knows of a connection only that it can expire, be shut and be cut.
"""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

from serving.errors import ServingError, TooManyBytes, TooManyConnections
from serving.http_limits import HttpLimits
from serving.http_message import HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes


class App(Protocol):
    """What answers requests (`rest.RestApp`)."""

    @property
    def is_draining(self) -> bool: ...

    def objection(self, request: HttpRequest) -> ServingError | None:
        """Say why a request will be refused, as far as its head tells."""
        ...

    async def answer(self, request: HttpRequest) -> HttpAnswer: ...


class Guest(Protocol):
    """What the house asks of a connection."""

    def expire(self) -> None:
        """End what has waited for too long."""
        ...

    def shut(self) -> None:
        """Close, now or behind the answers that are owed."""
        ...

    def abort(self) -> None: ...


class House:
    """What the connections of one listener share."""

    def __init__(
        self,
        app: App,
        limits: HttpLimits,
        inflight: InflightBytes,
        turned_away: Callable[[str], None] = lambda _: None,
        *,
        tick_seconds: float = 0.0,
    ) -> None:
        """`turned_away` hears of each connection that is closed for its caller's fault, with the reason.

        `tick_seconds` lie between two ticks: by so much a time that was noted may be too early.
        """
        self.app = app
        self.limits = limits
        self.inflight = inflight
        self.turned_away = turned_away
        self._tick_seconds = tick_seconds
        self.open: set[Guest] = set()
        self.is_closing = False
        self.now = 0.0
        """The loop's time at the last tick: near enough for limits in seconds, and cheaper than asking."""
        self.date_line = b""
        self.is_empty = asyncio.Event()
        """Set once the house is closing and the last connection has gone."""

    def tick(self, now: float) -> None:
        """Tell the time, and end what has waited for too long."""
        self.now = now
        self.date_line = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        for connection in [*self.open]:
            connection.expire()

    def is_past(self, deadline: float) -> bool:
        """Say whether it is past for whoever reckoned it from `now`, and not by the length of a tick alone."""
        return self.now >= deadline + self._tick_seconds

    def objection(self, more_bytes: int, already: int) -> TooManyBytes | None:
        """Say why a body of so many bytes more is refused, without taking them."""
        try:
            self.inflight.take(more_bytes, already)
        except TooManyBytes as error:
            return error
        self.inflight.give_back(more_bytes)
        return None

    def too_many_connections(self) -> TooManyConnections:
        return self.limits.too_many_connections(len(self.open))

    def leave(self, connection: Guest) -> None:
        self.open.discard(connection)
        if self.is_closing and not self.open:
            self.is_empty.set()

    def close(self) -> None:
        """Let what was asked be answered, and every connection end behind that."""
        self.is_closing = True
        for connection in [*self.open]:
            connection.shut()
        if not self.open:
            self.is_empty.set()
