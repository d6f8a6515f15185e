"""The incomplete beta function, of which binomial chances are made: what scipy has, without its hundred megabytes."""

import math


def incomplete_beta(first: float, second: float, at: float) -> float:
    """The regularised one, by the continued fraction of Lentz on the side where it converges fast."""
    if at <= 0:
        return 0.0
    if at >= 1:
        return 1.0
    if at > (first + 1) / (first + second + 2):
        return 1 - incomplete_beta(second, first, 1 - at)
    return math.exp(log_density(first, second, at)) * _fraction(first, second, at) / first


def log_density(first: float, second: float, at: float) -> float:
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
