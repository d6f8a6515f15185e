"""Which rate is tried next, on the way to the largest that holds.

Rates grow until one does not hold; then the gap between the last that held and
the first that did not is halved. A step of which nothing can be said is tried
once more, and ends the search if nothing can be said again. Knows no time.
"""

from dataclasses import dataclass

from loadtests.profile.form import Search


@dataclass(frozen=True, slots=True)
class Step:
    """A rate that was tried."""

    rate: float
    holds: bool | None
    """None where nothing could be said."""


class CapacitySearch:
    def __init__(self, search: Search) -> None:
        self.asked = search
        self._refinements = 0
        self.rate: float | None = search.first
        """What is tried next; None where the search has ended."""
        self.steps: list[Step] = []
        self.held: float | None = None
        """The largest rate that held; None where none has."""
        self.failed: float | None = None
        """The smallest that did not."""

    def tell(self, holds: bool | None) -> None:
        """Learn what became of the step at `rate`, and choose the next."""
        if self.rate is None:
            raise ValueError("the search has ended")
        tried = self.rate
        was_unclear = bool(self.steps) and self.steps[-1].holds is None
        self.steps.append(Step(tried, holds))
        if holds is None:
            self.rate = None if was_unclear else tried
        elif holds:
            self.held = tried
            self.rate = self._higher(tried)
        else:
            self.failed = tried
            self.rate = self._between()

    def _higher(self, tried: float) -> float | None:
        if self.failed is not None:
            return self._between()
        return min(tried * self.asked.growth, self.asked.last) if tried < self.asked.last else None

    def _between(self) -> float | None:
        if self._refinements == self.asked.refinements or self.failed is None:
            return None
        self._refinements += 1
        return ((self.held or 0.0) + self.failed) / 2
