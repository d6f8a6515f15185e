"""How a rate changes over a phase: a straight line or a sine, with what has come of it by any moment.

Times are seconds since the phase began, as numpy arrays. Plain numbers, so that
a curve can be sent to a worker.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.profile.form import Phase, Ramp, Wave

Times = NDArray[np.float64]


def moment(seconds: float) -> Times:
    """Give a single time in the form that curves take."""
    return np.array([seconds], np.float64)


@dataclass(frozen=True, slots=True)
class Line:
    """From one rate to another; after its seconds it stays at the last, since a phase may turn out longer."""

    first: float
    last: float
    seconds: float

    def rate(self, at: Times) -> Times:
        return self.first + (self.last - self.first) * np.minimum(at / self.seconds, 1.0)

    def count(self, at: Times) -> Times:
        """Give how many requests are due before each moment, as real numbers."""
        within = np.minimum(at, self.seconds)
        slope = (self.last - self.first) / self.seconds
        return self.first * within + slope / 2 * within**2 + self.last * (at - within)

    @property
    def peak(self) -> float:
        return max(self.first, self.last)

    def to_wire(self) -> list[Any]:
        return ["line", self.first, self.last, self.seconds]


@dataclass(frozen=True, slots=True)
class Sine:
    """Around a mean, beginning at its lowest point."""

    mean: float
    swing: float
    """Of the mean."""
    period: float

    def rate(self, at: Times) -> Times:
        return self.mean * (1 - self.swing * np.cos(at * (2 * math.pi / self.period)))

    def count(self, at: Times) -> Times:
        turn = 2 * math.pi / self.period
        return self.mean * (at - self.swing / turn * np.sin(at * turn))

    @property
    def peak(self) -> float:
        return self.mean * (1 + self.swing)

    def to_wire(self) -> list[Any]:
        return ["sine", self.mean, self.swing, self.period]


Curve = Line | Sine


def flat(rate: float) -> Line:
    return Line(rate, rate, 1.0)


def curve_of(phase: Phase, rate: float) -> Curve:
    """Give the curve of a phase of a profile with this rate."""
    match phase.times:
        case Ramp() as ramp:
            return Line(rate * ramp.first, rate * ramp.last, phase.seconds)
        case Wave() as wave:
            return Sine(rate * wave.mean, wave.swing, wave.period_seconds)
        case times:
            return flat(rate * times)


def curve_from_wire(wire: Sequence[Any]) -> Curve:
    """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
    kind, *numbers = wire
    if kind not in ("line", "sine"):
        raise ValueError(f"a curve is a line or a sine, and not {kind!r}")
    return (Line if kind == "line" else Sine)(*map(float, numbers))
