"""When a run has nothing more to learn: a target that answers nothing at all. Pure.

A server that dies in the middle is a finding, and so is how long it stays
away; only one that stays away for good ends the run. Requests that nobody
answered count, and not time: where nothing is asked, silence means nothing, so
it lasts from the first of them to the last.
"""

from loadtests.measure.outcome import ANSWERED
from loadtests.measure.timeline import Timeline


class Silence:
    """Follows what is reported, and knows since when no request was answered."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.until = 0.0
        self.unanswered = 0

    def hear(self, now: float, seen: Timeline) -> None:
        """Take in what has ended since the last time."""
        answered = ended = 0
        for cell in seen.cells.values():
            ended += cell.total
            answered += sum(cell.count(outcome) for outcome in ANSWERED)
        if answered:
            self.since, self.unanswered = None, 0
        elif ended:
            self.since, self.until = now if self.since is None else self.since, now
            self.unanswered += ended

    def too_long(self, now: float, limit: float) -> str:
        """Give the sentence with which the run ends; empty while it may go on."""
        if self.since is None or self.until - self.since < limit:
            return ""
        return (
            f"the target has answered nothing since second {self.since:.0f} ({self.unanswered:,} requests), "
            f"so the run was ended at second {now:.0f}"
        )
