"""Rules that run faster than life, so that alerts can be provoked in minutes: a fire drill, or a test.

Every window, every `for` and every interval is divided by the same number, and no
window gets so short that it no longer holds four scrapes. What is compared with
what stays as it is. Expressions are our own, so their durations are found by
where they stand: in brackets, or behind `offset`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from monitoring.rules.rule import Alert, Group, Record
from monitoring.slo import SCRAPES_PER_WINDOW

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""In milliseconds."""

DURATION = r"(?:\d+(?:ms|[smhdw]))+"
WINDOW = re.compile(rf"\[({DURATION})(?::({DURATION}))?\]")
OFFSET = re.compile(rf"\boffset ({DURATION})")


def hurried(groups: Iterable[Group], times: float, scrape_seconds: float) -> Iterator[Group]:
    """Give the same groups at so many times their pace; each is evaluated once a scrape."""
    shortest = round(scrape_seconds * SCRAPES_PER_WINDOW * 1000)
    for group in groups:
        rules = tuple(_rule(rule, times, shortest) for rule in group.rules)
        yield replace(group, rules=rules, interval=_written(round(scrape_seconds * 1000)))


def _rule(rule: Record | Alert, times: float, shortest: int) -> Record | Alert:
    faster = replace(rule, expression=_expression(rule.expression, times, shortest))
    if isinstance(faster, Alert):
        return replace(faster, lasting=_shorter(faster.lasting, times), kept=_shorter(faster.kept, times))
    return faster


def _expression(expression: str, times: float, shortest: int) -> str:
    def window(found: re.Match[str]) -> str:
        step = f":{_shorter(found[2], times, shortest)}" if found[2] else ""
        return f"[{_shorter(found[1], times, shortest)}{step}]"

    faster = WINDOW.sub(window, expression)
    return OFFSET.sub(lambda found: f"offset {_shorter(found[1], times, shortest)}", faster)


def _shorter(duration: str, times: float, shortest: int = 0) -> str:
    if not duration:
        return duration
    milliseconds = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdw])", duration))
    return _written(max(round(milliseconds / times), shortest))


def _written(milliseconds: int) -> str:
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"
