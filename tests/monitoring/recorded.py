"""What a Prometheus would have recorded and alerted, had it had these rules all along.

promtool's own `create-blocks-from rules` knows no rule that reads another's
result; here each is evaluated over the whole time after those that it reads,
and what comes out is written back. Alerts become series of `ALERTS`, their
`for` and `keep_firing_for` kept.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from tests.monitoring.past import Floats, Past, Series, Times
from tests.monitoring.prometheus import Found, Prometheus

STEP = 60
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a file: a recording where `alert` is empty."""

    name: str
    expression: str
    labels: Mapping[str, str]
    alert: bool
    wait: float = 0.0
    """How long an alert's condition holds before it fires."""
    keep: float = 0.0
    """How long it fires on when the condition holds no more."""


def read(files: Iterable[Path]) -> list[Rule]:
    """The rules of files in Prometheus' form, each after all that it reads."""
    found = []
    for file in files:
        for group in yaml.safe_load(file.read_text())["groups"]:
            found += [_rule(described) for described in group["rules"]]
    return list(in_order(found))


def _rule(described: Mapping[str, Any]) -> Rule:
    return Rule(
        name=described.get("record") or described["alert"],
        expression=str(described["expr"]),
        labels=described.get("labels", {}),
        alert="alert" in described,
        wait=seconds(described.get("for", "0s")),
        keep=seconds(described.get("keep_firing_for", "0s")),
    )


def seconds(duration: str) -> float:
    """A duration as Prometheus writes it: `1h30m`."""
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", str(duration))))


NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def in_order(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Rules so that each comes after the recordings it reads, and alerts last; a ring of rules is an error."""
    recordings = [rule for rule in rules if not rule.alert]
    left = list(recordings)
    while left:
        waiting = {rule.name for rule in left}
        free = [rule for rule in left if not waiting & set(NAME.findall(rule.expression)) - {rule.name}]
        if not free:
            raise ValueError(f"these rules read each other in a ring: {', '.join(sorted(waiting))}")
        yield from free
        left = [rule for rule in left if rule not in free]
    yield from (rule for rule in rules if rule.alert)


def record(prometheus: Prometheus, past: Past, rules: Iterable[Rule], *, step: int = STEP) -> list[Series]:
    """Evaluate rules over a history that Prometheus holds, and let it hold the results too; gives them."""
    times = np.arange(past.times[0], past.times[-1] + 1, step * 1000, dtype=np.int64)
    times += past.times[-1] - times[-1]  # the last tick is what panels show as now
    written = []
    for rule in rules:
        found = prometheus.query_range(rule.expression, times[0] / 1000, times[-1] / 1000, step)
        if rule.alert:
            series = list(fired(rule, found, times, step))
        else:
            series = [_recorded(rule, each, times) for each in found]
        prometheus.write(times, series)
        written += series
    return written


def _recorded(rule: Rule, found: Found, times: Times) -> Series:
    labels = {name: value for name, value in found.labels.items() if name != "__name__"}
    return Series(rule.name, labels | dict(rule.labels), _on(times, found))


def _on(times: Times, found: Found) -> Floats:
    values = np.full(len(times), np.nan)
    at = np.searchsorted(times, [round(time * 1000) for time, _ in found.values])
    values[at] = [value for _, value in found.values]
    return values


def fired(rule: Rule, found: Iterable[Found], times: Times, step: int) -> Iterator[Series]:
    """What `ALERTS` shows of an alert: pending as long as it waits, then firing."""
    for each in found:
        holds = np.isin(times, [round(time * 1000) for time, _ in each.values])
        pending, firing = states(holds, rule.wait, rule.keep, step)
        labels = {name: value for name, value in each.labels.items() if name != "__name__"}
        labels |= {key: value for key, value in rule.labels.items() if "{{" not in value}
        for state, during in (("pending", pending), ("firing", firing)):
            if during.any():
                shown = np.where(during, 1.0, np.nan)
                yield Series("ALERTS", {**labels, "alertname": rule.name, "alertstate": state}, shown)


def states(
    holds: npt.NDArray[np.bool_], wait: float, keep: float, step: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """At which ticks an alert is pending, and firing."""
    pending, firing = np.zeros_like(holds), np.zeros_like(holds)
    since, kept, fires = 0, 0.0, False
    for tick, held in enumerate(holds):
        if held:
            since, kept = since + 1, keep
            fires = fires or (since - 1) * step >= wait
        else:
            since = 0
            kept -= step
            fires = fires and kept > 0
        firing[tick] = fires
        pending[tick] = held and not fires
    return pending, firing
