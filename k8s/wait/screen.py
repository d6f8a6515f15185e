"""The table that a person at a terminal watches: counts, what is waited for, and each pod."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from k8s.wait.outcome import Exit, Outcome
from k8s.wait.target import Target
from k8s.wait.telling import Quiet
from k8s.wait.verdict import Waiting

PODS_SHOWN = 12


class Screen(Quiet):
    """Draws each look over the one before."""

    def __init__(self, target: Target, console: Console, live: Live) -> None:
        super().__init__(target)
        self._console = console
        self._live = live

    def waiting(self, verdict: Waiting, seconds: float) -> None:
        self._live.update(drawn(self._target, verdict, seconds))

    def note(self, sentence: str) -> None:
        self._live.console.print(Text(f"note: {sentence}", style="yellow"))

    def ended(self, outcome: Outcome) -> None:
        self._live.stop()
        if outcome.exit is Exit.ROLLED_OUT:
            self._console.print(Text(f"{outcome.sentence} ({outcome.seconds:.0f} s)", style="green"))
        super().ended(outcome)


@contextmanager
def on_screen(target: Target, console: Console) -> Iterator[Screen]:
    """Give a screen that is taken down again, whatever happens."""
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        yield Screen(target, console, live)


def drawn(target: Target, verdict: Waiting, seconds: float) -> Group:
    """Draw one look."""
    parts: list[Text | Table] = [
        Text.assemble((str(target), "bold"), f"  {seconds:.0f} s  waiting for {verdict.stage}"),
    ]
    if verdict.progress is not None:
        parts.append(Text(str(verdict.progress), style="cyan"))
        table = Table.grid(padding=(0, 2))
        for name, state in verdict.progress.pods[:PODS_SHOWN]:
            style = {"Ready": "green", "Terminating": "dim"}.get(state, "yellow")
            table.add_row(f"  {name}", Text(state, style=style))
        hidden = len(verdict.progress.pods) - PODS_SHOWN
        if hidden > 0:
            table.add_row(f"  and {hidden} more", "")
        parts.append(table)
    if verdict.trouble is not None:
        parts.append(Text(verdict.trouble.sentence, style="red"))
    return Group(*parts)
