"""What one gate concludes from one window."""

from dataclasses import dataclass
from enum import StrEnum


class Judgement(StrEnum):
    """A window that shows neither is inconclusive, and never passes."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate's conclusion, with the numbers that a person wants to see."""

    gate: str
    """Its name in the plan."""
    judgement: Judgement
    sentence: str
    canary: float | None = None
    stable: float | None = None
    limit: float | None = None
    unit: str = ""
    """ratio, seconds, bytes or nothing, for tables."""
    samples: int = 0
    """Requests, labels or pods that it rests on."""
