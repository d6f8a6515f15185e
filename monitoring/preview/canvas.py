"""What a dashboard is drawn on: places in pixels from the top left, in Grafana's dark look."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from monitoring.preview.colours import CANVAS, DIM, EDGE, GRID, PANEL, TEXT

DPI = 100
SMALL, NORMAL, TITLE = 7.0, 8.0, 8.5
LETTER = 0.64
"""How wide a letter is, as a share of its size: enough to know what fits."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels from the top left."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> "Box":
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


class Canvas:
    """One picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=CANVAS)
        FigureCanvasAgg(self.figure)

    def axes(self, box: Box) -> Axes:
        """A plot in a box, without anything of its own."""
        axes = self.figure.add_axes(
            (
                box.x / self.width,
                1 - (box.y + box.height) / self.height,
                max(box.width, 1) / self.width,
                max(box.height, 1) / self.height,
            )
        )
        axes.set_facecolor("none")
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(colors=DIM, labelsize=SMALL, length=0, pad=3)
        return axes

    def bare(self, box: Box) -> Axes:
        """A plot whose coordinates are the box's pixels, downwards."""
        axes = self.axes(box)
        axes.set_xlim(0, box.width)
        axes.set_ylim(box.height, 0)
        axes.axis("off")
        return axes

    def panel(self, box: Box, title: str) -> Box:
        """The ground of a panel and its title; gives what is left for its content."""
        ground = FancyBboxPatch(
            (box.x / self.width, 1 - (box.y + box.height) / self.height),
            box.width / self.width,
            box.height / self.height,
            boxstyle="square,pad=0",
            facecolor=PANEL,
            edgecolor=EDGE,
            linewidth=0.8,
            transform=self.figure.transFigure,
            zorder=-2,
        )
        self.figure.add_artist(ground)
        if title:
            self.text(box.x + 9, box.y + 15, fit(title, box.width - 18, TITLE), size=TITLE)
        return box.inside(9, 30 if title else 9, 9, 7)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = NORMAL,
        colour: str = TEXT,
        weight: str = "normal",
        align: str = "left",
    ) -> None:
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            words.replace("$", r"\$"),
            fontsize=size,
            color=colour,
            fontweight=weight,
            ha=align,
            va="center",
        )

    def empty(self, box: Box, words: str) -> None:
        """What stands where there is nothing to draw."""
        self.text(box.x + box.width / 2, box.y + box.height / 2, words, size=9, colour=DIM, align="center")

    def save(self, file: Path) -> None:
        """Write the picture, whole or not at all: somebody may be looking at the one before."""
        part = file.with_name(f".{file.name}.part")
        self.figure.savefig(part, dpi=DPI, facecolor=CANVAS, format="png")
        part.replace(file)


def gridded(axes: Axes, *, across: bool = True, up: bool = True) -> None:
    if across:
        axes.grid(axis="y", color=GRID, linewidth=0.6)
    if up:
        axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def width(words: str, size: float) -> float:
    """About how many pixels words take."""
    return len(words) * size * LETTER * DPI / 72


def fit(words: str, pixels: float, size: float) -> str:
    """The words, cut where they do not fit."""
    most = int(pixels / (size * LETTER * DPI / 72))
    return words if len(words) <= most else words[: max(most - 1, 1)] + "…"


def largest(words: str, pixels: float, height: float, most: float) -> float:
    """The size at which words fit into so many pixels."""
    return max(SMALL, min(most, height * 72 / DPI, pixels / max(len(words), 1) / LETTER * 72 / DPI))
