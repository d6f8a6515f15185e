"""A dashboard's variables: what each is set to, and how it is written into a query.

As Grafana's Prometheus source writes them: a choice of several is an
alternative of a regular expression, "All" is what the variable says that it is.
"""

import re
from collections.abc import Mapping
from typing import Any

from monitoring.preview.prometheus import Prometheus
from monitoring.preview.span import Span

ALL = "$__all"
REFERENCE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)|\[\[(\w+)\]\]")
LABEL_VALUES = re.compile(r"^label_values\(\s*(?:(?P<selector>.+),\s*)?(?P<label>\w+)\s*\)$", re.DOTALL)


class UnknownVariable(ValueError):
    """A variable was set that the dashboard does not have."""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Write values in the place of variables; one that is not known stays as it is, and Prometheus will say so."""

    def value(match: re.Match[str]) -> str:
        name = next(group for group in (match[1], match[3], match[4]) if group)
        return values.get(name, match[0])

    return REFERENCE.sub(value, text)


def choose(
    dashboard: Mapping[str, Any], prometheus: Prometheus, span: Span, given: Mapping[str, list[str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """What each variable is in a query, and what it is called at the head of the dashboard."""
    variables = dashboard.get("templating", {}).get("list", [])
    unknown = set(given) - {variable["name"] for variable in variables}
    if unknown:
        names = ", ".join(variable["name"] for variable in variables)
        raise UnknownVariable(f"the dashboard has no variable {min(unknown)!r}; it has {names or 'none'}")
    in_queries: dict[str, str] = {}
    shown: dict[str, str] = {}
    for variable in variables:
        name = variable["name"]
        chosen = given.get(name) or _first(variable, prometheus, span, in_queries)
        in_queries[name] = _in_query(variable, chosen)
        if not variable.get("hide") and variable["type"] != "datasource":
            label = variable.get("label") or name
            shown[label] = "All" if chosen == [ALL] else " + ".join(chosen) or "none"
    return in_queries, shown


def _first(variable: Mapping[str, Any], prometheus: Prometheus, span: Span, before: Mapping[str, str]) -> list[str]:
    """What Grafana shows at first: what was saved, all, or the first of what there is."""
    if variable.get("includeAll"):
        return [ALL]
    if variable["type"] == "query":
        return _found(variable, prometheus, span, before)[:1]
    saved = variable.get("current", {}).get("value", variable.get("query", ""))
    if isinstance(saved, list):
        return [str(value) for value in saved]
    return [str(saved).split(",", maxsplit=1)[0]]


def _found(variable: Mapping[str, Any], prometheus: Prometheus, span: Span, before: Mapping[str, str]) -> list[str]:
    query = variable["query"]
    text = fill(query["query"] if isinstance(query, dict) else query, before)
    match = LABEL_VALUES.match(text.strip())
    if match is None:
        raise ValueError(
            f"the variable {variable['name']!r} asks {text!r}; of such questions only label_values is known"
        )
    return sorted(prometheus.label_values(match["label"], match["selector"] or "", span))


def _in_query(variable: Mapping[str, Any], chosen: list[str]) -> str:
    if chosen == [ALL]:
        return str(variable.get("allValue") or ".+")
    if variable.get("multi") or variable.get("includeAll"):
        escaped = [re.sub(r"([\\^$*+?.()|\[\]{}])", r"\\\\\1", value) for value in chosen]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
    return (chosen[0] if chosen else "").replace("\\", "\\\\").replace('"', '\\"')
