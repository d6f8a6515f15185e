"""The kinds of panels that our dashboards are made of, in the fields that Grafana 11 and 12 read.

Each says what it is for; what they have in common is panel.py's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from monitoring.dashboards.look import Colour
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import Json

LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
ALL_AT_ONCE: Json = {"mode": "multi", "sort": "desc"}
SOFT = ("axisSoftMin", "axisSoftMax")
SHOWN: Json = {"legend": False, "tooltip": False, "viz": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """A number that is read from across the room; with `filled` its tile has the colour, and not the number alone."""

    kind: ClassVar[str] = "stat"
    filled: bool = False
    with_names: bool = False

    def options(self) -> Json:
        return {
            "colorMode": "background" if self.filled else "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": LAST,
            "showPercentChange": False,
            "textMode": "value_and_name" if self.with_names else "value",
            "wideLayout": True,
        }


class Lines(StrEnum):
    """Whether thresholds are drawn."""

    NONE = "off"
    DASHED = "dashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries(Panel):
    """Lines over time; `stacked` where their sum means something too."""

    kind: ClassVar[str] = "timeseries"
    stacked: bool = False
    bars: bool = False
    steps: bool = False
    limits: Lines = Lines.NONE
    shows_at_least: tuple[float, float] | None = None
    """What the axis holds whatever the values are, where `lowest` and `highest` would hold too much."""
    legend: Sequence[str] = ("mean", "max", "lastNotNull")
    """What the legend says of each series; where there is no room, nothing."""

    def colour(self) -> Json:
        return {"mode": "palette-classic"}

    def custom(self) -> Json:
        soft = {} if self.shows_at_least is None else dict(zip(SOFT, self.shows_at_least, strict=True))
        return soft | {
            "axisBorderShow": False,
            "axisCenteredZero": False,
            "axisColorMode": "text",
            "axisLabel": "",
            "axisPlacement": "auto",
            "barAlignment": 0,
            "drawStyle": "bars" if self.bars else "line",
            "fillOpacity": self.fill(),
            "gradientMode": "none",
            "hideFrom": SHOWN,
            "insertNulls": False,
            "lineInterpolation": "stepAfter" if self.steps else "linear",
            "lineWidth": 1,
            "pointSize": 5,
            "scaleDistribution": {"type": "linear"},
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if self.stacked else "none"},
            "thresholdsStyle": {"mode": self.limits.value},
        }

    def fill(self) -> int:
        if self.bars:
            return 60
        if self.stacked:
            return 30
        # Below a line whose axis does not begin at zero there is nothing to be filled.
        return 0 if self.lowest is None else 8

    def options(self) -> Json:
        return {
            "legend": {
                "calcs": list(self.legend),
                "displayMode": "table" if self.legend else "list",
                "placement": "bottom",
                "showLegend": True,
            },
            "tooltip": ALL_AT_ONCE,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Panel):
    """How a distribution moves over time; its query gives a histogram's buckets, and `unit` is that of their bounds."""

    kind: ClassVar[str] = "heatmap"
    scheme: str = "Blues"

    def custom(self) -> Json:
        return {"hideFrom": SHOWN, "scaleDistribution": {"type": "linear"}}

    def options(self) -> Json:
        return {
            "calculate": False,
            "cellGap": 1,
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": self.scheme,
                "steps": 64,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto", "value": "Count"},
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": self.unit.value},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """A line for each thing. Columns are named and coloured by overrides."""

    kind: ClassVar[str] = "table"
    sort_by: str = ""
    descending: bool = True

    def custom(self) -> Json:
        return {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}

    def options(self) -> Json:
        sorting = [{"desc": self.descending, "displayName": self.sort_by}] if self.sort_by else []
        return {
            "cellHeight": "sm",
            "footer": {"countRows": False, "fields": "", "reducer": ["sum"], "show": False},
            "showHeader": True,
            "sortBy": sorting,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BarGauge(Panel):
    """One bar for each thing, side by side, as it is now."""

    kind: ClassVar[str] = "bargauge"

    def options(self) -> Json:
        return {
            "displayMode": "basic",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            "maxVizHeight": 28,
            "minVizHeight": 12,
            "minVizWidth": 8,
            "namePlacement": "left",
            "orientation": "horizontal",
            "reduceOptions": LAST,
            "showUnfilled": True,
            "sizing": "auto",
            "valueMode": "color",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart(Panel):
    """Bars over names, several to a name: a distribution beside the one that it ought to be."""

    kind: ClassVar[str] = "barchart"
    over: str
    """The label whose values stand below the bars."""

    def colour(self) -> Json:
        return {"mode": "palette-classic"}

    def custom(self) -> Json:
        return {
            "axisBorderShow": False,
            "axisCenteredZero": False,
            "axisColorMode": "text",
            "axisLabel": "",
            "axisPlacement": "auto",
            "fillOpacity": 80,
            "gradientMode": "none",
            "hideFrom": SHOWN,
            "lineWidth": 0,
            "scaleDistribution": {"type": "linear"},
            "thresholdsStyle": {"mode": "off"},
        }

    def options(self) -> Json:
        return {
            "barRadius": 0,
            "barWidth": 0.9,
            "fullHighlight": False,
            "groupWidth": 0.75,
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "orientation": "vertical",
            "showValue": "never",
            "stacking": "none",
            "tooltip": {"mode": "multi", "sort": "none"},
            "xField": self.over,
            "xTickLabelRotation": 0,
            "xTickLabelSpacing": 0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTimeline(Panel):
    """Since when each thing has been in its state: colours over time, by threshold or by mapping."""

    kind: ClassVar[str] = "state-timeline"
    named_values: bool = False

    def custom(self) -> Json:
        return {"fillOpacity": 75, "hideFrom": SHOWN, "lineWidth": 0}

    def options(self) -> Json:
        return {
            "alignValue": "left",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "mergeValues": True,
            "rowHeight": 0.85,
            "showValue": "auto" if self.named_values else "never",
            "tooltip": {"mode": "single", "sort": "none"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Panel):
    """What a reader should know before the numbers, in Markdown."""

    kind: ClassVar[str] = "text"
    content: str

    def options(self) -> Json:
        return {
            "code": {"language": "plaintext", "showLineNumbers": False},
            "content": self.content,
            "mode": "markdown",
        }


def cell(how: str, colour: Colour | None = None) -> Json:
    """How a column's cells are drawn: "color-background", "color-text", "gauge"."""
    drawn: Json = {"type": how}
    if how == "gauge":
        drawn |= {"mode": "basic", "valueDisplayMode": "text"}
    return drawn if colour is None else drawn | {"color": colour.value}
