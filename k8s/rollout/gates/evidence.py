"""What a window says of one limit of a gate; `judge.py` makes a finding of all of them."""

from dataclasses import dataclass

from k8s.rollout.gates.finding import Judgement


@dataclass(frozen=True, slots=True)
class Evidence:
    """One limit held against what was seen."""

    judgement: Judgement
    limit: float
    """In the measure's unit."""
    words: str
    """What the limit is, or why nothing is concluded."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a kind of measure makes of both sides."""

    value: float
    """Of the side that is judged."""
    samples: int
    evidence: tuple[Evidence, ...]
    stable: float | None = None
