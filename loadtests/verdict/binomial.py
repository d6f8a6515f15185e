"""How sure one is of a share: exact intervals for counts and for quantiles, from the binomial distribution.

Clopper and Pearson's interval of a share, and the ranks between which a quantile
lies, which rest on nothing but that requests are independent. Those that follow
each other are not wholly: docs/load-verdicts.md says what that means.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from monitoring.incomplete_beta import incomplete_beta, log_density

UNSURE = 0.05
"""An interval of 95 % misses so often, half of it on each side."""


def at_most(count: int, trials: int, share: float) -> float:
    """Give the probability of so many or fewer among so many trials."""
    if count < 0:
        return 0.0
    if count >= trials:
        return 1.0
    return 1 - incomplete_beta(count + 1, trials - count, share)


@lru_cache(maxsize=4096)
def share_interval(count: int, trials: int) -> tuple[float, float]:
    """Give the least and the largest share that are not surprised by this count; all of them where nothing was tried.

    With none among them the lower end is 0 and the upper about 3.7 / trials.
    """
    if not trials:
        return 0.0, 1.0
    low = 0.0 if count == 0 else _beta_quantile(count, trials - count + 1, UNSURE / 2)
    high = 1.0 if count == trials else _beta_quantile(count + 1, trials - count, 1 - UNSURE / 2)
    return low, high


@lru_cache(maxsize=4096)
def rank_interval(samples: int, share: float) -> tuple[int | None, int | None]:
    """Give the ranks, from 1, of the two samples between which the quantile lies; None for an end that no sample is.

    So few samples may be there that even the longest of them can be below the quantile.
    """
    low = _least(samples, lambda rank: at_most(rank, samples, share) > UNSURE / 2)
    high = _least(samples, lambda rank: at_most(rank - 1, samples, share) >= 1 - UNSURE / 2)
    return (low if low >= 1 else None), (high if high <= samples else None)


def _least(samples: int, holds: Callable[[int], bool]) -> int:
    """Give the least rank from 0 for which it holds, as it does for all above; one more than there are where none."""
    below, above = -1, samples + 1
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def _beta_quantile(first: float, second: float, probability: float) -> float:
    """By Newton's method, and by halving where that would leave what is known to hold it."""
    low, high = 0.0, 1.0
    at = first / (first + second)
    for _ in range(60):
        missed = incomplete_beta(first, second, at) - probability
        low, high = (at, high) if missed < 0 else (low, at)
        density = math.exp(log_density(first, second, at)) / (at * (1 - at))
        step = missed / density if density > 0 else math.inf
        guess = at - step
        if not low < guess < high:
            guess = (low + high) / 2
        if abs(guess - at) <= 1e-12 * at:
            return guess
        at = guess
    return at
