"""Who is judged by one gate, against whom, how surely."""

from dataclasses import dataclass

from k8s.rollout.gates.measures import Measure
from k8s.rollout.gates.reading import Reading
from k8s.rollout.plan.form import Gate
from monitoring.slo import Promise


@dataclass(frozen=True, slots=True)
class Subject:
    """One gate, put to one side, and to the other where both are looked at."""

    gate: Gate
    measure: Measure
    here: Reading
    there: Reading | None
    """The stable version, where it is looked at beside the canary."""
    confidence: float
    promise: Promise
    window_seconds: float

    @property
    def minimum(self) -> int:
        return self.gate.minimum if self.gate.minimum is not None else self.measure.minimum(self.promise)

    @property
    def alike(self) -> float:
        return self.measure.alike(self.promise)

    @property
    def is_relative(self) -> bool:
        """Whether it compares, and there is something to compare with."""
        return self.there is not None and (self.gate.worse_by is not None or self.gate.worse_times is not None)

    @property
    def times(self) -> float:
        return 1.0 if self.gate.worse_times is None else self.gate.worse_times

    @property
    def more(self) -> float:
        return 0.0 if self.gate.worse_by is None else self.gate.worse_by

    @property
    def bound(self) -> float | None:
        """The absolute limit: at most where more is worse, else at least."""
        return self.gate.most if self.measure.more_is_worse else self.gate.least
