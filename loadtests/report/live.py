"""A run on the terminal while it goes on: a table that is drawn over, or a line now and then where there is none.

It starts no thread: who runs the load says when to draw. Nothing is shown of
what servers said, so that their words do not get to a terminal.
"""

import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live as Drawing
from rich.table import Table
from rich.text import Text

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from loadtests.report.figures import Figures
from loadtests.report.recent import WINDOW_SECONDS, Recent
from loadtests.report.wording import count, duration, rate

SECONDS_BETWEEN_LINES = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """How it stands in a second of the run."""

    second: int
    phase: str
    role: str
    planned_rate: float
    seconds_left: int | None
    """Of the phase; None where nobody knows yet."""
    in_flight: int = 0
    workers: int = 1
    busy_ratio: float = 0.0
    """Of the busiest worker."""
    change: str = ""
    """What is performed now, or how it ended, in a few words."""


class Live:
    """Entered before the load begins; `add` takes what is reported, `update` draws, once a second."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        # highlight off: rich would colour numbers as it thinks best.
        self._console = Console(file=stream or sys.stderr, highlight=False, quiet=quiet)
        self._drawing = (
            Drawing(console=self._console, auto_refresh=False, transient=True)
            if self._console.is_terminal and not quiet
            else None
        )
        self._recent = Recent()
        self._spoke_at: int | None = None
        self._phase = ""

    def __enter__(self) -> Self:
        if self._drawing:
            self._drawing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawing:
            self._drawing.stop()

    def add(self, reported: Timeline) -> None:
        """Take what a worker reports: each observation once."""
        self._recent.add(reported)

    def say(self, sentence: str, style: str = "") -> None:
        """Write a line that stays."""
        self._console.print(Text(sentence, style=style))

    def update(self, now: Moment) -> None:
        cell, seconds = self._recent.last(now.second)
        last = Figures(cell, seconds)
        if self._drawing:
            self._drawing.update(drawn(now, last, self._recent), refresh=True)
        elif self._spoke_at is None or now.phase != self._phase or now.second - self._spoke_at >= SECONDS_BETWEEN_LINES:
            self._spoke_at, self._phase = now.second, now.phase
            self._console.print(line(now, last, self._recent), soft_wrap=True)


def line(now: Moment, last: Figures, recent: Recent) -> str:
    """Write a moment in a line, for logs."""
    left = "" if now.seconds_left is None else f", {now.seconds_left} s left"
    parts = [
        f"{now.second:>5} s  {now.phase}{left}",
        f"{_achieved(now, last)}",
        f"p50 {duration(last.quantile(0.5))} p95 {duration(last.quantile(0.95))} p99 {duration(last.quantile(0.99))}",
        f"{count(recent.outcomes.total())} requests, failed: {_failures(recent)}",
        f"lag p99 {duration(last.cell.lags.quantile(0.99))}",
        *([now.change] if now.change else []),
    ]
    return " | ".join(parts)


def drawn(now: Moment, last: Figures, recent: Recent) -> Group:
    """Draw a moment in a few lines."""
    left = f"{now.seconds_left} s left" if now.seconds_left is not None else "until the change is over"
    head = Text.assemble((f"{now.phase}", "bold"), f"  {now.role}  second {now.second}, {left}")
    table = Table.grid(padding=(0, 2))
    table.add_row("rate", _achieved(now, last))
    table.add_row(f"last {WINDOW_SECONDS} s", _quantiles(last.cell))
    failed = _failures(recent)
    table.add_row("requests", count(recent.outcomes.total()))
    table.add_row("failed", Text(failed, style="" if failed == "none" else "red"))
    table.add_row(
        "generator",
        f"lag p99 {duration(last.cell.lags.quantile(0.99))}, {100 * now.busy_ratio:.0f} % of a core, "
        f"{count(now.in_flight)} in flight, {now.workers} worker{'s' if now.workers != 1 else ''}",
    )
    if now.change:
        table.add_row("change", Text(now.change, style="cyan"))
    return Group(head, table)


def _achieved(now: Moment, last: Figures) -> str:
    sent = rate(last.rate) if last.requests else "nothing yet"
    return f"planned {rate(now.planned_rate)}, sent {sent}"


def _quantiles(cell: Cell) -> str:
    last = Figures(cell, WINDOW_SECONDS)
    return (
        f"p50 {duration(last.quantile(0.5))}  p95 {duration(last.quantile(0.95))}  p99 {duration(last.quantile(0.99))}"
    )


def _failures(recent: Recent) -> str:
    found = [(outcome, number) for outcome, number in recent.outcomes.most_common() if outcome is not Outcome.OK]
    return ", ".join(f"{count(number)} {outcome.value}" for outcome, number in found) or "none"
