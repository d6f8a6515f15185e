"""One process's part in a rollout, from the lock to the report: what stands around the loop."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from rich.console import Console

from k8s.api_server import ApiError
from k8s.rollout.clock import Clock
from k8s.rollout.events import Events
from k8s.rollout.lease import Unreadable
from k8s.rollout.ledger import Ledger, Lost
from k8s.rollout.looking import Looker
from k8s.rollout.mistake import Mistake
from k8s.rollout.options import Options
from k8s.rollout.report import folder
from k8s.rollout.report.told import Heading, Told
from k8s.rollout.running import Run
from k8s.rollout.screen import on_screen
from k8s.rollout.signals import Interruptions, Terminated, listening
from k8s.rollout.starting import Prepared, take
from k8s.rollout.telling import JsonLines, Lines, Quiet, plainly
from k8s.rollout.view import Ending

SECOND_CHANCE_SECONDS = 2.0
"""At a terminal: how long Ctrl-C can be pressed again before a pause."""


def carry(prepared: Prepared, options: Options, *, abort: str = "") -> int:
    """Carry a rollout as far as it goes, and give the exit status. Raises Held, ApiError, Mistake before it begins."""
    if options.out is not None and prepared.before is None:
        _must_take_reports(options.out)
    with listening() as interruptions, teller(prepared.heading, options) as tells:
        try:
            return _carried(prepared, options, interruptions, tells, abort)
        except Terminated as signal:
            # What is not told yet is told by the next start, and who only waits for the lock holds nothing.
            tells.note(f"{signal}: left at once; traffic stays as it is, and the same command goes on")
            return 128 + signal.number


def _carried(prepared: Prepared, options: Options, interruptions: Interruptions, tells: Quiet, abort: str) -> int:
    clock = Clock()
    heading = prepared.heading
    ledger, state, record = take(prepared, options.lease_seconds, clock, tells.note)
    events = Events(prepared.api, prepared.namespace, heading.target, tells.note)
    tells.began(_opening(heading))
    for sentence in prepared.notes:
        tells.note(sentence)
    if not abort:
        word = "RolloutBegan" if prepared.before is None else "RolloutGoesOn"
        events.tell(word, f"{heading.stable} → {heading.canary} at {state.percent:g} %, by {heading.backend}")
    run = Run(
        prepared.terms,
        prepared.backend,
        ledger,
        Looker(prepared.backend, prepared.judge, prepared.smoke),
        tells,
        events,
        interruptions,
        clock=clock,
        interrupt_aborts=options.interrupt_aborts,
        second_chance_seconds=SECOND_CHANCE_SECONDS if sys.stdin.isatty() else 0.0,
        abort=abort,
    )
    try:
        ending = run.carry(state, record)
    except Terminated:
        _release(ledger)
        raise
    written, troubles = report(heading, prepared, run, ending, options, clock.wall)
    for sentence in troubles:
        tells.note(sentence)
    _release(ledger)
    tells.ended(ending, written)
    return ending.exit


def teller(heading: Heading, options: Options) -> AbstractContextManager[Quiet]:
    """Choose who tells of it."""
    if options.json:
        return plainly(JsonLines(heading))
    if options.quiet:
        return plainly(Quiet(heading))
    console = Console(highlight=False)
    if console.is_terminal:
        return on_screen(heading, console)
    return plainly(Lines(heading))


def report(
    heading: Heading, prepared: Prepared, run: Run, ending: Ending, options: Options, now: Callable[[], float]
) -> tuple[list[str], list[str]]:
    """Write the report; give the files, and a sentence for each that could not be written."""
    told = Told(
        heading=heading,
        plan=prepared.terms.plan,
        state=ending.state,
        record=run.record,
        exit=ending.exit,
        sentence=ending.sentence,
        at=now(),
    )
    name = heading.target.partition("/")[2]
    where = options.out or Path("build/rollout") / name
    page = os.environ.get("GITHUB_STEP_SUMMARY", "")
    troubles = folder.write(told, where, Path(page) if page else None)
    written = [str(where / each) for each in folder.FORMS if (where / each).is_file()]
    return ([] if troubles else written), troubles


def _must_take_reports(where: Path) -> None:
    try:
        folder.try_it(where)
    except OSError as error:
        raise Mistake(f"no report can be written to {where}: {error.strerror or error}") from error


def _opening(heading: Heading) -> str:
    by = heading.why or heading.backend
    return f"{heading.target} in {heading.namespace}: {heading.stable} → {heading.canary}, by {by}"


def _release(ledger: Ledger) -> None:
    # Where the lock cannot be given back, whoever comes next waits for its time to run out.
    with suppress(ApiError, Lost, Unreadable):
        ledger.release()
