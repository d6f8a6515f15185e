"""What one rollout did to callers: which share the new version really had, and how many requests it hurt. Pure.

Times are seconds of the load's run. A second belongs to a share where the route
had it for all of that second and a while before, since a gateway takes a change up
after it is written. Answers over V1 do not say which version gave them, and have no
part in shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import NamedTuple

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import MICROSECONDS, Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from tests.cluster.rollout.versions import Version

TAKEN_UP_SECONDS = 3.0
"""Traefik gathers changes for two seconds before it goes by them."""
SIGMAS = 4.0
SLACK = 0.01
"""Of the share: each of a gateway's processes and protocols counts by itself."""
SLOW_TIMES = 2.0
"""An answer is slow that takes so many times as long as the slowest hundredth before the rollout."""


class Given(NamedTuple):
    """What the routes give the new version from a moment on, in percent."""

    at: float
    rest: float
    grpc: float


@dataclass(frozen=True)
class Stretch:
    """A time in which the share stayed as it was."""

    percent: float
    began: float
    ended: float
    requests: int
    """Those of which it is known who answered."""
    by_new: int
    """Answered by the new version, or failed: the old one fails none."""

    @property
    def share(self) -> float:
        return self.by_new / self.requests if self.requests else 0.0

    @property
    def is_as_given(self) -> bool:
        """Whether callers saw the share that the routes say."""
        given = self.percent / 100
        chance = SIGMAS * sqrt(given * (1 - given) / self.requests) if self.requests else 1.0
        return abs(self.share - given) <= chance + SLACK


@dataclass(frozen=True)
class Verdict:
    """All that one rollout did, from the moment it began until traffic was where it stayed."""

    stretches: list[Stretch]
    most_percent: float
    """That the new version had."""
    requests: int
    told: int
    """Of these, those of which it is known who answered."""
    by_new: int
    failed: int
    wrong: int
    """Answers that were wrong, beyond those that the old version has wrong as well."""
    slow: int
    failed_elsewhere: int
    """Before the new version had any traffic."""
    failed_words: list[str]
    p99_before: float
    p99_during: float

    def hurt(self, version: Version) -> int:
        """The requests that it hurt, in the way that it is known for."""
        return {"failed": self.failed, "wrong": self.wrong, "slow": self.slow}.get(version.hurts, self.failed)

    @property
    def exposed(self) -> float:
        """The share of requests that it answered."""
        return self.by_new / self.told if self.told else 0.0

    @property
    def is_bounded(self) -> bool:
        """Whether callers met it no more often than the step that it reached allows."""
        given = self.most_percent / 100
        return self.exposed <= given + (SIGMAS * sqrt(given * (1 - given) / self.told) if self.told else 0)


def judge(timeline: Timeline, given: Sequence[Given], number: str, began: float, ended: float) -> Verdict:
    """Sum one rollout up; `number` is the new version's, as its answers say it."""
    first = next((each.at for each in given if each.rest or each.grpc), ended)
    before = timeline.over(timeline.seconds.start, floor(first))
    during = timeline.over(floor(first), ceil(ended) + 1)
    whole = timeline.over(floor(began), ceil(ended) + 1)
    right_before = before.right / before.labelled if before.labelled else 1.0
    slow = SLOW_TIMES * times(before).quantile(0.99) if before.total else float("inf")
    return Verdict(
        stretches=stretches(timeline, given, number, ended),
        most_percent=max((max(each.rest, each.grpc) for each in given), default=0.0),
        requests=whole.total,
        told=sum(whole.versions.values()) + lost(during),
        by_new=whole.versions[number] + lost(during),
        failed=lost(during),
        wrong=max(0, round(during.labelled * right_before) - during.right),
        slow=above(times(during), slow),
        failed_elsewhere=lost(timeline.over(timeline.seconds.start, timeline.seconds.stop)) - lost(during),
        failed_words=[words for examples in during.examples.values() for words in examples],
        p99_before=times(before).quantile(0.99),
        p99_during=times(during).quantile(0.99),
    )


def stretches(timeline: Timeline, given: Sequence[Given], number: str, ended: float) -> list[Stretch]:
    """Cut a run where the share changed, and look at each part that is long enough for a whole second."""
    found = []
    ends = [*(each.at for each in given[1:]), ended]
    for each, end in zip(given, ends, strict=True):
        if each.rest != each.grpc:
            continue  # one route is written after the other
        start, stop = max(timeline.seconds.start, ceil(each.at + TAKEN_UP_SECONDS)), floor(end)
        cell = timeline.over(start, stop)
        told = sum(cell.versions.values()) + lost(cell)
        if stop > start and told:
            found.append(
                Stretch(each.rest, start, stop, told, cell.versions[number] + (lost(cell) if each.rest else 0))
            )
    return found


def lost(cell: Cell) -> int:
    return sum(cell.count(outcome) for outcome in Outcome if outcome.is_failure)


def times(cell: Cell) -> Histogram:
    """How long answers took."""
    return cell.responses.get(Outcome.OK, Histogram())


def above(histogram: Histogram, seconds: float) -> int:
    return sum(count for at, count in histogram.counts.items() if at > seconds * MICROSECONDS)
