"""One phase, or one kind of request in it, as a gate looks at it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond, Span
from loadtests.measure.timeline import Timeline
from loadtests.profile.form import Gate, Profile
from loadtests.verdict import estimate
from loadtests.verdict.estimate import SHARES, Estimate
from loadtests.verdict.soundness import unsound, without_a_port
from monitoring.slo import Promise

TIMES_THE_LAG = 3
"""A generator that is late by so much at most in 99 of 100 requests explains no delay of more than three times that."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a phase, by kind of request; the empty name is all kinds together."""

    span: Span
    cells: Mapping[str, Cell]
    unsound: tuple[str, ...] = ()
    """What was wrong with the generator in it."""
    allowed_lag: float = math.inf
    """A request that was sent later than this was sent late."""

    def cell(self, stream: str) -> Cell:
        return self.cells.get(stream, Cell())

    def estimate(self, gate: Gate, promise: Promise, *, doubt: bool = False) -> Estimate | None:
        """Estimate what a gate asks for; in doubt, with nothing against the server that the generator may have done.

        Of a generator that was up to its plan that is the few requests that it sent late, which may be the slowest.
        """
        cell = self.cell(gate.stream)
        lateness = 0.0
        if doubt and self.unsound:
            lateness = TIMES_THE_LAG * self.lag
            cell = _left(cell, [outcome for outcome in Outcome if not _is_the_generators(cell, outcome, lateness)])
        elif doubt:
            cell = _left(cell, cell.responses, late=self.late(gate.stream))
        threshold = promise.latency.threshold_seconds + lateness
        match gate.measure:
            case "error_ratio":
                return estimate.errors(cell, gate.of, promise)
            case "goodput_ratio":
                return estimate.goodput(cell, threshold)
            case "within_ratio":
                return estimate.within(cell, threshold)
            case "accuracy":
                return estimate.accuracy(cell)
            case "requests":
                return _exactly(cell.total - cell.count(Outcome.DROPPED))
            case "versions":
                return _exactly(len(cell.versions)) if cell.total else None
            case "achieved_ratio":
                return self._achieved(gate.stream)
            case measure:
                found = estimate.quantile(cell, SHARES[measure])
                return _earlier(found, lateness) if found else None

    @property
    def lag(self) -> float:
        """How late the generator was in one request of a hundred, in seconds."""
        lags = self.cell("").lags
        return lags.quantile(0.99) if lags.total else 0.0

    def late(self, stream: str) -> int:
        """Count the requests that were sent late."""
        lags = self.cell(stream).lags
        return lags.total - round(lags.share_within(self.allowed_lag) * lags.total) if lags.total else 0

    def _achieved(self, stream: str) -> Estimate | None:
        """What was sent, of what was planned; of one kind, of what was due."""
        cell = self.cell(stream)
        planned = cell.total if stream else max(self.span.planned, cell.total)
        return _exactly((cell.total - cell.count(Outcome.DROPPED)) / planned, planned) if planned else None


def look(
    timeline: Timeline, span: Span, generator: Iterable[GeneratorSecond], profile: Profile, promise: Promise
) -> Seen:
    """Sum up a phase for its gates."""
    cells = {name: timeline.over(span.began, span.ended, name or None) for name in ["", *timeline.streams]}
    threshold = promise.latency.threshold_seconds
    found = unsound(span, cells[""], generator, profile, threshold)
    return Seen(span, cells, tuple(found), profile.generator.lag_p99_seconds)


def _exactly(value: float, samples: int | None = None) -> Estimate:
    return Estimate(value, value, value, round(value) if samples is None else samples)


def _earlier(found: Estimate, seconds: float) -> Estimate:
    value, low, high = (max(0.0, each - seconds) for each in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def _is_the_generators(cell: Cell, outcome: Outcome, lateness: float) -> bool:
    """Say whether a generator that was so late may have made this outcome itself."""
    if outcome is Outcome.TIMEOUT and outcome in cell.responses:
        return cell.responses[outcome].at_rank(1) <= lateness
    return outcome is Outcome.DROPPED


def _left(cell: Cell, outcomes: Iterable[Outcome], late: int = 0) -> Cell:
    """Give what is left of these outcomes without so many of the slowest answers and what never left this machine."""
    left = Cell(failed_codes=cell.failed_codes, versions=cell.versions, labelled=cell.labelled, right=cell.right)
    left.responses = {outcome: cell.responses[outcome] for outcome in outcomes if outcome in cell.responses}
    if late and Outcome.OK in left.responses:
        left.responses[Outcome.OK] = left.responses[Outcome.OK].without_longest(late)
    if Outcome.CONNECTION in left.responses:
        left.responses[Outcome.CONNECTION] = left.responses[Outcome.CONNECTION].without_longest(without_a_port(cell))
    return left
