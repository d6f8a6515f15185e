"""What a run proves: for each fault how many requests there were, how many were lost, and how.

A run without a loss proves nothing by itself. It counts where there were enough
requests, where each fault did what it is named for, and where the callers kept
to their times. A server that says it is full has refused, not lost; such
requests fail the run as well, and are told apart. A fault has the whole seconds
that it touched, and a request belongs to the second in which it was due. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from tests.cluster.rolling.load import LATE_SECONDS
from tests.cluster.rolling.timeline import PodCount, least_ready

EXAMPLES = 5
"""Failures told word by word, for each fault."""


@dataclass(frozen=True)
class Mark:
    """A fault, from the moment it is asked for until everything has settled, in seconds of the run."""

    name: str
    began: float
    ended: float
    new_pods: int
    """Pods that came up meanwhile."""
    expected_new_pods: int
    """Fewer, and the fault has not happened."""
    versions: tuple[str, ...] = ()
    """Of the model, before and after, where the fault changes it."""

    @property
    def seconds(self) -> range:
        """Every second that it touched."""
        return range(floor(self.began), ceil(self.ended))


@dataclass(frozen=True)
class Span:
    """A part of the requests: those of a fault, or those of none."""

    name: str
    seconds: int
    requests: int
    lost: int
    overload: int
    """Of the lost, those that a server refused because it had too much to do."""
    losses: list[dict[str, Any]]
    """How many by kind, outcome and code."""
    examples: list[str]
    p50_milliseconds: float
    p99_milliseconds: float
    least_ready: int
    new_pods: int = 0


@dataclass(frozen=True)
class Verdict:
    """All that a run showed."""

    requests: int
    lost: int
    overload: int
    by_kind: dict[str, dict[str, float]]
    faults: list[Span]
    calm: Span
    versions: dict[str, int]
    """How many answers each version of the model gave, by the word of the answers."""
    late_p99_seconds: float
    """How late the callers themselves were."""
    objections: list[str] = field(default_factory=list)
    """Why the run proves nothing, lost or not."""

    @property
    def is_proof(self) -> bool:
        """Whether the run shows that nothing is lost."""
        return not self.lost and not self.objections


def judge(timeline: Timeline, marks: Sequence[Mark], pods: Sequence[PodCount], *, least_requests: int) -> Verdict:
    """Sum a run up."""
    whole = Part(timeline, timeline.seconds)
    late = whole.cell.lags.quantile(0.99)
    return Verdict(
        requests=whole.cell.total,
        lost=lost(whole.cell),
        overload=whole.cell.count(Outcome.SHED),
        by_kind={kind: _numbers(whole.of(kind)) for kind in timeline.streams},
        faults=[_span(mark, timeline, pods) for mark in marks],
        calm=_calm(timeline, marks, pods),
        versions=dict(sorted(whole.cell.versions.items())),
        late_p99_seconds=late,
        objections=[*_objections(timeline, marks, least_requests, late)],
    )


class Part:
    """Some seconds of a run, which need not follow each other."""

    def __init__(self, timeline: Timeline, seconds: Iterable[int]) -> None:
        self._timeline = timeline
        self.seconds = frozenset(seconds)
        self.cell = self._sum(timeline.streams)

    def of(self, stream: str) -> Cell:
        return self._sum([stream])

    def _sum(self, streams: Iterable[str]) -> Cell:
        total, wanted = Cell(), set(streams)
        for (second, stream), cell in self._timeline.cells.items():
            if second in self.seconds and stream in wanted:
                total.merge(cell)
        return total

    @property
    def losses(self) -> list[dict[str, Any]]:
        found = []
        for kind in self._timeline.streams:
            for outcome, codes in self.of(kind).failed_codes.items():
                found += [
                    {"kind": kind, "outcome": outcome.value, "code": code, "count": count}
                    for code, count in codes.items()
                ]
        return sorted(found, key=lambda each: -int(each["count"]))

    @property
    def examples(self) -> list[str]:
        return [
            f"{kind}, {outcome}: {words}"
            for kind in self._timeline.streams
            for outcome, examples in self.of(kind).examples.items()
            for words in examples
        ][:EXAMPLES]


def lost(cell: Cell) -> int:
    return sum(cell.count(outcome) for outcome in Outcome if outcome.is_failure)


def _objections(timeline: Timeline, marks: Sequence[Mark], least_requests: int, late: float) -> list[str]:
    objections = []
    requests = Part(timeline, timeline.seconds).cell.total
    if requests < least_requests:
        objections.append(f"there were {requests:,} requests, expected {least_requests:,} at least")
    if late > LATE_SECONDS:
        objections.append(f"the callers themselves were late: one request in a hundred by {late:.1f} s and more")
    for mark in marks:
        if mark.new_pods < mark.expected_new_pods:
            objections.append(f"{mark.name}: {mark.new_pods} pods came up, expected {mark.expected_new_pods}")
        if mark.versions:
            objections += _unchanged(mark, timeline)
    return objections


def _unchanged(mark: Mark, timeline: Timeline) -> list[str]:
    """Say where the answers do not bear out that a version took another's place."""
    # What was due in the last second before it may have been answered within it.
    before = set(Part(timeline, range(timeline.seconds.start, mark.seconds.start - 1)).cell.versions)
    after = set(Part(timeline, range(mark.seconds.stop, timeline.seconds.stop)).cell.versions)
    old, new = mark.versions
    objections = []
    if old not in before or new in before:
        objections.append(f"{mark.name}: before it versions {sorted(before)} answered, expected {old} and not {new}")
    if new not in after or old in after:
        objections.append(f"{mark.name}: after it versions {sorted(after)} answered, expected {new} and not {old}")
    return objections


def _span(mark: Mark, timeline: Timeline, pods: Sequence[PodCount]) -> Span:
    least = least_ready(pods, mark.began, mark.ended)
    return _of(mark.name, Part(timeline, mark.seconds), least, mark.new_pods)


def _calm(timeline: Timeline, marks: Sequence[Mark], pods: Sequence[PodCount]) -> Span:
    hurt = {second for mark in marks for second in mark.seconds}
    calm = [second for second in timeline.seconds if second not in hurt]
    least = min((least_ready(pods, second, second + 1) for second in calm), default=0)
    return _of("no fault", Part(timeline, calm), least)


def _of(name: str, part: Part, least: int, new_pods: int = 0) -> Span:
    numbers = _numbers(part.cell)
    return Span(
        name=name,
        seconds=len(part.seconds),
        requests=part.cell.total,
        lost=lost(part.cell),
        overload=part.cell.count(Outcome.SHED),
        losses=part.losses,
        examples=part.examples,
        p50_milliseconds=numbers["p50_milliseconds"],
        p99_milliseconds=numbers["p99_milliseconds"],
        least_ready=least,
        new_pods=new_pods,
    )


def _numbers(cell: Cell) -> dict[str, float]:
    taken = cell.responses.get(Outcome.OK, Histogram())
    return {
        "requests": cell.total,
        "lost": lost(cell),
        "p50_milliseconds": round(1000 * taken.quantile(0.5), 1),
        "p99_milliseconds": round(1000 * taken.quantile(0.99), 1),
    }
