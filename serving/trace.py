"""When what happened to one request, for those requests that are traced.

Filled in on the way by whoever knows: the endpoint its stages, the batch its
run. Values only: what becomes of them is `tracing.py`'s. A request that is not
traced has none, and whoever would fill it in asks `is None` and goes on.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 1


class Parent(NamedTuple):
    """The caller's own span, by W3C's `traceparent`."""

    trace_id: int
    span_id: int
    is_sampled: bool


class Stage(NamedTuple):
    """A part of a request's time, on the clock of `time.perf_counter`."""

    name: str
    began: float
    ended: float


@dataclass(slots=True, eq=False)
class BatchRun:
    """A run of the model, shared by the traces of all who were in it."""

    began: float
    assembled: float
    ended: float
    rows: int
    bucket: int
    requests: int
    traces: "list[Trace]" = field(default_factory=list)
    span: Any = None
    """What stands for it in the tracing library, once the first of them has ended."""


@dataclass(slots=True, eq=False)
class Trace:
    """One request under observation."""

    began: float
    began_ns: int
    """The same moment in nanoseconds since 1970."""
    span: Any
    """What stands for it in the tracing library."""
    stages: list[Stage] = field(default_factory=list)
    run: BatchRun | None = None

    def mark(self, name: str, began: float, ended: float) -> None:
        self.stages.append(Stage(name, began, ended))

    def ns(self, moment: float) -> int:
        """Tell a moment in nanoseconds since 1970."""
        return self.began_ns + int((moment - self.began) * 1e9)


def parse(traceparent: str) -> Parent | None:
    """Read a header; None where it is not one, which the standard says to ignore."""
    found = TRACEPARENT.fullmatch(traceparent)
    # Only the version that we know ends here; a later one may go on.
    if found is None or (found[4] is not None and traceparent.startswith("00")):
        return None
    return Parent(int(found[1], 16), int(found[2], 16), bool(int(found[3], 16) & SAMPLED))
