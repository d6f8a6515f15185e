"""A dashboard: rows of panels, the variables that narrow them, and the events drawn across them.

Written as classic JSON of schema 41, which Grafana 11 and 12 load as it stands
and later ones bring up to date as they load it.
"""

from dataclasses import dataclass

from monitoring.dashboards.layout import Row, place
from monitoring.dashboards.look import Colour
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import SOURCE, Json

SCHEMA_VERSION = 41
TAG = "ecluse"


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the dashboard's head, from the values that a label has."""

    name: str
    label: str
    description: str
    query: str
    has_all: bool = True
    """One or more may be chosen, and all are at first; otherwise it is always one."""

    def to_json(self) -> Json:
        first: Json = {"selected": True, "text": ["All"], "value": ["$__all"]} if self.has_all else {}
        return {
            "allValue": ".*" if self.has_all else None,
            "current": first,
            "datasource": SOURCE,
            "definition": self.query,
            "description": self.description,
            "hide": 0,
            "includeAll": self.has_all,
            "label": self.label,
            "multi": self.has_all,
            "name": self.name,
            "options": [],
            "query": {"query": self.query, "refId": f"Variable-{self.name}"},
            "refresh": 2,
            "regex": "",
            "skipUrlSync": False,
            "sort": 7,
            "type": "query",
        }


DATASOURCE: Json = {
    "current": {},
    "description": "Which Prometheus is asked.",
    "hide": 0,
    "includeAll": False,
    "label": "Data source",
    "multi": False,
    "name": "datasource",
    "options": [],
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
    "type": "datasource",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events, drawn as lines across every panel."""

    name: str
    expr: str
    title: str
    text: str
    colour: Colour
    is_drawn: bool = True
    """Drawn from the start, and not only when a reader turns it on."""
    value_is_time: bool = False
    """The event lies where the value says, in milliseconds since 1970, and not where the sample does."""

    def to_json(self) -> Json:
        return {
            "datasource": SOURCE,
            "enable": self.is_drawn,
            "expr": self.expr,
            "hide": False,
            "iconColor": self.colour.value,
            "name": self.name,
            "step": "60s",
            "tagKeys": "",
            "target": {"expr": self.expr, "interval": "60s", "refId": "Anno"},
            "textFormat": self.text,
            "titleFormat": self.title,
            "useValueForTime": self.value_is_time,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What one file holds; `uid` is its address, which alerts and links name."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...]
    links: tuple[Json, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)

    def to_json(self) -> Json:
        return {
            "annotations": {"list": [annotation.to_json() for annotation in self.annotations]},
            "description": self.description,
            "editable": False,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": list(self.links),
            "panels": place(self.rows),
            "preload": False,
            "refresh": "30s",
            "schemaVersion": SCHEMA_VERSION,
            "tags": [TAG],
            "templating": {"list": [DATASOURCE, *(variable.to_json() for variable in self.variables)]},
            "time": {"from": "now-1h", "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "version": 1,
            "weekStart": "",
        }
