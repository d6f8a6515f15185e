"""How values look: units, colours, thresholds, what stands for a value, and what one series has of its own.

A colour means the same on every dashboard: green is well, yellow is to be
looked at, red is broken; blue is traffic, which is neither; grey is what ought
to be (a baseline, an objective).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.dashboards.query import Json


class Colour(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    DARK_RED = "dark-red"
    BLUE = "blue"
    LIGHT_BLUE = "light-blue"
    PURPLE = "purple"
    GREY = "#8e8e8e"
    NONE = "transparent"
    PLAIN = "text"


class Unit(StrEnum):
    """Grafana's own names of units."""

    NUMBER = "short"
    WHOLE = "none"
    RATIO = "percentunit"
    SECONDS = "s"
    MOMENT = "dateTimeFromNow"
    BYTES = "bytes"
    BYTES_PER_SECOND = "Bps"
    REQUESTS_PER_SECOND = "reqps"
    ROWS_PER_SECOND = "rowsps"
    PER_SECOND = "cps"
    CORES = "suffix: cores"
    DEVIATIONS = "suffix: sd"
    MEBIBYTES = "mbytes"
    WATTS = "watt"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The colour below the first bound, and the colour from each bound on."""

    below: Colour = Colour.GREEN
    steps: tuple[tuple[float, Colour], ...] = ()

    def to_json(self) -> Json:
        first: Json = {"color": self.below.value, "value": None}
        return {"mode": "absolute", "steps": [first, *({"color": c.value, "value": at} for at, c in self.steps)]}


NEUTRAL = Thresholds(Colour.BLUE)
"""A value that is neither good nor bad."""


def at_most(warning: float, critical: float) -> Thresholds:
    """What is well while it is small."""
    return Thresholds(Colour.GREEN, ((warning, Colour.YELLOW), (critical, Colour.RED)))


def at_least(critical: float, warning: float) -> Thresholds:
    """What is well while it is large."""
    return Thresholds(Colour.RED, ((critical, Colour.YELLOW), (warning, Colour.GREEN)))


def limit(bound: float) -> Thresholds:
    """A line that is not to be crossed."""
    return Thresholds(Colour.GREEN, ((bound, Colour.RED),))


NO_TRAFFIC = "No traffic"


def absent(text: str) -> Json:
    """What is shown in place of nothing, or of a value that is no number."""
    return {"type": "special", "options": {"match": "null+nan", "result": {"text": text, "color": Colour.PLAIN.value}}}


def named(values: Mapping[int, tuple[str, Colour]]) -> Json:
    """Words for numbers."""
    return {
        "type": "value",
        "options": {
            str(value): {"text": text, "color": colour.value, "index": index}
            for index, (value, (text, colour)) in enumerate(values.items())
        },
    }


@dataclass(frozen=True, slots=True)
class Override:
    """What the series of one name, or of names like a pattern, have of their own."""

    name: str
    properties: Mapping[str, object] = field(default_factory=dict)
    is_pattern: bool = False

    def matches(self, name: str) -> bool:
        return bool(re.search(self.name.strip("/"), name)) if self.is_pattern else self.name == name

    def to_json(self) -> Json:
        matcher = {"id": "byRegexp" if self.is_pattern else "byName", "options": self.name}
        return {
            "matcher": matcher,
            "properties": [{"id": name, "value": value} for name, value in self.properties.items()],
        }


def _fixed(colour: Colour) -> Json:
    return {"fixedColor": colour.value, "mode": "fixed"}


def coloured(name: str, colour: Colour, *, is_pattern: bool = False) -> Override:
    return Override(name, {"color": _fixed(colour)}, is_pattern)


def reference(name: str, colour: Colour = Colour.GREY, *, is_pattern: bool = False) -> Override:
    """A dashed line beside the measured ones: an objective, a limit, a baseline."""
    dashed = {"fill": "dash", "dash": [8, 8]}
    return Override(
        name,
        {"color": _fixed(colour), "custom.lineStyle": dashed, "custom.fillOpacity": 0, "custom.lineWidth": 1},
        is_pattern,
    )


def on_the_right(name: str, unit: Unit, label: str, colour: Colour) -> Override:
    """A series with an axis of its own."""
    return Override(
        name,
        {
            "unit": unit.value,
            "custom.axisPlacement": "right",
            "custom.axisLabel": label,
            "custom.fillOpacity": 0,
            "color": _fixed(colour),
        },
    )


def allowed(objective: float) -> float:
    """The share of faults that an objective leaves room for; 1 - 0.999 is not quite 0.001."""
    return round(1 - objective, 9)


def percent(ratio: float) -> str:
    """0.999 as 99.9 %."""
    return f"{100 * ratio:g} %"
