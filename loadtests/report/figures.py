"""The numbers that reports tell of a run: of each phase, of each kind of request in it, of any stretch of time.

Pure: from a run's cells to numbers. Whether they are good is the verdict's to
say, and quantiles are what its gates see: of the requests that were answered
well, and infinite where they fall on one that got no answer in time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run, Span
from loadtests.verdict import estimate


@dataclass(frozen=True, slots=True)
class Figures:
    """A cell in numbers, over so many seconds."""

    cell: Cell
    seconds: float

    @property
    def requests(self) -> int:
        return self.cell.total

    @property
    def sent(self) -> int:
        return self.requests - self.cell.count(Outcome.DROPPED)

    @property
    def rate(self) -> float:
        """Requests that were sent, a second."""
        return self._a_second(self.sent)

    @property
    def ok_rate(self) -> float:
        return self._a_second(self.cell.count(Outcome.OK))

    @property
    def failures(self) -> dict[Outcome, int]:
        """Of each class that there was."""
        return {each: count for each in Outcome if each.is_failure and (count := self.cell.count(each))}

    @property
    def failed_ratio(self) -> float:
        return sum(self.failures.values()) / self.requests if self.requests else math.nan

    @property
    def accuracy(self) -> float:
        return self.cell.right / self.cell.labelled if self.cell.labelled else math.nan

    def quantile(self, share: float) -> float:
        """Give a quantile of the response time, in seconds; NaN of nothing."""
        return estimate.point(self.cell, share)

    def _a_second(self, count: int) -> float:
        return count / self.seconds if self.seconds else math.nan


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    span: Span
    all: Figures
    streams: dict[str, Figures]
    busy: float
    """Of a core, of the busiest worker over the phase; NaN where it is not known."""


def phases(run: Run) -> list[PhaseFigures]:
    """Give the numbers of each phase, in one walk over the cells: by time, so that a run from a file gives the same."""
    sums: list[dict[str, Cell]] = [{} for _ in run.spans]
    for (second, stream), cell in sorted(run.timeline.cells.items(), key=lambda item: item[0]):
        for span, streams in zip(run.spans, sums, strict=True):
            if span.began <= second < span.ended:
                streams.setdefault(stream, Cell()).merge(cell)
    return [
        PhaseFigures(
            span,
            Figures(summed(list(streams.values())), span.seconds),
            {name: Figures(cell, span.seconds) for name, cell in sorted(streams.items())},
            busiest(run, span.began, span.ended),
        )
        for span, streams in zip(run.spans, sums, strict=True)
    ]


def busiest(run: Run, began: int, ended: int) -> float:
    """How busy the busiest worker was, on the mean of these seconds."""
    ratios: dict[str, list[float]] = {}
    for each in run.generator:
        if began <= each.second < ended:
            ratios.setdefault(each.worker, []).append(each.busy_ratio)
    return max((sum(each) / len(each) for each in ratios.values()), default=math.nan)


def summed(cells: Sequence[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.merge(cell)
    return total
