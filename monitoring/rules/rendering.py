"""Rules as the file that Prometheus reads: `groups:`, in a fixed order, the same bytes each time."""

from collections.abc import Iterable
from typing import Any

import yaml

from monitoring.rules.rule import Alert, Group, Record
from monitoring.slo import Promise

HEAD = "# Generated from monitoring/slo.yaml and monitoring/rules by `python -m monitoring.generate`; do not edit.\n"


def rendered(groups: Iterable[Group], promise: Promise) -> str:
    return HEAD + yaml.dump(
        {"groups": [_group(group, promise) for group in groups]},
        sort_keys=False,
        width=10**6,
        allow_unicode=True,
    )


def _group(group: Group, promise: Promise) -> dict[str, Any]:
    head = {"name": group.name} | ({"interval": group.interval} if group.interval else {})
    return head | {"rules": [_rule(rule, promise) for rule in group.rules]}


def _rule(rule: Record | Alert, promise: Promise) -> dict[str, Any]:
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": rule.expression}
    kept = {"keep_firing_for": rule.kept} if rule.kept else {}
    return {
        "alert": rule.name,
        "expr": rule.expression,
        "for": rule.lasting,
        **kept,
        "labels": {"severity": rule.severity.value, "component": rule.component.value},
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": f"{promise.runbook_url}#{rule.name.lower()}",
            "dashboard_url": f"{promise.dashboard_url}/{rule.dashboard}",
        },
    }
