"""Batching: whether merging pays, what waiting costs, and which knob to turn."""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import WINDOW, mean, quantile, rate
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import BarGauge, Heatmap, Lines, Stat, Text, TimeSeries
from monitoring.dashboards.latency_panels import rejected
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import Colour, Unit, at_most, coloured, limit, on_the_right, reference
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, PLACE, VERSION, Query, buckets, now
from monitoring.slo import Promise

STAGE = "ecluse_stage_duration_seconds"

KNOBS = """
| what is seen | knob |
|---|---|
| waiting high, full to little, trigger *timeout* | lower `batch.maxWaitSeconds` |
| full to 100 %, trigger *full*, utilisation < 90 % | raise `batch.maxRows` |
| utilisation near 100 %, queue grows | more replicas |
| padding above 30 % while the model is busy | a `batch.maxRows` near what is really gathered |
| queue full while batches are small | raise `batch.queueRows` |
| *late* among the turned away | callers' deadlines are shorter than queue and run |

Turn one at a time, and look here for ten minutes.
"""


def _now(promise: Promise) -> tuple[Panel, ...]:
    busy = promise.saturation.utilisation_ratio
    return (
        Stat(
            title="Rows",
            description="Rows run a second, padding not counted, over five minutes. From ecluse_batch_rows.",
            width=4,
            height=4,
            queries=(now(rate("ecluse_batch_rows_sum", window="5m")),),
            unit=Unit.ROWS_PER_SECOND,
        ),
        Stat(
            title="Rows in a batch",
            description="How many rows run together, over five minutes; 1 means that nothing is merged. "
            "From ecluse_batch_rows.",
            width=4,
            height=4,
            queries=(now(mean("ecluse_batch_rows", window="5m")),),
            decimals=1,
        ),
        Stat(
            title="Full to",
            description="Rows in a batch as a share of the largest batch, over five minutes, of the fullest model "
            "chosen. Low is no fault while utilisation is low. From ecluse_batch_rows and ecluse_batch_cap_rows.",
            width=4,
            height=4,
            queries=(now(f"max(model:ecluse_batch_fill:ratio5m{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            highest=1,
        ),
        Stat(
            title="Padding",
            description="Rows added to bring batches to the size of their bucket, as a share of all that were run, of "
            "the worst model chosen. From ecluse_batch_padding_rows_total.",
            width=4,
            height=4,
            queries=(now(f"max(model:ecluse_padding:ratio5m{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            highest=1,
            thresholds=at_most(round(promise.batching.padding_ratio / 2, 9), promise.batching.padding_ratio),
        ),
        Stat(
            title="Waiting",
            description="Share of a request's time that it waits for its batch, of the worst model chosen. "
            "From ecluse_stage_duration_seconds and ecluse_request_duration_seconds.",
            width=4,
            height=4,
            queries=(now(f"max(model:ecluse_queue_share:ratio5m{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            thresholds=at_most(promise.batching.queue_share, round((1 + promise.batching.queue_share) / 2, 9)),
        ),
        Stat(
            title="Busiest server",
            description="Share of the time that the model was running on the busiest server. "
            "From ecluse_executor_busy_seconds_total and ecluse_device_lanes.",
            width=4,
            height=4,
            queries=(now(f"max(instance:ecluse_utilisation:ratio5m{{{PLACE}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            thresholds=at_most(round(busy * 5 / 6, 9), busy),
        ),
    )


def _batches() -> tuple[tuple[Panel, ...], ...]:
    return (
        (
            Heatmap(
                title="Rows in a batch",
                description="How many batches had how many rows, before padding. From ecluse_batch_rows.",
                width=10,
                height=9,
                queries=(buckets(f"sum by (le) (increase(ecluse_batch_rows_bucket{{{VERSION}}}[{WINDOW}]))"),),
            ),
            TimeSeries(
                title="What makes batches leave",
                description="Batches a second by what made them leave: full is a batch of the largest size, idle is a "
                "free lane that waits for nobody, timeout is the longest wait, drain is the end of the server. "
                "From ecluse_batches_total.",
                width=7,
                height=9,
                queries=(Query(rate("ecluse_batches_total", "trigger"), "{{trigger}}"),),
                unit=Unit.PER_SECOND,
                stacked=True,
                overrides=(
                    coloured("full", Colour.BLUE),
                    coloured("idle", Colour.GREEN),
                    coloured("timeout", Colour.ORANGE),
                    coloured("drain", Colour.PURPLE),
                ),
                legend=("mean", "lastNotNull"),
            ),
            Text(
                title="Which knob",
                description="What to change, by what is seen here; the knobs are the chart's values.",
                width=7,
                height=9,
                content=KNOBS.strip(),
            ),
        ),
        (
            TimeSeries(
                title="Rows and requests in a batch",
                description="Their means. From ecluse_batch_rows and ecluse_batch_requests.",
                width=8,
                height=8,
                queries=(Query(mean("ecluse_batch_rows"), "rows"), Query(mean("ecluse_batch_requests"), "requests")),
                overrides=(coloured("rows", Colour.BLUE), coloured("requests", Colour.GREEN)),
            ),
            TimeSeries(
                title="Full to, and padded by",
                description="Rows in a batch as a share of the largest, and rows added for nothing but the size of a "
                "bucket as a share of all run. From ecluse_batch_rows and ecluse_batch_padding_rows_total.",
                width=8,
                height=8,
                queries=(
                    Query(f"model:ecluse_batch_fill:ratio5m{{{MODEL}}}", "{{model_name}} full to"),
                    Query(f"model:ecluse_padding:ratio5m{{{MODEL}}}", "{{model_name}} padded by"),
                ),
                unit=Unit.RATIO,
                highest=1,
            ),
            BarGauge(
                title="How long a batch runs, by size",
                description="What a batch of each padded size is expected to take: measured when the model is warmed "
                "up, and followed since. Flat: merging is free; growing with the size: merging gains little. "
                "From ecluse_batch_estimated_seconds.",
                width=8,
                height=8,
                queries=(
                    now(f"sort(max by (bucket) (ecluse_batch_estimated_seconds{{{VERSION}}}))", "{{bucket}} rows"),
                ),
                unit=Unit.SECONDS,
            ),
        ),
    )


def _waiting(promise: Promise) -> tuple[Panel, ...]:
    queue = f'{VERSION},stage="queue"'
    return (
        TimeSeries(
            title="Time in the queue",
            description="How long requests wait for their batch: median, 95th and 99th percentile. "
            "From ecluse_stage_duration_seconds.",
            width=8,
            height=8,
            queries=tuple(
                Query(quantile(rank, STAGE, where=queue), name)
                for rank, name in ((0.99, "p99"), (0.95, "p95"), (0.5, "p50"))
            ),
            unit=Unit.SECONDS,
            thresholds=limit(promise.latency.threshold_seconds),
            overrides=(
                coloured("p99", Colour.PURPLE),
                coloured("p95", Colour.BLUE),
                coloured("p50", Colour.LIGHT_BLUE),
            ),
        ),
        TimeSeries(
            title="Waiting, as a share of latency",
            description="Share of a request's time that it waits for its batch. The line is where it becomes "
            "too much. From ecluse_stage_duration_seconds and ecluse_request_duration_seconds.",
            width=8,
            height=8,
            queries=(Query(f"model:ecluse_queue_share:ratio5m{{{MODEL}}}", "{{model_name}}"),),
            unit=Unit.RATIO,
            thresholds=limit(promise.batching.queue_share),
            limits=Lines.DASHED,
        ),
        TimeSeries(
            title="Time the model runs",
            description="How long a batch runs: median and 95th percentile. From ecluse_stage_duration_seconds.",
            width=8,
            height=8,
            queries=tuple(
                Query(quantile(rank, STAGE, where=f'{VERSION},stage="inference"'), name)
                for rank, name in ((0.95, "p95"), (0.5, "p50"))
            ),
            unit=Unit.SECONDS,
            overrides=(coloured("p95", Colour.BLUE), coloured("p50", Colour.LIGHT_BLUE)),
        ),
    )


def _capacity(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    return (
        (
            TimeSeries(
                title="Rows a second against utilisation",
                description="Rows run a second, and the share of the time that models were running, mean of all "
                "servers: utilisation that grows while rows do not is a slower model. "
                "From ecluse_batch_rows and ecluse_executor_busy_seconds_total.",
                width=8,
                height=8,
                queries=(
                    Query(rate("ecluse_batch_rows_sum"), "rows"),
                    Query(f"avg(instance:ecluse_utilisation:ratio5m{{{PLACE}}})", "utilisation"),
                ),
                unit=Unit.ROWS_PER_SECOND,
                overrides=(
                    coloured("rows", Colour.BLUE),
                    on_the_right("utilisation", Unit.RATIO, "utilisation", Colour.ORANGE),
                ),
            ),
            TimeSeries(
                title="Utilisation of each server",
                description="Share of the time that models were running; more than the number of lanes cannot be. "
                "From ecluse_executor_busy_seconds_total and ecluse_device_lanes.",
                width=8,
                height=8,
                queries=(Query(f"instance:ecluse_utilisation:ratio5m{{{PLACE}}}", "{{instance}}"),),
                unit=Unit.RATIO,
                thresholds=limit(promise.saturation.utilisation_ratio),
                limits=Lines.DASHED,
            ),
            TimeSeries(
                title="Waiting rows, and how many may",
                description="Rows and requests in all queues, and the rows at which requests are turned away. "
                "From ecluse_queue_rows, ecluse_queue_requests and ecluse_queue_limit_rows.",
                width=8,
                height=8,
                queries=(
                    Query(f"sum(ecluse_queue_rows{{{VERSION}}})", "rows"),
                    Query(f"sum(ecluse_queue_requests{{{VERSION}}})", "requests"),
                    Query(f"sum(ecluse_queue_limit_rows{{{VERSION}}})", "limit"),
                ),
                overrides=(
                    coloured("rows", Colour.BLUE),
                    coloured("requests", Colour.GREEN),
                    reference("limit", Colour.RED),
                ),
            ),
        ),
        (
            TimeSeries(
                title="Oldest waiting request",
                description="How long the request at the head of each model's queue has waited; one that only grows is "
                "a model that hangs. From ecluse_batch_queue_oldest_seconds.",
                width=8,
                height=7,
                queries=(
                    Query(
                        f"max by (model_name, model_version) (ecluse_batch_queue_oldest_seconds{{{VERSION}}})",
                        "{{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
            ),
            rejected(8, 7),
            TimeSeries(
                title="Largest batch",
                description="Rows in the largest batch, for the time being: below the setting where larger ones did "
                "not fit into memory. From ecluse_batch_cap_rows.",
                width=8,
                height=7,
                queries=(
                    Query(
                        f"min by (model_name, model_version) (ecluse_batch_cap_rows{{{VERSION}}})",
                        "{{model_name}} {{model_version}}",
                    ),
                ),
                steps=True,
            ),
        ),
    )


def batching(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-batching",
        title="Écluse / Batching",
        description="Whether merging pays, what waiting costs, and which knob to turn.",
        rows=(
            Row("Now", (_now(promise),)),
            Row("Batches", _batches()),
            Row("Waiting and running", (_waiting(promise),)),
            Row("Capacity", _capacity(promise)),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
