"""The largest rate that holds the promise: whether a step of a search held, and what the steps say together.

A step is short, and its quantile is taken as it is seen, without asking for the
samples that a gate needs; the bracket between the largest rate that held and
the smallest that did not says how far to trust the answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond, Run, Span
from loadtests.measure.timeline import Timeline
from loadtests.profile.form import Gate, Profile
from loadtests.verdict.gate import gate_results
from loadtests.verdict.phase import Seen, look
from loadtests.verdict.phrases import number
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from monitoring.slo import Promise

PROMISED = tuple(Gate(measure=measure, promised=True) for measure in ("p95", "p99", "error_ratio"))
"""What a step must hold where the profile has no gates."""


@dataclass(frozen=True, slots=True)
class Step:
    rate: float
    holds: bool | None
    """None where nothing can be said."""
    words: str
    """Why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where the capacity lies."""

    held: float | None
    """The largest rate that held; None where none did."""
    failed: float | None
    """The smallest that did not."""


def holds(
    timeline: Timeline, span: Span, generator: Iterable[GeneratorSecond], profile: Profile, promise: Promise
) -> bool | None:
    """Say whether the server held a step; None where that cannot be said."""
    return _step(look(timeline, span, generator, profile, promise), profile, promise).holds


def bracket(run: Run, profile: Profile, promise: Promise) -> Bracket:
    """Give what a search came to."""
    return _bracket([step for _, step in _steps(run, profile, promise)])


def judge_search(run: Run, profile: Profile, promise: Promise) -> Verdict:
    """Judge a run that looks for the capacity."""
    steps = _steps(run, profile, promise)
    gates = tuple(_as_gate(span, step) for span, step in steps)
    found = _bracket([step for _, step in steps])
    doubts = [f"the run was cut off: {run.cut_off}"] if run.cut_off else []
    doubts += run.troubles
    status, words = _answer([step for _, step in steps], found, profile)
    if status is Status.PASSED and doubts:
        status = Status.INCONCLUSIVE
    reasons = () if status is Status.PASSED else (words, *doubts)
    return Verdict(status, gates, reasons, capacity=found.held, notes=(words,) if status is Status.PASSED else ())


def _steps(run: Run, profile: Profile, promise: Promise) -> list[tuple[Span, Step]]:
    return [
        (span, _step(look(run.timeline, span, run.generator, profile, promise), profile, promise))
        for span in run.spans
        if span.role == "load" and span.is_complete
    ]


def _bracket(steps: Iterable[Step]) -> Bracket:
    rates = [(step.rate, step.holds) for step in steps]
    return Bracket(
        held=max((rate for rate, holds_ in rates if holds_), default=None),
        failed=min((rate for rate, holds_ in rates if holds_ is False), default=None),
    )


def _answer(steps: list[Step], found: Bracket, profile: Profile) -> tuple[Status, str]:
    held, failed = found.held, found.failed
    unclear = [step for step in steps if step.holds is None]
    if held is None:
        if failed is not None:
            return Status.FAILED, f"even {number(failed)} requests a second, the lowest that was tried, did not hold"
        return Status.INCONCLUSIVE, unclear[-1].words if unclear else "no step of the search was completed"
    answer = f"the largest rate that held is {number(held)} requests a second"
    if failed is not None:
        return Status.PASSED, f"{answer}, and {number(failed)} did not"
    if unclear:
        return Status.INCONCLUSIVE, f"{answer}, and of more nothing can be said: {unclear[-1].words}"
    last = profile.search.last if profile.search else held
    if held >= last * (1 - 1e-9):
        return Status.PASSED, f"{answer}, the last of the search: the capacity may be more, which search.last allows"
    return Status.INCONCLUSIVE, f"{answer}, and the search ended before one that did not"


def _step(seen: Seen, profile: Profile, promise: Promise) -> Step:
    span, cell = seen.span, seen.cell("")
    rate = span.rate or (span.planned / span.seconds if span.seconds else 0.0)
    gates = [gate for gate in profile.gates or PROMISED if not gate.phases or span.name in gate.phases]
    results = [
        result
        for gate in gates
        if gate.severity == "fail"
        for result in gate_results(gate, seen, promise, fewest=1)
        if result.mark is not Mark.SKIPPED
    ]
    failed = [result.words for result in results if result.mark is Mark.FAILED]
    if failed:
        return Step(rate, False, failed[0])
    unclear = [*seen.unsound, *(result.words for result in results if result.mark is Mark.INCONCLUSIVE)]
    refused = cell.count(Outcome.CLIENT)
    if refused > (1 - promise.availability.objective) * cell.total:
        unclear.append(f"{refused:,} of {cell.total:,} requests were refused as wrong")
    if not cell.count(Outcome.OK):
        unclear.append("no request was answered well")
    if unclear:
        return Step(rate, None, unclear[0])
    return Step(rate, True, f"{number(rate)} requests a second held")


def _as_gate(span: Span, step: Step) -> GateResult:
    """A step that did not hold ends a search as it should, and fails nothing."""
    marked = {True: Mark.PASSED, False: Mark.WARNED, None: Mark.INCONCLUSIVE}[step.holds]
    name = f"capacity in {span.name}"
    return GateResult(name, "capacity", span.name, marked, step.rate, "the promise is held", words=step.words)
