"""What a person or a machine reads while it waits: plain lines, JSON lines, or nothing.

A line is written when something has changed, so that a log of CI tells the
story of a rollout and not its polling. The terminal's table is in `screen.py`.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TextIO

from k8s.wait.outcome import Exit, Outcome
from k8s.wait.progress import Progress
from k8s.wait.target import Target
from k8s.wait.verdict import Waiting

LOG_LINES_SHOWN = 10


class Quiet:
    """Says nothing but how it ended, if it ended badly."""

    def __init__(self, target: Target, errors: TextIO | None = None) -> None:
        self._target = target
        self._errors = errors or sys.stderr

    def waiting(self, verdict: Waiting, seconds: float) -> None:
        """Say nothing."""

    def note(self, sentence: str) -> None:
        """Say nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Say how it ended, with the log's end under it."""
        if outcome.exit is Exit.ROLLED_OUT:
            return
        print(f"error: {outcome.sentence}", file=self._errors)
        if len(outcome.log) > 1:
            print(f"the end of the log of container {outcome.container} of pod {outcome.pod}:", file=self._errors)
            for line in outcome.log[-LOG_LINES_SHOWN:]:
                print(f"    {line}", file=self._errors)


class Lines(Quiet):
    """A line for each change."""

    def __init__(self, target: Target, out: TextIO | None = None, errors: TextIO | None = None) -> None:
        super().__init__(target, errors)
        self._out = out or sys.stdout
        self._last = ""

    def waiting(self, verdict: Waiting, seconds: float) -> None:
        line = words_of(verdict)
        if line != self._last:
            self._last = line
            self._say(f"{seconds:4.0f} s  {line}")

    def note(self, sentence: str) -> None:
        self._say(f"note: {sentence}")

    def ended(self, outcome: Outcome) -> None:
        if outcome.exit is Exit.ROLLED_OUT:
            self._say(f"{outcome.seconds:4.0f} s  {outcome.sentence}")
        super().ended(outcome)

    def _say(self, words: str) -> None:
        print(words, file=self._out, flush=True)


class JsonLines(Quiet):
    """The same for machines: an object a line, of which the last has the `event` "ended"."""

    def __init__(self, target: Target, out: TextIO | None = None) -> None:
        super().__init__(target)
        self._out = out or sys.stdout
        self._last: dict[str, Any] = {}

    def waiting(self, verdict: Waiting, seconds: float) -> None:
        told = {"stage": verdict.stage, **numbers_of(verdict.progress)}
        if verdict.trouble is not None:
            told |= {"reason": verdict.trouble.kind, "sentence": verdict.trouble.sentence}
        if told != self._last:
            self._last = told
            self._say("progress", told | {"seconds": round(seconds, 1)})

    def note(self, sentence: str) -> None:
        self._say("note", {"sentence": sentence})

    def ended(self, outcome: Outcome) -> None:
        told = {
            "outcome": outcome.exit.name.lower(),
            "exit": int(outcome.exit),
            "reason": outcome.reason or None,
            "sentence": outcome.sentence,
            "pod": outcome.pod or None,
            "container": outcome.container or None,
            "log": list(outcome.log),
            "seconds": round(outcome.seconds, 1),
        }
        self._say("ended", told | numbers_of(outcome.progress))

    def _say(self, event: str, told: dict[str, Any]) -> None:
        line = {"event": event, "target": str(self._target), "namespace": self._target.namespace, **told}
        print(json.dumps(line), file=self._out, flush=True)


@contextmanager
def plainly(teller: Quiet) -> Iterator[Quiet]:
    """Give a teller that has nothing to put up or take down."""
    yield teller


def words_of(verdict: Waiting) -> str:
    """Say in one line what is waited for, how far it is, and what is wrong."""
    words = f"waiting for {verdict.stage}"
    if verdict.progress is not None:
        words += f" ({verdict.progress})"
        states = [f"{name} {state}" for name, state in verdict.progress.pods if state != "Ready"]
        if states and verdict.trouble is None:
            words += f"; {', '.join(states)}"
    if verdict.trouble is not None:
        words += f"; {verdict.trouble.sentence}"
    return words


def numbers_of(progress: Progress | None) -> dict[str, Any]:
    """Give the counts and the pods for a machine."""
    if progress is None:
        return {}
    found = asdict(progress)
    found["pods"] = [{"name": name, "state": state} for name, state in progress.pods]
    del found["stage"]
    return found
