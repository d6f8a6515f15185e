"""The picture of rollouts: what the routes gave the new version, and what callers saw of it, second by second."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.measure.timeline import Timeline
from tests.cluster.rollout.verdict import Given, lost

GIVEN, SEEN, FAILED = "#24292f", "#0b5fa5", "#c1121f"
GRID = "#d8dee4"
COLUMNS = 2
WIDTH_INCHES, ROW_INCHES = 11.0, 1.9
DOTS_PER_INCH = 110
SMOOTHED_SECONDS = 3

Rollout = tuple[str, Timeline, Sequence[Given], str]
"""A title, what callers saw, what routes gave, and the new version's number."""


def draw(rollouts: Sequence[Rollout], path: Path) -> None:
    """Draw a panel for each."""
    rows = -(-len(rollouts) // COLUMNS)
    with mpl.rc_context({"text.color": GIVEN, "axes.labelcolor": GIVEN, "axes.edgecolor": GIVEN}):
        figure = Figure(figsize=(WIDTH_INCHES, ROW_INCHES * rows), layout="constrained")
        panels = figure.subplots(rows, COLUMNS, squeeze=False)
        for panel, rollout in zip(panels.flat, rollouts, strict=False):
            _draw_one(panel, *rollout)
        for panel in panels.flat[len(rollouts) :]:
            panel.set_visible(False)
        for panel in panels[-1]:
            panel.set_xlabel("seconds")
        for row in panels:
            row[0].set_ylabel("new version, %", fontsize=8)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=3, frameon=False, fontsize=8)
        figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white")


def _draw_one(panel: Axes, title: str, timeline: Timeline, given: Sequence[Given], number: str) -> None:
    seconds = timeline.seconds
    at = [second for second in seconds if _answers(timeline, second)]
    panel.plot(
        at,
        [100 * _by(timeline, second, number) / _answers(timeline, second) for second in at],
        color=SEEN,
        linewidth=1.6,
        label="callers saw (3 s)",
    )
    steps = [*given, given[-1]._replace(at=float(seconds.stop))]
    panel.step(
        [each.at for each in steps],
        [each.rest for each in steps],
        where="post",
        color=GIVEN,
        linewidth=0.9,
        linestyle="--",
        label="the route gives",
    )
    failed = [second for second in seconds if lost(timeline.over(second, second + 1))]
    panel.plot(failed, [6] * len(failed), "|", color=FAILED, markersize=9, label="requests failed")
    panel.set_title(title, fontsize=9, loc="left")
    panel.set_ylim(0, 105)
    panel.set_xlim(seconds.start, seconds.stop)
    panel.grid(color=GRID, linewidth=0.6)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _answers(timeline: Timeline, second: int) -> int:
    return sum(timeline.over(second - SMOOTHED_SECONDS // 2, second + SMOOTHED_SECONDS // 2 + 1).versions.values())


def _by(timeline: Timeline, second: int, number: str) -> int:
    return timeline.over(second - SMOOTHED_SECONDS // 2, second + SMOOTHED_SECONDS // 2 + 1).versions[number]
