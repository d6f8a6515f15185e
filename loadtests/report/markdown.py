"""`summary.md`: a run on the page of a CI job, short enough to be read there.

What a server said is written as code, so that nothing of it becomes a link, a
picture or a call of a person's name.
"""

from collections.abc import Iterable

from loadtests.measure.run import Run
from loadtests.report.figures import Figures, PhaseFigures
from loadtests.report.markdown_text import code, table, text
from loadtests.report.wording import (
    MARKS,
    NOTHING,
    WEIGHTS,
    count,
    duration,
    headline,
    interval,
    moment,
    rate,
    seen,
    verdict_word,
)
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

NAME = "summary.md"
MOST_PHASES = 40
MOST_GATES = 40
MOST_SENTENCES = 10
MOST_EXAMPLES = 8

_FOLDED = (Mark.PASSED, Mark.SKIPPED)
_SIGNS = {Status.PASSED: "✅", Status.FAILED: "❌", Status.INCONCLUSIVE: "❔"}


def markdown(run: Run, verdict: Verdict, phases: list[PhaseFigures]) -> str:
    word = verdict_word(verdict)
    first = text(headline(verdict)).removeprefix(word)
    parts = [
        f"{_SIGNS.get(verdict.status, '⚠️')} **{word}**{first}",
        _sentences(verdict.reasons[1:]),
        f"Largest rate that held: **{rate(verdict.capacity)}**" if verdict.capacity is not None else "",
        _phases(phases),
        _gates(verdict.gates),
        _examples(phases),
        _sentences([*([run.cut_off] if run.cut_off else []), *run.troubles, *verdict.notes]),
        _change(run),
        _where_from(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def failures(figures: Figures) -> str:
    """Name what failed by its class, the most first."""
    found = sorted(figures.failures.items(), key=lambda each: -each[1])
    return ", ".join(f"{count(number)} {outcome.value}" for outcome, number in found) or "none"


def _phases(phases: list[PhaseFigures]) -> str:
    if not phases:
        return "No phase was begun."
    rows = [
        (
            text(each.span.name) + ("" if each.span.is_complete else " (cut off)"),
            f"{each.span.seconds} s",
            count(each.all.requests),
            rate(each.all.rate),
            *(duration(each.all.quantile(quantile)) for quantile in (0.5, 0.95, 0.99)),
            failures(each.all),
        )
        for each in phases[:MOST_PHASES]
    ]
    head = ("phase", "time", "requests", "sent", "p50", "p95", "p99", "failed")
    return table(head, rows) + _more(len(phases), MOST_PHASES, "phases")


def _gates(gates: Iterable[GateResult]) -> str:
    """Tell what did not hold; the others are folded in."""
    ordered = sorted(gates, key=lambda gate: WEIGHTS.index(gate.mark))
    told = [gate for gate in ordered if gate.mark not in _FOLDED]
    folded = [gate for gate in ordered if gate.mark in _FOLDED]
    parts = [_gate_table(told)] if told else []
    if folded:
        held = sum(gate.mark is Mark.PASSED for gate in folded)
        summary = f"{held} of {len(ordered)} gates passed"
        # Markdown within is read as such only after an empty line.
        parts.append(f"<details><summary>{summary}</summary>\n\n{_gate_table(folded)}\n\n</details>")
    return "\n\n".join(parts)


def _gate_table(gates: list[GateResult]) -> str:
    rows = [
        (
            MARKS[gate.mark] if gate.mark in _FOLDED else f"**{MARKS[gate.mark]}**",
            text(gate.name),
            seen(gate),
            interval(gate),
            text(gate.limit),
            count(gate.samples),
        )
        for gate in gates[:MOST_GATES]
    ]
    head = ("gate", "what", "seen", "95 % interval", "limit", "samples")
    return table(head, rows) + _more(len(gates), MOST_GATES, "gates")


def _examples(phases: list[PhaseFigures]) -> str:
    lines = []
    for phase in phases:
        for outcome, words in phase.all.cell.examples.items():
            lines += [f"- {text(phase.span.name)}, {outcome.value}: {code(each)}" for each in words[:1]]
    return "\n".join(lines[:MOST_EXAMPLES])


def _change(run: Run) -> str:
    change = run.change
    if change is None:
        return ""
    if change.ended is None:
        how = "had not ended when the run did"
    else:
        how = f"took {duration(change.ended - change.began)} and ended with status {change.status}"
    trouble = f": {code(change.trouble)}" if change.trouble else ""
    return f"The change {code(change.words)} began at second {change.began:.1f}, {how}{trouble}."


def _where_from(run: Run) -> str:
    facts = {
        "profile": run.profile_name,
        **run.target,
        "began": moment(run.began_at) if run.began_at else NOTHING,
        "workers": str(run.workers),
        **run.environment,
    }
    return "<sub>" + " · ".join(f"{text(name)} {text(value)}" for name, value in facts.items() if value) + "</sub>"


def _sentences(sentences: Iterable[str]) -> str:
    told = list(sentences)
    return "\n".join(f"- {text(each)}" for each in told[:MOST_SENTENCES]) + _more(len(told), MOST_SENTENCES, "")


def _more(there_are: int, shown: int, what: str) -> str:
    return f"\n\nand {there_are - shown} {what or 'more'} in the report" if there_are > shown else ""
