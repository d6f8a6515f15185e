"""The few forms of PromQL that panels are made of, each of which keeps two promises.

What nobody asked for is absent and no NaN: a quotient's divisor is above zero,
a quantile is compared with zero, which a NaN does not pass. And what has not
happened yet is zero where there was traffic, not absent.
"""

from monitoring.dashboards.query import VERSION

WINDOW = "$__rate_interval"


def rate(counter: str, *by: str, where: str = VERSION, window: str = WINDOW) -> str:
    """A counter's rate, each series' first and then their sum, so that no restart is taken for a jump."""
    return f"{_sum(by)} (rate({counter}{{{where}}}[{window}]))"


def increase(counter: str, *by: str, where: str = VERSION, window: str = WINDOW) -> str:
    return f"{_sum(by)} (increase({counter}{{{where}}}[{window}]))"


def total(gauge: str, *by: str, where: str = VERSION) -> str:
    return f"{_sum(by)} ({gauge}{{{where}}})"


def share(part: str, whole: str) -> str:
    """How much of the whole the part is: 0 where there is none of it, nothing where there is no whole."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def quotient(dividend: str, divisor: str) -> str:
    return f"{dividend} / ({divisor} > 0)"


def mean(histogram: str, *by: str, where: str = VERSION, window: str = WINDOW) -> str:
    return quotient(
        rate(f"{histogram}_sum", *by, where=where, window=window),
        rate(f"{histogram}_count", *by, where=where, window=window),
    )


def quantile(rank: float, histogram: str, *by: str, where: str = VERSION, window: str = WINDOW) -> str:
    return f"histogram_quantile({rank}, {rate(f'{histogram}_bucket', *by, 'le', where=where, window=window)}) >= 0"


def _sum(by: tuple[str, ...]) -> str:
    return f"sum by ({', '.join(by)})" if by else "sum"
