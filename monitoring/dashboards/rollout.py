"""Rollout: the revisions beside each other, and how each server came to be ready.

A revision is the pods of one template; the chart's monitors give its label.
Elsewhere servers are told apart by the version that they run.
"""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import quantile
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import BarGauge, Lines, Stat, StateTimeline, Table, TimeSeries
from monitoring.dashboards.latency_panels import DURATION
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import Colour, Override, Thresholds, Unit, allowed, at_least, limit, named
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import NAMED, PLACE, VERSION, Query, column, now
from monitoring.dashboards.resources import KUBERNETES, OUR_PODS
from monitoring.slo import Promise

REVISION = "{{variant}} {{revision}}"
REVISIONS = "Prometheus gives its targets a label `revision`, as the chart's PodMonitor and ServiceMonitor do"
STATES = {"LOADING": 1, "READY": 2, "UNLOADING": 3, "UNAVAILABLE": 4}
PHASES = {"loading": 1, "warming": 2, "ready": 3, "draining": 4, "stopped": 5}

LIFE_OF_A_MODEL = named(
    {
        0: ("not there", Colour.GREY),
        1: ("loading", Colour.YELLOW),
        2: ("ready", Colour.GREEN),
        3: ("unloading", Colour.BLUE),
        4: ("unavailable", Colour.RED),
    }
)
LIFE_OF_A_SERVER = named(
    {
        0: ("not there", Colour.GREY),
        1: ("loading", Colour.YELLOW),
        2: ("warming", Colour.ORANGE),
        3: ("ready", Colour.GREEN),
        4: ("draining", Colour.BLUE),
        5: ("stopped", Colour.GREY),
    }
)


def numbered(metric: str, label: str, values: dict[str, int], by: str, where: str) -> str:
    """Which of the values is 1, as its number."""
    each = (f'{number} * max by ({by}) ({metric}{{{where},{label}="{value}"}})' for value, number in values.items())
    return " + ".join(each)


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


def _models() -> tuple[tuple[Panel, ...], ...]:
    by = "model_name, model_version"
    return (
        (
            StateTimeline(
                title="Life of each model version",
                description="The furthest state of each version over all servers: loading, ready, unloading, or "
                "unavailable where some server could not load it. From ecluse_model_state.",
                width=12,
                height=7,
                queries=(Query(_worst_state(by), "{{model_name}} {{model_version}}"),),
                unit=Unit.WHOLE,
                mappings=(LIFE_OF_A_MODEL,),
                named_values=True,
            ),
            TimeSeries(
                title="Servers that have each version ready",
                description="On how many servers each version is loaded and warmed up. From ecluse_model_ready.",
                width=12,
                height=7,
                queries=(
                    Query(f"sum by ({by}) (ecluse_model_ready{{{VERSION}}})", "{{model_name}} {{model_version}}"),
                ),
                unit=Unit.WHOLE,
                steps=True,
                legend=("lastNotNull",),
            ),
        ),
        (
            BarGauge(
                title="Loading and warming up",
                description="How long it took to load each version, and to run every batch size once, on the slowest "
                "server: together the least that a new server takes to be ready. "
                "From ecluse_model_load_duration_seconds and ecluse_warmup_duration_seconds.",
                width=8,
                height=7,
                queries=(
                    now(
                        f"max by ({by}) (ecluse_model_load_duration_seconds{{{VERSION}}})",
                        "load {{model_name}} {{model_version}}",
                    ),
                    now(
                        f"max by ({by}) (ecluse_warmup_duration_seconds{{{VERSION}}})",
                        "warm up {{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
            ),
            Table(
                title="What is served",
                description="Each version with the signature that is called, the first digits of its baseline's digest "
                "(empty without one), and when it began to answer. "
                "From ecluse_model_info and ecluse_model_loaded_timestamp_seconds.",
                width=16,
                height=7,
                queries=(
                    column(f"max by ({by}, signature, baseline) (ecluse_model_info{{{VERSION}}})"),
                    column(f"1000 * (max by ({by}) (ecluse_model_loaded_timestamp_seconds{{{VERSION}}}) > 0)"),
                    column(f"sum by ({by}) (ecluse_model_ready{{{VERSION}}})"),
                ),
                unit=Unit.WHOLE,
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True, "Value #A": True},
                            "indexByName": {"model_name": 0, "model_version": 1, "signature": 2, "baseline": 3},
                            "renameByName": {
                                "model_name": "model",
                                "model_version": "version",
                                "Value #B": "answers since",
                                "Value #C": "servers",
                            },
                        },
                    },
                ),
                overrides=(Override("answers since", {"unit": Unit.MOMENT.value}),),
                sort_by="answers since",
            ),
        ),
        (
            Table(
                title="Versions that run",
                description="Servers by what they are built of. From ecluse_build_info.",
                width=12,
                height=6,
                queries=(
                    column(f"count by (version, python, tensorflow, kserve, revision) (ecluse_build_info{{{PLACE}}})"),
                ),
                unit=Unit.WHOLE,
                transformations=(
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {"revision": 0, "version": 1},
                            "renameByName": {"version": "Écluse", "Value": "servers"},
                        },
                    },
                ),
                sort_by="servers",
            ),
            TimeSeries(
                title="Restarts of containers",
                description="Restarts of our pods' containers, as Kubernetes counts them. "
                "From kube_pod_container_status_restarts_total.",
                width=12,
                height=6,
                queries=(
                    Query(
                        f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{PLACE}}}[10m]) {OUR_PODS})",
                        "{{pod}}",
                    ),
                ),
                unit=Unit.WHOLE,
                bars=True,
                legend=(),
                empty="No kube-state-metrics",
                empty_until=KUBERNETES,
            ),
        ),
    )


def _worst_state(by: str) -> str:
    """The highest number among the states that some server has the version in."""
    each = (
        f'{number} * (max by ({by}) (ecluse_model_state{{{VERSION},state="{state}"}}) == 1)'
        for state, number in sorted(STATES.items(), key=lambda item: -item[1])
    )
    return " or ".join(each)


def rollout(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-rollout",
        title="Écluse / Rollout",
        description="The revisions beside each other, and how each server came to be ready.",
        rows=(
            Row("Now", (_now(),)),
            Row("Revisions", _revisions(promise)),
            Row("Models", _models()),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
