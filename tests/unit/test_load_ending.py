"""The terminal ends with the verdict, after the numbers that made it."""

import io

import pytest

from loadtests.report.ending import tell
from loadtests.report.figures import phases
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from tests.reported_runs import PASSED, a_run, a_verdict


def told(verdict: Verdict, *, is_quiet: bool = False) -> list[str]:
    stream = io.StringIO()
    tell(verdict, phases(a_run()), stream, is_quiet=is_quiet)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_phases_gates_and_reasons_come_before_the_verdict() -> None:
    lines = told(a_verdict())

    assert lines[0].split() == ["phase", "time", "requests", "sent", "p50", "p95", "p99", "failed"]
    during = ["during", "4", "s", "48", "12.0/s", "10.0", "ms", "20.0", "ms", "20.0", "ms", "1", "shed,", "1", "server"]
    assert during in [line.split() for line in lines]
    gates = [line for line in lines if " in " in line and "at most" in line]
    assert [
        next(word for word in ("FAILED", "inconclusive", "warning", "passed") if word in line) for line in gates
    ] == [
        "FAILED",
        "inconclusive",
        "warning",
        "passed",
    ]
    assert "- p95 in after is 20.0 ms." in lines
    assert lines[-1] == "FAILED: 2 of 46 requests failed in during, and none may."


def test_quiet_is_the_verdict_alone() -> None:
    assert told(PASSED, is_quiet=True) == ["PASSED: the one gate held"]


def test_a_log_has_no_colours_and_a_terminal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    tell(a_verdict(), phases(a_run()), terminal)

    assert "\x1b[1;31mFAILED: 2 of 46" in terminal.getvalue()
    assert not any("\x1b" in line for line in told(a_verdict()))


def test_words_of_a_server_move_no_cursor_and_are_no_markup() -> None:
    words = "a [bold]b[/bold] \x1b[2J\r\nc"
    gate = GateResult(words, "p99", "during", Mark.FAILED, 1.0, "at most 1 s")

    lines = told(Verdict(Status.FAILED, (gate,), (words, words)))

    assert lines[-1] == "FAILED: a [bold]b[/bold]  [2J  c"
    assert not any("\x1b" in line for line in lines)
