"""A whole dashboard: asks what its panels ask, and draws each where it stands."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.preview import bands, single_values, tables, timeseries
from monitoring.preview.bars import bar_chart
from monitoring.preview.canvas import NORMAL, Box, Canvas, fit
from monitoring.preview.choices import choose, fill
from monitoring.preview.colours import DIM, TEXT, colour
from monitoring.preview.frames import Frame, lines, table
from monitoring.preview.prometheus import Answer, Prometheus, Refused
from monitoring.preview.span import POINTS, SCRAPE_SECONDS, Span, seconds
from monitoring.preview.times import Event
from monitoring.preview.transformations import transform

WIDTH = 1600
COLUMNS = 24
UNIT = 38.0
"""How high one row of Grafana's grid is, its gap included."""
GAP = 8.0
HEAD = 78.0
CELLS = 80
"""Columns of a heatmap, at most: what is narrower is not seen."""
QUERIED = ("stat", "timeseries", "heatmap", "table", "bargauge", "barchart", "state-timeline")


class UnknownPanel(ValueError):
    """A dashboard holds what this cannot draw."""


@dataclass(frozen=True, slots=True)
class Empty:
    """A panel that shows no data, and what it asked."""

    title: str
    queries: Sequence[str]
    fault: str = ""
    """What Prometheus said, where it did not take the query."""


@dataclass(slots=True)
class Drawing:
    """What came of drawing: the panels with data, and those without."""

    filled: list[str] = field(default_factory=list)
    empty: list[Empty] = field(default_factory=list)


def draw(
    dashboard: Mapping[str, Any],
    prometheus: Prometheus,
    span: Span,
    given: Mapping[str, list[str]],
    file: Path,
    *,
    width: int = WIDTH,
) -> Drawing:
    """Draw a dashboard into a PNG."""
    panels = dashboard.get("panels", [])
    for panel in panels:
        if panel["type"] not in (*QUERIED, "row", "text"):
            raise UnknownPanel(f"the panel {panel.get('title')!r} is a {panel['type']}, which cannot be drawn here")
    values, shown = choose(dashboard, prometheus, span, given)
    bottom = max((panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels), default=4)
    canvas = Canvas(width, round(HEAD + bottom * UNIT + GAP))
    _head(canvas, dashboard, span, shown)
    happened = annotations(dashboard, prometheus, span, values)
    drawing = Drawing()
    for panel in panels:
        _panel(canvas, panel, prometheus, span, values, happened, drawing)
    canvas.save(file)
    return drawing


def _head(canvas: Canvas, dashboard: Mapping[str, Any], span: Span, shown: Mapping[str, str]) -> None:
    canvas.text(GAP * 2, 24, dashboard.get("title", ""), size=13, weight="bold")
    form = "%Y-%m-%d %H:%M"
    start, end = (datetime.fromtimestamp(time, UTC).strftime(form) for time in (span.start, span.end))
    canvas.text(canvas.width - GAP * 2, 24, f"{start}  to  {end} UTC", size=9, colour=DIM, align="right")
    x = GAP * 2
    for name, choice in shown.items():
        words = f"{name}  {fit(choice, 260, NORMAL)}"
        canvas.text(x, 54, name, size=NORMAL, colour=DIM)
        canvas.text(x + len(name) * 7.3 + 8, 54, fit(choice, 260, NORMAL), size=NORMAL, weight="bold", colour=TEXT)
        x += len(words) * 7.3 + 30


def place(panel: Mapping[str, Any], width: float) -> Box:
    grid = panel["gridPos"]
    column = (width - GAP) / COLUMNS
    return Box(GAP + grid["x"] * column, HEAD + grid["y"] * UNIT, grid["w"] * column - GAP, grid["h"] * UNIT - GAP)


