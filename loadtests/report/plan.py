"""What the plan asked for in each second of a run, from its profile."""

from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from loadtests.measure.run import Run, Span
from loadtests.profile.form import Profile
from loadtests.profile.rate_curve import curve_of, moment

PlannedRate = Callable[[Span, int], float]


def planned_rate(run: Run) -> PlannedRate:
    """Give a function that tells the rate of a second of a phase; a phase that no profile knows has its mean."""
    profile = _profile(run)
    if profile is not None and profile.trace_seconds:
        trace = profile.trace_seconds
        return lambda _, second: bisect_left(trace, second + 1) - bisect_left(trace, second)
    curves = {phase.name: curve_of(phase, profile.rate) for phase in profile.phases} if profile else {}

    def rate(span: Span, second: int) -> float:
        curve = curves.get(span.name)
        return float(curve.rate(moment(second - span.began + 0.5))[0]) if curve else span.rate

    return rate


def _profile(run: Run) -> Profile | None:
    with suppress(ValidationError):
        return Profile.model_validate(run.profile)
    return None
