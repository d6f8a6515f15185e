"""The picture of a run: what was asked, how long it took, and which pods there were, second by second.

Three panels on one axis of time, with each fault as a band across them. Drawn to
be read at 1000 pixels. The only file that draws.
"""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tests.cluster.rolling.arrivals import Kind
from tests.cluster.rolling.faults import BY_NAME
from tests.cluster.rolling.run import Seen
from tests.cluster.rolling.timeline import Second, seconds

COLOURS = {Kind.KEEP_ALIVE: "#0b5fa5", Kind.IDLE: "#7fb6de", Kind.FRESH: "#4c9f8a", Kind.GRPC: "#a7a3d6"}
READY, STARTING, TERMINATING, LOST = "#4c9f8a", "#e3b341", "#b8bec5", "#c1121f"
INK, GRID, BAND = "#24292f", "#d8dee4", "#f1f3f5"

WIDTH_INCHES, HEIGHT_INCHES = 11.0, 6.6
DOTS_PER_INCH = 130


def draw(seen: Seen, path: Path) -> None:
    """Draw into a file of the kind its name says."""
    if not seen.responses:
        return
    began = seen.responses[0].scheduled
    timeline = seconds(seen.responses, began)
    # A fixed salt and no date: the same run draws the same file.
    with mpl.rc_context({"svg.hashsalt": "ecluse", "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK}):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        rate, latency, pods = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 1.3))
        _draw_rate(rate, timeline)
        _draw_latency(latency, timeline)
        _draw_pods(pods, seen, began, timeline[-1].at + 1)
        for panel in (rate, latency, pods):
            _dress(panel, seen, began)
        _name_faults(rate, seen, began)
        lost = sum(response.is_lost for response in seen.responses)
        drain = "" if seen.plan.has_drain else ", drain switched off"
        figure.suptitle(
            f"{len(seen.responses):,} requests, {lost:,} lost: mode {seen.plan.mode}, "
            f"{seen.plan.replicas} replicas{drain}",
            x=0.01,
            ha="left",
            fontsize=12,
        )
        pods.set_xlabel("seconds")
        pods.set_xlim(0, timeline[-1].at + 1)
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white", metadata=metadata)


def _draw_rate(panel: Axes, timeline: list[Second]) -> None:
    at = [second.at + 0.5 for second in timeline]
    rows = {kind: [second.requests[kind] for second in timeline] for kind in Kind}
    panel.stackplot(at, *rows.values(), labels=list(rows), colors=[COLOURS[kind] for kind in rows], step="mid")
    answers = [second.answered for second in timeline]
    panel.plot(at, answers, color=INK, linewidth=0.8, linestyle=(0, (4, 2)), label="answered")
    _mark_losses(panel, timeline)
    panel.set_ylabel("requests per second,\nwhen due and when answered")
    panel.set_ylim(0)
    panel.legend(loc="lower left", ncols=6, fontsize=8, framealpha=0.9)


def _mark_losses(panel: Axes, timeline: list[Second]) -> None:
    """Draw a line where anything was lost, since one of hundreds would not be seen in proportion, and say how much."""
    hurt = [(second.at + 0.5, second.lost.total()) for second in timeline if second.lost]
    for place, (at, count) in enumerate(hurt):
        panel.axvline(at, color=LOST, linewidth=1.5, zorder=3, label="" if place else "lost")
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


def _draw_latency(panel: Axes, timeline: list[Second]) -> None:
    at = [second.at + 0.5 for second in timeline]
    panel.plot(at, [1000 * second.p99 for second in timeline], color="#c2571a", linewidth=1, label="p99")
    panel.plot(at, [1000 * second.p50 for second in timeline], color="#0b5fa5", linewidth=1.2, label="p50")
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_ylabel("milliseconds from due\nto answered")
    panel.legend(loc="upper left", ncols=2, fontsize=8, framealpha=0.9)


def _draw_pods(panel: Axes, seen: Seen, began: float, ended: float) -> None:
    counts = [count for count in seen.pods if count.at - began < ended]
    at = [max(0.0, count.at - began) for count in counts] + [ended]
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


def _dress(panel: Axes, seen: Seen, began: float) -> None:
    for mark in seen.marks:
        panel.axvspan(mark.began - began, mark.ended - began, color=BAND, zorder=0)
        panel.axvline(mark.began - began, color=INK, linewidth=0.7, linestyle=":", zorder=2)
    panel.grid(axis="y", which="major", color=GRID, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _name_faults(panel: Axes, seen: Seen, began: float) -> None:
    for mark in seen.marks:
        panel.annotate(
            BY_NAME[mark.name].title,
            (mark.began - began, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=8,
            ha="left",
            va="bottom",
            rotation=20,
        )
