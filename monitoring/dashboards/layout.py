"""Where panels stand: left to right in 24 columns, line by line, below the head of their row.

Panels are numbered in that order, so that the same dashboard has the same
numbers each time it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import Json

COLUMNS = 24


class DoesNotFit(Exception):
    """A line of panels is not full, too full, or has panels of several heights."""


@dataclass(frozen=True, slots=True)
class Row:
    """A headline and the lines of panels below it."""

    title: str
    lines: tuple[tuple[Panel, ...], ...]
    folded: bool = False
    """Shown on demand: what stands there matters to some alone."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for line in self.lines for panel in line)


def place(rows: Sequence[Row]) -> list[Json]:
    """The panels as Grafana wants them: those of a folded row inside its head, the others after theirs."""
    placed: list[Json] = []
    number, top = 1, 0
    for row in rows:
        head: Json = {
            "collapsed": row.folded,
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": top},
            "id": number,
            "panels": [],
            "title": row.title,
            "type": "row",
        }
        placed.append(head)
        number, top = number + 1, top + 1
        for line in row.lines:
            column = 0
            for panel in line:
                (head["panels"] if row.folded else placed).append(panel.to_json(number, column, top))
                number, column = number + 1, column + panel.width
            top += _height(row, line)
    return placed


def _height(row: Row, line: Sequence[Panel]) -> int:
    heights = {panel.height for panel in line}
    width = sum(panel.width for panel in line)
    if len(heights) != 1 or width != COLUMNS:
        titles = ", ".join(panel.title for panel in line)
        raise DoesNotFit(f"row {row.title!r}: {titles} are {width} of {COLUMNS} columns wide and {heights} high")
    return heights.pop()
