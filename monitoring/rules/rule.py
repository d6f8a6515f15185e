"""A rule as it is written down: what is recorded, what alerts, and what is evaluated together.

Pure data. How rules are rendered, and whether they make sense, others know.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    CRITICAL = "critical"
    """Somebody is woken."""
    WARNING = "warning"
    """Somebody looks at it this day."""
    INFO = "info"
    """It explains what else is seen."""


class Component(StrEnum):
    AVAILABILITY = "availability"
    LATENCY = "latency"
    SATURATION = "saturation"
    BATCHING = "batching"
    DRIFT = "drift"
    QUALITY = "quality"
    ROLLOUT = "rollout"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Record:
    """A series that is computed at each evaluation."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What somebody is told, and when."""

    name: str
    expression: str
    lasting: str
    """How long the expression has to hold: Prometheus' `for`."""
    severity: Severity
    component: Component
    summary: str
    """One sentence, the same each time."""
    description: str
    """With the value and the labels, as Prometheus' templates."""
    dashboard: str
    """The uid of the dashboard to look at first."""
    kept: str = ""
    """How long it goes on firing once the expression no longer holds: `keep_firing_for`."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, so that a later one sees what an earlier one recorded."""

    name: str
    rules: tuple[Record | Alert, ...]
    interval: str = ""
    """How often; as often as Prometheus evaluates where it is empty."""
