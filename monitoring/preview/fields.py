"""How the values of one column are shown: the panel's options for it, and what they make of a value. Pure."""

import copy
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from monitoring.preview.colours import CLASSIC, TEXT, colour
from monitoring.preview.frames import Column, Value
from monitoring.preview.units import written


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it is shown: its words and its colour."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Look:
    """The options of one column, its defaults and overrides taken together."""

    options: Mapping[str, Any]
    now: float
    index: int = 0
    """The how-manieth line of the panel it is, for its colour."""

    def custom(self, name: str, otherwise: Any = None) -> Any:
        return self.options.get("custom", {}).get(name, otherwise)

    @property
    def unit(self) -> str | None:
        return self.options.get("unit")

    @property
    def steps(self) -> list[tuple[float, str]]:
        """Thresholds, ascending: from which value on which colour."""
        found = self.options.get("thresholds", {}).get("steps", [])
        return [(-math.inf if step["value"] is None else float(step["value"]), colour(step["color"])) for step in found]

    def of_threshold(self, value: Value) -> str:
        number = _number(value)
        if number is None:
            return TEXT
        given = TEXT
        for start, shade in self.steps:
            if number >= self.absolute(start):
                given = shade
        return given

    def absolute(self, threshold: float) -> float:
        """A threshold given in hundredths of the range, as a value."""
        if self.options.get("thresholds", {}).get("mode") != "percentage" or math.isinf(threshold):
            return threshold
        low, high = self.options.get("min", 0.0), self.options.get("max", 100.0)
        return float(low + (high - low) * threshold / 100)

    @property
    def line(self) -> str:
        """The colour of a whole series."""
        chosen = self.options.get("color", {})
        if chosen.get("mode") == "fixed" and "fixedColor" in chosen:
            return colour(chosen["fixedColor"])
        if chosen.get("mode") == "thresholds" and self.steps:
            return self.steps[0][1]
        return CLASSIC[self.index % len(CLASSIC)]

    def show(self, value: Value) -> Shown:
        """The words and the colour of one value: a mapping's, if one fits, and otherwise those of the number."""
        mapped = self._mapped(value)
        if mapped is not None:
            shade = colour(mapped["color"]) if mapped.get("color") else self._shade(value)
            return Shown(str(mapped.get("text") or self._words(value)), shade)
        return Shown(self._words(value), self._shade(value))

    def _shade(self, value: Value) -> str:
        return self.of_threshold(value) if self.options.get("color", {}).get("mode") == "thresholds" else self.line

    def _words(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        return written(value, self.unit, self.options.get("decimals"), now=self.now)

    def _mapped(self, value: Value) -> Mapping[str, Any] | None:
        number = _number(value)
        for mapping in self.options.get("mappings", []):
            options = mapping["options"]
            result: Mapping[str, Any] | None = None
            match mapping["type"]:
                case "value":
                    result = options.get(_key(value))
                case "special" if "nan" in options["match"] or "null" in options["match"]:
                    result = (
                        options["result"] if value is None or (number is None and not isinstance(value, str)) else None
                    )
                case "range" if number is not None:
                    low, high = options.get("from"), options.get("to")
                    inside = (low is None or number >= low) and (high is None or number <= high)
                    result = options["result"] if inside else None
                case "regex" if isinstance(value, str):
                    result = options["result"] if re.search(options["pattern"].strip("/"), value) else None
                case _:
                    pass
            if result is not None:
                return result
        return None


def _number(value: Value) -> float | None:
    return None if value is None or isinstance(value, str) or math.isnan(value) else float(value)


def _key(value: Value) -> str:
    if isinstance(value, float) and value == round(value):
        return str(int(value))
    return str(value)


def look(panel: Mapping[str, Any], query: str, column: Column, now: float, index: int = 0) -> Look:
    """The options of a column: the panel's defaults, changed by each override that matches it."""
    config = panel.get("fieldConfig", {})
    options = copy.deepcopy(config.get("defaults", {}))
    for override in config.get("overrides", []):
        if _matches(override["matcher"], query, column):
            for change in override["properties"]:
                _put(options, change["id"].split("."), change.get("value"))
    return Look(options, now, index)


def _matches(matcher: Mapping[str, Any], query: str, column: Column) -> bool:
    wanted = matcher.get("options")
    match matcher["id"]:
        case "byName":
            return bool(wanted == column.name)
        case "byRegexp":
            pattern = re.fullmatch(r"/(.*)/[a-z]*", str(wanted))
            return re.search(pattern[1] if pattern else str(wanted), column.name) is not None
        case "byFrameRefID":
            return bool(wanted == query)
        case "byType":
            return bool(wanted == column.kind)
        case unknown:
            raise ValueError(f"the override's matcher {unknown!r} is not known")


def _put(options: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        options = options.setdefault(name, {})
    options[path[-1]] = value


def reduce(values: Iterable[Value], how: str) -> float | None:
    """One number of many, as a stat or a legend asks for it."""
    numbers = [number for value in values if (number := _number(value)) is not None]
    if not numbers:
        return None
    try:
        return REDUCERS[how](numbers)
    except KeyError:
        raise ValueError(f"the calculation {how!r} is not known; known are {', '.join(sorted(REDUCERS))}") from None


REDUCERS: dict[str, Callable[[list[float]], float]] = {
    "lastNotNull": lambda numbers: numbers[-1],
    "last": lambda numbers: numbers[-1],
    "firstNotNull": lambda numbers: numbers[0],
    "first": lambda numbers: numbers[0],
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "max": max,
    "min": min,
    "sum": sum,
    "count": lambda numbers: float(len(numbers)),
    "range": lambda numbers: max(numbers) - min(numbers),
    "diff": lambda numbers: numbers[-1] - numbers[0],
    "delta": lambda numbers: sum(max(b - a, 0.0) for a, b in pairwise(numbers)),
}
CALLED = {"lastNotNull": "Last", "last": "Last", "firstNotNull": "First", "mean": "Mean", "max": "Max", "min": "Min"}
"""What a legend's head calls a calculation."""
