"""The picture: latency against throughput, one panel per protocol.

A line per contender joins its numbers of connections along the median latency;
a whisker reaches from each point up to the 99th percentile. Down and to the
right is better. Drawn to be read at 800 pixels, so it shows two protocols and
leaves the rest to the tables. The only file that draws.
"""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadtests.bench.results import Run, protocols_of, summarise
from loadtests.bench.servers import OURS, STOCK, UNBATCHED
from loadtests.bench.wording import count, listing, times

# Two blues for one server, a warm tone for the other; shapes for those who see no colours.
_COLOURS = {OURS.name: "#0b5fa5", UNBATCHED.name: "#4c9fd8", STOCK.name: "#c2571a"}
_MARKERS = {OURS.name: "o", UNBATCHED.name: "s", STOCK.name: "^"}
_INK = "#24292f"
_GRID = "#d8dee4"

_SHOWN = ("V2 JSON", "gRPC")
_PANEL_WIDTH_INCHES = 4.0
_HEIGHT_INCHES = 4.2
_DOTS_PER_INCH = 200


def draw(run: Run, path: Path) -> None:
    """Draw into a file of the kind its name says."""
    protocols = [each for each in protocols_of(run) if each in _SHOWN] or protocols_of(run)[:1]
    # A fixed salt and no date: the same run draws the same file.
    with mpl.rc_context(
        {
            "svg.hashsalt": "ecluse",
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "axes.edgecolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
        }
    ):
        figure = Figure(figsize=(_PANEL_WIDTH_INCHES * len(protocols), _HEIGHT_INCHES), layout="constrained")
        panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
        for panel, protocol in zip(panels, protocols, strict=True):
            _draw_panel(panel, run, protocol)
        panels[0].set_ylabel("latency in ms, median up to p99")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=_DOTS_PER_INCH, facecolor="white", metadata=metadata)


def _draw_panel(panel: Axes, run: Run, protocol: str) -> None:
    for name, title in run.titles.items():
        if name not in _COLOURS:
            continue
        _draw_contender(panel, run, protocol, name, title)
    panel.set_title(_headline(run, protocol), fontsize=10)
    connections = listing(map(str, run.plan.connections))
    panel.set_xlabel(f"requests per second on one core,\nat {connections} connections")
    panel.set_yscale("log")
    panel.margins(x=0.12, y=0.12)
    panel.set_xlim(left=0)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.grid(which="major", color=_GRID, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _draw_contender(panel: Axes, run: Run, protocol: str, name: str, title: str) -> None:
    measured = [(n, s) for n in run.plan.connections if (s := summarise(run, name, protocol, n))]
    if not measured:
        return
    colour = _COLOURS[name]
    rates = [summary.requests_per_second for _, summary in measured]
    p50 = [summary.p50_seconds * 1000 for _, summary in measured]
    p99 = [summary.p99_seconds * 1000 for _, summary in measured]
    panel.plot(rates, p50, color=colour, marker=_MARKERS[name], linewidth=2, markersize=6, label=title)
    panel.vlines(rates, p50, p99, color=colour, linewidth=1)
    panel.plot(rates, p99, color=colour, marker="_", markersize=8, linestyle="none")
    if name == UNBATCHED.name and OURS.name in run.titles:
        # It starts where the same server with batching starts; its points stand for the same connections.
        measured = measured[1:]
    for connections, summary in measured:
        panel.annotate(
            str(connections),
            (summary.requests_per_second, summary.p50_seconds * 1000),
            (7, -11),
            textcoords="offset points",
            color=colour,
            fontsize=9,
        )


def _headline(run: Run, protocol: str) -> str:
    """Name the protocol and, where both were measured, what the picture shows."""
    most = run.plan.connections[-1]
    ours, stock = (summarise(run, each.name, protocol, most) for each in (OURS, STOCK))
    if ours is None or stock is None:
        return protocol
    return f"{protocol}: {times(ours, stock)} times stock KServe\nat {count(most, 'connection')}"
