"""What the plan asked for in each second of a run, from its profile."""

from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from loadtests.measure.run import Run, Span
from loadtests.profile.form import Profile
from loadtests.profile.rate_curve import curve_of, moment


def planned_rate(run: Run) -> Callable[[Span, int], float]:
    """Give a function that tells the rate of a second of a phase.

    Its mean stands for it in a step of a search and where arrivals are a trace's, of which a run keeps the name alone.
    """
    profile = profile_of(run)
    phases = profile.phases if profile is not None and not profile.trace else ()
    curves = {phase.name: curve_of(phase, profile.rate) for phase in phases} if profile is not None else {}

    def rate(span: Span, second: int) -> float:
        curve = curves.get(span.name)
        return float(curve.rate(moment(second - span.began + 0.5))[0]) if curve else span.rate

    return rate


def profile_of(run: Run) -> Profile | None:
    """Read the profile that a run keeps; None where it is not one of today's."""
    with suppress(ValidationError):
        return Profile.model_validate(run.profile)
    return None
