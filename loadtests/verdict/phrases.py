"""Numbers as a person writes them, for the sentences of a verdict."""

import math


def seconds(value: float) -> str:
    """Write a duration, as 0.8 ms, 31 ms or 4.4 s."""
    if math.isinf(value):
        return "longer than was waited for"
    if value < 0.0995:
        return f"{value * 1000:.2g} ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.3g} s"


def ratio(value: float) -> str:
    """Write a share in hundredths, with as many digits as tell it from 0 and from all."""
    if not 0 < value < 1:
        return f"{value * 100:g} %"
    hundredths = 100 * value
    nearest = min(value, 1 - value) * 100
    digits = 1 if nearest >= 1 else min(8, 1 - math.floor(math.log10(nearest)))
    return f"{hundredths:.{digits}f}".rstrip("0").rstrip(".") + " %"


def number(value: float) -> str:
    return f"{value:,.6g}" if value < 1e6 else f"{value:,.0f}"


def count(many: int, thing: str) -> str:
    """Write `1 request` or `2,000 requests`."""
    return f"{many:,} {thing}" + ("" if many == 1 else "s")
