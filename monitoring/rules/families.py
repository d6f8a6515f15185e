"""All families of rules, in the order of the files that hold them."""

from dataclasses import replace

import monitoring.rules.alerts.availability
import monitoring.rules.alerts.batching
import monitoring.rules.alerts.inputs
import monitoring.rules.alerts.latency
import monitoring.rules.alerts.platform
import monitoring.rules.alerts.predictions
import monitoring.rules.alerts.quality
import monitoring.rules.alerts.requests
import monitoring.rules.alerts.rollout
import monitoring.rules.alerts.saturation
from monitoring.rules.recording import batching, inputs, latency, predictions, quality, requests, rollout, saturation
from monitoring.rules.rule import Alert, Group
from monitoring.slo import Promise

RECORDED = (requests, latency, saturation, batching, inputs, predictions, quality, rollout)
TOLD = (
    monitoring.rules.alerts.availability,
    monitoring.rules.alerts.requests,
    monitoring.rules.alerts.latency,
    monitoring.rules.alerts.saturation,
    monitoring.rules.alerts.batching,
    monitoring.rules.alerts.inputs,
    monitoring.rules.alerts.predictions,
    monitoring.rules.alerts.quality,
    monitoring.rules.alerts.rollout,
    monitoring.rules.alerts.platform,
)


def recording(promise: Promise) -> tuple[Group, ...]:
    return tuple(group for family in RECORDED for group in family.records(promise))


def every_alert(promise: Promise) -> tuple[Group, ...]:
    """All of them, those that the promise leaves out too."""
    return tuple(family.alerts(promise) for family in TOLD)


def alerts(promise: Promise) -> tuple[Group, ...]:
    return tuple(
        replace(group, rules=tuple(rule for rule in group.rules if rule.name not in promise.left_out))
        for group in every_alert(promise)
    )


def alert_names(promise: Promise) -> tuple[str, ...]:
    return tuple(rule.name for group in every_alert(promise) for rule in group.rules if isinstance(rule, Alert))
