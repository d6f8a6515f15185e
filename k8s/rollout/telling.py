"""What a person or a machine reads of a rollout: plain lines, JSON lines, or nothing but a bad end.

A line is written where something has changed, so that a log of CI tells the
story of a rollout and not its polling. A reader that leaves, as `head` does,
ends the telling and not the rollout. The terminal's picture is in `screen.py`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.outcome import Exit
from k8s.rollout.report.record_json import told_finding
from k8s.rollout.report.told import Heading, duration
from k8s.rollout.report.wording import number
from k8s.rollout.view import Ending, View
from k8s.rollout.waiting import awaited
from k8s.rollout.writing import write


class Quiet:
    """Says nothing but how it ended, if it ended badly."""

    def __init__(self, heading: Heading, errors: TextIO | None = None) -> None:
        self._heading = heading
        self._errors = errors or sys.stderr

    def began(self, sentence: str) -> None:
        """Say nothing."""

    def turned(self, view: View) -> None:
        """Say nothing."""

    def said(self, sentence: str) -> None:
        """Say nothing."""

    def note(self, sentence: str) -> None:
        """Say nothing."""

    def ended(self, ending: Ending, files: Sequence[str]) -> None:  # noqa: ARG002 - others tell where the report is
        """Say how it ended."""
        if ending.exit is not Exit.PROMOTED:
            write(f"{_opening(ending.exit)}: {ending.sentence}", self._errors)


class Lines(Quiet):
    """A line for each change."""

    def __init__(self, heading: Heading, out: TextIO | None = None, errors: TextIO | None = None) -> None:
        super().__init__(heading, errors)
        self._out = out or sys.stdout
        self._last: tuple[object, ...] = ()
        self._told: tuple[Finding, ...] = ()

    def began(self, sentence: str) -> None:
        self._say(sentence)

    def turned(self, view: View) -> None:
        judged = tuple((each.gate, each.judgement) for each in view.findings)
        state = view.state
        shown = (state.phase, state.step, state.percent, state.windows_passed, judged, view.trouble)
        if shown == self._last:
            return
        self._last = shown
        if state.phase is not Phase.ENDED:
            self._say(f"{view.now - state.began:5.0f} s  {line(view)}")
        # The findings of a look lead out of the phase in which it was: they are told once, beside what came of them.
        if view.findings != self._told:
            self._told = view.findings
            for each in view.findings:
                self._say(f"         {gate_line(each)}")

    def said(self, sentence: str) -> None:
        self._say(f"         {sentence}")

    def note(self, sentence: str) -> None:
        self._say(f"note: {sentence}")

    def ended(self, ending: Ending, files: Sequence[str]) -> None:
        if ending.exit is Exit.PROMOTED:
            self._say(f"promoted: {ending.sentence}")
        if files:
            self._say(f"report: {', '.join(files)}")
        super().ended(ending, files)

    def _say(self, words: str) -> None:
        write(words, self._out)


class JsonLines(Quiet):
    """The same for machines: an object a line, of which the last has the `event` "ended"."""

    def __init__(self, heading: Heading, out: TextIO | None = None) -> None:
        super().__init__(heading)
        self._out = out or sys.stdout
        self._last: dict[str, Any] = {}

    def began(self, sentence: str) -> None:
        self._say("began", {"sentence": sentence, "backend": self._heading.backend, "canary": self._heading.canary})

    def turned(self, view: View) -> None:
        state, waited = view.state, awaited(view.plan, view.state)
        told = {
            "phase": state.phase,
            "step": state.step,
            "percent": state.percent,
            "seen_percent": None if view.traffic is None else view.traffic.canary_percent,
            "windows_passed": state.windows_passed,
            "waiting_for": waited.what,
            "at_most_seconds": waited.most_seconds,
            "findings": [told_finding(each) for each in view.findings],
            "trouble": view.trouble or None,
        }
        if told != self._last:
            self._last = told
            self._say("look", {"at": round(view.now, 1), **told})

    def said(self, sentence: str) -> None:
        self._say("decision", {"sentence": sentence})

    def note(self, sentence: str) -> None:
        self._say("note", {"sentence": sentence})

    def ended(self, ending: Ending, files: Sequence[str]) -> None:
        state = ending.state
        told = {"phase": state.phase, "percent": state.percent, "exit": int(ending.exit)}
        told |= {"outcome": ending.exit.name.lower(), "sentence": ending.sentence, "report": list(files)}
        self._say("ended", told)

    def _say(self, event: str, told: dict[str, Any]) -> None:
        opening = {"event": event, "target": self._heading.target, "namespace": self._heading.namespace}
        write(json.dumps(opening | told), self._out)


@contextmanager
def plainly(teller: Quiet) -> Iterator[Quiet]:
    """Give a teller that has nothing to put up or take down."""
    yield teller


def line(view: View) -> str:
    """Say in one line where it is, what is waited for, for how long at most, and what is wrong."""
    state, waited = view.state, awaited(view.plan, view.state)
    words = f"{state.phase} at {state.percent:g} %"
    if view.traffic is not None and abs(view.traffic.canary_percent - state.percent) > 0.05:
        words += f" (seen: {view.traffic.canary_percent:g} %)"
    if waited.what:
        most = "" if waited.most_seconds is None else f" (at most {duration(waited.most_seconds)})"
        words += f", waiting for {waited.what}{most}"
    if view.canary is not None and not view.canary.ready and view.canary.sentence:
        words += f"; {view.canary.sentence}"
    return f"{words}; {view.trouble}" if view.trouble else words


def gate_line(finding: Finding) -> str:
    """Say what one gate concludes, with its numbers."""
    numbers = [
        f"{name} {number(value, finding.unit)}"
        for name, value in (("canary", finding.canary), ("stable", finding.stable), ("limit", finding.limit))
        if value is not None
    ]
    words = f"{finding.gate}: {finding.judgement}"
    if numbers:
        words += f" ({', '.join(numbers)}, {finding.samples:,} samples)"
    return words if finding.judgement is Judgement.PASSED else f"{words}: {finding.sentence}"


def _opening(end: Exit) -> str:
    return "error" if end is Exit.INFRASTRUCTURE else end.name.lower()
