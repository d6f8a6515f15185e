"""report.md: the page of a CI job. A sentence, the steps, the gates, the share over time, and the log of decisions."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.outcome import Exit
from k8s.rollout.report.told import Told, duration
from k8s.rollout.report.wording import number

MARKS = {Judgement.PASSED: "✅ passed", Judgement.FAILED: "❌ failed", Judgement.INCONCLUSIVE: "❔ inconclusive"}
POINTS = 40
LOG_LINES = 60


def write(told: Told) -> str:
    """Give the text of the file."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    heading = told.heading
    mark = {Exit.PROMOTED: "✅", Exit.PAUSED: "⏸️"}.get(told.exit, "❌")
    yield f"## {mark} Rollout of {_safe(heading.target)}: {told.exit.name.lower()}"
    yield ""
    yield _safe(told.summary)
    yield ""
    yield from _table(
        ("", ""),
        [
            ("from", heading.stable),
            ("to", heading.canary),
            ("by", heading.why or heading.backend),
            ("began", _moment(told.state.began)),
            ("took", duration(told.seconds)),
            ("most traffic", f"{told.most_percent:g} %"),
            ("exit status", str(int(told.exit))),
        ],
    )
    yield from ("", "### Steps", "")
    yield from _table(("step", "share", "windows", "pause", "gates"), list(_steps(told)))
    yield from ("", "### Gates", "", "The last word of each gate in each step.", "")
    yield from _table(
        ("at", "gate", "canary", "stable", "limit", "samples", "verdict", "why"),
        list(_gates(told)),
        empty="no gate was judged",
    )
    chart = list(_chart(told))
    if chart:
        yield from ("", "### The canary's share over time", "", *chart)
    yield from ("", "### Decisions", "")
    if len(told.state.log) > LOG_LINES:
        yield f"The last {LOG_LINES} of {len(told.state.log)}."
        yield ""
    yield from _table(
        ("when", "phase", "share", "what"),
        [(_moment(each.at), each.phase, f"{each.percent:g} %", each.sentence) for each in told.state.log[-LOG_LINES:]],
        empty="none",
    )


def _steps(told: Told) -> Iterator[tuple[str, ...]]:
    for index, step in enumerate(told.plan.steps):
        findings = [each.finding for each in told.record.verdicts if each.step == index and each.phase == "analysing"]
        failed = [each.gate for each in findings if each.judgement is Judgement.FAILED]
        open_ones = [each.gate for each in findings if each.judgement is Judgement.INCONCLUSIVE]
        if failed:
            words = f"❌ {', '.join(failed)}"
        elif open_ones:
            words = f"❔ {', '.join(open_ones)}"
        else:
            words = "✅ all passed" if findings else "not reached"
        pause = f"{duration(step.pause_seconds)}" if step.pause_seconds else "-"
        yield str(index + 1), f"{step.percent:g} %", str(step.windows), "approval" if step.approval else pause, words


def _gates(told: Told) -> Iterator[tuple[str, ...]]:
    for verdict in told.record.verdicts:
        finding = verdict.finding
        where = f"{verdict.percent:g} %" if verdict.phase == "analysing" else verdict.phase
        yield (
            where,
            finding.gate,
            number(finding.canary, finding.unit),
            number(finding.stable, finding.unit),
            number(finding.limit, finding.unit),
            f"{finding.samples:,}",
            MARKS[finding.judgement],
            finding.sentence,
        )


def _chart(told: Told) -> Iterator[str]:
    """Draw with mermaid, which GitHub shows; it knows only values at even distances."""
    shares = told.record.shares
    end = max(told.at, shares[-1].at if shares else told.at)
    if not shares or end <= shares[0].at:
        return
    began = shares[0].at
    unit, seconds = ("minutes", 60.0) if end - began >= 180 else ("seconds", 1.0)
    values = []
    for point in range(POINTS + 1):
        moment = began + (end - began) * point / POINTS
        last = [each for each in shares if each.at <= moment][-1:] or [shares[0]]
        values.append(last[0].meant if last[0].seen is None else last[0].seen)
    yield "```mermaid"
    yield "xychart-beta"
    yield f'  x-axis "{unit}" 0 --> {(end - began) / seconds:.4g}'
    yield '  y-axis "% of the traffic" 0 --> 100'
    yield f"  line [{', '.join(f'{each:g}' for each in values)}]"
    yield "```"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "") -> Iterator[str]:
    if not rows and empty:
        yield empty
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(['---'] * len(head))}|"
    for row in rows:
        yield f"| {' | '.join(_safe(cell) for cell in row)} |"


def _safe(words: str) -> str:
    """Names and what servers said must not become markup."""
    words = " ".join(words.split())
    for letter in "\\`*_[]<>|#":
        words = words.replace(letter, f"\\{letter}")
    return words


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
