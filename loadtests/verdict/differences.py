"""The rows of a comparison: one measure of one phase in both runs, with the interval of its change."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.measure.cell import Cell
from loadtests.verdict.binomial import at_most
from loadtests.verdict.comparison import Difference, Finding, Rule
from loadtests.verdict.estimate import SHARES, Estimate
from loadtests.verdict.marking import fewest_samples
from loadtests.verdict.phase import Seen
from loadtests.verdict.resampling import Blocks, Numbers
from monitoring.slo import Promise

FLOOR = "p10"
"""What a request takes where nothing is in its way: what else is at work on a machine moves it least."""
QUANTILES = ("p50", "p95", "p99")
TIMED = (FLOOR, *QUANTILES)
EPISODES = {FLOOR: 1, "p50": 2, "p95": 3, "p99": 3, "goodput_ratio": 3}
"""What else is at work on a machine comes in episodes longer than a block, and some longer than a run: so many times
as far as its seconds tell does a figure swing from run to run. Measured: docs/load-verdicts.md."""
ROWS_ALIKE = 3
"""Some hundred pictures are asked again and again: so many rows tell of accuracy what one that is independent does."""
MOST_BLOCKS = 300
"""Of a run of hours the blocks are longer: more of them tell nothing more, and take memory."""
SHORTEST_LAG = 0.0001
"""In seconds: shorter ones differ by what a clock costs."""
FEWEST_OF_FLOOR = 100
BLIND = math.log(2)
"""An interval so wide that a server of half the speed would lie within it."""

WIDEST = 10.0


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs, in one phase."""

    seen: Seen
    behind: tuple[str, ...]
    """What was wrong with the generator beside its being late now and then."""
    samples: int
    """Requests that the quantiles are of."""
    quantiles: Mapping[str, Numbers]
    """By their names: what really was, and of each draw."""
    goodputs: Numbers

    @property
    def cell(self) -> Cell:
        return self.seen.cell("")


