"""How sure one is of a share: exact intervals for counts and for quantiles, from the binomial distribution.

Clopper and Pearson's interval of a share, and the ranks between which a quantile
lies, which rest on nothing but that requests are independent. Those that follow
each other are not wholly: docs/load-verdicts.md says what that means.
"""

import math
from collections.abc import Callable
from functools import lru_cache

UNSURE = 0.05
"""An interval of 95 % misses so often, half of it on each side."""


def at_most(count: int, trials: int, share: float) -> float:
    """Give the probability of so many or fewer among so many trials."""
    if count < 0:
        return 0.0
    if count >= trials:
        return 1.0
    return 1 - _incomplete_beta(count + 1, trials - count, share)


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
        missed = _incomplete_beta(first, second, at) - probability
        low, high = (at, high) if missed < 0 else (low, at)
        density = math.exp(_log_density(first, second, at)) / (at * (1 - at))
        step = missed / density if density > 0 else math.inf
        guess = at - step
        if not low < guess < high:
            guess = (low + high) / 2
        if abs(guess - at) <= 1e-12 * at:
            return guess
        at = guess
    return at


def _incomplete_beta(first: float, second: float, at: float) -> float:
    """The regularised one, by the continued fraction of Lentz on the side where it converges fast."""
    if at <= 0:
        return 0.0
    if at >= 1:
        return 1.0
    if at > (first + 1) / (first + second + 2):
        return 1 - _incomplete_beta(second, first, 1 - at)
    return math.exp(_log_density(first, second, at)) * _fraction(first, second, at) / first


def _log_density(first: float, second: float, at: float) -> float:
    """The logarithm of the distribution's density, times `at` and what it lacks of one."""
    return (
        math.lgamma(first + second)
        - math.lgamma(first)
        - math.lgamma(second)
        + first * math.log(at)
        + second * math.log1p(-at)
    )


def _fraction(first: float, second: float, at: float) -> float:
    least = 1e-300
    upper, lower = 1.0, 1 - (first + second) * at / (first + 1)
    lower = 1 / (lower if abs(lower) > least else least)
    value = lower
    for step in range(1, 20_000):
        even = step * (second - step) * at / ((first + 2 * step - 1) * (first + 2 * step))
        odd = -(first + step) * (first + second + step) * at / ((first + 2 * step) * (first + 2 * step + 1))
        for factor in (even, odd):
            lower = 1 + factor * lower
            lower = 1 / (lower if abs(lower) > least else least)
            upper = 1 + factor / upper
            upper = upper if abs(upper) > least else least
            value *= lower * upper
        if abs(lower * upper - 1) < 1e-12:
            break
    return value
