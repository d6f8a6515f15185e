"""Axes of time: where ticks stand, how they are written, and the events across them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matplotlib.axes import Axes

from monitoring.preview.span import Span

STEPS = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
PIXELS = 75.0
"""How far ticks lie apart at least."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a time; Grafana's annotation."""

    time: float
    colour: str


def axis(axes: Axes, span: Span, pixels: float) -> None:
    """Label an axis of time, in UTC."""
    wanted = span.seconds / max(pixels / PIXELS, 1)
    step = next((step for step in STEPS if step >= wanted), STEPS[-1])
    first = int(span.start // step + 1) * step
    ticks = list(range(first, int(span.end) + 1, step))
    form = "%d %b" if step >= 86400 else "%H:%M:%S" if step < 60 else "%H:%M"
    axes.set_xticks(ticks, [datetime.fromtimestamp(tick, UTC).strftime(form) for tick in ticks])
    axes.set_xlim(span.start, span.end)


def events(axes: Axes, happened: Sequence[Event]) -> None:
    """A dashed line for each event, and a mark below."""
    for event in happened:
        axes.axvline(event.time, color=event.colour, linewidth=0.8, linestyle=(0, (3, 3)), alpha=0.7, zorder=1)
        axes.plot(
            [event.time], [0], marker="^", markersize=4, color=event.colour, clip_on=False, zorder=5,
            transform=axes.get_xaxis_transform(), scalex=False, scaley=False,
        )  # fmt: skip
