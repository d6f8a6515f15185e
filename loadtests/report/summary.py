"""`summary.json`: what a run came to, in numbers that a script can ask for; or in a line, for a log."""

import math
from typing import Any

from loadtests.measure.run import SCHEMA_VERSION, Run
from loadtests.report.figures import Figures, PhaseFigures
from loadtests.verdict.result import Verdict

NAME = "summary.json"


def summary(run: Run, verdict: Verdict, phases: list[PhaseFigures]) -> dict[str, Any]:
    """Give it in JSON's types. Durations are seconds, rates are of a second; null is a number that there is not,
    and of a duration also one that is longer than was waited for."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict.status.name.lower(),
        "exit_status": int(verdict.status),
        "reasons": list(verdict.reasons),
        "notes": list(verdict.notes),
        "capacity": verdict.capacity,
        "profile": run.profile_name,
        "seed": run.profile.get("seed"),
        "target": run.target,
        "began_at": run.began_at,
        "workers": run.workers,
        "cut_off": run.cut_off,
        "troubles": run.troubles,
        "environment": run.environment,
        "change": run.change,
        "gates": verdict.gates,
        "phases": [_phase(each) for each in phases],
    }


def _phase(phase: PhaseFigures) -> dict[str, Any]:
    span = phase.span
    return {
        "name": span.name,
        "role": span.role,
        "began": span.began,
        "seconds": span.seconds,
        "is_complete": span.is_complete,
        "planned": span.planned,
        **_figures(phase.all),
        "generator_busy_ratio": _number(phase.busy),
        "streams": {name: _figures(figures) for name, figures in phase.streams.items()},
    }


def _figures(figures: Figures) -> dict[str, Any]:
    cell = figures.cell
    return {
        "requests": figures.requests,
        "rate": _number(figures.rate),
        "ok_rate": _number(figures.ok_rate),
        "outcomes": {outcome.value: cell.count(outcome) for outcome in cell.responses},
        "codes": dict(cell.codes),
        "versions": dict(cell.versions),
        "accuracy": _number(figures.accuracy),
        "response_seconds": {
            name: _number(figures.quantile(share))
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("max", 1))
        },
        "service_p99_seconds": _number(cell.services.quantile(0.99)),
        "lag_p99_seconds": _number(cell.lags.quantile(0.99)),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
