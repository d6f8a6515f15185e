"""The verdict of a run: every gate in every phase it names, and what may be made of them together.

What fails by evidence that stands whatever the generator did makes the run
fail; else a generator that fell behind, troubles, or too few samples leave it
inconclusive; else it passed. Nothing passes without a request that was
answered well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from textwrap import shorten

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run, Span
from loadtests.profile.form import Gate, Profile
from loadtests.verdict.capacity import judge_search
from loadtests.verdict.estimate import promised_errors
from loadtests.verdict.gate import gate_results, nothing
from loadtests.verdict.phase import Seen, look
from loadtests.verdict.phrases import count, ratio
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from monitoring.slo import Promise

COUNT_FAILURES = ("error_ratio", "goodput_ratio")
LONGEST = 100
"""Of a command, as a reason shows it."""


def judge(run: Run, profile: Profile, promise: Promise) -> Verdict:
    """Judge a run by its profile's gates, or by what its search found."""
    if profile.search is not None:
        return judge_search(run, profile, promise)
    phases = [look(run.timeline, span, run.generator, profile, promise) for span in run.spans]
    judged = [seen for seen in phases if seen.span.role != "warm-up"]
    gates = (*_gates(run, phases, profile, promise), *_change(run, profile))
    failures = _said(gates, Mark.FAILED)
    doubts = [*_doubts(run, promise, judged), *_said(gates, Mark.INCONCLUSIVE)]
    if not failures:
        failures += _nothing_answered(judged)
    notes = tuple(_notes(profile, promise, judged, gates))
    if failures:
        return Verdict(Status.FAILED, gates, _each_once([*failures, *doubts]), notes=notes)
    return Verdict(Status.INCONCLUSIVE if doubts else Status.PASSED, gates, _each_once(doubts), notes=notes)


def _gates(run: Run, phases: list[Seen], profile: Profile, promise: Promise) -> Iterator[GateResult]:
    baseline = _together([seen for seen in phases if seen.span.role == "baseline"])
    known = known_accuracy(run)
    for gate in profile.gates:
        named = [seen for seen in phases if _is_for(gate, seen.span)]
        for seen in named:
            yield from gate_results(gate, seen, promise, baseline, known)
        missing = set(gate.phases) - {seen.span.name for seen in named}
        for name in (name for name in gate.phases if name in missing):
            yield nothing(gate, name, Mark.INCONCLUSIVE, "the run did not come to this phase")


def known_accuracy(run: Run) -> float | None:
    """Read the accuracy that the model is known for, where whoever ran the test knew it."""
    try:
        told = float(run.environment.get("known_accuracy", ""))
    except ValueError:
        return None
    return told if 0 < told <= 1 else None


def _is_for(gate: Gate, span: Span) -> bool:
    if gate.phases:
        return span.name in gate.phases
    return span.role != "warm-up" and not (gate.times_baseline is not None and span.role == "baseline")


def _doubts(run: Run, promise: Promise, judged: list[Seen]) -> Iterator[str]:
    """Say what keeps a run from passing whatever its gates say."""
    if run.cut_off:
        yield f"the run was cut off: {run.cut_off}"
    yield from run.troubles
    if not any(seen.span.is_complete for seen in judged):
        yield "no phase that is judged was completed"
    if not any(seen.cell("").total for seen in judged):
        yield "nothing was asked in any phase that is judged"
    for seen in judged:
        yield from (f"in {seen.span.name} {sentence}" for sentence in seen.unsound)
        refused = seen.cell("").count(Outcome.CLIENT)
        if refused > (1 - promise.availability.objective) * seen.cell("").total:
            yield f"in {seen.span.name} {_refused(refused, seen.cell(''))}"


def _nothing_answered(judged: list[Seen]) -> Iterator[str]:
    cells = [seen.cell("") for seen in judged]
    total = sum(cell.total for cell in cells)
    clients = sum(cell.count(Outcome.CLIENT) + cell.count(Outcome.DROPPED) for cell in cells)
    if total > clients and not any(cell.count(Outcome.OK) for cell in cells):
        yield f"of {count(total, 'request')} none was answered well"


def _change(run: Run, profile: Profile) -> Iterator[GateResult]:
    """Judge what was performed while the load went on, as a gate of its own."""
    if profile.change is None and run.change is None:
        return
    change, limit = run.change, "performed with success"
    if change is None or (run.cut_off and change.status is None):
        marked, words = Mark.INCONCLUSIVE, "the change was not performed"
    elif change.trouble:
        marked, words = Mark.FAILED, f"the change failed: {shorten(change.words, LONGEST)}: {change.trouble}"
    elif change.status is None:
        marked, words = Mark.FAILED, "the change did not end in its time"
    elif change.status:
        marked, words = (
            Mark.FAILED,
            f"the change failed: {shorten(change.words, LONGEST)}: it ended with status {change.status}",
        )
    else:
        marked, words = Mark.PASSED, "the change was performed"
    phase = next((span.name for span in run.spans if span.role == "change"), "change")
    yield GateResult(f"the change in {phase}", "change", phase, marked, None, limit, words=words)


def _notes(profile: Profile, promise: Promise, judged: list[Seen], gates: Iterable[GateResult]) -> Iterator[str]:
    if not profile.gates and profile.search is None:
        yield "the profile has no gates: nothing that was seen could have failed"
    for gate in gates:
        if gate.mark in (Mark.SKIPPED, Mark.WARNED):
            yield gate.words
    for seen in judged:
        cell = seen.cell("")
        refused = cell.count(Outcome.CLIENT)
        if 0 < refused <= (1 - promise.availability.objective) * cell.total:
            yield f"in {seen.span.name} {_refused(refused, cell)}"
        failed = promised_errors(cell, promise)
        if failed and not any(gate.measure in COUNT_FAILURES and _is_for(gate, seen.span) for gate in profile.gates):
            yield (
                f"in {seen.span.name} {failed:,} of {count(cell.total, 'request')} failed "
                f"({ratio(failed / cell.total)}), and no gate asks how many may"
            )


def _refused(many: int, cell: Cell) -> str:
    words = "; ".join(cell.examples.get(Outcome.CLIENT, [])[:1])
    return (
        f"{many:,} of {count(cell.total, 'request')} ({ratio(many / cell.total)}) were refused as wrong: "
        "the load sends what this server does not take" + (f", which says: {words}" if words else "")
    )


def _together(parts: list[Seen]) -> Seen | None:
    """Make one of several phases of the baseline."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    cells: dict[str, Cell] = {}
    for seen in parts:
        for name, cell in seen.cells.items():
            cells.setdefault(name, Cell()).merge(cell)
    return replace(parts[0], cells=cells, unsound=tuple(sentence for seen in parts for sentence in seen.unsound))


def _said(gates: Iterable[GateResult], marked: Mark) -> list[str]:
    return [gate.words for gate in gates if gate.mark is marked]


def _each_once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
