"""What every panel has, of whatever kind: a title, a meaning, questions, and how their values look.

A panel that may have nothing to show though the service is well says so, with
the reason; a test fills in what it waits for and finds it no longer empty.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from monitoring.dashboards.look import NEUTRAL, NO_TRAFFIC, Override, Thresholds, Unit, absent
from monitoring.dashboards.query import SOURCE, Json, Query

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(ABC):
    """A panel of `width` columns out of 24, and `height` lines."""

    kind: ClassVar[str]
    """Grafana's name for it."""

    title: str
    description: str
    """What it means, and which metric says so."""
    width: int
    height: int
    queries: tuple[Query, ...] = ()
    unit: Unit = Unit.NUMBER
    decimals: int | None = None
    lowest: float | None = 0
    highest: float | None = None
    thresholds: Thresholds = NEUTRAL
    mappings: tuple[Json, ...] = ()
    overrides: tuple[Override, ...] = ()
    transformations: tuple[Json, ...] = ()
    links: tuple[Json, ...] = ()
    empty: str = NO_TRAFFIC
    """What stands there in place of nothing."""
    empty_until: str = ""
    """Why a healthy service under load may have nothing to show here; "" where that is a fault."""

    @abstractmethod
    def options(self) -> Json:
        """What this kind alone has."""

    def custom(self) -> Json:
        """What the fields of this kind alone have."""
        return {}

    def colour(self) -> Json:
        return {"mode": "thresholds"}

    def to_json(self, number: int, column: int, line: int) -> Json:
        defaults: Json = {
            "color": self.colour(),
            "custom": self.custom(),
            "mappings": [absent(self.empty), *self.mappings],
            "noValue": self.empty,
            "thresholds": self.thresholds.to_json(),
            "unit": self.unit.value,
        }
        bounds = {"decimals": self.decimals, "min": self.lowest, "max": self.highest}
        defaults.update({name: value for name, value in bounds.items() if value is not None})
        meaning = f"{self.description}\n\nEmpty until {self.empty_until}." if self.empty_until else self.description
        return {
            "datasource": SOURCE,
            "description": meaning,
            "fieldConfig": {"defaults": defaults, "overrides": [override.to_json() for override in self.overrides]},
            "gridPos": {"h": self.height, "w": self.width, "x": column, "y": line},
            "id": number,
            "links": list(self.links),
            "options": self.options(),
            "targets": [query.to_json(name) for query, name in zip(self.queries, LETTERS, strict=False)],
            "title": self.title,
            "transformations": list(self.transformations),
            "type": self.kind,
        }
