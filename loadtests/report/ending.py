"""What a run came to, on the terminal when it is over: a table of its phases, its gates, and the verdict as last line.

Others' words are shown as text that has no markup, and without what moves a cursor.
"""

import re
import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loadtests.report.figures import PhaseFigures
from loadtests.report.markdown import failures
from loadtests.report.wording import MARKS, WEIGHTS, count, duration, headline, interval, rate, seen
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

MOST_PHASES = 40
MOST_SENTENCES = 10
WIDTH_OF_A_LOG = 160
"""Where there is no terminal: a log does not wrap."""

_COLOURS = {Mark.PASSED: "green", Mark.WARNED: "yellow", Mark.FAILED: "bold red", Mark.INCONCLUSIVE: "yellow"}
_VERDICTS = {Status.PASSED: "bold green", Status.FAILED: "bold red"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def tell(verdict: Verdict, phases: list[PhaseFigures], stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
    """Show it; to who wants quiet the last line alone."""
    stream = stream or sys.stdout
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH_OF_A_LOG)
    if not is_quiet:
        if phases:
            console.print(_phases(phases))
        if verdict.gates:
            console.print()
            console.print(_gates(verdict.gates))
            console.print()
        for sentence in [*verdict.reasons[1:], *verdict.notes][:MOST_SENTENCES]:
            console.print(_plain(f"- {sentence}"), soft_wrap=True)
    console.print(_plain(headline(verdict), _VERDICTS.get(verdict.status, "bold yellow")), soft_wrap=True)


def _phases(phases: list[PhaseFigures]) -> Table:
    table = _table("phase", "time", "requests", "sent", "p50", "p95", "p99", "failed")
    for each in phases[:MOST_PHASES]:
        failed = failures(each.all)
        table.add_row(
            _plain(each.span.name + ("" if each.span.is_complete else " (cut off)")),
            f"{each.span.seconds} s",
            count(each.all.requests),
            rate(each.all.rate),
            *(duration(each.all.quantile(quantile)) for quantile in (0.5, 0.95, 0.99)),
            Text(failed, style="" if failed == "none" else "red"),
        )
    return table


def _gates(gates: tuple[GateResult, ...]) -> Table:
    table = _table("gate", "result", "seen", "95 % interval", "limit")
    for gate in sorted(gates, key=lambda each: WEIGHTS.index(each.mark)):
        mark = Text(MARKS[gate.mark], style=_COLOURS.get(gate.mark, "dim"))
        table.add_row(_plain(gate.name), mark, seen(gate), interval(gate), _plain(gate.limit))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name in ("failed", "result", "limit") else "right")
    return table


def _plain(words: str, style: str = "") -> Text:
    return Text(_CONTROL.sub(" ", words), style=style)
