"""Rollout: the revisions beside each other, and how each server came to be ready.

A revision is the pods of one template; the chart's monitors give its label.
Elsewhere servers are told apart by the version that they run.
"""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import quantile
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import Lines, Stat, StateTimeline, TimeSeries
from monitoring.dashboards.latency_panels import DURATION
from monitoring.dashboards.layout import Row
from monitoring.dashboards.life_panels import LIFE_OF_A_SERVER, PHASES, models, numbered
from monitoring.dashboards.load_test import load_test
from monitoring.dashboards.look import Colour, Thresholds, Unit, allowed, at_least, limit
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import NAMED, PLACE, VERSION, Query, now
from monitoring.slo import Promise

REVISION = "{{variant}} {{revision}}"
REVISIONS = "Prometheus gives its targets a label `revision`, as the chart's PodMonitor and ServiceMonitor do"


def _now() -> tuple[Panel, ...]:
    return (
        Stat(
            title="Servers",
            description="Servers that answer scrapes. From ecluse_build_info.",
            width=4,
            height=4,
            queries=(now(f"count(ecluse_build_info{{{PLACE}}})"),),
            unit=Unit.WHOLE,
            empty="None",
        ),
        Stat(
            title="Ready",
            description='Servers that are ready for requests. From ecluse_phase{phase="ready"}.',
            width=4,
            height=4,
            queries=(now(f'sum(ecluse_phase{{{PLACE},phase="ready"}})'),),
            unit=Unit.WHOLE,
            thresholds=at_least(0.5, 1),
            empty="None",
        ),
        Stat(
            title="Draining",
            description="Servers that have been told to stop and finish what they have. From ecluse_draining.",
            width=4,
            height=4,
            queries=(now(f"sum(ecluse_draining{{{PLACE}}})"),),
            unit=Unit.WHOLE,
            empty="None",
        ),
        Stat(
            title="Revisions",
            description="Revisions that run side by side, of the Deployment that has most; more than one for long is a "
            "rollout that does not end. From ecluse_build_info.",
            width=4,
            height=4,
            queries=(
                now(
                    "max(count by (namespace, variant) "
                    f"(count by (namespace, variant, revision) (ecluse_build_info{{{PLACE}}})))"
                ),
            ),
            unit=Unit.WHOLE,
            thresholds=Thresholds(Colour.GREEN, ((2, Colour.YELLOW),)),
            empty="None",
        ),
        Stat(
            title="Loads that failed",
            description="Times within an hour that a version could not be loaded or warmed up; what was served before "
            "still is. From ecluse_model_load_failures_total.",
            width=4,
            height=4,
            queries=(now(f"sum(increase(ecluse_model_load_failures_total{{{VERSION}}}[1h]))"),),
            unit=Unit.WHOLE,
            decimals=0,
            thresholds=Thresholds(Colour.GREEN, ((0.5, Colour.RED),)),
            empty="None",
        ),
        Stat(
            title="Restarts",
            description="Times within an hour that a server process began anew in its place. "
            "From ecluse_start_time_seconds.",
            width=4,
            height=4,
            queries=(now(f"sum(changes(ecluse_start_time_seconds{{{PLACE}}}[1h]))"),),
            unit=Unit.WHOLE,
            thresholds=Thresholds(Colour.GREEN, ((1, Colour.YELLOW), (3, Colour.RED))),
            empty="None",
        ),
    )


def _revisions(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    def panel(title: str, description: str, expr: str, unit: Unit, bound: float | None = None) -> TimeSeries:
        return TimeSeries(
            title=title,
            description=description,
            width=8,
            height=9,
            queries=(Query(expr, REVISION),),
            unit=unit,
            thresholds=limit(bound) if bound is not None else Thresholds(),
            limits=Lines.DASHED if bound is not None else Lines.NONE,
            legend=("mean", "lastNotNull"),
            empty="No revisions",
            empty_until=REVISIONS,
        )

    return (
        (
            TimeSeries(
                title="Servers by revision",
                description="Servers that answer scrapes, of each revision: one grows as the other goes. "
                "From ecluse_build_info.",
                width=12,
                height=8,
                queries=(Query(f"count by (variant, revision) (ecluse_build_info{{{PLACE}}})", REVISION),),
                unit=Unit.WHOLE,
                stacked=True,
                steps=True,
                legend=("lastNotNull",),
            ),
            StateTimeline(
                title="Life of each server",
                description="The phase that each server is in: loading, warming, ready, draining. From ecluse_phase.",
                width=12,
                height=8,
                queries=(Query(numbered("ecluse_phase", "phase", PHASES, "instance", PLACE), "{{instance}}"),),
                unit=Unit.WHOLE,
                mappings=(LIFE_OF_A_SERVER,),
                named_values=True,
            ),
        ),
        (
            panel(
                "Requests by revision",
                "Requests answered a second, of each revision over five minutes. From ecluse_requests_total.",
                f"revision:ecluse_requests:rate5m{{{PLACE}}}",
                Unit.REQUESTS_PER_SECOND,
            ),
            panel(
                "Server errors by revision",
                "Share of requests answered 5xx, of each revision over five minutes: the newer above the older is the "
                "rollout's fault. From ecluse_requests_total.",
                f"revision:ecluse_errors:ratio_rate5m{{{PLACE}}}",
                Unit.RATIO,
                allowed(promise.availability.objective),
            ),
            panel(
                "p95 by revision",
                "The 95th percentile of good answers, of each revision over five minutes. "
                "From ecluse_request_duration_seconds.",
                f"revision:ecluse_request_duration_seconds:p95_5m{{{PLACE}}}",
                Unit.SECONDS,
                promise.latency.threshold_seconds,
            ),
        ),
        (
            TimeSeries(
                title="p99 by revision",
                description="The 99th percentile, of each revision. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(Query(quantile(0.99, DURATION, "variant", "revision"), REVISION),),
                unit=Unit.SECONDS,
                legend=("mean", "lastNotNull"),
            ),
            TimeSeries(
                title="p95 by model version",
                description="The 95th percentile, of each version of each model: for versions that change without a "
                "new revision. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(
                    Query(
                        quantile(0.95, DURATION, "model_name", "model_version", where=f"{VERSION}{NAMED}"),
                        "{{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
                legend=("mean", "lastNotNull"),
            ),
            TimeSeries(
                title="Accuracy by model version",
                description="Share of labelled rows of an hour that each version had right. "
                "From ecluse_feedback_correct_total and ecluse_feedback_actual_total.",
                width=8,
                height=8,
                queries=(Query(f"version:ecluse_accuracy:ratio1h{{{VERSION}}}", "{{model_name}} {{model_version}}"),),
                unit=Unit.RATIO,
                lowest=None,
                shows_at_least=(0.8, 1),
                legend=("mean", "lastNotNull"),
                empty="No labels",
                empty_until="late labels are sent to /v1/feedback",
            ),
        ),
    )


def rollout(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-rollout",
        title="Écluse / Rollout",
        description="The revisions beside each other, and how each server came to be ready.",
        rows=(
            Row("Now", (_now(),)),
            Row("Revisions", _revisions(promise)),
            Row("Models", models()),
            load_test(promise),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
