"""One series that a question to Prometheus found, and what questions and answers are called by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8s.rollout.side import Side


@dataclass(frozen=True, slots=True)
class Sample:
    """Its labels and its value, which may be NaN or infinite."""

    labels: Mapping[str, str]
    value: float


Question = tuple[Side, str]
"""Whom it is about, and its name: gates that need the same numbers share a question."""
Answers = Mapping[Question, Sequence[Sample]]
