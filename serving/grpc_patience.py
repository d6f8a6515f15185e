"""How much of what costs us work and brings no call a connection may send.

The rules are those that grpcio's server keeps, so that its clients are never
surprised. Pure: the clock is passed in.
"""

from math import inf

PING_SECONDS = 10.0
"""Pings are welcome at this distance, and once after each answer: clients measure their bandwidth so."""
STRIKES = 2
SETTINGS = 64
"""A caller has no reason to change its settings so often."""


class Patience:
    """One connection's account."""

    __slots__ = ("_ping_at", "_settings", "_strikes")

    def __init__(self) -> None:
        self._ping_at = -inf
        self._strikes = 0
        self._settings = 0

    def answered(self) -> None:
        """Forgive: the connection is of use."""
        self._ping_at = -inf
        self._strikes = 0

    def outlasts_ping(self, now: float) -> bool:
        """Count a ping; False where there are too many."""
        if now - self._ping_at < PING_SECONDS:
            self._strikes += 1
        self._ping_at = now
        return self._strikes <= STRIKES

    def outlasts_settings(self) -> bool:
        self._settings += 1
        return self._settings <= SETTINGS
