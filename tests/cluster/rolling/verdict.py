"""What a run proves: for each fault how many requests there were, how many were lost, and how.

A run without a loss proves nothing by itself. It counts where there were enough
requests, where each fault did what it is named for, and where the callers kept
to their times. A server that says it is full has refused, not lost; such
requests fail the run as well, and are told apart. Pure.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.rolling.arrivals import Kind
from tests.cluster.rolling.record import Response
from tests.cluster.rolling.timeline import PodCount, least_ready, percentile

EXAMPLES = 5
"""Failures told word by word, for each fault."""

LATE_SECONDS = 1.0
"""Callers of whom one in a hundred is later than this measure themselves."""


@dataclass(frozen=True)
class Mark:
    """A fault, from the moment it is asked for until everything has settled."""

    name: str
    began: float
    ended: float
    new_pods: int
    """Pods that came up meanwhile."""
    expected_new_pods: int
    """Fewer, and the fault has not happened."""
    versions: tuple[str, ...] = ()
    """Of the model, before and after, where the fault changes it."""


@dataclass(frozen=True)
class Span:
    """A part of the requests: those of a fault, or those of none."""

    name: str
    seconds: float
    requests: int
    lost: int
    overload: int
    """Of the lost, those that a server refused because it had too much to do."""
    losses: list[dict[str, Any]]
    """How many by kind, status and reason."""
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


def judge(
    responses: Sequence[Response], marks: Sequence[Mark], pods: Sequence[PodCount], *, least_requests: int
) -> Verdict:
    """Sum a run up."""

    def of_mark(mark: Mark) -> Callable[[Response], bool]:
        return lambda response: mark.began <= response.scheduled < mark.ended

    faults = [_span(mark, list(filter(of_mark(mark), responses)), pods) for mark in marks]
    calm = [response for response in responses if not any(of_mark(mark)(response) for mark in marks)]
    late = percentile(sorted(response.sent - response.scheduled for response in responses), 0.99)
    lost = [response for response in responses if response.is_lost]
    return Verdict(
        requests=len(responses),
        lost=len(lost),
        overload=sum(response.is_overload for response in lost),
        by_kind={kind.value: _numbers([each for each in responses if each.kind is kind]) for kind in Kind},
        faults=faults,
        calm=_calm(calm, responses, marks, pods),
        versions=dict(sorted(Counter(response.version for response in responses if response.version).items())),
        late_p99_seconds=late,
        objections=[*_objections(responses, marks, least_requests, late)],
    )


def _objections(responses: Sequence[Response], marks: Sequence[Mark], least_requests: int, late: float) -> list[str]:
    objections = []
    if len(responses) < least_requests:
        objections.append(f"there were {len(responses):,} requests, expected {least_requests:,} at least")
    if late > LATE_SECONDS:
        objections.append(f"the callers themselves were late: one request in a hundred by {late:.1f} s and more")
    for mark in marks:
        if mark.new_pods < mark.expected_new_pods:
            objections.append(f"{mark.name}: {mark.new_pods} pods came up, expected {mark.expected_new_pods}")
        if mark.versions:
            objections += _unchanged(mark, responses)
    return objections


def _unchanged(mark: Mark, responses: Sequence[Response]) -> list[str]:
    """Say where the answers do not bear out that a version took another's place."""
    told = [response for response in responses if response.version]
    before = {response.version for response in told if response.ended < mark.began}
    after = {response.version for response in told if response.scheduled >= mark.ended}
    old, new = mark.versions
    objections = []
    if old not in before or new in before:
        objections.append(f"{mark.name}: before it versions {sorted(before)} answered, expected {old} and not {new}")
    if new not in after or old in after:
        objections.append(f"{mark.name}: after it versions {sorted(after)} answered, expected {new} and not {old}")
    return objections


def _span(mark: Mark, responses: Sequence[Response], pods: Sequence[PodCount]) -> Span:
    least = least_ready(pods, mark.began, mark.ended)
    return _of(mark.name, mark.ended - mark.began, responses, least, mark.new_pods)


def _calm(
    calm: Sequence[Response], responses: Sequence[Response], marks: Sequence[Mark], pods: Sequence[PodCount]
) -> Span:
    if not responses:
        return _of("no fault", 0.0, [], 0)
    began, ended = responses[0].scheduled, responses[-1].scheduled
    in_faults = sum(mark.ended - mark.began for mark in marks)
    edges = [began, *(edge for mark in marks for edge in (mark.began, mark.ended)), ended]
    spans = [(edges[place], edges[place + 1]) for place in range(0, len(edges), 2) if edges[place] < edges[place + 1]]
    least = min((least_ready(pods, start, end) for start, end in spans), default=0)
    return _of("no fault", max(0.0, ended - began - in_faults), calm, least)


def _of(name: str, seconds: float, responses: Sequence[Response], least: int, new_pods: int = 0) -> Span:
    lost = [response for response in responses if response.is_lost]
    counted = Counter((response.kind.value, response.status, response.reason) for response in lost)
    numbers = _numbers(responses)
    return Span(
        name=name,
        seconds=round(seconds, 1),
        requests=len(responses),
        lost=len(lost),
        overload=sum(response.is_overload for response in lost),
        losses=[
            {"kind": kind, "status": status, "reason": reason, "count": count}
            for (kind, status, reason), count in counted.most_common()
        ],
        examples=[f"{each.kind.value} {each.number}: {each.status} {each.trouble}" for each in lost[:EXAMPLES]],
        p50_milliseconds=numbers["p50_milliseconds"],
        p99_milliseconds=numbers["p99_milliseconds"],
        least_ready=least,
        new_pods=new_pods,
    )


def _numbers(responses: Sequence[Response]) -> dict[str, float]:
    taken = sorted(response.seconds for response in responses if not response.is_lost)
    return {
        "requests": len(responses),
        "lost": sum(response.is_lost for response in responses),
        "p50_milliseconds": round(1000 * percentile(taken, 0.5), 1),
        "p99_milliseconds": round(1000 * percentile(taken, 0.99), 1),
    }
