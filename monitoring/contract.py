"""Every metric that a server exports: name, type, labels, buckets, reader.

The one place where these are written. The server builds its metrics from this
table, so a name that is not here cannot be exported. Pure data: imports
neither a metrics library nor the server.

Names carry their base unit. `model_name` and `model_version` come first on
whatever belongs to a model.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family as it is exported."""

    name: str
    kind: Kind
    help: str
    reader: str
    """Who reads it; a metric that nobody reads is not exported."""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


MODEL = ("model_name", "model_version")

PROTOCOLS = ("v1", "v2", "grpc")
CODES = (200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 499, 500, 501, 503, 504)
"""Every status a request can end with; a gRPC status counts as the HTTP status it means. 499: the caller left."""
OUTCOMES = ("success", "client_error", "server_error")
STAGES = ("decode", "queue", "assemble", "inference", "encode", "user_code")
"""The last is code of a user's own around the model, with what it waits for the model."""
TRIGGERS = ("full", "timeout", "idle", "drain")
MODEL_STATES = ("LOADING", "READY", "UNLOADING", "UNAVAILABLE")
"""The words of the model repository's index."""
REJECTIONS = (
    *(
        "queue_full",
        "overloaded_bytes",
        "too_many_connections",
        "late",
        "draining",
        "loading",
        "too_large",
        "bad_input",
        "slow_caller",
    ),
    *("unauthenticated", "forbidden"),
)

TURNED_AWAY = ("too_many_connections", "bad_input", "head_too_large", "slow_caller")

# All bounds of OpenTelemetry's HTTP histogram up to 10 s, with more below 5 ms, where a small model answers.
LATENCY_SECONDS = (
    *(0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1),
    *(0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0),
)
STAGE_SECONDS = (0.0001, 0.00025, 0.0005, *(bound for bound in LATENCY_SECONDS if bound <= 2.5))
ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)

FATES = ("sent", "dropped", "failed")
"""What becomes of what leaves in its own time: records and spans."""

