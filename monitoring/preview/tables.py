"""Rows and columns, and words: table and text panels."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.patches import Rectangle

from monitoring.preview.canvas import NORMAL, SMALL, Box, Canvas, fit, width
from monitoring.preview.colours import DIM, EDGE, TEXT
from monitoring.preview.fields import look
from monitoring.preview.frames import Frame
from monitoring.preview.transformations import sort_rows

ROW = 22.0


def table(canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> None:
    frame = frames[0]
    for by in panel.get("options", {}).get("sortBy", [])[:1]:
        frame = sort_rows(frame, by["displayName"], descending=bool(by.get("desc")))
    columns = list(frame.columns)
    looks = [look(panel, frame.query, column, now, index) for index, column in enumerate(columns)]
    shown = [(column, each) for column, each in zip(columns, looks, strict=True) if not each.custom("hidden")]
    texts = [[each.show(value) for value in column.values] for column, each in shown]
    needed = [
        max([width(column.name, NORMAL), *(width(cell.text, NORMAL) for cell in cells)], default=0.0) + 18
        for (column, _), cells in zip(shown, texts, strict=True)
    ]
    wide = [size * box.width / sum(needed) for size in needed]
    high = min(ROW, max(15.0, box.height / (len(frame) + 1)))
    most = int(box.height / high) - 1
    axes = canvas.bare(box)
    x = 0.0
    for (column, each), cells, size in zip(shown, texts, wide, strict=True):
        numeric = column.kind == "number"
        at, align = (x + size - 8, "right") if numeric else (x + 6, "left")
        head = fit(column.name, size - 8, NORMAL)
        canvas.text(box.x + at, box.y + high / 2, head, size=NORMAL, colour="#6e9fff", align=align)
        kind = each.custom("cellOptions", {}).get("type", "auto")
        for row, cell in enumerate(cells[:most], start=1):
            ground = kind == "color-background"
            if ground and cell.colour != TEXT:
                axes.add_patch(
                    Rectangle((x + 1, row * high + 1), size - 2, high - 2, color=cell.colour, alpha=0.8, lw=0)
                )
            colour = cell.colour if kind == "color-text" else "#ffffff" if ground and cell.colour != TEXT else TEXT
            words = fit(cell.text, size - 8, NORMAL)
            canvas.text(box.x + at, box.y + high * (row + 0.5), words, size=NORMAL, colour=colour, align=align)
        x += size
    for row in range(1, min(len(frame), most) + 1):
        axes.axhline(row * high, color=EDGE, linewidth=0.8)
    if len(frame) > most:
        more = f"+ {len(frame) - most} rows"
        canvas.text(box.x + box.width, box.y + box.height - 2, more, size=SMALL, colour=DIM, align="right")


def text(canvas: Canvas, box: Box, panel: Mapping[str, Any]) -> None:
    """The plainest Markdown: paragraphs, heads, lists and tables, their marks left out."""
    y = box.y + 8
    rows = panel.get("options", {}).get("content", "").split("\n")
    cells = [_cells(row) for row in rows]
    first = max((width(each[0], NORMAL) for each in cells if len(each) > 1), default=0.0) + 24
    first = min(first, box.width * 0.5)
    top = True
    for line, parts in zip(rows, cells, strict=True):
        if re.fullmatch(r"[|\s:-]+", line) and "-" in line:
            continue
        if len(parts) > 1:
            halves = (
                (box.x, _wrapped(parts[0], first - 12, NORMAL)),
                (box.x + first, _wrapped("   ".join(parts[1:]), box.width - first, NORMAL)),
            )
            for x, pieces in halves:
                for number, piece in enumerate(pieces):
                    canvas.text(x, y + 15 * number, piece, size=NORMAL, colour=DIM if top else TEXT)
            y += 15 * max(len(pieces) for _, pieces in halves) + 5
            top = False
            continue
        head = line.startswith("#")
        for piece in _wrapped(_plain(line), box.width, NORMAL):
            canvas.text(box.x, y, piece, size=NORMAL + head, weight="bold" if head else "normal")
            y += 17 if line.strip() else 8
        if y > box.y + box.height:
            return


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip()) for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def _plain(line: str) -> str:
    line = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", line)
    line = re.sub(r"^\s*[-*] ", "• ", line)
    return re.sub(r"\*\*|\*|`|^#+ ", "", line)


def _wrapped(line: str, pixels: float, size: float) -> list[str]:
    pieces = [""]
    for word in line.split(" "):
        longer = f"{pieces[-1]} {word}".strip()
        if pieces[-1] and width(longer, size) > pixels:
            pieces.append(word)
        else:
            pieces[-1] = longer
    return pieces
