"""Panels of few numbers: stat and bar gauge."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.patches import Rectangle

from monitoring.preview.canvas import NORMAL, SMALL, Box, Canvas, fit, largest, width
from monitoring.preview.colours import DIM, GRID
from monitoring.preview.fields import Look, look, reduce
from monitoring.preview.frames import Frame, Value

Number = tuple[str, float | None, Look, list[Value]]


def numbers(panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> list[Number]:
    """The names, reduced values, looks and lines that such a panel shows."""
    calcs = panel.get("options", {}).get("reduceOptions", {}).get("calcs") or ["lastNotNull"]
    found: list[Number] = []
    for frame in frames:
        for column in frame.columns:
            if column.kind == "number":
                shown = look(panel, frame.query, column, now, len(found))
                found.append((column.name, reduce(column.values, calcs[0]), shown, column.values))
    return found


def stat(canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> None:
    options = panel.get("options", {})
    tiles = numbers(panel, frames, now)
    named = options.get("textMode", "auto") in ("value_and_name", "name") or (
        options.get("textMode", "auto") == "auto" and len(tiles) > 1
    )
    across = len(tiles) if box.width / len(tiles) > 70 else max(1, int(box.width / 90))
    down = math.ceil(len(tiles) / across)
    wide, high = box.width / across, box.height / down
    size = min(
        largest(shown.show(value).text, wide * 0.86, high * (0.5 if named else 0.75), 26)
        for _, value, shown, _ in tiles
    )
    for number, (name, value, shown, values) in enumerate(tiles):
        tile = Box(box.x + wide * (number % across), box.y + high * (number // across), wide, high)
        words = shown.show(value)
        inner = tile.inside(2, 2, 2, 2)
        if options.get("colorMode") in ("background", "background_solid"):
            axes = canvas.bare(inner)
            axes.add_patch(Rectangle((0, 0), inner.width, inner.height, color=words.colour, alpha=0.85, linewidth=0))
        colour = "#ffffff" if str(options.get("colorMode")).startswith("background") else words.colour
        if options.get("graphMode") == "area" and len(values) > 2:
            _spark(canvas, inner.inside(top=inner.height * 0.6), values, words.colour)
        middle = tile.x + tile.width / 2
        if named:
            label = fit(name, wide - 8, NORMAL)
            canvas.text(middle, tile.y + high * 0.24, label, size=NORMAL, colour=colour, align="center")
        height = tile.y + high * (0.62 if named else 0.47)
        canvas.text(middle, height, words.text, size=size, colour=colour, align="center")


def _spark(canvas: Canvas, box: Box, values: Sequence[Value], colour: str) -> None:
    line = [math.nan if value is None else float(value) for value in values]
    axes = canvas.axes(box)
    axes.axis("off")
    axes.plot(line, color=colour, linewidth=1)
    axes.fill_between(range(len(line)), min((v for v in line if v == v), default=0.0), line, color=colour, alpha=0.2)
    axes.set_xlim(0, len(line) - 1)


def bar_gauge(canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> None:
    """Horizontal bars, a name at the left and the number at the right."""
    bars = numbers(panel, frames, now)
    present = [value for _, value, _, _ in bars if value is not None]
    high = min(30.0, box.height / len(bars))
    shown = bars[: max(1, int(box.height / 13))]
    high = min(30.0, box.height / len(shown))
    texts = [each.show(value).text for _, value, each, _ in shown]
    left = min(box.width * 0.35, 12 + max(width(name, NORMAL) for name, *_ in shown))
    right = 10 + max(width(text, NORMAL) for text in texts)
    axes = canvas.bare(box)
    for number, ((name, value, options, _), text) in enumerate(zip(shown, texts, strict=True)):
        low = options.options.get("min") or 0.0
        top = options.options.get("max") or max(present, default=1.0) or 1.0
        share = 0.0 if value is None else min(max((value - low) / ((top - low) or 1), 0.0), 1.0)
        y, span = number * high + high * 0.14, box.width - left - right
        shade = options.show(value).colour
        axes.add_patch(Rectangle((left, y), span, high * 0.72, color=GRID, alpha=0.6, linewidth=0))
        axes.add_patch(Rectangle((left, y), span * share, high * 0.72, color=shade, alpha=0.75, linewidth=0))
        canvas.text(box.x + left - 6, box.y + y + high * 0.36, fit(name, left, SMALL), size=SMALL, align="right")
        canvas.text(box.x + box.width, box.y + y + high * 0.36, text, size=NORMAL, colour=shade, align="right")
    if len(bars) > len(shown):
        canvas.text(
            box.x + box.width, box.y + box.height, f"+ {len(bars) - len(shown)}", size=SMALL, colour=DIM, align="right"
        )
