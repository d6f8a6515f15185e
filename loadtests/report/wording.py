"""How numbers and verdicts are written for people, the same in every report."""

import math
from datetime import datetime

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

NOTHING = "-"
"""In place of a number that there is not."""

_DURATIONS = ("p50", "p95", "p99", "p999")
_RATIOS = ("error_ratio", "goodput_ratio", "within_ratio", "accuracy", "achieved_ratio")

MARKS = {Mark.PASSED: "passed", Mark.WARNED: "warning", Mark.FAILED: "FAILED", Mark.INCONCLUSIVE: "inconclusive"}

OUTCOMES = {
    Outcome.OK: "answered rightly",
    Outcome.SHED: "refused for too much load",
    Outcome.DEADLINE: "deadline passed, as the server says",
    Outcome.SERVER: "server error",
    Outcome.CLIENT: "called a bad request",
    Outcome.CONNECTION: "connection refused, reset or closed",
    Outcome.TIMEOUT: "no answer in time",
    Outcome.WRONG: "wrong answer",
    Outcome.DROPPED: "never sent, too many waited already",
}


def headline(verdict: Verdict) -> str:
    """Say the verdict in a line."""
    first = verdict.reasons[0] if verdict.reasons else ""
    return f"{verdict_word(verdict)}: {first or _without_reason(verdict)}"


def verdict_word(verdict: Verdict) -> str:
    return verdict.status.name


def _without_reason(verdict: Verdict) -> str:
    if verdict.status is not Status.PASSED:
        return "no reason was given"
    if verdict.capacity is not None:
        return f"the largest rate that held is {rate(verdict.capacity)}"
    held = [gate for gate in verdict.gates if gate.mark is Mark.PASSED]
    if not verdict.gates:
        return "nothing was asked of it but to be answered"
    if len(held) == len(verdict.gates):
        return f"all {len(held)} gates held" if len(held) > 1 else "the one gate held"
    return f"{len(held)} of {len(verdict.gates)} gates held, and no other fails a run"


def duration(seconds: float | None) -> str:
    """Write 0.01234 as 12.3 ms."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if seconds < 1:
        return f"{_digits(1000 * seconds)} ms"
    return f"{_digits(seconds)} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def share(ratio: float | None) -> str:
    if ratio is None or math.isnan(ratio):
        return NOTHING
    if ratio in (0, 1):
        return f"{100 * ratio:.0f} %"
    # Never rounded to none or to all, which it is not.
    digits = min(6, max(2, 1 - math.floor(math.log10(100 * min(ratio, 1 - ratio))))) if 0 < ratio < 1 else 2
    return f"{100 * ratio:.{digits}f} %"


def rate(per_second: float | None) -> str:
    return NOTHING if per_second is None or math.isnan(per_second) else f"{_digits(per_second)}/s"


def count(number: float) -> str:
    return f"{number:,.0f}"


def amount(measure: str, value: float | None) -> str:
    """Write what a gate saw in the unit of its measure."""
    if value is None or math.isnan(value):
        return NOTHING
    if measure in _DURATIONS:
        return duration(value)
    return share(value) if measure in _RATIOS else f"{value:,.6g}"


def interval(gate: GateResult) -> str:
    if gate.low is None and gate.high is None:
        return NOTHING
    low = amount(gate.measure, gate.low) if gate.low is not None else "?"
    high = amount(gate.measure, gate.high) if gate.high is not None else "beyond the slowest"
    return f"{low} to {high}"


def moment(iso: str) -> str:
    """Write a time for people, in UTC."""
    try:
        return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return iso


def _digits(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
