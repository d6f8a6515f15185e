"""How many requests may wait for their answers at once, where the profile does not say. Pure."""

import math

from loadtests.profile.form import Phase, Profile, Ramp, Wave

MOST = 10_000
LEAST = 100
"""A slow rate may have a burst."""


def most_in_flight(profile: Profile, workers: int = 1) -> int:
    """Give the share of one worker of all that may wait."""
    whole = profile.generator.most_in_flight
    if whole is None:
        whole = max(LEAST, min(MOST, math.ceil(peak_rate(profile) * profile.timeout_seconds)))
    return math.ceil(whole / workers)


def peak_rate(profile: Profile) -> float:
    """Give the highest rate that the profile asks for, in requests a second."""
    if profile.search is not None:
        return profile.search.last
    return profile.rate * max(_peak(phase) for phase in profile.phases)


def _peak(phase: Phase) -> float:
    match phase.times:
        case Ramp(first=first, last=last):
            return max(first, last)
        case Wave(mean=mean, swing=swing):
            return mean * (1 + swing)
        case factor:
            return factor
