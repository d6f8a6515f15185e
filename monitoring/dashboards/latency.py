"""Latency and errors: what callers notice, against what was promised, and where the time goes."""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.error_panels import KNOWN, errors
from monitoring.dashboards.expressions import WINDOW, mean, quantile, rate
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import Heatmap, Lines, TimeSeries
from monitoring.dashboards.latency_panels import (
    DURATION,
    latencies,
)
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Unit,
    allowed,
    coloured,
    limit,
)
from monitoring.dashboards.objective_panels import burning, objectives
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, NAMED, VERSION, Query, buckets
from monitoring.slo import Promise

STAGE_COLOURS = tuple(
    coloured(stage, colour)
    for stage, colour in {
        "decode": Colour.LIGHT_BLUE,
        "queue": Colour.ORANGE,
        "assemble": Colour.PURPLE,
        "inference": Colour.BLUE,
        "encode": Colour.GREEN,
        "user_code": Colour.YELLOW,
    }.items()
)


def _latency(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    return (
        (
            latencies(12, 9, promise),
            Heatmap(
                title="How latency spreads",
                description="How many requests took how long: two bands are two kinds of requests, or a fault of some "
                "servers alone. From ecluse_request_duration_seconds.",
                width=12,
                height=9,
                queries=(buckets(f"sum by (le) (increase({DURATION}_bucket{{{VERSION}}}[{WINDOW}]))"),),
                unit=Unit.SECONDS,
            ),
        ),
        (
            TimeSeries(
                title="Late answers",
                description=f"Share of good answers that took longer than {promise.latency.threshold_seconds:g} s; "
                "the dashed "
                "line is what the objective allows. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(Query(f"model:ecluse_slow:ratio_rate5m{{{MODEL}{NAMED}}}", "{{model_name}}"),),
                unit=Unit.RATIO,
                thresholds=limit(allowed(promise.latency.objective)),
                limits=Lines.DASHED,
            ),
            TimeSeries(
                title="p95 by protocol",
                description="The 95th percentile of V1, V2 and gRPC: apart from each other it is the decoding, "
                "together it is the model. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(Query(quantile(0.95, DURATION, "protocol"), "{{protocol}}"),),
                unit=Unit.SECONDS,
            ),
            TimeSeries(
                title="p95 by version",
                description="The 95th percentile of each version of each model. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(
                    Query(
                        quantile(0.95, DURATION, "model_name", "model_version", where=KNOWN),
                        "{{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
            ),
        ),
    )


def _stages() -> tuple[Panel, ...]:
    seconds = rate("ecluse_stage_duration_seconds_sum", "stage")
    requests = rate(f"{DURATION}_count")
    return (
        TimeSeries(
            title="Where the time goes",
            description="Seconds of work in each stage for each request: assemble and inference count once a batch, so "
            "that merging shows as a fall. From ecluse_stage_duration_seconds.",
            width=12,
            height=8,
            queries=(Query(f"{seconds} / on () group_left () ({requests} > 0)", "{{stage}}"),),
            unit=Unit.SECONDS,
            overrides=STAGE_COLOURS,
            stacked=True,
        ),
        TimeSeries(
            title="p95 of each stage",
            description="The 95th percentile of each stage. The queue above inference: too much is asked, or batches "
            "are too small. From ecluse_stage_duration_seconds.",
            width=12,
            height=8,
            queries=(
                Query(f"max by (stage) (model_stage:ecluse_stage_duration_seconds:p95_5m{{{MODEL}}})", "{{stage}}"),
            ),
            unit=Unit.SECONDS,
            overrides=STAGE_COLOURS,
        ),
    )


def _sizes() -> tuple[Panel, ...]:
    def panel(title: str, metric: str, meaning: str, unit: Unit) -> TimeSeries:
        return TimeSeries(
            title=title,
            description=f"{meaning}: mean, and the 95th percentile. From {metric}.",
            width=8,
            height=7,
            queries=(Query(quantile(0.95, metric), "p95"), Query(mean(metric), "mean")),
            unit=unit,
            overrides=(coloured("p95", Colour.BLUE), coloured("mean", Colour.GREY)),
        )

    return (
        panel("Rows in a request", "ecluse_request_rows", "Rows that a request carries", Unit.NUMBER),
        panel("Size of requests", "ecluse_request_size_bytes", "Bytes of a request as it is decoded", Unit.BYTES),
        panel("Size of answers", "ecluse_response_size_bytes", "Bytes of an answer before compression", Unit.BYTES),
    )


def latency(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-latency",
        title="Écluse / Latency and errors",
        description="What callers notice, against what was promised, and where the time goes.",
        rows=(
            Row("Objectives", (objectives(promise), burning(promise))),
            Row("Latency", _latency(promise)),
            Row("Where the time goes", (_stages(),)),
            Row("Errors", errors(promise)),
            Row("Sizes", (_sizes(),)),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
