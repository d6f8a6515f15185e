"""One gate in one phase: what was seen against what it asks, and what a generator that fell behind takes back."""

import math

from loadtests.profile.form import Gate
from loadtests.verdict.limit import Limit, NoLimit, limits
from loadtests.verdict.marking import fewest_samples, mark
from loadtests.verdict.phase import Seen
from loadtests.verdict.phrases import count
from loadtests.verdict.result import GateResult, Mark
from monitoring.slo import Promise

UNTIMED = frozenset({"error_ratio", "accuracy", "requests", "versions"})
"""What a late generator does not make better or worse, but for requests that it dropped."""
ASKED = frozenset({"requests", "achieved_ratio"})
"""What says as much of the generator as of the server."""


def gate_results(
    gate: Gate,
    seen: Seen,
    promise: Promise,
    baseline: Seen | None = None,
    known_accuracy: float | None = None,
    fewest: int | None = None,
) -> list[GateResult]:
    """Judge one gate in one phase, with a result for each limit that it has.

    So many samples are enough for a quantile or a ratio as `fewest` says, or else as its measure needs.
    """
    before = baseline.estimate(gate, promise) if baseline else None
    return [
        _result(gate, seen, limit, promise, baseline, fewest) for limit in limits(gate, promise, before, known_accuracy)
    ]


def _result(
    gate: Gate, seen: Seen, limit: Limit | NoLimit, promise: Promise, baseline: Seen | None, fewest: int | None
) -> GateResult:
    if isinstance(limit, NoLimit):
        why = Mark.SKIPPED if limit.is_promised_nothing else Mark.INCONCLUSIVE
        return nothing(gate, seen.span.name, why, limit.why)
    found = seen.estimate(gate, promise)
    if found is None:
        if gate.measure == "accuracy" and gate.promised:
            return nothing(gate, seen.span.name, Mark.SKIPPED, "no label is known of what was asked", limit)
        what = "no row has a known label" if gate.measure == "accuracy" else "there was no request to tell it by"
        return nothing(gate, seen.span.name, Mark.INCONCLUSIVE, what, limit)
    fewest = fewest or fewest_samples(gate.measure, promise)
    marked, words = mark(gate.measure, found, limit, fewest)
    marked, words = _in_doubt(gate, seen, limit, promise, baseline, fewest, marked, words)
    if not seen.span.is_complete and marked in (Mark.PASSED, Mark.WARNED):
        marked, words = Mark.INCONCLUSIVE, f"{words}; the phase was cut off"
    if gate.severity == "warn":
        marked = {Mark.FAILED: Mark.WARNED, Mark.INCONCLUSIVE: Mark.SKIPPED}.get(marked, marked)
    return GateResult(
        name=name_of(gate, seen.span.name),
        measure=gate.measure,
        phase=seen.span.name,
        mark=marked,
        seen=_finite(found.value),
        limit=limit.words,
        low=_finite(found.low),
        high=_finite(found.high),
        samples=found.samples,
        words=f"{name_of(gate, seen.span.name)}: {words}",
    )


def _in_doubt(
    gate: Gate,
    seen: Seen,
    limit: Limit,
    promise: Promise,
    baseline: Seen | None,
    fewest: int,
    marked: Mark,
    words: str,
) -> tuple[Mark, str]:
    """Take back what the generator may have done itself; what fails without that fails all the same."""
    is_of_baseline = limit.baseline is not None
    is_unsound = bool(seen.unsound or (is_of_baseline and baseline is not None and baseline.unsound))
    is_timed = gate.measure not in UNTIMED | ASKED
    if is_unsound:
        if gate.measure in UNTIMED and marked is not Mark.FAILED and not is_of_baseline:
            return marked, words
        why = "the generator was not up to its plan"
    else:
        late = seen.late(gate.stream)
        if marked is not Mark.FAILED or not is_timed or not late:
            return marked, words
        why = f"the generator sent {count(late, 'request')} late"
    if marked is Mark.FAILED and gate.measure not in ASKED:
        certain = seen.estimate(gate, promise, doubt=True)
        if certain is not None:
            again, _ = mark(gate.measure, certain, limit, fewest)
            if again is Mark.FAILED:
                return marked, words
    return Mark.INCONCLUSIVE, f"{words}; {why}, and may have done this itself"


def nothing(gate: Gate, phase: str, marked: Mark, why: str, limit: Limit | None = None) -> GateResult:
    name = name_of(gate, phase)
    if gate.severity == "warn" and marked is Mark.INCONCLUSIVE:
        marked = Mark.SKIPPED
    return GateResult(name, gate.measure, phase, marked, None, limit.words if limit else "", words=f"{name}: {why}")


def name_of(gate: Gate, phase: str) -> str:
    outcomes = f" of {', '.join(gate.of)}" if gate.of else ""
    stream = f" of {gate.stream}" if gate.stream else ""
    return f"{gate.measure}{outcomes}{stream} in {phase}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
