"""The picture of one knob: what a second of processor time yields, and how long callers wait, by how many they are.

A line for each setting. Beside the median latency a whisker reaches up to the
99th percentile. The same figures draw the same file.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from loadtests.bench.tune_knobs import Knob
from loadtests.bench.tune_point import Point

_COLOURS = ("#0b5fa5", "#c2571a", "#6b7f3a", "#7a5ba6")
_MARKERS = ("o", "s", "^", "D")
_INK = "#24292f"
_GRID = "#d8dee4"


def draw(knob: Knob, points: Sequence[Point], path: Path) -> None:
    # A fixed salt and no date: the same figures draw the same file.
    with mpl.rc_context(
        {
            "svg.hashsalt": "ecluse",
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
        }
    ):
        figure = Figure(figsize=(8.0, 3.4), layout="constrained")
        yields, waits = figure.subplots(1, 2)
        for setting, colour, marker in zip(knob.settings, _COLOURS, _MARKERS, strict=False):
            mine = [point for point in points if point.setting == setting]
            callers = [str(point.connections) for point in mine]
            line = {"color": colour, "marker": marker, "linewidth": 2}
            yields.plot(callers, [median(point.answers) for point in mine], label=f"{knob.title} {setting}", **line)
            p50 = [median(point.p50) * 1000 for point in mine]
            waits.plot(callers, p50, **line)
            waits.vlines(callers, p50, [median(point.p99) * 1000 for point in mine], color=colour, linewidth=1)
        yields.set_ylim(bottom=0)
        yields.set_ylabel("answers a processor second")
        yields.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        waits.set_yscale("log")
        waits.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        waits.set_ylabel("latency in ms, median up to p99")
        rows = "one row" if knob.rows == 1 else f"{knob.rows} rows"
        for axes in (yields, waits):
            axes.set_xlabel(f"connections, requests of {rows}")
            axes.grid(which="major", axis="y", color=_GRID, linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=len(knob.settings), frameon=False)
        figure.savefig(path, facecolor="white", metadata={"Date": None})
