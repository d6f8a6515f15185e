"""How much room is left: the queue, the device, the event loop."""

from monitoring.rules.rule import Group, Record
from monitoring.slo import Promise


def records(promise: Promise) -> tuple[Group, ...]:
    del promise
    return (
        Group(
            "ecluse-saturation",
            (
                Record(
                    "model:ecluse_queue_fill:ratio",
                    "sum by (namespace, model_name) (ecluse_queue_rows)"
                    " / (sum by (namespace, model_name) (ecluse_queue_limit_rows) > 0)",
                ),
                # A device serves all models of a server, so its busy time is added up over them.
                Record(
                    "instance:ecluse_utilisation:ratio5m",
                    "sum without (model_name, model_version) (rate(ecluse_executor_busy_seconds_total[5m]))"
                    " / (ecluse_device_lanes > 0)",
                ),
                # Of the replica that is busiest with the model.
                Record(
                    "model:ecluse_utilisation:ratio5m",
                    "max by (namespace, model_name) (sum without (model_version)"
                    " (rate(ecluse_executor_busy_seconds_total[5m]))"
                    " / on (namespace, job, instance) group_left () (ecluse_device_lanes > 0))",
                ),
                Record(
                    "instance:ecluse_event_loop_lag_seconds:p99_5m",
                    "histogram_quantile(0.99, rate(ecluse_event_loop_lag_seconds_bucket[5m])) >= 0",
                ),
            ),
        ),
    )
