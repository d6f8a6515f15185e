"""How far another machine's clock is from this one's, from round trips. Pure.

A worker answers with its own time. It read it somewhere between question and
answer, so the round trip that was shortest tells it best, and is off by half
of itself at most. Two processes of one machine share a clock: there the offset
is none, which beats measuring.
"""

from collections.abc import Iterable
from typing import NamedTuple


class RoundTrip(NamedTuple):
    asked: float
    """On this clock."""
    answered: float
    """On this clock."""
    theirs: float
    """What the other clock said in between."""

    @property
    def seconds(self) -> float:
        return self.answered - self.asked


class Offset(NamedTuple):
    seconds: float
    """Theirs is this clock's and so much more."""
    error: float
    """How far off that may be."""


def offset(trips: Iterable[RoundTrip], *, same_machine: bool) -> Offset:
    """Judge from at least one round trip."""
    best = min(trips, key=lambda trip: trip.seconds)
    measured = best.theirs - (best.asked + best.answered) / 2
    if same_machine and abs(measured) <= best.seconds:
        return Offset(0.0, 0.0)
    return Offset(measured, best.seconds / 2)
