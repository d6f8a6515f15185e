"""Where a value lies on an axis, and which values are written there."""

import math
from collections.abc import Callable
from dataclasses import dataclass

Write = Callable[[float], str]

MOST_TICKS = 6
CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
MOST_TIMES = 12


@dataclass(frozen=True, slots=True)
class Scale:
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Give where it lies, from 0 to 1; what is beyond an end lies there."""
        low, high = self.low, self.high
        if self.is_log:
            value, low, high = (math.log10(max(each, 1e-9)) for each in (min(value, high), low, high))
        return min(1.0, max(0.0, (value - low) / (high - low)))


def linear(highest: float, write: Write) -> Scale:
    """From zero to a round number that is no less."""
    highest = highest if math.isfinite(highest) and highest > 0 else 1.0
    step = _round_up(highest / MOST_TICKS)
    count = math.ceil(highest / step - 1e-9)
    return Scale(0, count * step, tuple((each * step, write(each * step)) for each in range(count + 1)))


def logarithmic(lowest: float, highest: float, write: Write) -> Scale:
    """Between the round numbers around both; few decades have more of them written."""
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    last = max(last, first + 1)
    steps = (1, 2, 5) if last - first <= 3 else (1,)
    found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    low = max((each for each in found if each <= lowest), default=10.0**first)
    high = min((each for each in found if each >= highest and each > low), default=10.0**last)
    return Scale(low, high, tuple((each, write(each)) for each in found if low <= each <= high), is_log=True)


def spread(values: list[float], write: Write) -> Scale:
    """Logarithmic where they differ by much, and linear else."""
    known = [each for each in values if math.isfinite(each) and each > 0]
    if known and max(known) > 20 * min(known):
        return logarithmic(min(known), max(known), write)
    return linear(1.05 * max(known, default=1.0), write)


def clock(seconds: float) -> Scale:
    """The time of a run, from its beginning."""
    step = next((each for each in CLOCK_STEPS if seconds <= each * MOST_TIMES), CLOCK_STEPS[-1])
    times = range(0, int(seconds) + 1, step)
    return Scale(0, max(seconds, 1), tuple((float(each), time(each)) for each in times))


def time(seconds: float) -> str:
    """Write a time of the run as 1:05, or 2:00:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _round_up(value: float) -> float:
    """Give the least of 1, 2, 2.5 and 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= value * (1 - 1e-9))
