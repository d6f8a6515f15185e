"""Over which times rules look, and how fast a budget may burn in them.

The windows and the shares of a budget are those of the SRE workbook, chapter 5,
as Sloth has them: two pairs wake somebody, two are for the next day.
"""

from dataclasses import dataclass

RATIO_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
ROW_WINDOWS = ("1h", "24h")
"""What is told of rows and labels is told over both; the names of series end in them."""

SLOW_INTERVAL = "2m"
"""How often what looks back over a day is evaluated; longer than five minutes it would go stale in between."""

SECONDS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "1d": 86400, "3d": 259200}


@dataclass(frozen=True, slots=True)
class Burn:
    """A pair of windows, and the share of the whole budget that the longer may burn."""

    long: str
    short: str
    spent: float

    def factor(self, days: int) -> float:
        """How many times faster than allowed the budget burns, when that share goes within the longer window."""
        return self.spent * days * 86400 / SECONDS[self.long]


def burns(days: int) -> tuple[tuple[Burn, Burn], tuple[Burn, Burn]]:
    """The pairs that are urgent, and those that are not."""
    urgent, slow = ((0.08, 0.125), (0.2, 0.42)) if days == 7 else ((0.02, 0.05), (0.1, 0.1))
    return (
        (Burn("1h", "5m", urgent[0]), Burn("6h", "30m", urgent[1])),
        (Burn("1d", "2h", slow[0]), Burn("3d", "6h", slow[1])),
    )


def burning(factor: float, objective: float) -> float:
    """Above which share of bad requests a budget burns that fast.

    A modest objective times a large factor would ask for more than all requests to be bad, which cannot be:
    then half way between the budget and everything.
    """
    budget = 1 - objective
    return round(min(factor * budget, (1 + budget) / 2), 9)


def either(condition: str, windows: tuple[str, ...] = ROW_WINDOWS) -> str:
    """Hold a condition, in which {window} stands for it, over the short or the long window of rows."""
    return " or ".join(f"({condition.replace('{window}', window)})" for window in windows)
