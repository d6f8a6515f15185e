"""What a person at a terminal watches: phase, the share as a bar, what is waited for, and the table of gates."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.outcome import Exit
from k8s.rollout.report.told import Heading, duration
from k8s.rollout.report.wording import number
from k8s.rollout.telling import Quiet
from k8s.rollout.view import Ending, View
from k8s.rollout.waiting import awaited

STYLES = {Judgement.PASSED: "green", Judgement.FAILED: "bold red", Judgement.INCONCLUSIVE: "yellow"}


class Screen(Quiet):
    """Draws each look over the one before; what was decided stays above it."""

    def __init__(self, heading: Heading, console: Console, live: Live) -> None:
        super().__init__(heading)
        self._console = console
        self._live = live
        self._seconds = 0.0

    def began(self, sentence: str) -> None:
        self._print(Text(sentence, style="bold"))

    def turned(self, view: View) -> None:
        self._seconds = view.now - view.state.began
        self._live.update(drawn(self._heading, view))

    def said(self, sentence: str) -> None:
        self._print(Text(f"{self._seconds:5.0f} s  {sentence}"))

    def note(self, sentence: str) -> None:
        self._print(Text(f"note: {sentence}", style="yellow"))

    def ended(self, ending: Ending, files: Sequence[str]) -> None:
        with suppress(OSError):
            self._live.stop()
        if ending.exit is Exit.PROMOTED:
            self._print(Text(f"promoted: {ending.sentence}", style="bold green"))
        if files:
            self._print(Text(f"report: {', '.join(files)}", style="dim"))
        super().ended(ending, files)

    def _print(self, words: Text) -> None:
        # A terminal that is gone ends the telling and nothing else.
        with suppress(OSError):
            self._console.print(words)


@contextmanager
def on_screen(heading: Heading, console: Console) -> Iterator[Screen]:
    """Give a screen that is taken down again, whatever happens."""
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        yield Screen(heading, console, live)


def drawn(heading: Heading, view: View) -> Group:
    """Draw one look."""
    state, waited = view.state, awaited(view.plan, view.state)
    step = min(state.step + 1, len(view.plan.steps))
    head = Text.assemble(
        (heading.target, "bold"),
        f"  {heading.stable} → {heading.canary}  ",
        (state.phase.upper(), "bold cyan" if state.exit is None else "bold red"),
        f"  step {step} of {len(view.plan.steps)}  {duration(view.now - state.began)}",
    )
    parts: list[RenderableType] = [head, share_bar(view)]
    if waited.what:
        most = "" if waited.most_seconds is None else f" of at most {duration(waited.most_seconds)}"
        parts.append(
            Text(f"waiting for {waited.what}: {duration(max(0.0, view.now - waited.since))}{most}", style="dim")
        )
    if view.canary is not None and not view.canary.ready and view.canary.sentence:
        parts.append(Text(view.canary.sentence, style="yellow"))
    if view.findings:
        parts.append(gates_table(view.findings))
    if view.trouble:
        parts.append(Text(view.trouble, style="red"))
    return Group(*parts)


def share_bar(view: View) -> Table:
    """Draw the canary's share, as it is and as it is meant to be."""
    seen = view.state.percent if view.traffic is None else view.traffic.canary_percent
    bar = Table.grid(padding=(0, 1))
    words = f"{seen:g} %"
    if abs(seen - view.state.percent) > 0.05:
        words += f" (meant: {view.state.percent:g} %)"
    bar.add_row("canary", ProgressBar(total=100, completed=seen, width=40), words)
    return bar


def gates_table(findings: Sequence[Finding]) -> Table:
    """Draw what each gate concludes."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("gate")
    for column in ("canary", "stable", "limit", "samples"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for each in findings:
        words = each.judgement.value if each.judgement is Judgement.PASSED else f"{each.judgement}: {each.sentence}"
        table.add_row(
            Text(each.gate),
            *(number(value, each.unit) for value in (each.canary, each.stable, each.limit)),
            f"{each.samples:,}",
            Text(words, style=STYLES[each.judgement]),
        )
    return table
