"""How numbers and verdicts are written for people, the same in every report."""

import math
from datetime import datetime

from loadtests.measure.outcome import Outcome
from loadtests.verdict.estimate import SHARES
from loadtests.verdict.limit import RATIOS
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

NOTHING = "-"
"""In place of a number that there is not."""


UNANSWERED = "no answer in time"
"""In place of a duration that is longer than was waited for."""

MARKS = {
    Mark.PASSED: "passed",
    Mark.WARNED: "warning",
    Mark.FAILED: "FAILED",
    Mark.INCONCLUSIVE: "inconclusive",
    Mark.SKIPPED: "not asked",
}
WEIGHTS = (Mark.FAILED, Mark.INCONCLUSIVE, Mark.WARNED, Mark.PASSED, Mark.SKIPPED)
"""What a reader should see first."""

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
    asked = [gate for gate in verdict.gates if gate.mark is not Mark.SKIPPED]
    if not asked:
        return "nothing was asked of it but to be answered"
    if len(held) == len(asked):
        return f"all {len(held)} gates held" if len(held) > 1 else "the one gate held"
    return f"{len(held)} of {len(asked)} gates held, and no other fails a run"


def duration(seconds: float | None) -> str:
    """Write 0.01234 as 12.3 ms."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if math.isinf(seconds):
        return UNANSWERED
    if seconds < 1:
        return f"{_digits(1000 * seconds)} ms"
    return f"{_digits(seconds)} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def round_duration(seconds: float) -> str:
    """Write a round number beside an axis."""
    return f"{1000 * seconds:g} ms" if seconds < 1 else f"{seconds:g} s"


def share(ratio: float | None) -> str:
    if ratio is None or math.isnan(ratio):
        return NOTHING
    if ratio in (0, 1):
        return f"{100 * ratio:.0f} %"
    # Never rounded to none or to all, which it is not.
    nearest = 100 * min(ratio, 1 - ratio)
    digits = min(6, max(2, 1 - math.floor(math.log10(nearest) + 1e-9))) if nearest > 0 else 2
    return f"{100 * ratio:.{digits}f} %"


def rate(per_second: float | None) -> str:
    return NOTHING if per_second is None or math.isnan(per_second) else f"{_digits(per_second)}/s"


def round_rate(per_second: float) -> str:
    return f"{per_second:,g}/s"


def count(number: float) -> str:
    return f"{number:,.0f}"


def seen(gate: GateResult) -> str:
    """Write what a gate saw in the unit of its measure."""
    return _amount(gate, gate.seen)


def interval(gate: GateResult) -> str:
    low, high = _amount(gate, gate.low), _amount(gate, gate.high)
    return low if low == high else f"{low} to {high}"


def _amount(gate: GateResult, value: float | None) -> str:
    if value is None and gate.samples and gate.measure in SHARES:
        return UNANSWERED
    if value is None or math.isnan(value):
        return NOTHING
    if gate.measure in SHARES:
        return duration(value)
    return share(value) if gate.measure in RATIOS else f"{value:,.6g}"


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
