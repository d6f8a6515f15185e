"""The words between a master and its workers, carried by Locust's own connection. Pure.

A worker says HELLO and is turned away or asked for its CLOCK some times; it is
given its ASSIGNMENT and says that it is READY; then it hears SEGMENTS as they
are announced, BEGIN, and FINISH or STOP, and says each second what it has SEEN.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline

HELLO = "load_hello"
REFUSED = "load_refused"
CLOCK = "load_clock"
CLOCK_IS = "load_clock_is"
ASSIGNMENT = "load_assignment"
READY = "load_ready"
CANNOT = "load_cannot"
SEGMENTS = "load_segments"
BEGIN = "load_begin"
FINISH = "load_finish"
STOP = "load_stop"
SEEN = "load_seen"
LEAVING = "load_leaving"


@dataclass(slots=True)
class Seen:
    """What a worker has seen since the last time."""

    timeline: Timeline = field(default_factory=Timeline)
    generator: list[GeneratorSecond] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    settled: int = 0
    """The second before which all that was planned has ended."""
    in_flight: int = 0
    """Requests whose answers are waited for."""
    is_done: bool = False

    def to_wire(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return {
            "timeline": self.timeline.to_wire(),
            "generator": [asdict(each) for each in self.generator],
            "troubles": self.troubles,
            "settled": self.settled,
            "in_flight": self.in_flight,
            "is_done": self.is_done,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Seen":
        """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
        return cls(
            timeline=Timeline.from_wire(wire["timeline"]),
            generator=[GeneratorSecond(**each) for each in wire["generator"]],
            troubles=[str(each) for each in wire["troubles"]],
            settled=int(wire["settled"]),
            in_flight=int(wire["in_flight"]),
            is_done=bool(wire["is_done"]),
        )
