"""Turn a share into two weights of a route, and back. Pure.

Weights are numbers that people read with kubectl: they are of 100 where that
says the share exactly, and of 1,000 or 10,000 where it does not.
"""

TOTALS = (100, 1_000, 10_000)


def split(percent: float, total: int = 0) -> tuple[int, int]:
    """Give the stable version's weight and the canary's.

    With a total the two keep it, since a third version has its share beside them. A share that is neither
    nothing nor everything never becomes either of them.
    """
    if not total:
        total = next((each for each in TOTALS if _is_said_by(each, percent)), TOTALS[-1])
    canary = round(percent * total / 100)
    if 0 < percent < 100 and total > 1:
        canary = min(max(canary, 1), total - 1)
    return total - canary, canary


def nearest(percent: float, total: int = 0) -> float:
    """Give the share that `split` makes of a share."""
    return share(*split(percent, total))


def share(stable: int, canary: int) -> float:
    """Give the canary's percent of what both have; nothing of nothing is nothing."""
    return 100.0 * canary / (stable + canary) if canary else 0.0


def is_same(one: float, other: float) -> bool:
    """Whether two shares are the same but for how floating point writes them."""
    return abs(one - other) < 1e-6


def in_words(percent: float) -> str:
    """Give a share as people write it, without the zeros."""
    return f"{percent:.4f}".rstrip("0").rstrip(".") + " %"


def _is_said_by(total: int, percent: float) -> bool:
    canary = percent * total / 100
    if percent not in (0, 100) and round(canary) in (0, total):
        return False
    return abs(canary - round(canary)) < 1e-9
