"""How long requests take, and where their time goes.

Latency is that of successes: an error is answered sooner than a model runs, and would make the service look fast.
"""

from monitoring.rules.rule import Group, Record
from monitoring.rules.windows import RATIO_WINDOWS, SLOW_INTERVAL
from monitoring.slo import Promise

SUCCESSES = 'outcome="success"'
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def records(promise: Promise) -> tuple[Group, ...]:
    return (
        Group(
            "ecluse-latency",
            (*_each(promise, RATIO_WINDOWS[:5]), *_durations(), *_objectives(promise)),
        ),
        Group("ecluse-latency-long", _each(promise, RATIO_WINDOWS[5:]), interval=SLOW_INTERVAL),
        Group("ecluse-latency-budget", (_budget(promise),), interval=SLOW_INTERVAL),
    )


def _each(promise: Promise, windows: tuple[str, ...]) -> tuple[Record, ...]:
    # Prometheus 3 writes a whole bound as 1.0, as this server does.
    bound = float(promise.latency.threshold_seconds)
    return tuple(
        record
        for window in windows
        for record in (
            Record(
                f"model:ecluse_successes:rate{window}",
                "sum by (namespace, model_name)"
                f" (rate(ecluse_request_duration_seconds_count{{{SUCCESSES}}}[{window}]))",
            ),
            Record(
                f"model:ecluse_slow:rate{window}",
                f"clamp_min(model:ecluse_successes:rate{window} - sum by (namespace, model_name)"
                f' (rate(ecluse_request_duration_seconds_bucket{{{SUCCESSES},le="{bound}"}}[{window}])), 0)',
            ),
            Record(
                f"model:ecluse_slow:ratio_rate{window}",
                f"model:ecluse_slow:rate{window} / (model:ecluse_successes:rate{window} > 0)",
            ),
        )
    )


def _durations() -> tuple[Record, ...]:
    return (
        Record(
            "model:ecluse_request_duration_seconds:mean5m",
            f"sum by (namespace, model_name) (rate(ecluse_request_duration_seconds_sum{{{SUCCESSES}}}[5m]))"
            " / (model:ecluse_successes:rate5m > 0)",
        ),
        *(
            Record(
                f"model:ecluse_request_duration_seconds:{name}_5m",
                f"histogram_quantile({quantile}, sum by (namespace, model_name, le)"
                f" (rate(ecluse_request_duration_seconds_bucket{{{SUCCESSES}}}[5m]))) >= 0",
            )
            for name, quantile in QUANTILES.items()
        ),
        Record(
            "model_stage:ecluse_stage_duration_seconds:p95_5m",
            "histogram_quantile(0.95, sum by (namespace, model_name, stage, le)"
            " (rate(ecluse_stage_duration_seconds_bucket[5m]))) >= 0",
        ),
        Record(
            "model:ecluse_queue_share:ratio5m",
            'sum by (namespace, model_name) (rate(ecluse_stage_duration_seconds_sum{stage="queue"}[5m]))'
            " / (sum by (namespace, model_name) (rate(ecluse_request_duration_seconds_sum[5m])) > 0)",
        ),
    )


def _objectives(promise: Promise) -> tuple[Record, ...]:
    return (
        Record("slo:ecluse_latency:objective", f"vector({promise.latency.objective})"),
        Record("slo:ecluse_latency_threshold:seconds", f"vector({promise.latency.threshold_seconds})"),
    )


def _budget(promise: Promise) -> Record:
    days = promise.window_days
    return Record(
        "model:ecluse_latency_budget:remaining_ratio",
        f"1 - sum_over_time(model:ecluse_slow:rate5m[{days}d:5m])"
        f" / (sum_over_time(model:ecluse_successes:rate5m[{days}d:5m]) > 0)"
        f" / {round(1 - promise.latency.objective, 9)}"
        f" and count_over_time(model:ecluse_successes:rate5m[{days}d:5m]) >= 288",
    )
