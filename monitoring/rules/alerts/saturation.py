"""No room left: in the queue, on the device, on the event loop."""

from monitoring.rules.alerts.words import COUNT, MODEL, NAME, NUMBER, SERVER, SHARE, TIME, VERSION
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.slo import Promise


def alerts(promise: Promise) -> Group:
    lines = promise.saturation
    return Group(
        "ecluse-saturation-alerts",
        (
            Alert(
                "EcluseQueueNearFull",
                f"model:ecluse_queue_fill:ratio > {lines.queue_fill_ratio}",
                lasting="5m",
                severity=Severity.WARNING,
                component=Component.SATURATION,
                summary="The queue is nearly full; what comes when it is full is turned away.",
                description=f"The queue of {MODEL} is {SHARE} full.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseRejectingRequests",
                f"model:ecluse_rejected:ratio_rate5m > {lines.rejected_ratio}"
                " and model:ecluse_rejected:ratio_rate5m * model:ecluse_requests:rate5m * 300 > 10",
                lasting="5m",
                severity=Severity.CRITICAL,
                component=Component.SATURATION,
                summary="Requests are turned away because there are too many.",
                description=f"{SHARE} of the requests to {MODEL} are turned away under load.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseQueueStalled",
                "max by (namespace, pod, instance, model_name) (ecluse_batch_queue_oldest_seconds)"
                f" > {lines.queue_oldest_seconds:g}",
                lasting="2m",
                severity=Severity.CRITICAL,
                component=Component.SATURATION,
                summary="Requests wait in the queue and no batch takes them.",
                description=f"The oldest request to {MODEL} that waits on {NAME} has waited for {TIME}.",
                dashboard="ecluse-batching",
            ),
            Alert(
                "EcluseExecutorsSaturated",
                f"instance:ecluse_utilisation:ratio5m > {lines.utilisation_ratio}",
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.SATURATION,
                summary="A server runs the model nearly all the time and has no room for more.",
                description=f"{SERVER} runs models {SHARE} of the time.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseEventLoopBlocked",
                f"instance:ecluse_event_loop_lag_seconds:p99_5m > {lines.event_loop_lag_seconds:g}",
                lasting="10m",
                severity=Severity.WARNING,
                component=Component.SATURATION,
                summary="The event loop comes late to what is due, and every request with it.",
                description=f"One time in a hundred the event loop of {SERVER} is {TIME} late.",
                dashboard="ecluse-latency",
            ),
            Alert(
                # A server that was started again may have been given a smaller batch on purpose.
                "EcluseBatchCapLowered",
                "ecluse_batch_cap_rows < max_over_time(ecluse_batch_cap_rows[1d])"
                " unless on (namespace, job, instance) changes(ecluse_start_time_seconds[1d]) > 0",
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.SATURATION,
                summary="Batches no longer fit into memory and have been made smaller.",
                description=f"{NAME} makes batches of {COUNT} rows at most of {VERSION}, fewer than it did.",
                dashboard="ecluse-batching",
            ),
            Alert(
                "EcluseConnectionsTurnedAway",
                "sum by (namespace, pod, instance, reason) (rate(ecluse_connections_turned_away_total[5m])) > 1",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.SATURATION,
                summary="Connections are closed before they carry a request.",
                description=f"{SERVER} closes {NUMBER} connections a second for {{{{ $labels.reason }}}}.",
                dashboard="ecluse-overview",
            ),
        ),
    )