def _panel(
    canvas: Canvas,
    panel: Mapping[str, Any],
    prometheus: Prometheus,
    span: Span,
    values: Mapping[str, str],
    happened: Sequence[Event],
    drawing: Drawing,
) -> None:
    box = place(panel, canvas.width)
    title = fill(panel.get("title", ""), values)
    if panel["type"] == "row":
        canvas.text(
            box.x + 4,
            box.y + box.height / 2,
            f"{'▸' if panel.get('collapsed') else '▾'}  {title}",
            size=10,
            weight="bold",
        )
        return
    content = canvas.panel(box, title)
    if panel["type"] == "text":
        tables.text(canvas, content, panel)
        return
    asked = [fill(target["expr"], {**values} | span.builtins(target.get("interval"))) for target in _targets(panel)]
    try:
        frames = transform(ask(panel, prometheus, span, values), panel.get("transformations") or [])
    except Refused as fault:
        drawing.empty.append(Empty(title, asked, str(fault)))
        canvas.empty(content, fit(str(fault), content.width, 9))
        return
    if not any(_has_values(frame) for frame in frames):
        drawing.empty.append(Empty(title, asked))
        canvas.empty(content, panel.get("fieldConfig", {}).get("defaults", {}).get("noValue") or "No data")
        return
    drawing.filled.append(title)
    match panel["type"]:
        case "timeseries":
            timeseries.draw(canvas, content, panel, frames, span, happened)
        case "state-timeline":
            bands.state_timeline(canvas, content, panel, frames, span, happened)
        case "heatmap":
            bands.heatmap(canvas, content, panel, frames, span, happened)
        case "stat":
            single_values.stat(canvas, content, panel, frames, span.end)
        case "bargauge":
            single_values.bar_gauge(canvas, content, panel, frames, span.end)
        case "barchart":
            bar_chart(canvas, content, panel, frames, span.end)
        case "table":
            tables.table(canvas, content, panel, frames, span.end)


def _targets(panel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [target for target in panel.get("targets", []) if not target.get("hide")]


def ask(panel: Mapping[str, Any], prometheus: Prometheus, span: Span, values: Mapping[str, str]) -> list[Frame]:
    """What a panel's queries give, before it is transformed."""
    targets = _targets(panel)
    frames: list[Frame] = []
    for target in targets:
        least = target.get("interval")
        points = CELLS if panel["type"] == "heatmap" else POINTS
        expression = fill(target["expr"], {**values} | span.builtins(least, points))
        if target.get("instant"):
            answers = prometheus.at(expression, span.end)
        else:
            answers = prometheus.over(expression, span, span.step(seconds(least) if least else SCRAPE_SECONDS, points))
        if target.get("format") == "table":
            if answers:
                frames.append(table(target, answers, alone=len(targets) == 1))
        else:
            frames += lines(target, answers)
    return frames


def _has_values(frame: Frame) -> bool:
    columns = [column for column in frame.columns if column.kind == "number"]
    if not columns:
        return len(frame) > 0  # a table may show words alone
    numbers = [value for column in columns for value in column.values]
    return any(value is not None and not isinstance(value, str) and not math.isnan(value) for value in numbers)


def annotations(
    dashboard: Mapping[str, Any], prometheus: Prometheus, span: Span, values: Mapping[str, str]
) -> list[Event]:
    """When what the dashboard marks began; an event that lasts is marked once."""
    found: list[Event] = []
    for marked in dashboard.get("annotations", {}).get("list", []):
        if marked.get("enable", True) and marked.get("expr"):
            step = max(seconds(marked.get("step") or "60s"), span.step(60.0))
            expression = fill(marked["expr"], {**values} | span.builtins(None))
            for answer in prometheus.over(expression, span, step):
                shade = colour(marked.get("iconColor", "blue"))
                found += [Event(time, shade) for time in _begins(answer, by_value=bool(marked.get("useValueForTime")))]
    return found


def _begins(answer: Answer, *, by_value: bool) -> list[float]:
    if by_value:
        return [value / 1000 for value in dict.fromkeys(answer.values) if not math.isnan(value)]
    before, times = False, []
    for time, value in zip(answer.times, answer.values, strict=True):
        there = not math.isnan(value) and value != 0
        if there and not before:
            times.append(time)
        before = there
    return times
