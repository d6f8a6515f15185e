"""`latency-PHASE.hgrm`: the whole distribution of a phase, in the form that HdrHistogram's plotters read.

In milliseconds, of the requests that were answered well. How many got no answer
in time, and are in no line, stands in the last. Written here, since
HdrHistogram for Python takes a second to write one.
"""

import math
import re
from collections.abc import Iterator

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import MICROSECONDS, Histogram, width
from loadtests.measure.outcome import Outcome
from loadtests.verdict.estimate import unanswered

SUFFIX = ".hgrm"
TICKS_PER_HALF_DISTANCE = 5
"""Lines from 0 to 50 %, from there to 75 %, and so on."""
_ROUNDING = 1e-12
"""Three times a tenth is a little more than three tenths."""
_MILLISECOND = MICROSECONDS // 1000


def name(phase: str) -> str:
    """Name the file of a phase; one whose name is no name of a file gets another."""
    return f"latency-{re.sub('[^a-z0-9.-]', '-', phase.lower())[:80]}{SUFFIX}"


def distribution(cell: Cell) -> bytes:
    answered = cell.responses.get(Outcome.OK, Histogram())
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    for share, value, passed in levels(answered):
        end = f" {1 / (1 - share):14.2f}" if share < 1 else ""
        lines.append(f"{value / _MILLISECOND:12.3f} {share:2.12f} {passed:10d}{end}")
    longest = 1000 * answered.quantile(1) if answered.total else 0.0
    mean = 1000 * answered.mean() if answered.total else 0.0
    lines += [
        f"#[Mean    = {mean:12.3f}, StdDeviation   = {_deviation(answered):12.3f}]",
        f"#[Max     = {longest:12.3f}, Total count    = {answered.total:12d}]",
        f"#[Without an answer in time, and in no line above = {unanswered(cell)}]",
    ]
    return ("\n".join(lines) + "\n").encode()


def levels(histogram: Histogram) -> Iterator[tuple[float, int, int]]:
    """Give shares, which come closer and closer to 1, with their values in microseconds and all counts up to them."""
    total, passed, level = histogram.total, 0, 0.0
    for lowest in sorted(histogram.counts):
        value = lowest + width(lowest) - 1
        passed += histogram.counts[lowest]
        if passed == total:
            yield 1.0, value, total
            return
        while passed / total >= level - _ROUNDING:
            yield level, value, passed
            level += 1 / (TICKS_PER_HALF_DISTANCE * 2 ** (math.floor(math.log2(1 / (1 - level))) + 1))


def _deviation(histogram: Histogram) -> float:
    """The standard deviation, in milliseconds."""
    total = histogram.total
    if not total:
        return 0.0
    mean = histogram.mean() * MICROSECONDS
    squares = (count * (low + (width(low) - 1) / 2 - mean) ** 2 for low, count in histogram.counts.items())
    return math.sqrt(sum(squares) / total) / _MILLISECOND
