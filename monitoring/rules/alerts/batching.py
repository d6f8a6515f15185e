"""Waiting for each other that does not pay."""

from monitoring.rules.alerts.words import MODEL, SHARE
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.slo import Promise

BUSY = 0.5
"""Below half of its time busy, a device has better things to be asked than how it spends it."""


def alerts(promise: Promise) -> Group:
    lines = promise.batching
    busy = f"model:ecluse_utilisation:ratio5m > {BUSY}"
    half = f"{promise.latency.threshold_seconds / 2:.6g}"
    return Group(
        "ecluse-batching-alerts",
        (
            Alert(
                "EcluseBatchingIneffective",
                f"model:ecluse_batch_fill:ratio5m < {lines.fill_ratio}"
                f" and model:ecluse_batch_timeout:ratio5m > {lines.timeout_ratio} and {busy}",
                lasting="30m",
                severity=Severity.INFO,
                component=Component.BATCHING,
                summary="Requests wait for others that do not come.",
                description=f"Batches of {MODEL} are {SHARE} full, and nearly all of them left for having waited.",
                dashboard="ecluse-batching",
            ),
            Alert(
                "EcluseQueueDelayDominates",
                f"model:ecluse_queue_share:ratio5m > {lines.queue_share}"
                f" and model:ecluse_request_duration_seconds:p95_5m > {half}",
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.BATCHING,
                summary="Requests spend most of their time waiting in the queue.",
                description=f"{SHARE} of the time of requests to {MODEL} passes in the queue,"
                f" and the slowest twentieth take longer than {half} s.",
                dashboard="ecluse-batching",
            ),
            Alert(
                "EclusePaddingDominates",
                f"model:ecluse_padding:ratio5m > {lines.padding_ratio} and {busy}",
                lasting="30m",
                severity=Severity.INFO,
                component=Component.BATCHING,
                summary="A busy device computes more padding than rows.",
                description=f"{SHARE} of the rows that {MODEL} computes are padding.",
                dashboard="ecluse-batching",
            ),
        ),
    )
