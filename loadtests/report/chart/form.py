"""What a chart is made of; what it looks like is drawing.py's and the style sheet's."""

from dataclasses import dataclass

from loadtests.report.chart.scale import Scale

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A NaN is a gap, and infinity lies at the upper end."""

    name: str
    style: str
    """A class of the style sheet."""
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """Values that are put on top of those of the layers before."""

    name: str
    style: str
    values: tuple[float, ...]
    """One for each slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the axis below, and what is told of it where the pointer rests."""

    began: float
    ended: float
    words: str


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the axis below that has a name: a phase."""

    name: str
    style: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on the axis below."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A line across that should not be crossed."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    key: str
    """Its name in the page, for links and the style sheet."""
    title: str
    words: str
    """What is to be seen, in words, for who does not see it."""
    across: Scale
    up: Scale
    lines: tuple[Line, ...] = ()
    layers: tuple[Layer, ...] = ()
    slots: tuple[Slot, ...] = ()
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    limits: tuple[Limit, ...] = ()
    height: int = 240
    note: str = ""
