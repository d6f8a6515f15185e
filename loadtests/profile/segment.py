"""A stretch of a run, as it is told to those who send: which seconds, how many requests, what is done to pictures.

A segment is announced before it begins. One whose end nobody knows yet is open;
when its end is known it is announced again, with the same index, and closed.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from loadtests.profile.rate_curve import Curve, curve_from_wire, moment

Arrivals = Literal["poisson", "constant", "trace"]


@dataclass(frozen=True, slots=True)
class Segment:
    index: int
    """Its place in the run, from 0."""
    name: str
    role: str
    """As `form.Phase.role`."""
    began: int
    """The second of the run that is its first."""
    seconds: int | None
    """None while its end is open."""
    curve: Curve
    arrivals: Arrivals = "poisson"
    drift: str = ""
    trace: tuple[float, ...] = ()
    """Where arrivals are a trace's: when they are due, in seconds of the run, in order."""

    @property
    def ended(self) -> int | None:
        """The second of the run that is the first after it."""
        return None if self.seconds is None else self.began + self.seconds

    def has(self, second: int) -> bool:
        return second >= self.began and (self.ended is None or second < self.ended)

    def rate_at(self, at: float) -> float:
        """Give the planned rate, so many seconds after it began; of a trace, how many are due in that second."""
        if self.arrivals == "trace":
            second = self.began + int(at)
            return bisect_left(self.trace, second + 1) - bisect_left(self.trace, second)
        return float(self.curve.rate(moment(at))[0])

    def mean_rate(self, ended: int) -> float:
        """Give the mean of the planned rate from its beginning to this second of the run; 0 of no time."""
        seconds = ended - self.began
        if seconds <= 0:
            return 0.0
        if self.arrivals == "trace":
            return bisect_left(self.trace, ended) / seconds
        return float(self.curve.count(moment(seconds))[0]) / seconds

    def to_wire(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return {
            "index": self.index,
            "name": self.name,
            "role": self.role,
            "began": self.began,
            "seconds": self.seconds,
            "curve": self.curve.to_wire(),
            "arrivals": self.arrivals,
            "drift": self.drift,
            "trace": list(self.trace),
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Segment":
        """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
        if wire["arrivals"] not in get_args(Arrivals):
            raise ValueError(f"arrivals are {', '.join(get_args(Arrivals))}, and not {wire['arrivals']!r}")
        return cls(
            index=int(wire["index"]),
            name=str(wire["name"]),
            role=str(wire["role"]),
            began=int(wire["began"]),
            seconds=None if wire["seconds"] is None else int(wire["seconds"]),
            curve=curve_from_wire(wire["curve"]),
            arrivals=cast(Arrivals, wire["arrivals"]),
            drift=str(wire["drift"]),
            trace=tuple(map(float, wire["trace"])),
        )


def segment_at(segments: Iterable[Segment], second: int) -> Segment | None:
    """Give the one that this second of the run belongs to; None before the first and after the last."""
    return next((segment for segment in segments if segment.has(second)), None)
