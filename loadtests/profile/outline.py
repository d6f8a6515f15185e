"""How long a profile takes and how much it asks, before it is run."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from loadtests.profile.capacity_search import CapacitySearch
from loadtests.profile.course import LEAD_SECONDS
from loadtests.profile.form import Profile, Search
from loadtests.profile.rate_curve import Curve, curve_of, flat, moment


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase as it is expected."""

    name: str
    role: str
    began: int
    seconds: int
    curve: Curve
    trace: tuple[float, ...] = ()
    """Of the whole run."""

    def rate_at(self, at: float) -> float:
        """Give the rate so many seconds after it began; of a trace, over that second."""
        if self.trace:
            since = self.began + int(at)
            return float(self._due(since, since + 1))
        return float(self.curve.rate(moment(at))[0])

    @property
    def requests(self) -> float:
        if self.trace:
            return float(self._due(self.began, self.began + self.seconds))
        return float(self.curve.count(moment(self.seconds))[0])

    def _due(self, began: int, ended: int) -> int:
        return bisect_left(self.trace, ended) - bisect_left(self.trace, began)


@dataclass(frozen=True, slots=True)
class Outline:
    stretches: tuple[Stretch, ...]
    bound: Literal["", "at least", "up to"] = ""
    """Nobody knows yet how long a change takes, or which step of a search does not hold."""

    @property
    def seconds(self) -> int:
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def requests(self) -> int:
        return round(sum(stretch.requests for stretch in self.stretches))


def outline(profile: Profile) -> Outline:
    """Say what is to be expected: of a change the least; of a search the most, where all but its last rate hold."""
    if profile.search:
        return Outline(tuple(_steps(profile.search)), "up to")
    stretches = []
    began = 0
    for phase in profile.phases:
        curve = curve_of(phase, profile.rate)
        stretches.append(Stretch(phase.name, phase.role, began, phase.seconds, curve, profile.trace_seconds))
        began += phase.seconds
    is_open = any(phase.role == "change" for phase in profile.phases)
    return Outline(tuple(stretches), "at least" if is_open else "")


def _steps(asked: Search) -> list[Stretch]:
    found = [Stretch("warm-up", "warm-up", 0, asked.warm_up_seconds, flat(asked.first / 2))]
    search = CapacitySearch(asked)
    while search.rate is not None:
        rate = search.rate
        number = len(search.steps) + 1
        for name, role, seconds, curve in (
            (f"step-{number}", "load", asked.step_seconds, flat(rate)),
            (f"judging-{number}", "warm-up", max(asked.settle_seconds, LEAD_SECONDS), flat((search.held or rate) / 2)),
        ):
            began = found[-1].began + found[-1].seconds
            found.append(Stretch(name, role, began, seconds, curve))
        search.tell(rate < asked.last)
    return found


def length(seconds: float) -> str:
    """Write a length of time as people do."""
    seconds = round(seconds)
    if seconds < 120:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 120:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")