def side(
    seen: Seen,
    behind: Iterable[str],
    kinds: Mapping[str, Sequence[Cell]],
    longest: float,
    promise: Promise,
    rule: Rule,
) -> Side:
    """Draw from the seconds of a phase, given by kind of request; one without an answer counts as `longest`."""
    seconds = [_sum(cells) for cells in zip(*kinds.values(), strict=True)]
    block_seconds = max(rule.block_seconds, len(seconds) // MOST_BLOCKS)
    together = Blocks(seconds, block_seconds, longest=longest)
    draws = together.draws(rule.draws, np.random.default_rng(rule.seed))
    found = together.quantiles([SHARES[measure] for measure in QUANTILES], draws)
    goodputs = together.goodputs(promise.latency.threshold_seconds, draws)
    quantiles = {FLOOR: _floor(kinds, draws, longest, block_seconds), **dict(zip(QUANTILES, found, strict=True))}
    return Side(seen, tuple(behind), together.samples, quantiles, goodputs)


def _unrest(old: Side, new: Side, rule: Rule) -> float:
    """How much of a difference of latency may be the machine's, by how late the generator itself was as a rule."""
    lags = [max(SHORTEST_LAG, side.cell.lags.quantile(0.5)) if side.cell.lags.total else 0 for side in (old, new)]
    if not all(lags):
        return 0.0
    return max(0.0, abs(math.log(lags[1] / lags[0])) - math.log(rule.alike_lags))


def _blinded(unrest: float, rule: Rule) -> str:
    if rule.sureness * unrest > BLIND:
        return "the machine was far busier in one of the two: the generator itself had to wait several times as long"
    return "it swings so much that twice as much would not be seen"


def _floor(kinds: Mapping[str, Sequence[Cell]], draws: Numbers, longest: float, block_seconds: int) -> Numbers:
    """The mean over the kinds, by their logarithms: the fastest kind alone would say nothing of the others."""
    total, weights = np.zeros(len(draws)), 0
    for cells in kinds.values():
        blocks = Blocks(cells, block_seconds, longest=longest)
        if blocks.samples:
            (found,) = blocks.quantiles([0.1], draws)
            total += blocks.samples * np.log(np.maximum(found, 1e-6))
            weights += blocks.samples
    return np.exp(total / weights) if weights else np.full(len(draws), math.nan)


def _sum(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.merge(cell)
    return total


def latency(measure: str, old: Side, new: Side, promise: Promise, rule: Rule) -> Difference:
    """Compare a quantile by its logarithm: noise of latency is in proportion to it."""
    phase = new.seen.span.name
    before, after = old.quantiles[measure], new.quantiles[measure]
    fewest = FEWEST_OF_FLOOR if measure == FLOOR else fewest_samples(measure, promise)
    fewer = min(old.samples, new.samples)
    if not fewer:
        return _untold(phase, measure, before[0], after[0], "there was no answer in one of the two")
    if fewer < fewest:
        return _untold(phase, measure, before[0], after[0], f"needs {fewest:,} answers in both, and one had {fewer:,}")
    logarithms = [np.log(np.maximum(values, 1e-6)) for values in (before, after)]
    moved = float(logarithms[1][0] - logarithms[0][0])
    scatter = (EPISODES[measure] * _scatter(values) for values in logarithms)
    unrest = _unrest(old, new, rule)
    error = math.hypot(*scatter, math.sqrt(2) * rule.between_runs, unrest)
    # More than this is all the same, and no number can hold it.
    error = min(error, WIDEST)
    low, high = (math.exp(moved + side * rule.sureness * error) - 1 for side in (-1, 1))
    change = math.exp(moved) - 1
    seconds = float(after[0] - before[0])
    matters = abs(seconds) > rule.smallest_seconds + rule.smallest_ratio * float(min(before[0], after[0]))
    finding, words = _finding(moved, error, rule, matters=matters, is_more_worse=True), ""
    is_told = finding is not Finding.SAME or rule.sureness * error <= BLIND
    if rule.sureness * unrest > BLIND or not is_told:
        finding, words = Finding.UNTOLD, _blinded(unrest, rule)
    return Difference(phase, measure, finding, float(before[0]), float(after[0]), change, low, high, words)


def goodput(old: Side, new: Side, rule: Rule) -> Difference:
    """Compare the shares that were answered well within the threshold."""
    before, after = old.goodputs, new.goodputs
    change = float(after[0] - before[0])
    error = EPISODES["goodput_ratio"] * math.hypot(_scatter(before), _scatter(after))
    low, high = change - rule.sureness * error, change + rule.sureness * error
    finding = _finding(change, error, rule, matters=abs(change) > rule.smallest_goodput, is_more_worse=False)
    if rule.sureness * (unrest := _unrest(old, new, rule)) > BLIND:
        return _untold(new.seen.span.name, "goodput_ratio", before[0], after[0], _blinded(unrest, rule))
    return Difference(
        new.seen.span.name, "goodput_ratio", finding, float(before[0]), float(after[0]), change, low, high
    )


def counted(phase: str, measure: str, before: Estimate | None, after: Estimate | None, rule: Rule) -> Difference:
    """Compare two shares of what was counted one by one, exactly: how likely is it that so many fell on one side?"""
    if before is None or after is None:
        known = [each.value if each else None for each in (before, after)]
        return _untold(phase, measure, known[0], known[1], "it is known in one of the two only")
    is_more_worse = measure == "error_ratio"
    smallest = rule.smallest_errors if is_more_worse else rule.smallest_accuracy
    change = after.value - before.value
    low = change - math.hypot(after.value - after.low, before.high - before.value)
    high = change + math.hypot(after.high - after.value, before.value - before.low)
    alike = 1 if is_more_worse else ROWS_ALIKE
    is_chance = _chance(before, after, alike) > math.erfc(rule.sureness / math.sqrt(2)) / 2
    finding = Finding.SAME
    if abs(change) > smallest and not is_chance:
        finding = Finding.WORSE if (change > 0) == is_more_worse else Finding.BETTER
    return Difference(phase, measure, finding, before.value, after.value, change, low, high)


def late(row: Difference) -> Difference:
    """Take back what a generator that fell behind may have done."""
    words = "the generator was not up to its plan in one of the two"
    return _untold(row.phase, row.measure, row.before, row.after, words)


def _finding(moved: float, error: float, rule: Rule, *, matters: bool, is_more_worse: bool) -> Finding:
    is_worse = (moved > 0) == is_more_worse
    if not matters or abs(moved) <= error * (rule.sureness if is_worse else rule.sureness_of_better):
        return Finding.SAME
    return Finding.WORSE if is_worse else Finding.BETTER


def _scatter(values: Numbers) -> float:
    """The standard error by the draws, which are one block short of what varies."""
    drawn = values[1:]
    return float(np.nanstd(drawn)) if len(drawn) and not np.isnan(drawn).all() else math.inf


def _chance(before: Estimate, after: Estimate, alike: int) -> float:
    """How likely so uneven a split of the bad ones is where both are alike, and each counts for so many."""
    bad, share = (before.bad or 0) + (after.bad or 0), after.samples / (before.samples + after.samples)
    after_bad = (after.bad or 0) / alike
    more = 1 - at_most(math.ceil(after_bad) - 1, round(bad / alike), share)
    return min(more, at_most(math.floor(after_bad), round(bad / alike), share))


def _untold(phase: str, measure: str, before: float | None, after: float | None, words: str) -> Difference:
    known = [None if value is None or math.isnan(value) else float(value) for value in (before, after)]
    return Difference(phase, measure, Finding.UNTOLD, known[0], known[1], None, words=words)
