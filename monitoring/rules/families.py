"""All families of rules, in the order of the files that hold them."""

from monitoring.rules import batching, inputs, latency, predictions, quality, requests, rollout, saturation
from monitoring.rules.rule import Group
from monitoring.slo import Promise

FAMILIES = (requests, latency, saturation, batching, inputs, predictions, quality, rollout)


def recording(promise: Promise) -> tuple[Group, ...]:
    return tuple(group for family in FAMILIES for group in family.records(promise))
