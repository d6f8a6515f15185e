"""The first dashboard: is it healthy, and if not, which part.

Its first screen answers that with the alerts of each part and with the numbers
that callers notice. What stands below it is one line for each part, and leads
to the dashboard that says more.
"""

from typing import Any

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES, leads_to
from monitoring.dashboards.kinds import Stat, StateTimeline, Table, cell
from monitoring.dashboards.latency_panels import by_code, error_ratios, latencies
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    allowed,
    at_least,
    at_most,
    limit,
    named,
)
from monitoring.dashboards.overview_parts import data, saturation
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, NAMED, PLACE, Json, Query, column, now
from monitoring.dashboards.resources import GPUS, resources
from monitoring.rules.windows import burning, burns
from monitoring.slo import Promise

PARTS = {
    "availability": "ecluse-latency",
    "latency": "ecluse-latency",
    "saturation": "ecluse-batching",
    "batching": "ecluse-batching",
    "quality": "ecluse-quality",
    "drift": "ecluse-drift",
    "rollout": "ecluse-rollout",
    "platform": "ecluse-rollout",
}
"""The components that alerts name, each with the dashboard that says more of it."""

STATES = named({0: ("Well", Colour.GREEN), 1: ("Warning", Colour.ORANGE), 2: ("Critical", Colour.RED)})
SEVERE = Thresholds(Colour.GREEN, ((1, Colour.ORANGE), (2, Colour.RED)))
FIRING = 'alertname=~"Ecluse.*",alertstate="firing",namespace=~"$namespace|",model_name=~"$model|"'


def state_of(part: str) -> str:
    """2 while something critical fires for a part, 1 while a warning does; nothing where no rules are evaluated."""
    critical = f'2 * ALERTS{{{FIRING},component="{part}",severity="critical"}}'
    warning = f'ALERTS{{{FIRING},component="{part}",severity="warning"}}'
    return f"max({critical} or {warning}) or 0 * max(slo:ecluse_availability:objective)"


def _well() -> tuple[Panel, ...]:
    queries = {part: state_of(part) for part in PARTS}
    return (
        Stat(
            title="Which part",
            description="The worst alert that fires for each part: green none, orange a warning, red a critical one. "
            "A tile leads to the dashboard that says more. From ALERTS; grey where our rules are not loaded.",
            width=24,
            height=3,
            queries=tuple(now(expr, part.capitalize()) for part, expr in queries.items()),
            unit=Unit.WHOLE,
            thresholds=SEVERE,
            mappings=(STATES,),
            overrides=tuple(
                Override(part.capitalize(), {"links": [leads_to(uid, f"More on {part}")]})
                for part, uid in PARTS.items()
            ),
            empty="No rules",
            filled=True,
            with_names=True,
        ),
    )


OURS_LATELY = f"on (namespace, job) last_over_time(ecluse_build_info{{{PLACE}}}[1h])"


