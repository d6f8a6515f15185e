"""Bars side by side, over the values of one column: Grafana's bar chart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from monitoring.preview import legend
from monitoring.preview.canvas import SMALL, Box, Canvas, gridded, width
from monitoring.preview.fields import look
from monitoring.preview.frames import Frame


def bar_chart(canvas: Canvas, box: Box, panel: Mapping[str, Any], frames: Sequence[Frame], now: float) -> None:
    options = panel.get("options", {})
    frame = frames[0]
    names = frame.column(options.get("xField", "")) or next(each for each in frame.columns if each.kind == "string")
    columns = [column for column in frame.columns if column.kind == "number" and column is not names]
    looks = [look(panel, frame.query, column, now, index) for index, column in enumerate(columns)]
    entries = [legend.Entry(column.name, shown.line) for column, shown in zip(columns, looks, strict=True)]
    box = legend.draw(canvas, box, options.get("legend", {}), entries)
    numbers = [[np.nan if value is None else float(value) for value in column.values] for column in columns]
    finite = [value for values in numbers for value in values if np.isfinite(value)]
    left = 14 + width(looks[0].show(max(finite, default=1.0) / 3).text, SMALL)
    plot = box.inside(left=left, right=4, bottom=18, top=4)
    axes = canvas.axes(plot)
    gridded(axes, up=False)
    group = float(options.get("groupWidth", 0.7))
    thick = group / len(columns)
    places = np.arange(len(frame))
    for index, (values, shown) in enumerate(zip(numbers, looks, strict=True)):
        at = places - group / 2 + thick * (index + 0.5)
        wide = thick * float(options.get("barWidth", 0.97))
        axes.bar(at, values, width=wide, color=shown.line, alpha=float(shown.custom("fillOpacity", 80)) / 100, zorder=2)
    every = max(1, int(np.ceil(len(frame) * 26 / max(plot.width, 1))))
    ticks = places[::every]
    axes.set_xticks(ticks, [str(names.values[tick]) for tick in ticks])
    axes.set_xlim(-0.6, len(frame) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(max(2, min(6, int(plot.height / 32)))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: looks[0].show(float(value)).text))
    if looks[0].options.get("max") is not None:
        axes.set_ylim(top=looks[0].options["max"])
