"""Limits that a measure cannot be held against: told when a plan is read, since nothing would ever break them."""

from collections.abc import Iterator

from k8s.rollout.gates.measures import MEASURES, Kind, Measure
from k8s.rollout.plan.form import Gate
from monitoring.contract.values import LATENCY_SECONDS

COMPARED = frozenset({Kind.CLASSES})
"""There is nothing but the other version to hold it against."""
UNCOMPARED = frozenset({Kind.GROWTH})
"""Held against a limit of its own alone: a stable version that grows as well is no excuse."""
LONGEST = LATENCY_SECONDS[-1]


def misfits(gate: Gate) -> Iterator[str]:
    """Give a sentence for each, beginning with the field; of a measure that is not known nothing can be said."""
    measure = MEASURES.get(gate.measure)
    if measure is None:
        return
    yield from _bounds(gate, measure)
    yield from _comparisons(gate, measure)


def _bounds(gate: Gate, measure: Measure) -> Iterator[str]:
    absolute = {"most": gate.most, "least": gate.least}
    if gate.measure != "query":
        unfit, fit = ("least", "most") if measure.more_is_worse else ("most", "least")
        if absolute[unfit] is not None:
            worse = "more" if measure.more_is_worse else "less"
            yield f"{unfit} is not for the measure {gate.measure}, of which {worse} is worse; give {fit}"
    for name, value in absolute.items():
        if value is None:
            continue
        if measure.kind in COMPARED:
            yield f"{name} is not for the measure {gate.measure}, which compares the versions; give worse_by"
        elif measure.unit == "ratio" and measure.kind is not Kind.GROWTH and not 0 <= value <= 1:
            yield f"{name} must be a share from 0 to 1 for the measure {gate.measure}, and is {value:g}"
        elif measure.kind is Kind.QUANTILE and not 0 < value <= LONGEST:
            yield f"{name} must be more than 0 and at most {LONGEST:g} seconds, which the histogram reaches"


def _comparisons(gate: Gate, measure: Measure) -> Iterator[str]:
    if measure.kind in UNCOMPARED and (gate.worse_by is not None or gate.worse_times is not None):
        yield f"worse_by and worse_times are not for the measure {gate.measure}; give most"
    if measure.kind in COMPARED and gate.worse_times is not None:
        yield f"worse_times is not for the measure {gate.measure}, which is a distance already; give worse_by"
    if gate.worse_by is not None and gate.worse_by < 0:
        yield f"worse_by must be 0 or more, and is {gate.worse_by:g}"
    if gate.worse_times is not None and gate.worse_times < 1:
        yield f"worse_times must be 1 or more, and is {gate.worse_times:g}"
