"""All that a report tells, as one value; every file of the report is made from it."""

from dataclasses import dataclass

from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.report.record import Record


@dataclass(frozen=True, slots=True)
class Heading:
    """What was rolled out, where to, and how."""

    target: str
    """KIND/NAME."""
    namespace: str
    backend: str
    why: str
    stable: str
    canary: str


@dataclass(frozen=True, slots=True)
class Told:
    """A rollout as it was when the report was written."""

    heading: Heading
    plan: Plan
    state: State
    record: Record
    exit: Exit
    sentence: str
    at: float

    @property
    def seconds(self) -> float:
        return max(0.0, self.at - self.state.began)

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        who = f"{self.heading.canary} of {self.heading.target} in namespace {self.heading.namespace}"
        after = f"after {duration(self.seconds)}"
        match self.exit:
            case Exit.PROMOTED:
                return f"{who} was promoted {after}: {self.sentence}"
            case Exit.ABORTED:
                return f"{who} was {self._refused} {after}: {self.sentence}"
            case Exit.INCONCLUSIVE:
                return f"{who} was {self._refused} {after}, since nothing could be concluded: {self.sentence}"
            case Exit.PAUSED:
                return f"{who} is paused {after}: {self.sentence}"
            case Exit.INFRASTRUCTURE if self.state.phase is Phase.ENDED:
                return f"{who} was {self._refused} {after}: {self.sentence}"
            case _:
                return f"{who} is not at its end {after}: {self.sentence}"

    @property
    def most_percent(self) -> float:
        """The largest share that the canary ever had, as far as it was seen."""
        return max((each.meant if each.seen is None else each.seen for each in self.record.shares), default=0.0)

    @property
    def _refused(self) -> str:
        if not self.most_percent:
            return "given no traffic"
        return f"taken back, having had at most {self.most_percent:g} % of the traffic,"


def duration(seconds: float) -> str:
    """Write a length of time as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
