"""Whether one run is worse than another of the same profile: more than noise, and more than anybody minds.

A difference counts where its interval leaves out nothing at all and its point
is beyond the smallest effect. The interval is made of how far the seconds of
each run scatter, and of how far two runs of the same lie apart (`between_runs`),
which no single run can tell.
"""

from dataclasses import dataclass
from enum import StrEnum

from loadtests.verdict.result import Status


class Finding(StrEnum):
    SAME = "no difference"
    BETTER = "better"
    WORSE = "worse"
    UNTOLD = "inconclusive"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a difference counts."""

    smallest_ratio: float = 0.1
    """Of latency, in proportion to what it was."""
    smallest_seconds: float = 0.0002
    """Of latency, beside that."""
    smallest_errors: float = 0.001
    smallest_goodput: float = 0.01
    smallest_accuracy: float = 0.02
    between_runs: float = 0.04
    """How far two runs of the same lie apart: the standard deviation of the logarithm of a quantile."""
    alike_lags: float = 1.5
    """By how much the generator's median lag may differ before the machine is taken for a busier one: latency of a
    server that shares it has been seen to grow as the lag does."""
    sureness: float = 2.5
    """So many standard errors are no chance, where half a dozen rows are looked at."""
    sureness_of_better: float = 3.0
    """A stored run that met a bad minute makes the next look better, and nobody is harmed where that is not said."""
    block_seconds: int = 3
    draws: int = 400
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of one phase, in both runs."""

    phase: str
    measure: str
    finding: Finding
    before: float | None
    after: float | None
    change: float | None
    """Of latency as a share of what it was; of the others, the difference."""
    low: float | None = None
    high: float | None = None
    """The interval of the change."""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    status: Status
    """PASSED of no difference and of better, FAILED of worse, INCONCLUSIVE, USAGE of what cannot be compared."""
    rows: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
