"""The picture of the hot path: a bar for each protocol, parted by stage.

Every bar is as long as a request costs processor time. Stages keep their colour
and order in all bars. The same figures draw the same file.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from loadtests.bench.hot_path import HotPath
from loadtests.bench.stages import OTHER, STAGES

_COLOURS = (
    "#0b5fa5",
    "#4c9fd8",
    "#9cc9ea",
    "#c2571a",
    "#e59a66",
    "#6b7f3a",
    "#a9bd75",
    "#7a5ba6",
    "#b9a3d4",
    "#8c959f",
)
_REST = "#d8dee4"
_INK = "#24292f"


def draw_stages(hot_paths: Sequence[HotPath], path: Path) -> None:
    with mpl.rc_context({"svg.hashsalt": "ecluse", "text.color": _INK, "xtick.color": _INK, "ytick.color": _INK}):
        figure = Figure(figsize=(8.0, 1.6 + 0.6 * len(hot_paths)), layout="constrained")
        axes = figure.subplots()
        left = [0.0] * len(hot_paths)
        titles = [*(stage.title for stage in STAGES), OTHER]
        names = [f"{each.protocol}\n{each.cpu_microseconds:.0f} µs" for each in hot_paths]
        for title, colour in zip(titles, (*_COLOURS, _REST), strict=True):
            widths = [_microseconds(each, title) for each in hot_paths]
            if any(widths):
                axes.barh(names, widths, left=left, color=colour, label=title, height=0.6)
            left = [start + width for start, width in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        axes.set_xlabel(f"µs of processor time a request, {hot_paths[0].model}, {hot_paths[0].connections} connections")
        axes.spines[["top", "right", "left"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=8)
        figure.savefig(path, facecolor="white", metadata={"Date": None})


def _microseconds(hot_path: HotPath, title: str) -> float:
    return sum(hot_path.microseconds(part) for part in hot_path.parts if part.title == title)
