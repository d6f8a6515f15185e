"""The legend below lines: names in a row, or a table of names and what was calculated of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.preview.canvas import SMALL, Box, Canvas, fit, width
from monitoring.preview.colours import DIM, TEXT
from monitoring.preview.fields import CALLED

LINE = 16.0
MOST = 0.42
"""The share of a panel that a legend may take."""


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    colour: str
    calculated: Sequence[str] = ()


def draw(canvas: Canvas, box: Box, options: Mapping[str, Any], entries: Sequence[Entry]) -> Box:
    """Draw it at the bottom of a box; gives what it leaves."""
    if not options.get("showLegend", True) or options.get("displayMode") == "hidden" or not entries:
        return box
    if options.get("displayMode") == "table":
        return _table(canvas, box, options.get("calcs", []), entries)
    return _list(canvas, box, entries)


def _list(canvas: Canvas, box: Box, entries: Sequence[Entry]) -> Box:
    lines: list[list[tuple[float, Entry]]] = [[]]
    x = 0.0
    for entry in entries:
        taken = 18 + width(entry.name, SMALL) + 12
        if x and x + taken > box.width:
            lines.append([])
            x = 0.0
        lines[-1].append((x, entry))
        x += taken
    most = max(1, int(box.height * MOST / LINE))
    shown = lines[:most]
    top = box.y + box.height - LINE * len(shown)
    for number, line in enumerate(shown):
        for x, entry in line:
            _name(canvas, box.x + x, top + LINE * (number + 0.5), entry, box.width - x)
    if len(lines) > most:
        left = sum(len(line) for line in lines[most:])
        canvas.text(box.x + box.width, top + LINE * (most - 0.5), f"+ {left}", size=SMALL, colour=DIM, align="right")
    return box.inside(bottom=LINE * len(shown) + 4)


def _table(canvas: Canvas, box: Box, calcs: Sequence[str], entries: Sequence[Entry]) -> Box:
    most = max(1, int(box.height * MOST / LINE) - 1)
    shown = entries[:most]
    top = box.y + box.height - LINE * (len(shown) + 1)
    words = [text for entry in shown for text in entry.calculated]
    column = max((width(text, SMALL) for text in words), default=0.0) + 14
    column = min(max(column, 46.0), box.width * 0.6 / max(len(calcs), 1))
    right = box.x + box.width
    missing = f"Name (+ {len(entries) - most} more)" if len(entries) > most else "Name"
    canvas.text(box.x + 18, top + LINE / 2, missing, size=SMALL, colour=DIM)
    for number, calc in enumerate(reversed(calcs)):
        head = CALLED.get(calc, calc.capitalize())
        canvas.text(right - column * number, top + LINE / 2, head, size=SMALL, colour=DIM, align="right")
    for row, entry in enumerate(shown, start=1):
        y = top + LINE * (row + 0.5)
        _name(canvas, box.x, y, entry, box.width - column * len(calcs))
        for number, value in enumerate(reversed(entry.calculated)):
            canvas.text(right - column * number, y, value, size=SMALL, align="right")
    return box.inside(bottom=LINE * (len(shown) + 1) + 4)


def _name(canvas: Canvas, x: float, y: float, entry: Entry, pixels: float) -> None:
    canvas.text(x, y, "▬", size=SMALL, colour=entry.colour)
    canvas.text(x + 15, y, fit(entry.name, pixels - 18, SMALL), size=SMALL, colour=TEXT)
