"""Runs of a load test, built from numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond, Run, Span
from loadtests.measure.timeline import Timeline
from loadtests.profile.form import Profile

CODES = {Outcome.OK: "200", Outcome.SHED: "503", Outcome.CLIENT: "400", Outcome.SERVER: "500"}
TIMEOUT = 10.0


def cell(
    answered: Mapping[float, int] | None = None,
    *,
    lag: float = 0.0005,
    accuracy: float | None = None,
    codes: Mapping[Outcome, str] | None = None,
    failed: Mapping[Outcome, int] | None = None,
) -> Cell:
    """Make a cell of latencies in seconds, each so many times, and of failures by their outcome."""
    made = Cell(versions={"1": 1} if answered else {})  # type: ignore[arg-type]
    counts: dict[Outcome, dict[float, int]] = {Outcome.OK: dict(answered or {})}
    for outcome, many in (failed or {}).items():
        counts[outcome] = {TIMEOUT if outcome is Outcome.TIMEOUT else 0.002: many}
    for outcome, latencies in counts.items():
        many = sum(latencies.values())
        if not many:
            continue
        histogram = made.responses[outcome] = Histogram()
        for seconds, times in latencies.items():
            if times:
                histogram.add(seconds, times)
        if outcome is not Outcome.DROPPED:
            made.lags.add(lag, many)
            made.services.merge([histogram])
        code = (codes or {}).get(outcome) or CODES.get(outcome, outcome.value)
        made.codes[code] += many
        if outcome is not Outcome.OK:
            made.failed_codes[outcome] = Counter({code: many})
            made.examples[outcome] = [f"an example of {outcome.value}"]
    answered_well = made.count(Outcome.OK)
    made.rows = answered_well
    if accuracy is not None:
        made.labelled, made.right = answered_well, round(accuracy * answered_well)
    return made


def profile(*gates: Mapping[str, Any], **changed: Any) -> Profile:
    """Make a profile of one kind of request with these gates; the phases of the run count, and not its own."""
    written: dict[str, Any] = {
        "summary": "made for a test",
        "streams": [{"name": "v2", "protocol": "v2"}],
        "phases": [{"name": "steady", "role": "load", "seconds": 60}],
        "gates": list(gates),
    }
    return Profile.model_validate(written | changed)


def run(*phases: tuple[str, str, Sequence[Cell]], busy: float = 0.2, planned: int | None = None, **changed: Any) -> Run:
    """Make a run of phases: name, role, and a cell for each second; everything planned was recorded."""
    timeline, spans, second = Timeline(), [], 0
    for name, role, cells in phases:
        for place, each in enumerate(cells):
            timeline.cells[second + place, "v2"] = each
        recorded = sum(each.total for each in cells)
        spans.append(Span(name, role, second, second + len(cells), recorded if planned is None else planned))
        second += len(cells)
    return Run(
        profile={},
        profile_name="test",
        target={"rest": "http://127.0.0.1:8080", "model": "mnist"},
        began_at="2026-01-01T00:00:00+00:00",
        timeline=timeline,
        spans=spans,
        generator=[GeneratorSecond(each, "0", busy, 1) for each in range(second)],
        **changed,
    )


def steady(cells: Sequence[Cell], **changed: Any) -> Run:
    """Make a run of one phase that is judged."""
    return run(("steady", "load", cells), **changed)
