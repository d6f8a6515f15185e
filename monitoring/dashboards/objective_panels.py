"""What was promised, and how fast the budgets of it burn."""

from typing import Any

from monitoring.dashboards.kinds import Lines, Stat, Text, TimeSeries
from monitoring.dashboards.latency_panels import DURATION, REQUESTS
from monitoring.dashboards.look import Colour, Thresholds, Unit, at_least, coloured, percent
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, NAMED, Query, now
from monitoring.slo import Promise

BURNING = Thresholds(Colour.GREEN, ((1, Colour.YELLOW), (6, Colour.ORANGE), (14.4, Colour.RED)))
BURN_WINDOWS = ("5m", "1h", "6h", "3d")
BURN_COLOURS = (
    coloured("/ 5m$/", Colour.LIGHT_BLUE, is_pattern=True),
    coloured("/ 1h$/", Colour.BLUE, is_pattern=True),
    coloured("/ 6h$/", Colour.PURPLE, is_pattern=True),
    coloured("/ 3d$/", Colour.GREY, is_pattern=True),
)


def burn(kind: str, window: str, objective: str) -> str:
    """How many times faster than allowed faults come: at 1 the budget just lasts."""
    allowed_now = f"scalar(1 - max(slo:ecluse_{objective}:objective))"
    return f"model:ecluse_{kind}:ratio_rate{window}{{{MODEL}{NAMED}}} / {allowed_now}"


def objectives(promise: Promise) -> tuple[Panel, ...]:
    return (
        _tile(
            "Available",
            "Share of requests of three days that were not answered 5xx, of the worst model chosen. Green "
            f"from the objective of {percent(promise.availability.objective)} on. From ecluse_requests_total.",
            f"1 - max(model:ecluse_errors:ratio_rate3d{{{MODEL}}})",
            unit=Unit.RATIO,
            decimals=3,
            highest=1,
            thresholds=Thresholds(Colour.RED, ((promise.availability.objective, Colour.GREEN),)),
        ),
        _tile(
            "In time",
            "Share of the good answers of three days that came within "
            f"{promise.latency.threshold_seconds:g} s, of "
            f"the worst model chosen. Green from the objective of {percent(promise.latency.objective)} on. "
            "From ecluse_request_duration_seconds.",
            f"1 - max(model:ecluse_slow:ratio_rate3d{{{MODEL}}})",
            unit=Unit.RATIO,
            decimals=3,
            highest=1,
            thresholds=Thresholds(Colour.RED, ((promise.latency.objective, Colour.GREEN),)),
        ),
        _tile(
            "Error budget left",
            "What is left of the faults that the objective allows in its window, of the worst model chosen. "
            "From ecluse_requests_total.",
            f"min(model:ecluse_error_budget:remaining_ratio{{{MODEL}}})",
            unit=Unit.RATIO,
            decimals=0,
            lowest=None,
            highest=1,
            thresholds=at_least(0, 0.25),
        ),
        _tile(
            "Burn rate, errors",
            "How many times faster than allowed faults came within the last hour, of the worst model "
            "chosen: 1 just lasts, 14.4 pages. From ecluse_requests_total.",
            f"max({burn('errors', '1h', 'availability')})",
            decimals=1,
            thresholds=BURNING,
        ),
        _tile(
            "Burn rate, latency",
            "How many times faster than allowed late answers came within the last hour, of the worst model "
            "chosen: 1 just lasts, 14.4 pages. From ecluse_request_duration_seconds.",
            f"max({burn('slow', '1h', 'latency')})",
            decimals=1,
            thresholds=BURNING,
        ),
        _tile(
            "Requests within an hour",
            "How many requests the last hour had. Below a hundred a single fault is a large share, and no "
            "burn rate pages. From ecluse_requests_total.",
            f"sum(increase(ecluse_requests_total{{{MODEL}}}[1h]))",
            decimals=0,
            thresholds=Thresholds(Colour.YELLOW, ((100, Colour.BLUE),)),
        ),
    )


def _tile(title: str, description: str, expression: str, **more: Any) -> Stat:
    return Stat(title=title, description=description, width=4, height=4, queries=(now(expression),), **more)


def burning(promise: Promise) -> tuple[Panel, ...]:
    def panel(title: str, kind: str, objective: str, metric: str, meaning: str) -> TimeSeries:
        return TimeSeries(
            title=title,
            description=f"How many times faster than allowed {meaning}, over four windows. Above 14.4 over 5 minutes "
            "and an hour somebody is paged; above 6 over 6 hours too; above 1 over 3 days a ticket is written. "
            f"From {metric}.",
            width=9,
            height=8,
            queries=tuple(
                Query(burn(kind, window, objective), f"{{{{model_name}}}} {window}") for window in BURN_WINDOWS
            ),
            thresholds=BURNING,
            limits=Lines.DASHED,
            overrides=BURN_COLOURS,
            legend=("max", "lastNotNull"),
        )

    return (
        panel("Error budget burns", "errors", "availability", REQUESTS, "faults come"),
        panel("Latency budget burns", "slow", "latency", DURATION, "late answers come"),
        Text(
            title="How to read a burn rate",
            description="What the two panels beside it mean.",
            width=6,
            height=8,
            content=(
                f"**Promise**: {percent(promise.availability.objective)} of requests without a fault of ours, and "
                f"{percent(promise.latency.objective)} of good "
                f"answers within {promise.latency.threshold_seconds:g} s.\n\n"
                "A burn rate of **1** spends the budget exactly within its window; **14.4** spends 2 % of a month's "
                "within an hour.\n\n"
                "- the short line high, the long low: it has just begun, or was a blip\n"
                "- both high: it is going on; somebody is paged\n"
                "- the long high, the short low: it is over, the budget is gone\n\n"
                "With fewer than 100 requests an hour one fault is a large share: nothing pages then."
            ),
        ),
    )
