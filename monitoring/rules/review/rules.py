"""All rules together: names, expressions, what an alert has to say, and the runbook.

What a rule records is known to the rules after it and before it, for they are
evaluated again and again; a series that is recorded of itself is refused.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from monitoring.rules.review.expression import Reading, nearest
from monitoring.rules.review.known import Known, Series, exported
from monitoring.rules.rule import Alert, Group, Record
from monitoring.slo import SCRAPES_PER_WINDOW, Promise

RECORD_NAME = re.compile(r"[a-z_]+:[a-z][a-z0-9_]*:[a-z0-9_]+")
ALERT_NAME = re.compile(r"Ecluse([A-Z][a-z0-9]+)+")
DURATION = re.compile(r"(\d+(ms|[smhdwy]))+")
USED_LABEL = re.compile(r"\$labels\.(\w+)")
HEADING = re.compile(r"^#{2,3} (Ecluse\w+)\s*$", re.MULTILINE)
DASHBOARDS = frozenset(
    {"ecluse-overview", "ecluse-latency", "ecluse-batching", "ecluse-quality", "ecluse-drift", "ecluse-rollout"}
)


def mistakes(recording: Sequence[Group], alerting: Sequence[Group], promise: Promise) -> list[str]:
    """What is wrong, a sentence each, that begins with the name of the rule."""
    groups = (*recording, *alerting)
    known, found = with_recorded([rule for group in recording for rule in group.rules], promise)
    found += [
        f"group {group.name}: is there {times} times, and names of groups must differ"
        for group, times in _repeated(groups)
    ]
    for group in alerting:
        for rule in group.rules:
            if isinstance(rule, Alert):
                found += [f"{rule.name}: {mistake}" for mistake in _alert(rule, known, promise)]
    names = Counter(rule.name for group in groups for rule in group.rules)
    found += [f"{name}: is there {times} times, and names must differ" for name, times in names.items() if times > 1]
    alerts = [rule.name for group in alerting for rule in group.rules]
    found += [
        f"{name}: is left out of the promise and is no alert{nearest(name, alerts)}"
        for name in promise.left_out
        if name not in alerts
    ]
    return found


def with_recorded(rules: Iterable[Record | Alert], promise: Promise) -> tuple[Known, list[str]]:
    """Everything exported and recorded, and what is wrong with what is recorded."""
    known = exported()
    waiting = [rule for rule in rules if isinstance(rule, Record)]
    found: list[str] = []
    while waiting:
        names = {rule.name for rule in waiting}
        # First those that build on what is known already, in whatever order they are written.
        ready = [rule for rule in waiting if not any(_mentions(rule.expression, name) for name in names)]
        if not ready:
            return known, found + [f"{rule.name}: is recorded of what is recorded of it" for rule in waiting]
        for rule in ready:
            reading = Reading(rule.expression, known, promise.scrape_interval_seconds, SCRAPES_PER_WINDOW)
            found += [f"{rule.name}: {mistake}" for mistake in reading.mistakes]
            if not RECORD_NAME.fullmatch(rule.name):
                found.append(f"{rule.name}: must be named level:metric:operation")
            known[rule.name] = Series(reading.labels)
        waiting = [rule for rule in waiting if rule not in ready]
    return known, found


def _alert(alert: Alert, known: Known, promise: Promise) -> Iterator[str]:
    reading = Reading(alert.expression, known, promise.scrape_interval_seconds, SCRAPES_PER_WINDOW)
    yield from reading.mistakes
    if not reading.can_be_empty:
        yield "compares nothing, so that it would fire all the time"
    if not ALERT_NAME.fullmatch(alert.name):
        yield "must be named in CamelCase that begins with Ecluse"
    if not DURATION.fullmatch(alert.lasting):
        yield f"must say how long it has to hold, as 5m, and says {alert.lasting!r}"
    if "{{" in alert.summary or not alert.summary.endswith(".") or not alert.summary[:1].isupper():
        yield "needs a summary that is one sentence, the same each time"
    if not alert.description.endswith("."):
        yield "needs a description that is a sentence"
    for label in sorted(set(USED_LABEL.findall(alert.description)) - reading.labels):
        yield f"tells of the label {label} in its description, which its expression does not give"
    if alert.dashboard not in DASHBOARDS:
        yield f"leads to the dashboard {alert.dashboard!r}; there are {', '.join(sorted(DASHBOARDS))}"


def _mentions(expression: str, name: str) -> bool:
    return re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])", expression) is not None


def _repeated(groups: Iterable[Group]) -> Iterator[tuple[Group, int]]:
    by_name = {group.name: group for group in groups}
    times = Counter(group.name for group in groups)
    yield from ((group, times[name]) for name, group in by_name.items() if times[name] > 1)


def runbook_mistakes(names: Sequence[str], runbook: str) -> list[str]:
    """Alerts without a section of the runbook, and sections without an alert."""
    sections = Counter(HEADING.findall(runbook))
    return [
        *(f"{name}: has no section in the runbook" for name in names if name not in sections),
        *(f"{name}: has a section in the runbook and is no alert" for name in sections if name not in names),
        *(f"{name}: has {times} sections in the runbook" for name, times in sections.items() if times > 1),
    ]
