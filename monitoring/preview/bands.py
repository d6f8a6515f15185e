"""Panels of bands over time: state timeline and heatmap."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.patches import Rectangle

from monitoring.preview import legend
from monitoring.preview.canvas import SMALL, Box, Canvas, fit, width
from monitoring.preview.colours import PANEL
from monitoring.preview.fields import Look, Shown
from monitoring.preview.frames import Column, Frame, Value
from monitoring.preview.span import Span
from monitoring.preview.times import Event, axis, events
from monitoring.preview.timeseries import lines
from monitoring.preview.units import written

SCHEMES = {
    "Blues": ("#15243f", "#2a62b5", "#7db3ff", "#d9e9ff"),
    "Greens": ("#12301d", "#2f7d3d", "#7fd18a", "#ddf5df"),
    "Oranges": ("#33200e", "#b5651d", "#ffb357", "#ffe9cf"),
    "Reds": ("#33131a", "#b52a3d", "#ff7383", "#ffe0e4"),
    "Purples": ("#24173a", "#7b45b0", "#ca95e5", "#f1e4fa"),
}


def state_timeline(
    canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], span: Span, happened: Sequence[Event]
) -> None:
    """A row for each series, coloured by what it is; neighbours that show the same are one."""
    rows = lines(panel, frames, span.end)
    looks = [row.look for row in rows]
    box = legend.draw(canvas, box, panel.get("options", {}).get("legend", {}), _meanings(looks[0]))
    left = min(box.width * 0.3, 12 + max(width(row.column.name, SMALL) for row in rows))
    plot = box.inside(left=left, right=6, bottom=18, top=2)
    axes = canvas.axes(plot)
    axis(axes, span, plot.width)
    axes.set_ylim(len(rows), 0)
    axes.set_yticks([])
    thick = float(panel.get("options", {}).get("rowHeight", 0.9))
    for number, row in enumerate(rows):
        name = fit(row.column.name, left - 8, SMALL)
        canvas.text(plot.x - 6, plot.y + plot.height * (number + 0.5) / len(rows), name, size=SMALL, align="right")
        step = row.times[1] - row.times[0] if len(row.times) > 1 else 60.0
        told = panel.get("options", {}).get("showValue") != "never"
        for start, end, shown in _stretches(row.times, row.column.values, row.look, step):
            opacity = float(row.look.custom("fillOpacity", 75)) / 100
            axes.add_patch(
                Rectangle(
                    (start, number + (1 - thick) / 2), end - start, thick, color=shown.colour, alpha=opacity, lw=0
                )
            )
            room = (end - start) / span.seconds * plot.width
            if told and width(shown.text, SMALL) + 6 < room and plot.height / len(rows) > 10:
                axes.text(start + 4 * span.seconds / plot.width, number + 0.5, shown.text, fontsize=SMALL, va="center")
    axes.set_xlim(span.start, span.end)
    events(axes, [event for event in happened if span.start <= event.time <= span.end])


def _stretches(
    times: np.ndarray[Any, np.dtype[np.float64]], values: Sequence[Value], shown: Look, step: float
) -> list[tuple[float, float, Shown]]:
    """From when to when the same is shown."""
    found: list[tuple[float, float, Shown]] = []
    mapped = bool(_meanings(shown)) and not shown.steps
    for time, value in zip(times.tolist(), values, strict=True):
        if value is None or isinstance(value, str) or math.isnan(value):
            continue
        words = shown.show(value)
        last = found[-1] if found else None
        if last and last[1] >= time - step * 0.01 and (last[2] == words or (mapped and last[2].text == words.text)):
            found[-1] = (last[0], time + step, words)
        else:
            found.append((time, time + step, words))
    return found


def _meanings(shown: Look) -> list[legend.Entry]:
    """What the colours mean: the mappings' words, or the thresholds."""
    entries = []
    for mapping in shown.options.get("mappings", []):
        if mapping["type"] == "value":
            for value, result in sorted(mapping["options"].items(), key=lambda item: item[1].get("index", 0)):
                number = float(value) if value.replace(".", "").lstrip("-").isdigit() else value
                entries.append(legend.Entry(str(result.get("text", value)), shown.show(number).colour))
    if not entries:
        for start, shade in shown.steps:
            words = "<" if math.isinf(start) else f"{written(start, shown.unit)} +"
            first = next((level for level, _ in shown.steps if math.isfinite(level)), None)
            text = f"< {written(first, shown.unit)}" if words == "<" and first is not None else words
            entries.append(legend.Entry(text, shade))
    return entries


def heatmap(
    canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], span: Span, happened: Sequence[Event]
) -> None:
    """How often each bucket was met, over time: the more, the brighter."""
    options = panel.get("options", {})
    rows = sorted(lines(panel, frames, span.end), key=lambda row: _bound(row.column))
    bounds = [_bound(row.column) for row in rows]
    counts = np.nan_to_num(np.stack([row.values for row in rows]))
    cumulative = all("le" in row.column.labels for row in rows)
    if cumulative:
        counts = np.clip(np.diff(counts, axis=0, prepend=0.0), 0.0, None)
    met = np.flatnonzero(counts.sum(axis=1) > 0)
    if len(met):
        # What no one ever met is dark: what is drawn is the range of what was met, and one beyond.
        first, last = max(met[0] - 1, 0), min(met[-1] + 2, len(bounds))
        counts, bounds = counts[first:last], bounds[first:last]
    unit = options.get("yAxis", {}).get("unit") or rows[0].look.unit
    labels = [written(bound, unit) for bound in bounds]
    left = 12 + max(width(label, SMALL) for label in labels)
    plot = box.inside(left=left, right=56, bottom=18, top=4)
    axes = canvas.axes(plot)
    step = rows[0].times[1] - rows[0].times[0] if len(rows[0].times) > 1 else 60.0
    colours = SCHEMES.get(options.get("color", {}).get("scheme", ""), SCHEMES["Oranges"])
    shades = LinearSegmentedColormap.from_list("shades", colours)
    shades.set_bad(PANEL)
    norm = PowerNorm(float(options.get("color", {}).get("exponent", 0.5)), vmin=0, vmax=max(counts.max(), 1e-9))
    drawn = np.ma.masked_less_equal(counts, float(options.get("filterValues", {}).get("le", 0)))
    edges = np.append(rows[0].times, rows[0].times[-1] + step) - step / 2
    axes.pcolormesh(edges, np.arange(len(bounds) + 1), drawn, cmap=shades, norm=norm)
    every = max(1, math.ceil(len(bounds) / max(1, int(plot.height / 14))))
    ticks = list(range(0, len(bounds), every))
    axes.set_yticks([tick + 0.5 for tick in ticks], [labels[tick] for tick in ticks])
    axis(axes, span, plot.width)
    events(axes, [event for event in happened if span.start <= event.time <= span.end])
    _scale(canvas, Box(plot.x + plot.width + 12, plot.y, 9, plot.height), shades, norm)


def _scale(canvas: Canvas, box: Box, shades: LinearSegmentedColormap, norm: PowerNorm) -> None:
    axes = canvas.axes(box)
    bar = canvas.figure.colorbar(ScalarMappable(norm, shades), cax=axes)
    bar.outline.set_visible(False)
    top = float(norm.vmax or 1.0)
    bar.set_ticks([0, top / 4, top], labels=[written(value, "short") for value in (0.0, top / 4, top)])
    axes.tick_params(colors="#8e8e9a", labelsize=SMALL - 0.5, length=0)


def _bound(column: Column) -> float:
    text = column.labels.get("le", column.name)
    try:
        return float(text)
    except ValueError:
        return math.inf
