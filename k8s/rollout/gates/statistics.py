"""How sure one is of counts: exact binomial tests and bounds, and what chance alone does to a distribution.

All are one-sided: a version is judged for being worse. Counts may be fractions,
since `increase` gives such; the functions run on between whole ones. Pure.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

from monitoring.incomplete_beta import incomplete_beta

HALVINGS = 40
"""Of an interval of shares; a millionth of a millionth of it is left."""
PLAUSIBLE = 0.1
"""What happens so often at the very limit does not speak against a version: one slow request of sixty is not 1.7 %."""


def chance_of(bad: float, total: float, share: float) -> float:
    """Give the probability of so many bad ones or more where this is the true share."""
    if bad <= 0:
        return 1.0
    if share <= 0 or total <= 0:
        return 0.0
    return incomplete_beta(bad, max(total - bad, 0.0) + 1, share)


def keeps(bad: float, total: float, share: float) -> bool:
    """Say whether so many bad ones keep a limit: they are no more than it allows, or than it often brings."""
    return bad <= share * total or chance_of(bad, total, share) >= PLAUSIBLE


@lru_cache(maxsize=4096)
def least_share(bad: float, total: float, confidence: float) -> float:
    """Give the smallest true share that so many bad ones do not contradict: the lower end of Clopper and Pearson."""
    if bad <= 0 or total <= 0:
        return 0.0
    return _halved(lambda share: chance_of(bad, total, share) < 1 - confidence)


@lru_cache(maxsize=4096)
def largest_share(bad: float, total: float, confidence: float) -> float:
    """Give the largest true share that so few bad ones do not contradict."""
    if total <= 0 or bad >= total:
        return 1.0
    return _halved(lambda share: 1 - incomplete_beta(bad + 1, total - bad, share) >= 1 - confidence)


def excess(
    canary: tuple[float, float], stable: tuple[float, float], times: float, more: float, confidence: float
) -> float:
    """Give the least by which the canary's share is above `times` the stable's and `more`, as far as that is sure.

    Above 0 it is worse. Each is (bad, total). The bounds of the two shares are joined as Zou and Donner do,
    which is right for small counts since the bounds are exact.
    """
    here, there = canary[0] / canary[1], stable[0] / stable[1]
    over = here - times * there - more
    if over <= 0:
        return over
    below = here - least_share(*canary, confidence)
    above = largest_share(*stable, confidence) - there
    return over - math.hypot(below, times * above)


def normal_quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(confidence)


def chi2_quantile(freedom: float, confidence: float) -> float:
    """What chi-squared exceeds by chance alone so rarely, by Wilson and Hilferty."""
    part = 2 / (9 * freedom)
    return float(freedom * max(0.0, 1 - part + normal_quantile(confidence) * math.sqrt(part)) ** 3)


def _halved(holds_below: Callable[[float], bool]) -> float:
    """Where a condition that holds for small shares ceases to."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds_below(middle) else (low, middle)
    return low
