"""A new revision that is worse than the one before, or that never takes its place."""

from monitoring.rules.alerts.words import COUNT, MODEL, NAME, REVISION, SHARE, TIME, VARIANT, VERSION
from monitoring.rules.recording.inputs import VERSION as KEY
from monitoring.rules.recording.rollout import REVISION as EACH
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.slo import Promise

OLDER = f"unless on ({EACH}) revision:ecluse_newest:start_time_seconds"
NEWEST = f"and on ({EACH}) revision:ecluse_newest:start_time_seconds"


def alerts(promise: Promise) -> Group:
    lines = promise.rollout
    enough = f"and on ({EACH}) (revision:ecluse_requests:rate5m * 300 >= {lines.minimum_requests})"
    errors = "revision:ecluse_errors:ratio_rate5m"
    p95 = "revision:ecluse_request_duration_seconds:p95_5m"
    ready = "ecluse_model_ready == 1"
    return Group(
        "ecluse-rollout-alerts",
        (
            Alert(
                "EcluseRolloutErrors",
                f"({errors} {NEWEST} {enough}) > on (namespace, variant) group_left () ({lines.error_factor:g}"
                f" * max by (namespace, variant) ({errors} {OLDER} {enough}) + {lines.error_ratio})",
                lasting="2m",
                severity=Severity.CRITICAL,
                component=Component.ROLLOUT,
                summary="A new revision answers more requests with an error than the one it replaces.",
                description=f"{SHARE} of the requests to {REVISION} end in an error, more than"
                f" {lines.error_factor:g} times as many as before.",
                dashboard="ecluse-rollout",
            ),
            Alert(
                "EcluseRolloutLatency",
                f"({p95} {NEWEST} {enough}) > on (namespace, variant) group_left () ({lines.latency_factor:g}"
                f" * max by (namespace, variant) ({p95} {OLDER} {enough}))"
                f" and {p95} > {promise.latency.threshold_seconds / 2:.6g}",
                lasting="5m",
                severity=Severity.WARNING,
                component=Component.ROLLOUT,
                summary="A new revision is slower than the one it replaces.",
                description=f"The slowest twentieth of the answers of {REVISION} take longer than {TIME},"
                f" more than {lines.latency_factor:g} times as long as before.",
                dashboard="ecluse-rollout",
            ),
            Alert(
                "EcluseRolloutStuck",
                "count by (namespace, variant) (revision:ecluse_start_time_seconds:min) > 1",
                lasting=f"{lines.stuck_minutes}m",
                severity=Severity.WARNING,
                component=Component.ROLLOUT,
                summary="A rollout has begun and does not end.",
                description=f"{COUNT} revisions of {VARIANT} run beside each other.",
                dashboard="ecluse-rollout",
            ),
            Alert(
                "EcluseVersionSkew",
                f"count by (namespace, variant, model_name, model_version) ({ready})"
                " < on (namespace, variant, model_name) group_left ()"
                " count by (namespace, variant, model_name)"
                f" (max by (namespace, variant, model_name, instance) ({ready}))",
                lasting="30m",
                severity=Severity.INFO,
                component=Component.ROLLOUT,
                summary="Servers beside each other serve different versions of a model.",
                description=f"Only {COUNT} of the servers serve {VERSION}.",
                dashboard="ecluse-rollout",
            ),
            Alert(
                # Of a version whose new files cannot be loaded the old ones are served on: it stays READY.
                "EcluseVersionUnavailable",
                f'max by ({KEY}) (ecluse_model_state{{state="UNAVAILABLE"}}) == 1'
                f" or sum by ({KEY}) (increase(ecluse_model_load_failures_total[15m])) > 0",
                lasting="1m",
                severity=Severity.WARNING,
                component=Component.ROLLOUT,
                summary="A version of a model cannot be loaded; what was served before still is.",
                description=f"A server could not load {VERSION}.",
                dashboard="ecluse-rollout",
            ),
            Alert(
                "EcluseModelNotReady",
                "max by (namespace, job, pod, instance, model_name) (ecluse_model_ready) == 0"
                " unless on (namespace, job, instance) ecluse_draining == 1",
                lasting="10m",
                severity=Severity.WARNING,
                component=Component.ROLLOUT,
                summary="A server runs and its model does not become ready.",
                description=f"{NAME} has no version ready of {MODEL}.",
                dashboard="ecluse-rollout",
            ),
        ),
    )
