"""A whole run, as it is kept in `run.json`: from it every report can be written again, and two can be compared."""

from dataclasses import dataclass, field
from typing import Any

from loadtests.measure.timeline import Timeline

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Span:
    """A phase as it was: whole seconds of the run, from `began` to before `ended`."""

    name: str
    role: str
    began: int
    ended: int
    planned: int
    """Arrivals that the plan had for it."""
    is_complete: bool = True
    """False where the run was cut off in it."""
    rate: float = 0
    """The mean of what the plan asked for, in requests a second. A step of a search asks for this throughout."""

    @property
    def seconds(self) -> int:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class GeneratorSecond:
    """How one worker was doing in a second of the run."""

    second: int
    worker: str
    busy_ratio: float
    """Of a core."""
    in_flight: int


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """What was performed in the phase of a change."""

    words: str
    """The command, or the release."""
    began: float
    ended: float | None
    """None where it had not ended when the run did."""
    status: int | None
    trouble: str = ""


@dataclass(slots=True)
class Run:
    """Everything that was seen; judges nothing."""

    profile: dict[str, Any]
    """The profile with all overrides, as JSON."""
    profile_name: str
    target: dict[str, str]
    """rest and grpc, the addresses; model."""
    began_at: str
    """ISO 8601 in UTC, of second 0."""
    timeline: Timeline = field(default_factory=Timeline)
    spans: list[Span] = field(default_factory=list)
    generator: list[GeneratorSecond] = field(default_factory=list)
    workers: int = 1
    change: ChangeSeen | None = None
    cut_off: str = ""
    """Why the run ended before its plan did, in a sentence; empty where it did not."""
    troubles: list[str] = field(default_factory=list)
    """What went wrong in the load test itself: a worker that was lost, a task that raised."""
    environment: dict[str, str] = field(default_factory=dict)
    """Commit, machine, versions of what took part."""
    promise: dict[str, Any] = field(default_factory=dict)
    """Of slo.yaml, availability and latency, as JSON: what the gates that are promised were held to."""
