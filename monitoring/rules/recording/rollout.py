"""Revisions beside each other, while one takes the other's place.

`variant` is the Deployment and `revision` the hash of its pods' template: labels that the chart's monitors set.
Where nothing sets them there is nothing to compare, and no series.
"""

from monitoring.rules.recording.requests import BAD
from monitoring.rules.rule import Group, Record
from monitoring.slo import Promise

REVISION = "namespace, variant, revision"
KNOWN = 'revision!=""'


def records(promise: Promise) -> tuple[Group, ...]:
    bad = BAD[promise.availability.shed]
    return (
        Group(
            "ecluse-rollout",
            (
                Record(
                    "revision:ecluse_requests:rate5m",
                    f"sum by ({REVISION}) (rate(ecluse_requests_total{{{KNOWN}}}[5m]))",
                ),
                Record(
                    "revision:ecluse_errors:ratio_rate5m",
                    f"(sum by ({REVISION}) (rate(ecluse_requests_total{{{KNOWN},{bad}}}[5m]))"
                    " or 0 * revision:ecluse_requests:rate5m) / (revision:ecluse_requests:rate5m > 0)",
                ),
                Record(
                    "revision:ecluse_request_duration_seconds:p95_5m",
                    f"histogram_quantile(0.95, sum by ({REVISION}, le)"
                    f' (rate(ecluse_request_duration_seconds_bucket{{{KNOWN},outcome="success"}}[5m]))) >= 0',
                ),
                # The first start of each: a pod of the old revision that starts again does not make it the newest.
                Record(
                    "revision:ecluse_start_time_seconds:min",
                    f"min by ({REVISION}) (ecluse_start_time_seconds{{{KNOWN}}})",
                ),
                Record(
                    "revision:ecluse_newest:start_time_seconds",
                    "revision:ecluse_start_time_seconds:min == on (namespace, variant) group_left ()"
                    " max by (namespace, variant) (revision:ecluse_start_time_seconds:min)",
                ),
            ),
        ),
    )
