"""Lines over time: plain or stacked, with fills, limits, a second axis, and events."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from monitoring.preview import legend
from monitoring.preview.canvas import SMALL, Box, Canvas, gridded, width
from monitoring.preview.colours import DIM
from monitoring.preview.fields import Look, look, reduce
from monitoring.preview.frames import Column, Frame
from monitoring.preview.span import Span
from monitoring.preview.times import Event, axis, events


@dataclass(frozen=True, slots=True)
class Line:
    """One series and how it looks."""

    times: np.ndarray[Any, np.dtype[np.float64]]
    values: np.ndarray[Any, np.dtype[np.float64]]
    column: Column
    look: Look

    @property
    def on_the_right(self) -> bool:
        return bool(self.look.custom("axisPlacement") == "right")


def draw(
    canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], span: Span, happened: Sequence[Event]
) -> None:
    drawn = lines(panel, frames, span.end)
    shown = panel.get("options", {}).get("legend", {})
    entries = [
        legend.Entry(
            line.column.name,
            line.look.line,
            [line.look.show(reduce(line.column.values, calc)).text for calc in shown.get("calcs", [])],
        )
        for line in drawn
    ]
    box = legend.draw(canvas, box, shown, entries)
    left = [line for line in drawn if not line.on_the_right]
    right = [line for line in drawn if line.on_the_right]
    margin = _margin(left)
    plot = box.inside(left=margin, right=_margin(right) if right else 6, bottom=18, top=4)
    axes = canvas.axes(plot)
    gridded(axes)
    axis(axes, span, plot.width)
    if right:
        twin = axes.twinx()
        for side in twin.spines.values():
            side.set_visible(False)
        twin.tick_params(colors=DIM, labelsize=SMALL, length=0, pad=3)
        _plot(twin, right, plot.height)
    _plot(axes, left or right, plot.height)
    axes.set_xlim(span.start, span.end)
    _limits(axes, [line.look for line in left][:1])
    events(axes, [event for event in happened if span.start <= event.time <= span.end])


def lines(panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> list[Line]:
    """The lines of a panel, each in its own colour."""
    found: list[Line] = []
    for frame in frames:
        time = next((column for column in frame.columns if column.kind == "time"), None)
        for column in frame.columns:
            if column.kind != "number" or time is None:
                continue
            values = np.array([math.nan if value is None else float(value) for value in column.values])
            times = np.array([float(value or 0) for value in time.values])
            found.append(Line(times, values, column, look(panel, frame.query, column, now, len(found))))
    return [line for line in found if not line.look.custom("hideFrom", {}).get("viz")]


def _margin(drawn: Sequence[Line]) -> float:
    """How wide the words of an axis are."""
    if not drawn:
        return 10.0
    finite = [float(value) for line in drawn for value in line.values[np.isfinite(line.values)]]
    samples = (max(finite), max(finite) / 3, min(finite)) if finite else (1.0,)
    words = [drawn[0].look.show(value).text for value in samples]
    return 14 + width(max(words, key=len), SMALL)


def _plot(axes: Axes, drawn: Sequence[Line], pixels: float) -> None:
    below: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for order, line in enumerate(drawn):
        custom = line.look.custom
        values = np.where(np.isinf(line.values), np.nan, line.values)
        ground = np.zeros(len(values))
        stacking = custom("stacking", {})
        if stacking.get("mode") == "normal":
            group = stacking.get("group", "A")
            known = below.get(group)
            ground = known if known is not None and len(known) == len(values) else ground
            values = np.where(np.isnan(values), 0.0, values) + ground
            below[group] = values
        _line(axes, line, values, ground, order)
    unit = drawn[0].look
    if unit.custom("scaleDistribution", {}).get("type") == "log":
        axes.set_yscale("log")
    low, high = axes.get_ylim()
    low, high = min(low, unit.custom("axisSoftMin", low)), max(high, unit.custom("axisSoftMax", high))
    low = unit.options["min"] if unit.options.get("min") is not None else low
    high = unit.options["max"] if unit.options.get("max") is not None else high
    if low < high:
        axes.set_ylim(low, high)
    if axes.get_yscale() != "log":
        axes.yaxis.set_major_locator(FixedLocator(ticks(*axes.get_ylim(), unit.unit, max(2, min(6, int(pixels / 32))))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: unit.show(float(value)).text))


BINARY = tuple(1024.0**power for power in range(5))
CLOCK = (60.0, 3600.0, 86400.0)


def ticks(low: float, high: float, unit: str | None, most: int) -> list[float]:
    """Where an axis is labelled: round numbers in the words of its unit."""
    sizes = BINARY if unit in ("bytes", "binBps") else CLOCK if unit == "s" else ()
    size = max((size for size in sizes if size <= high), default=1.0)
    steps = [1, 1.5, 2, 3, 6, 10] if size in CLOCK else [1, 2, 2.5, 5, 10]
    return [float(tick) * size for tick in MaxNLocator(most, steps=steps).tick_values(low / size, high / size)]


def _line(
    axes: Axes,
    line: Line,
    values: np.ndarray[Any, np.dtype[np.float64]],
    ground: np.ndarray[Any, np.dtype[np.float64]],
    order: int,
) -> None:
    custom, shade = line.look.custom, line.look.line
    filled = float(custom("fillOpacity", 0)) / 100
    if custom("drawStyle") == "bars":
        step = line.times[1] - line.times[0] if len(line.times) > 1 else 60.0
        axes.bar(line.times, values - ground, width=step * 0.8, bottom=ground, color=shade, alpha=max(filled, 0.3))
        return
    step_kind = {"stepAfter": "post", "stepBefore": "pre"}.get(custom("lineInterpolation", ""))
    dashes = custom("lineStyle", {})
    style: Any = (0, tuple(dashes.get("dash", (5, 5)))) if dashes.get("fill") == "dash" else "-"
    drawstyle: Any = f"steps-{step_kind}" if step_kind else "default"
    thick = float(custom("lineWidth", 1)) * 1.1
    alone = np.isfinite(values) & ~np.isfinite(np.roll(values, 1)) & ~np.isfinite(np.roll(values, -1))
    if custom("drawStyle") != "points":
        above = 3 + order / 100
        axes.plot(
            line.times, values, color=shade, linewidth=thick, linestyle=style, drawstyle=drawstyle, zorder=above
        )  # fmt: skip
    points = np.isfinite(values) if custom("drawStyle") == "points" or custom("showPoints") == "always" else alone
    axes.plot(line.times[points], values[points], linestyle="", marker="o", markersize=2.5, color=shade)
    if filled:
        axes.fill_between(
            line.times, ground, values, color=shade, alpha=filled, linewidth=0, step=step_kind, zorder=2  # type: ignore[arg-type]
        )  # fmt: skip


def _limits(axes: Axes, looks: Sequence[Look]) -> None:
    """Thresholds as lines, or as areas in their colours."""
    for found in looks:
        mode = found.custom("thresholdsStyle", {}).get("mode", "off")
        low, high = axes.get_ylim()
        for start, shade in found.steps:
            level = found.absolute(start)
            if not math.isfinite(level):
                continue
            if ("line" in mode or "dashed" in mode) and level <= high:
                style = (0, (5, 4)) if "dashed" in mode else "-"
                axes.axhline(level, color=shade, linewidth=1.0, linestyle=style, zorder=2)
            if "area" in mode:
                axes.axhspan(level, max(high, level), color=shade, alpha=0.08, linewidth=0)
        axes.set_ylim(low, high)
