"""What a dashboard asks when it is opened, put to a real Prometheus as Grafana would, and what comes back.

Variables are filled as Grafana's Prometheus source fills them: all of one is
`.*`, several are an alternative, `$__rate_interval` is four of the query's
least intervals.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitoring import slo
from monitoring.dashboards.catalogue import dashboards
from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.panel import LETTERS, Panel
from monitoring.dashboards.query import Query
from tests.monitoring.prometheus import Found, Prometheus

HOUR = 3600.0
STEP = 60.0
TOLERANCE = 0.02
"""How far a share may be above all: what is divided is not counted at the same moment as what it is divided by."""
ALL = {
    "namespace": ".*",
    "model": ".*",
    "version": ".*",
    "feature": "ink_share",
    "__rate_interval": "2m",
    "__interval": "60s",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One query of one panel."""

    dashboard: Dashboard
    panel: Panel
    query: Query
    letter: str

    def __str__(self) -> str:
        return f"{self.dashboard.uid}, {self.panel.title!r}, query {self.letter}: {self.query.expr}"


def questions() -> Iterator[Question]:
    """All of all dashboards."""
    for dashboard in dashboards(slo.read()):
        for panel in dashboard.panels:
            for letter, query in zip(LETTERS, panel.queries, strict=False):
                yield Question(dashboard, panel, query, letter)


def filled(text: str, choices: Mapping[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda match: choices[match[1]], text)


def ask(
    prometheus: Prometheus, question: Question, end: float, choices: Mapping[str, str] = ALL, seconds: float = HOUR
) -> list[Found]:
    """What Grafana would get for the last hour before `end`."""
    expr = filled(question.query.expr, choices)
    if question.query.instant:
        return prometheus.query(expr, end)
    return prometheus.query_range(expr, end - seconds, end, STEP)


def wrong(question: Question, found: list[Found]) -> Iterator[str]:
    """What a reader would call nonsense: a value that is no number, a share above one, a time below zero."""
    lowest = -math.inf if question.panel.lowest is None else question.panel.lowest - 1e-9
    for series in found:
        unit = unit_of(question, series)
        highest = 1 + TOLERANCE if unit == "percentunit" else math.inf
        for _, value in series.values:
            if not math.isfinite(value):
                yield f"{question}: {series.labels} is {value}"
                break
            if not lowest <= value <= highest:
                yield f"{question}: {series.labels} is {value}, as {unit}"
                break


def unit_of(question: Question, series: Found) -> str:
    """The unit of a series, which an override may have changed; a heatmap's is that of its bounds."""
    if question.panel.kind == "heatmap":
        return "short"
    name = shown_as(question, series)
    unit: Any = question.panel.unit.value
    for override in question.panel.overrides:
        if override.matches(name):
            unit = override.properties.get("unit", unit)
    return str(unit)


def shown_as(question: Question, series: Found) -> str:
    """The name under which a series is shown: its legend, or the column of a table that a transformation names."""
    if question.query.legend:
        return re.sub(r"\{\{(\w+)\}\}", lambda match: series.labels.get(match[1], ""), question.query.legend)
    for step in question.panel.transformations:
        renamed = step["options"].get("renameByName", {})
        column = "Value" if len(question.panel.queries) == 1 else f"Value #{question.letter}"
        if column in renamed:
            return str(renamed[column])
    return "Value"
