"""How far a figure of a phase would swing had its seconds come otherwise: a bootstrap over blocks of seconds.

Seconds that follow each other are alike: a stall makes all slow that wait in
it. So whole blocks are drawn, and not requests, with a fixed seed: the same
runs always compare the same.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import MICROSECONDS, Histogram, width
from loadtests.measure.outcome import Outcome
from loadtests.verdict.estimate import unanswered

Numbers = npt.NDArray[np.float64]


class Blocks:
    """The seconds of a phase, in blocks that are drawn from with replacement."""

    def __init__(self, seconds: Sequence[Cell], block_seconds: int, *, longest: float) -> None:
        """A request without an answer counts as one that took `longest`, or as the longest that there was."""
        count = max(1, len(seconds) // block_seconds)
        answered = [each.responses.get(Outcome.OK, Histogram()).counts for each in seconds]
        lowest = sorted({key for counts in answered for key in counts})
        column = {key: place for place, key in enumerate(lowest)}
        self._counts: Numbers = np.zeros((count, len(lowest) + 1))
        self._due: Numbers = np.zeros(count)
        for second, (cell, counts) in enumerate(zip(seconds, answered, strict=True)):
            # The seconds that are left over belong to the last block.
            block = min(second // block_seconds, count - 1)
            for key, times in counts.items():
                self._counts[block, column[key]] += times
            self._counts[block, -1] += unanswered(cell)
            self._due[block] += cell.total
        ends = [(key + width(key) - 1) / MICROSECONDS for key in lowest]
        self._ends: Numbers = np.array([*ends, max([longest, *ends[-1:]])])

    @property
    def count(self) -> int:
        return len(self._due)

    @property
    def samples(self) -> int:
        return int(self._counts.sum())

    def draws(self, times: int, chance: np.random.Generator) -> Numbers:
        """Give how often each block is in each draw; the first row is what really was."""
        drawn = chance.multinomial(self.count, np.full(self.count, 1 / self.count), size=times)
        return np.vstack([np.ones(self.count), drawn]).astype(np.float64)

    def quantiles(self, shares: Sequence[float], draws: Numbers) -> list[Numbers]:
        """Give these quantiles, each of every draw, in seconds; NaN of a draw without answers."""
        passed = np.cumsum(draws @ self._counts, axis=1)
        total = passed[:, -1]
        found = []
        for share in shares:
            rank = np.maximum(1, np.ceil(share * total - 1e-9))
            place = np.minimum((passed < rank[:, None]).sum(axis=1), len(self._ends) - 1)
            found.append(np.where(total > 0, self._ends[place], math.nan))
        return found

    def goodputs(self, threshold: float, draws: Numbers) -> Numbers:
        """Give the share that was answered well within the threshold, of all that were due; NaN of none."""
        # By the lowest number of each bucket, as Histogram.share_within; the last column is of no answers.
        is_within = np.append(self._ends[:-1] <= threshold * (1 + 1 / 1024), False)
        due = draws @ self._due
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((draws @ self._counts[:, is_within].sum(axis=1)) / due)
