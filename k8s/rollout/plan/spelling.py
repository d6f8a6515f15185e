"""A plan's fields as the chart's values spell them, and as files do: windowSeconds is window_seconds."""

import re
from typing import Any

from k8s.rollout.plan.bad_plan import BadPlan


def snake(key: str) -> str:
    """Spell a key as the form does."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", key)


def respelt(value: Any, place: str = "") -> Any:
    """Spell every key as the form does; raises BadPlan where one is there in both ways."""
    if isinstance(value, list):
        return [respelt(each, f"{place}.{number}".lstrip(".")) for number, each in enumerate(value, 1)]
    if not isinstance(value, dict):
        return value
    told: dict[str, Any] = {}
    for key, under in value.items():
        name = snake(str(key))
        where = f"{place}.{name}".lstrip(".")
        if name in told:
            raise BadPlan(
                f"{where} is there twice, as {name} and as {key}" if key != name else f"{where} is there twice"
            )
        told[name] = respelt(under, where)
    return told
