"""What became of simulated callers."""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Seconds each answer took, of so many requests."""

    deadline_seconds: float
    requests: int = 0
    answers: list[float] = field(default_factory=list)
    largest_queue_rows: int = 0

    @property
    def goodput(self) -> float:
        """The share of all requests that were answered in time."""
        return sum(seconds <= self.deadline_seconds for seconds in self.answers) / self.requests

    def quantile_seconds(self, quantile: float) -> float:
        """Of the answers given; infinite where there are none."""
        ordered = sorted(self.answers)
        return ordered[min(int(len(ordered) * quantile), len(ordered) - 1)] if ordered else float("inf")
