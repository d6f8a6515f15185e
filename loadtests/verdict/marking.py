"""Whether what was seen keeps a limit, and whether enough was seen to say so.

A point beyond the limit fails where there are samples enough, and one within it
passes; where the interval reaches to the other side, that is a warning. Of few
samples only what chance does not explain is told.
"""

import math

from loadtests.verdict.estimate import SHARES, Estimate
from loadtests.verdict.limit import RATIOS, Limit, shown
from loadtests.verdict.phrases import count
from loadtests.verdict.result import Mark
from monitoring.slo import Promise

SLOWER_THAN_A_QUANTILE = 10
"""So many samples beyond a quantile make it one that can be told: 1,000 of p99, 200 of p95."""
FEWEST_FAILURES = 3
"""One or two that fail have one cause, however few were asked: from three on they are evidence by themselves."""

Marked = tuple[Mark, str]


def fewest_samples(measure: str, promise: Promise) -> int:
    """Give how many samples tell a measure."""
    if measure in SHARES:
        return round(SLOWER_THAN_A_QUANTILE / (1 - SHARES[measure]))
    if measure == "accuracy":
        return promise.quality.minimum_labels
    return promise.minimum_requests if measure in RATIOS else 1


def mark(measure: str, seen: Estimate, limit: Limit, fewest: int) -> Marked:
    """Compare the two, with the reason in words."""
    if limit.baseline is not None:
        return _by_baseline(measure, seen, limit, limit.baseline, fewest)
    if measure in SHARES:
        return _quantile(measure, seen, limit, fewest)
    if seen.bad is not None:
        return _ratio(measure, seen, limit, fewest)
    kept = limit.is_kept(seen.value)
    return (Mark.PASSED if kept else Mark.FAILED), f"{shown(measure, seen.value)}, {limit.words}"


def _quantile(measure: str, seen: Estimate, limit: Limit, fewest: int) -> Marked:
    told = _told(measure, seen, limit)
    if not limit.is_most:
        return (Mark.PASSED if limit.is_kept(seen.value) else Mark.FAILED), told
    if seen.low > limit.number:
        return Mark.FAILED, told
    if seen.high <= limit.number:
        return Mark.PASSED, told
    if seen.samples < fewest:
        return Mark.INCONCLUSIVE, f"{told}; {measure} needs {count(fewest, 'answer')}, and there were {seen.samples:,}"
    if seen.value > limit.number:
        return Mark.FAILED, told
    return Mark.WARNED, f"{told}; the interval reaches beyond that"


def _ratio(measure: str, seen: Estimate, limit: Limit, fewest: int) -> Marked:
    told = _told(measure, seen, limit)
    bad = seen.bad or 0
    tolerated = limit.number if _counts_bad(measure) else 1 - limit.number
    if _counts_bad(measure) != limit.is_most:
        return (Mark.PASSED if limit.is_kept(seen.value) else Mark.FAILED), told
    if tolerated <= 0:
        return (Mark.FAILED if bad else Mark.PASSED), told
    is_surely_over = (seen.low > limit.number) if limit.is_most else (seen.high < limit.number)
    is_over = not limit.is_kept(seen.value)
    if is_over and is_surely_over and bad >= FEWEST_FAILURES:
        return Mark.FAILED, told
    if seen.samples < fewest:
        return Mark.INCONCLUSIVE, f"{told}; that needs {fewest:,}, and there were {seen.samples:,}"
    if is_over:
        # Where less than one is allowed among so many, a single one is over, and may be the first of thousands.
        if bad < FEWEST_FAILURES and seen.samples * tolerated < 1:
            return Mark.INCONCLUSIVE, f"{told}; {bad} of {seen.samples:,} does not tell chance from a fault"
        return Mark.FAILED, told
    reaches_over = not limit.is_kept(seen.high if limit.is_most else seen.low)
    if bad and reaches_over:
        return Mark.WARNED, f"{told}; the interval reaches beyond that"
    return Mark.PASSED, told


def _by_baseline(measure: str, seen: Estimate, limit: Limit, baseline: Estimate, fewest: int) -> Marked:
    told = _told(measure, seen, limit)
    if measure in SHARES and min(seen.samples, baseline.samples) < fewest:
        fewer = min(seen.samples, baseline.samples)
        return Mark.INCONCLUSIVE, f"{told}; {measure} needs {count(fewest, 'answer')} in both, and one had {fewer:,}"
    if limit.is_kept(seen.value):
        return Mark.PASSED, told
    if limit.is_most and math.isinf(baseline.high):
        return Mark.INCONCLUSIVE, f"{told}; the baseline had too many requests without an answer to compare with"
    # The interval of the difference from the two intervals, as Donner and Zou combine them.
    if limit.is_most:
        surely = seen.value - limit.number > math.hypot(
            seen.value - seen.low if math.isfinite(seen.value) else 0, limit.times * (baseline.high - baseline.value)
        )
        surely = surely and seen.low > baseline.value
    else:
        surely = limit.number - seen.value > math.hypot(
            seen.high - seen.value, limit.times * (baseline.value - baseline.low)
        )
    if surely:
        return Mark.FAILED, told
    return Mark.WARNED, f"{told}; with so few samples, chance may have done it"


def _told(measure: str, seen: Estimate, limit: Limit) -> str:
    interval = f"{shown(measure, seen.low)} to {shown(measure, seen.high)}"
    if seen.bad is None:
        return f"{shown(measure, seen.value)} ({interval}) of {count(seen.samples, 'request')}; {limit.words}"
    return f"{shown(measure, seen.value)} ({interval}; {seen.bad:,} of {seen.samples:,} bad); {limit.words}"


def _counts_bad(measure: str) -> bool:
    return measure == "error_ratio"
