"""How long a caller would wait, and how much of that is left.

What is left decides; what was asked for is what a refusal tells, because that
is the number its reader knows. Timeouts compare by what is left, so that
`min` gives the one that passes first.
"""

from math import inf
from typing import NamedTuple


class Timeout(NamedTuple):
    """Zero or less left means that it has passed; infinity, that there is none."""

    left_seconds: float = inf
    asked_seconds: float = inf

    @classmethod
    def of(cls, seconds: float, spent_seconds: float = 0.0) -> "Timeout":
        return cls(seconds - spent_seconds, seconds)

    def __str__(self) -> str:
        return f"the request's timeout of {in_words(self.asked_seconds)}"


ENDLESS = Timeout()


def in_words(seconds: float) -> str:
    """Tell a time limit to the millisecond, which is what it is kept to."""
    return f"{round(seconds, 3) or seconds:g} s"
