"""Who puts the load on: what the conductor of a run needs of its workers, be they here or elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline
from loadtests.profile.segment import Segment


class NoCrew(Exception):
    """The workers that were asked for are not there, or cannot work; the sentence says why."""


class NoPort(Exception):
    """A port cannot be listened on; the sentence says which, for what, and why."""


@dataclass(slots=True)
class Taken:
    """What was seen since the last time."""

    timeline: Timeline = field(default_factory=Timeline)
    generator: list[GeneratorSecond] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Crew(Protocol):
    """All workers of a run. The clock is this process's `time.perf_counter`."""

    @property
    def workers(self) -> int:
        """How many share the load."""

    @property
    def settled(self) -> int:
        """The second before which all that was planned has ended and been reported."""

    @property
    def in_flight(self) -> int:
        """Requests whose answers are waited for, as was last told."""

    @property
    def is_done(self) -> bool:
        """Nothing is on its way any more, and all of it is reported."""

    @property
    def is_lost(self) -> bool:
        """Nobody is left."""

    def announce(self, segments: Sequence[Segment]) -> None:
        """Tell what follows."""

    def begin(self, zero: float) -> None:
        """Make this moment second 0."""

    def finish(self) -> None:
        """Send what was announced, and nothing after it."""

    def stop(self) -> None:
        """Send nothing more."""

    def take(self) -> Taken:
        """Give away what was seen since the last time."""

    def close(self) -> None:
        """End all that was begun for it."""
