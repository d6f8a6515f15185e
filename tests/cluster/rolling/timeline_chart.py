"""The picture of a run: what was asked, how long it took, and which pods there were, second by second.

Three panels on one axis of time, with each fault as a band across them. Drawn to
be read at 1000 pixels. The only file that draws.
"""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from tests.cluster.rolling.faults import BY_NAME
from tests.cluster.rolling.run import Seen
from tests.cluster.rolling.verdict import lost

COLOURS = ("#0b5fa5", "#7fb6de", "#4c9f8a", "#a7a3d6", "#d8c4e6", "#c9a27a")
"""Of the kinds of requests, in their order."""
READY, STARTING, TERMINATING, LOST = "#4c9f8a", "#e3b341", "#b8bec5", "#c1121f"
INK, GRID, BAND = "#24292f", "#d8dee4", "#f1f3f5"

WIDTH_INCHES, HEIGHT_INCHES = 11.0, 6.6
DOTS_PER_INCH = 130


def draw(seen: Seen, path: Path) -> None:
    """Draw into a file of the kind its name says."""
    timeline = seen.load.timeline
    seconds = timeline.seconds
    if not seconds:
        return
    cells = timeline.each(seconds.start, seconds.stop)
    began = float(seconds.start)
    # A fixed salt and no date: the same run draws the same file.
    with mpl.rc_context({"svg.hashsalt": "ecluse", "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK}):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        rate, latency, pods = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 1.3))
        _draw_rate(rate, timeline)
        _mark_losses(rate, seconds, cells)
        _draw_latency(latency, seconds, cells)
        _draw_pods(pods, seen, float(seconds.stop))
        for panel in (rate, latency, pods):
            _dress(panel, seen)
        _name_faults(rate, seen)
        drain = "" if seen.plan.has_drain else ", drain switched off"
        figure.suptitle(
            f"{sum(cell.total for cell in cells):,} requests, {sum(map(lost, cells)):,} lost: mode {seen.plan.mode}, "
            f"{seen.plan.replicas} replicas{drain}",
            x=0.01,
            ha="left",
            fontsize=12,
        )
        pods.set_xlabel("seconds")
        pods.set_xlim(began, seconds.stop)
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white", metadata=metadata)


def _draw_rate(panel: Axes, timeline: Timeline) -> None:
    seconds = timeline.seconds
    at = [second + 0.5 for second in seconds]
    rows = {
        stream: [cell.total for cell in timeline.each(seconds.start, seconds.stop, stream)]
        for stream in timeline.streams
    }
    panel.stackplot(at, *rows.values(), labels=list(rows), colors=COLOURS, step="mid")
    panel.set_ylabel("requests per second,\nwhen due")
    panel.set_ylim(0)
    panel.legend(loc="lower left", ncols=6, fontsize=8, framealpha=0.9)


def _mark_losses(panel: Axes, seconds: range, cells: list[Cell]) -> None:
    """Draw a line where anything was lost, since one of hundreds would not be seen in proportion, and say how much."""
    hurt = [(second + 0.5, lost(cell)) for second, cell in zip(seconds, cells, strict=True) if lost(cell)]
    for place, (at, count) in enumerate(hurt):
        panel.axvline(at, color=LOST, linewidth=1.5, zorder=3)
        # Seconds that follow each other would write over one another.
        height = 0.93 - 0.09 * (place % 3)
        panel.annotate(
            str(count),
            (at, height),
            xycoords=("data", "axes fraction"),
            xytext=(3, 0),
            textcoords="offset points",
            color=LOST,
            fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 0.8},
            zorder=4,
        )


def _draw_latency(panel: Axes, seconds: range, cells: list[Cell]) -> None:
    at = [second + 0.5 for second in seconds]
    answered = [cell.responses.get(Outcome.OK, Histogram()) for cell in cells]
    panel.plot(at, [1000 * each.quantile(0.99) for each in answered], color="#c2571a", linewidth=1, label="p99")
    panel.plot(at, [1000 * each.quantile(0.5) for each in answered], color="#0b5fa5", linewidth=1.2, label="p50")
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_ylabel("milliseconds from due\nto answered")
    panel.legend(loc="upper left", ncols=2, fontsize=8, framealpha=0.9)


def _draw_pods(panel: Axes, seen: Seen, ended: float) -> None:
    counts = [count for count in seen.pods if count.at < ended]
    at = [max(0.0, count.at) for count in counts] + [ended]
    last = counts[-1]
    rows = [
        [count.ready for count in counts] + [last.ready],
        [count.starting for count in counts] + [last.starting],
        [count.terminating for count in counts] + [last.terminating],
    ]
    labels = ["ready", "starting", "terminating"]
    panel.stackplot(at, *rows, labels=labels, colors=[READY, STARTING, TERMINATING], step="post")
    panel.set_ylabel("pods")
    panel.yaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_ylim(0)
    panel.legend(loc="lower left", ncols=3, fontsize=8, framealpha=0.9)


def _dress(panel: Axes, seen: Seen) -> None:
    for mark in seen.marks:
        panel.axvspan(mark.began, mark.ended, color=BAND, zorder=0)
        panel.axvline(mark.began, color=INK, linewidth=0.7, linestyle=":", zorder=2)
    panel.grid(axis="y", which="major", color=GRID, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _name_faults(panel: Axes, seen: Seen) -> None:
    for mark in seen.marks:
        panel.annotate(
            BY_NAME[mark.name].title,
            (mark.began, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=8,
            ha="left",
            va="bottom",
            rotation=20,
        )
