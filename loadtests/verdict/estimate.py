"""What was seen of a measure in some seconds of a run, and between which bounds it lies.

Latency counts from when a request was due. Its distribution holds the requests
that were answered well, and as longer than anything those that got no answer in
time: TIMEOUT, DROPPED and DEADLINE. Those refused or failed at once are in no
distribution of latency, since a fast error makes no server fast: `error_ratio`
and `goodput_ratio` count them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import Histogram
from loadtests.measure.outcome import Outcome
from loadtests.verdict.binomial import rank_interval, share_interval
from monitoring.slo import Promise

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
"""The measures that are quantiles of the response time."""
UNANSWERED = (Outcome.TIMEOUT, Outcome.DROPPED, Outcome.DEADLINE)
"""Whoever asked did not get an answer in time, and would have waited longer than can be told."""
FEWEST_BEYOND = 2
"""One or two slow requests have one cause: a quantile is surely as long as the third longest, and no longer."""
REFUSED_AS_TOO_MANY = ("429", "RESOURCE_EXHAUSTED")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, and the interval that holds the true one 95 times in a hundred."""

    value: float
    """Infinite where a quantile falls on a request without an answer."""
    low: float
    high: float
    """Infinite where there are too few samples to bound it."""
    samples: int
    bad: int | None = None
    """Of a ratio, how many of the samples speak against the server."""


def quantile(cell: Cell, share: float) -> Estimate | None:
    """Estimate a quantile of the response time; None of nothing."""
    answered = cell.responses.get(Outcome.OK, Histogram())
    samples = answered.total + unanswered(cell)
    if not samples:
        return None
    low, high = rank_interval(samples, share)
    low = None if low is None else min(low, samples - FEWEST_BEYOND)
    return Estimate(
        value=point(cell, share),
        low=0.0 if low is None or low < 1 else _at(answered, low),
        high=math.inf if high is None else _at(answered, high),
        samples=samples,
    )


def point(cell: Cell, share: float) -> float:
    """Give a quantile of the response time by itself: infinite where it falls on no answer, NaN of nothing."""
    answered = cell.responses.get(Outcome.OK, Histogram())
    samples = answered.total + unanswered(cell)
    return _at(answered, max(1, math.ceil(share * samples - 1e-9))) if samples else math.nan


def _at(answered: Histogram, rank: int) -> float:
    return math.inf if rank > answered.total else answered.at_rank(rank)


def within(cell: Cell, threshold: float) -> Estimate | None:
    """Estimate the share within the threshold, of those that the quantiles are of."""
    answered = cell.responses.get(Outcome.OK, Histogram())
    return _of_good(_within(answered, threshold), answered.total + unanswered(cell))


def goodput(cell: Cell, threshold: float) -> Estimate | None:
    """Estimate the share that was answered well within the threshold, of all that were due."""
    return _of_good(_within(cell.responses.get(Outcome.OK, Histogram()), threshold), cell.total)


def accuracy(cell: Cell) -> Estimate | None:
    """Estimate the share of labelled rows that were answered with their label."""
    return _of_good(cell.right, cell.labelled)


def errors(cell: Cell, of: Iterable[Outcome], promise: Promise) -> Estimate | None:
    """Estimate the share of these outcomes, or where none are named, of what the promise counts as an error."""
    named = tuple(of)
    bad = sum(cell.count(outcome) for outcome in set(named)) if named else promised_errors(cell, promise)
    return ratio(bad, cell.total)


def ratio(bad: int, samples: int) -> Estimate | None:
    """Estimate a share of bad ones; None of nothing."""
    if not samples:
        return None
    return Estimate(bad / samples, *share_interval(bad, samples), samples=samples, bad=bad)


def promised_errors(cell: Cell, promise: Promise) -> int:
    """Count what `availability` of slo.yaml counts: all failures but CLIENT, and of SHED what its rule says."""
    failed = sum(
        cell.count(outcome) for outcome in Outcome if outcome not in (Outcome.OK, Outcome.CLIENT, Outcome.SHED)
    )
    shed = cell.count(Outcome.SHED)
    codes: Mapping[str, int] = cell.failed_codes.get(Outcome.SHED, {})
    match promise.availability.shed:
        case "bad":
            return failed + shed
        case "good":
            return failed
        case _:
            return failed + shed - sum(codes.get(code, 0) for code in REFUSED_AS_TOO_MANY)


def unanswered(cell: Cell) -> int:
    return sum(cell.count(outcome) for outcome in UNANSWERED)


def _of_good(good: int, samples: int) -> Estimate | None:
    if not samples:
        return None
    return Estimate(good / samples, *share_interval(good, samples), samples=samples, bad=samples - good)


def _within(answered: Histogram, threshold: float) -> int:
    return round(answered.share_within(threshold) * answered.total) if answered.total else 0
