"""The closed lists of label values, and the bounds of histograms."""

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
PHASES = ("loading", "warming", "ready", "draining", "stopped")
"""What a process goes through, in this order."""
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

PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Bounds of confidence and margin; those of baseline.json."""
SIZE_BYTES = tuple(float(256 * 4**power) for power in range(10))
DELAY_SECONDS = (60.0, 600.0, 3600.0, 21600.0, 86400.0, 259200.0, 604800.0, 2592000.0)
"""How late labels come: a minute to thirty days."""
LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

BINS = tuple(f"{number:02}" for number in range(10))
"""Of a feature's baseline, from the lowest; a feature of few values has fewer."""
SIDES = ("low", "high")
"""Where a value lies that is out of the baseline's range."""
OTHER = "other"
"""The class of whatever has no name of its own: at most MOST_CLASSES are told apart."""
MOST_CLASSES = 50
MOST_FEATURES = 12
MOST_CONFUSED = 12
"""With more classes than this there is no matrix of confusions."""
MONITORED = ("inputs", "predictions")
"""What is looked at of a row, in its own time."""
FEEDBACK_RESULTS = (
    *("accepted", "duplicate", "expired", "invalid_token", "invalid_label"),
    *("unknown_model", "unknown_version"),
)
"""What becomes of a late label; one that leads to no model is counted under empty model labels. A version that is
unknown is one beyond the few that are counted although they are not served any more."""