def _now(promise: Promise) -> tuple[Panel, ...]:
    urgent = burns(promise.window_days)[0][0].factor(promise.window_days)
    return (
        _tile(
            "Requests",
            "Inference requests answered a second, by whatever status, over five minutes. From ecluse_requests_total.",
            f"sum(model:ecluse_requests:rate5m{{{MODEL}}})",
            leads_to("ecluse-latency", "Latency and errors"),
            unit=Unit.REQUESTS_PER_SECOND,
        ),
        _tile(
            "Server errors",
            "Share of requests answered 5xx over five minutes, of the worst model chosen. Yellow: the error "
            "budget runs out before its window does; red: it runs out in "
            f"{promise.window_days / urgent:.2g} days. From ecluse_requests_total.",
            f"max(model:ecluse_errors:ratio_rate5m{{{MODEL}}})",
            leads_to("ecluse-latency", "Latency and errors"),
            unit=Unit.RATIO,
            highest=1,
            thresholds=at_most(
                allowed(promise.availability.objective), burning(urgent, promise.availability.objective)
            ),
        ),
        _tile(
            "Client errors",
            "Share of requests answered 4xx over five minutes, of the worst model chosen: callers that ask "
            "what cannot be answered. From ecluse_requests_total.",
            f"max(model:ecluse_client_errors:ratio_rate5m{{{MODEL}{NAMED}}})",
            leads_to("ecluse-latency", "Latency and errors"),
            unit=Unit.RATIO,
            highest=1,
            thresholds=Thresholds(Colour.GREEN, ((promise.saturation.client_error_ratio, Colour.YELLOW),)),
        ),
        _tile(
            "p95",
            "95 of 100 requests were answered within this time, of the slowest model chosen, over five "
            "minutes. Red from the objective's time on. From ecluse_request_duration_seconds.",
            f"max(model:ecluse_request_duration_seconds:p95_5m{{{MODEL}}})",
            leads_to("ecluse-latency", "Latency and errors"),
            unit=Unit.SECONDS,
            thresholds=at_most(0.5 * promise.latency.threshold_seconds, promise.latency.threshold_seconds),
        ),
        _tile(
            "p99",
            "99 of 100 requests were answered within this time, of the slowest model chosen, over five "
            "minutes. Red from the objective's time on. From ecluse_request_duration_seconds.",
            f"max(model:ecluse_request_duration_seconds:p99_5m{{{MODEL}}})",
            leads_to("ecluse-latency", "Latency and errors"),
            unit=Unit.SECONDS,
            thresholds=at_most(0.75 * promise.latency.threshold_seconds, promise.latency.threshold_seconds),
        ),
        _tile(
            "Error budget left",
            "What is left of the faults that the objective allows in its window, of the worst model chosen; "
            "below zero the promise is broken. From ecluse_requests_total.",
            f"min(model:ecluse_error_budget:remaining_ratio{{{MODEL}}})",
            leads_to("ecluse-latency", "Objectives"),
            unit=Unit.RATIO,
            decimals=0,
            lowest=None,
            highest=1,
            thresholds=at_least(0, 0.25),
        ),
        _tile(
            "Servers ready",
            'Share of the servers that answer scrapes and are ready for requests. From ecluse_phase{phase="ready"}.',
            f'avg(ecluse_phase{{{PLACE},phase="ready"}})',
            leads_to("ecluse-rollout", "Rollout"),
            unit=Unit.RATIO,
            decimals=0,
            highest=1,
            thresholds=at_least(0.5, 1),
            empty="None",
        ),
        _tile(
            "Unreachable",
            "Servers that Prometheus knows of and cannot scrape. From up, of jobs that had a server of "
            "Écluse within the last hour.",
            f"sum((1 - up{{{PLACE}}}) and {OURS_LATELY})",
            leads_to("ecluse-rollout", "Rollout"),
            unit=Unit.WHOLE,
            thresholds=limit(1),
            empty="No server",
        ),
    )


def _tile(title: str, description: str, expression: str, link: Json, **more: Any) -> Stat:
    return Stat(
        title=title, description=description, width=3, height=4, queries=(now(expression),), links=(link,), **more
    )


def _since_when() -> tuple[Panel, ...]:
    return (
        StateTimeline(
            title="Which part, and since when",
            description="The worst alert that fires for each part, over time: the part that turned first is the one "
            "to look at first. From ALERTS.",
            width=12,
            height=7,
            queries=tuple(Query(state_of(part), part.capitalize()) for part in PARTS),
            unit=Unit.WHOLE,
            thresholds=SEVERE,
            mappings=(STATES,),
            empty="No rules",
        ),
        Table(
            title="Alerts that fire",
            description="Each alert that fires, of whatever severity; its name stands in the runbook. From ALERTS.",
            width=12,
            height=7,
            queries=(column(f"max by (alertname, severity, component, namespace, model_name) (ALERTS{{{FIRING}}})"),),
            unit=Unit.WHOLE,
            transformations=(
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time": True, "Value": True},
                        "indexByName": {"severity": 0, "alertname": 1, "component": 2, "model_name": 3, "namespace": 4},
                        "renameByName": {"alertname": "alert", "component": "part", "model_name": "model"},
                    },
                },
            ),
            overrides=(
                Override(
                    "severity",
                    {
                        "custom.cellOptions": cell("color-text"),
                        "custom.width": 90,
                        "mappings": [
                            {
                                "type": "value",
                                "options": {
                                    "critical": {"color": Colour.RED.value, "index": 0, "text": "critical"},
                                    "warning": {"color": Colour.ORANGE.value, "index": 1, "text": "warning"},
                                    "info": {"color": Colour.BLUE.value, "index": 2, "text": "info"},
                                },
                            }
                        ],
                    },
                ),
            ),
            sort_by="severity",
            descending=False,
            empty="Nothing fires",
            empty_until="an alert fires",
        ),
    )


def overview(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-overview",
        title="Écluse / Overview",
        description="Is it healthy, and if not, which part? Start here.",
        rows=(
            Row(
                "Is it healthy?",
                (
                    _well(),
                    _now(promise),
                    _since_when(),
                    (by_code(8, 8, listed=True), error_ratios(8, 8, promise), latencies(8, 8, promise)),
                ),
            ),
            Row("Saturation", (saturation(promise),)),
            Row("Data and quality", (data(promise),)),
            Row("Resources", resources(promise)),
            Row("GPUs", GPUS, folded=True),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
