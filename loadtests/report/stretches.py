"""A run in stretches of equal length, for what is drawn or listed over time.

Few enough to be drawn: a second each of a short run, minutes of a long one. The
quantiles of a stretch are those of all its requests, and no means of means.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from loadtests.measure.cell import Cell
from loadtests.measure.run import Run, Span
from loadtests.report.figures import Figures
from loadtests.report.plan import planned_rate

LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
MOST = 300


@dataclass(slots=True)
class Stretch:
    began: int
    seconds: int
    cell: Cell = field(default_factory=Cell)
    span: Span | None = None
    """The phase that it begins in."""
    planned_rate: float = 0.0
    busy_ratio: float | None = None
    """Of the busiest worker; None where none told."""
    in_flight: int | None = None
    """Of all workers, at most."""

    @property
    def figures(self) -> Figures:
        return Figures(self.cell, self.seconds)


def length(run: Run, most: int = MOST) -> int:
    """Give how many seconds a stretch must have for so many at most."""
    seconds = _seconds(run)
    return next((each for each in LENGTHS if seconds <= each * most), LENGTHS[-1])


def stretches(run: Run, seconds: int) -> list[Stretch]:
    """Sum up the whole run in stretches of so many seconds."""
    total = _seconds(run)
    made = [Stretch(began, min(seconds, total - began)) for began in range(0, total, seconds)]
    for (second, _), cell in run.timeline.cells.items():
        made[second // seconds].cell.merge(cell)
    _describe(run, made, seconds)
    return made


def each_second(run: Run) -> Iterator[Stretch]:
    """Sum up each second by itself, one after the other, so that a long run is not in memory twice."""
    by_second: defaultdict[int, list[Cell]] = defaultdict(list)
    for (second, _), cell in sorted(run.timeline.cells.items(), key=lambda item: item[0]):
        by_second[second].append(cell)
    made = [Stretch(second, 1) for second in range(_seconds(run))]
    _describe(run, made, 1)
    for stretch in made:
        stretch.cell = Cell()
        for cell in by_second.get(stretch.began, ()):
            stretch.cell.merge(cell)
        yield stretch
        stretch.cell = Cell()


def _describe(run: Run, made: list[Stretch], seconds: int) -> None:
    """Add the plan and the generator."""
    rate = planned_rate(run)
    for span in run.spans:
        for second in range(span.began, span.ended):
            stretch = made[second // seconds]
            stretch.span = stretch.span or span
            stretch.planned_rate += rate(span, second) / stretch.seconds
    in_flight: defaultdict[int, int] = defaultdict(int)
    for each in run.generator:
        if each.second // seconds < len(made):
            stretch = made[each.second // seconds]
            stretch.busy_ratio = max(stretch.busy_ratio or 0.0, each.busy_ratio)
            in_flight[each.second] += each.in_flight
            stretch.in_flight = max(stretch.in_flight or 0, in_flight[each.second])


def _seconds(run: Run) -> int:
    """How long it was, to the last second that is known of."""
    ends = [span.ended for span in run.spans]
    return max([*ends, run.timeline.seconds.stop], default=0)
