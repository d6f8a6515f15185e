"""A comparison of two runs for people: a table in the terminal, and the same for the page of a CI job."""

from collections.abc import Iterable

from loadtests.report.markdown_text import table, text
from loadtests.report.wording import NOTHING, duration, rate, share
from loadtests.verdict.comparison import Comparison, Difference, Finding
from loadtests.verdict.differences import TIMED
from loadtests.verdict.result import Status

HEAD = ("phase", "what", "stored run", "this run", "change", "with the noise", "finding")
ANSWERS = {
    Status.PASSED: "no difference",
    Status.FAILED: "worse",
    Status.INCONCLUSIVE: "inconclusive",
    Status.USAGE: "cannot be compared",
}


def answer(comparison: Comparison) -> str:
    """Say in a word or two what came out."""
    if comparison.status is Status.PASSED and any(row.finding is Finding.BETTER for row in comparison.rows):
        return "better"
    return ANSWERS[comparison.status]


def terminal(comparison: Comparison) -> str:
    rows = [HEAD, *(_cells(row) for row in comparison.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    parts = ["\n".join(lines)] if comparison.rows else []
    parts.append("\n".join([_answer(comparison), *(f"- {_line(each)}" for each in comparison.reasons)]))
    if comparison.notes:
        parts.append("\n".join(f"note: {_line(each)}" for each in comparison.notes))
    return "\n\n".join(parts) + "\n"


def markdown(comparison: Comparison) -> str:
    parts = [f"**Compared with the stored run: {_answer(comparison)}**"]
    if comparison.reasons:
        parts.append(_list(comparison.reasons))
    if comparison.rows:
        cells = (_cells(row) for row in comparison.rows)
        parts.append(table(HEAD, ((*map(text, row[:-1]), _strong(row[-1])) for row in cells)))
    if comparison.notes:
        parts.append(_list(comparison.notes))
    return "\n\n".join(parts) + "\n"


def _answer(comparison: Comparison) -> str:
    """The answer and what it leaves open: "no difference" beside a p95 that nobody could tell would say too much."""
    untold = [f"{row.measure} in {row.phase}" for row in comparison.rows if row.finding is Finding.UNTOLD]
    if comparison.status is not Status.PASSED or not untold:
        return answer(comparison)
    return f"{answer(comparison)} in what could be told; nothing can be said of {', '.join(untold)}"


def _cells(row: Difference) -> tuple[str, ...]:
    write = duration if row.measure in TIMED else rate if row.measure == "capacity" else share
    return (
        row.phase,
        row.measure,
        write(row.before),
        write(row.after),
        _change(row.measure, row.change),
        NOTHING if row.low is None else f"{_change(row.measure, row.low)} to {_change(row.measure, row.high)}",
        row.finding.value,
    )


def _change(measure: str, change: float | None) -> str:
    """Write a change of latency in hundredths of what it was, and of a share in hundredths of all."""
    if change is None:
        return NOTHING
    return f"{change:+.0%}" if measure in TIMED or measure == "capacity" else f"{100 * change:+.2f} points"


def _strong(finding: str) -> str:
    return f"**{finding}**" if finding != Finding.SAME.value else finding


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {text(each)}" for each in sentences)


def _line(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words)
