"""Whether waiting for each other pays: how full batches are, and what is padding."""

from monitoring.rules.rule import Group, Record
from monitoring.slo import Promise


def records(promise: Promise) -> tuple[Group, ...]:
    del promise
    return (
        Group(
            "ecluse-batching",
            (
                Record(
                    "model:ecluse_batch_rows:mean5m",
                    "sum by (namespace, model_name) (rate(ecluse_batch_rows_sum[5m]))"
                    " / (sum by (namespace, model_name) (rate(ecluse_batch_rows_count[5m])) > 0)",
                ),
                Record(
                    "model:ecluse_batch_fill:ratio5m",
                    "model:ecluse_batch_rows:mean5m / (max by (namespace, model_name) (ecluse_batch_cap_rows) > 0)",
                ),
                Record(
                    "model:ecluse_batch_timeout:ratio5m",
                    'sum by (namespace, model_name) (rate(ecluse_batches_total{trigger="timeout"}[5m]))'
                    " / (sum by (namespace, model_name) (rate(ecluse_batches_total[5m])) > 0)",
                ),
                Record(
                    "model:ecluse_padding:ratio5m",
                    "sum by (namespace, model_name) (rate(ecluse_batch_padding_rows_total[5m]))"
                    " / (sum by (namespace, model_name) (rate(ecluse_batch_rows_sum[5m]))"
                    " + sum by (namespace, model_name) (rate(ecluse_batch_padding_rows_total[5m])) > 0)",
                ),
            ),
        ),
    )
