"""Whether two runs asked the same of the same model, so that a difference is the server's."""

from collections.abc import Iterator
from typing import Any

from loadtests.measure.run import Run

ASKED = {
    "rate": "rates",
    "arrivals": "kinds of arrivals",
    "trace": "traces",
    "streams": "kinds of requests",
    "phases": "phases",
    "search": "searches",
    "timeout_seconds": "times that an answer is waited for",
}
"""What of a profile makes two runs different ones, and what it is called."""
MACHINE = ("processor", "cores", "machine")
LONGEST_SHOWN = 60


def incomparable(baseline: Run, run: Run) -> list[str]:
    """Say why two runs cannot be compared, a sentence each; empty where they can."""
    return list(_reasons(baseline, run))


def remarks(baseline: Run, run: Run) -> list[str]:
    """Say what else was different, which may explain a difference."""
    said = []
    for key in MACHINE:
        ours, theirs = run.environment.get(key), baseline.environment.get(key)
        if ours and theirs and ours != theirs:
            said.append(f"they ran on different machines: {key} was {theirs}, and is {ours}")
    if baseline.workers != run.workers:
        said.append(f"they were made by {baseline.workers} and {run.workers} workers")
    if baseline.profile.get("seed") != run.profile.get("seed"):
        said.append(f"their seeds are {baseline.profile.get('seed')} and {run.profile.get('seed')}")
    return said


def _reasons(baseline: Run, run: Run) -> Iterator[str]:
    if baseline.profile_name != run.profile_name:
        yield f"they are of different profiles: {baseline.profile_name} and {run.profile_name}"
    if baseline.target.get("model") != run.target.get("model"):
        yield f"they asked different models: {baseline.target.get('model')} and {run.target.get('model')}"
    for key, what in ASKED.items():
        before, after = baseline.profile.get(key), run.profile.get(key)
        if before != after:
            yield f"their {what} differ: {_shown(before, after)}"


def _shown(before: Any, after: Any) -> str:
    """Show both where they are short, or else where they part."""
    if len(repr(before)) + len(repr(after)) <= LONGEST_SHOWN:
        return f"{before} and {after}"
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return f"there are {len(before)} and {len(after)}"
        before, after = next((old, new) for old, new in zip(before, after, strict=True) if old != new)
        name = before.get("name") if isinstance(before, dict) else None
        if name and isinstance(after, dict):
            return f"{name} has " + _keys(before, after)
    return _keys(before, after) if isinstance(before, dict) and isinstance(after, dict) else "they are not alike"


def _keys(before: dict[str, Any], after: dict[str, Any]) -> str:
    parts = [
        f"{key} {before.get(key)!r} and {after.get(key)!r}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    return ", ".join(parts)[: 4 * LONGEST_SHOWN]