CONTRACT = (
    Metric(
        "ecluse_build_info",
        Kind.GAUGE,
        "Constant 1; the versions this process runs, as labels.",
        "joins on dashboards, absence alert",
        labels=("version", "python", "tensorflow", "kserve"),
    ),
    Metric(
        "ecluse_requests_total",
        Kind.COUNTER,
        "Inference requests answered, once each, by status; 499 is a caller that left.",
        "traffic and error panels, availability objective",
        labels=(*MODEL, "protocol", "code"),
    ),
    Metric(
        "ecluse_request_duration_seconds",
        Kind.HISTOGRAM,
        "From the request's arrival to its answer.",
        "latency panels, latency objective",
        labels=(*MODEL, "protocol", "outcome"),
        buckets=LATENCY_SECONDS,
    ),
    Metric(
        "ecluse_request_rows",
        Kind.HISTOGRAM,
        "Rows that a request carries.",
        "sizing of batches",
        labels=MODEL,
        buckets=ROWS,
    ),
    Metric(
        "ecluse_inflight_requests",
        Kind.GAUGE,
        "Requests accepted and not yet answered.",
        "saturation panel, drain check",
        labels=("protocol",),
    ),
    Metric(
        "ecluse_http_connections",
        Kind.GAUGE,
        "Connections open to the REST listener.",
        "saturation panel",
    ),
    Metric(
        "ecluse_connections_turned_away_total",
        Kind.COUNTER,
        "REST connections closed for what their caller did before a request was whole, by reason.",
        "tells an attack or a broken client from load",
        labels=("reason",),
    ),
    Metric(
        "ecluse_stage_duration_seconds",
        Kind.HISTOGRAM,
        "Where the time of a request goes; assemble and inference count once a batch.",
        "latency breakdown",
        labels=(*MODEL, "stage"),
        buckets=STAGE_SECONDS,
    ),
    Metric(
        "ecluse_rejected_total",
        Kind.COUNTER,
        "Requests turned away, by reason; each also counts in ecluse_requests_total.",
        "overload alert: tells shed from failure",
        labels=(*MODEL, "reason"),
    ),
    Metric(
        "ecluse_batches_total",
        Kind.COUNTER,
        "Batches that left the queue, by what made them leave.",
        "batching efficiency",
        labels=(*MODEL, "trigger"),
    ),
    Metric(
        "ecluse_batch_rows",
        Kind.HISTOGRAM,
        "Rows in a batch, before padding.",
        "batching efficiency",
        labels=MODEL,
        buckets=ROWS,
    ),
    Metric(
        "ecluse_batch_requests",
        Kind.HISTOGRAM,
        "Requests merged in a batch.",
        "batching efficiency",
        labels=MODEL,
        buckets=ROWS,
    ),
    Metric(
        "ecluse_batch_padding_rows_total",
        Kind.COUNTER,
        "Rows added to bring batches to the size of their bucket.",
        "cost of padding",
        labels=MODEL,
    ),
    Metric(
        "ecluse_batch_estimated_seconds",
        Kind.GAUGE,
        "How long a batch of each padded size is expected to run.",
        "sizing of batches, explains what is shed as late",
        labels=(*MODEL, "bucket"),
    ),
    Metric(
        "ecluse_batch_cap_rows",
        Kind.GAUGE,
        "Rows in the largest batch, for the time being.",
        "memory pressure: below the setting where batches did not fit",
        labels=MODEL,
    ),
    Metric(
        "ecluse_executor_busy_seconds_total",
        Kind.COUNTER,
        "Time spent running the model.",
        "utilisation, autoscaling",
        labels=MODEL,
    ),
    Metric(
        "ecluse_queue_requests",
        Kind.GAUGE,
        "Requests waiting for a batch.",
        "saturation panel",
        labels=MODEL,
    ),
    Metric(
        "ecluse_queue_rows",
        Kind.GAUGE,
        "Rows waiting for a batch.",
        "saturation alert, autoscaling",
        labels=MODEL,
    ),
    Metric(
        "ecluse_queue_limit_rows",
        Kind.GAUGE,
        "Rows that may wait before requests are turned away.",
        "saturation alert",
        labels=MODEL,
    ),
    Metric(
        "ecluse_batch_queue_oldest_seconds",
        Kind.GAUGE,
        "How long the oldest waiting request has waited.",
        "stall alert",
        labels=MODEL,
    ),
    Metric(
        "ecluse_model_ready",
        Kind.GAUGE,
        "1 while the model is loaded and warmed up.",
        "readiness alert",
        labels=MODEL,
    ),
    Metric(
        "ecluse_model_state",
        Kind.GAUGE,
        "1 on the state that the version is in; one that could not be loaded is UNAVAILABLE until its files change.",
        "rollout panel, failed load alert",
        labels=(*MODEL, "state"),
    ),
    Metric(
        "ecluse_model_load_failures_total",
        Kind.COUNTER,
        "Times that the version could not be loaded or warmed up; what was served before still is.",
        "failed load alert",
        labels=MODEL,
    ),
    Metric(
        "ecluse_model_load_duration_seconds",
        Kind.GAUGE,
        "How long loading the model took.",
        "start-up panel",
        labels=MODEL,
    ),
    Metric(
        "ecluse_warmup_duration_seconds",
        Kind.GAUGE,
        "How long running every batch size once took.",
        "start-up panel",
        labels=MODEL,
    ),
    Metric(
        "ecluse_phase",
        Kind.GAUGE,
        "1 on the phase of its life that the process is in.",
        "rollout panel",
        labels=("phase",),
    ),
    Metric(
        "ecluse_draining",
        Kind.GAUGE,
        "1 from the signal to stop until the end.",
        "rollout panel, readiness alert",
    ),
    Metric(
        "ecluse_start_time_seconds",
        Kind.GAUGE,
        "When the process started, in seconds since 1970.",
        "rollout comparison: newest against older",
    ),
    Metric(
        "ecluse_trace_spans_total",
        Kind.COUNTER,
        "Spans of traced requests, by what became of them.",
        "whether traces are whole",
        labels=("fate",),
    ),
    Metric(
        "ecluse_capture_records_total",
        Kind.COUNTER,
        "Inferences to be kept, by what became of them.",
        "whether a sample is whole",
        labels=("fate",),
    ),
)
