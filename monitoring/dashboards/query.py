"""A question to Prometheus, as a panel asks it, and the selectors that every question shares.

The selectors follow the variables at a dashboard's head. All of a variable is
`.*`, which an absent label matches too: without Kubernetes there is no
namespace, and a request for a model that nobody serves has no version.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
"""Whatever the variable says: an identifier written down is unknown wherever else the file is provisioned."""

PLACE = 'namespace=~"$namespace"'
MODEL = f'{PLACE},model_name=~"$model"'
VERSION = f'{MODEL},model_version=~"$version"'
NAMED = ',model_name!=""'
"""Added where models stand in a legend: a request for a model that nobody serves has no name to stand there."""

SCRAPED_EVERY = "30s"
"""The longest pause between scrapes that the shortest rate still bridges: $__rate_interval becomes four of these."""


class Form(StrEnum):
    """How Grafana brings an answer into frames."""

    SERIES = "time_series"
    TABLE = "table"
    HEATMAP = "heatmap"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression. What is asked for now alone is `instant`."""

    expr: str
    legend: str = ""
    instant: bool = False
    form: Form = Form.SERIES

    def to_json(self, name: str) -> Json:
        return {
            "datasource": SOURCE,
            "editorMode": "code",
            "exemplar": False,
            "expr": self.expr,
            "format": self.form.value,
            "instant": self.instant,
            "interval": SCRAPED_EVERY,
            "legendFormat": self.legend,
            "range": not self.instant,
            "refId": name,
        }


def now(expr: str, legend: str = "") -> Query:
    """The value at the end of the window, and nothing where there is none by then: an older one would mislead."""
    return Query(expr, legend, instant=True)


def column(expr: str) -> Query:
    """One column of a table."""
    return Query(expr, "", instant=True, form=Form.TABLE)


def buckets(expr: str) -> Query:
    """A histogram's buckets, for a heatmap."""
    return Query(expr, "{{le}}", form=Form.HEATMAP)
