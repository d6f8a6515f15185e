"""How many may wait at once follows from the highest rate and from how long is waited."""

from typing import Any

import pytest

from loadtests.profile.form import Phase, Profile, Ramp, Search, Stream, Wave
from loadtests.profile.in_flight import most_in_flight, peak_rate


def profile(**fields: Any) -> Profile:
    if "search" not in fields:
        fields.setdefault("phases", (Phase(name="steady", role="load", seconds=5),))
    return Profile(summary="Is it well?", streams=(Stream(name="v2", protocol="v2"),), **fields)


def phase(times: float | Ramp | Wave) -> Phase:
    return Phase(name="steady", role="load", seconds=5, times=times)


@pytest.mark.parametrize(
    ("asked", "rate"),
    [
        (profile(rate=50), 50),
        (profile(rate=50, phases=(phase(1), phase(10))), 500),
        (profile(rate=50, phases=(phase(Ramp(first=1, last=3)),)), 150),
        (profile(rate=50, phases=(phase(Ramp(first=4, last=3)),)), 200),
        (profile(rate=50, phases=(phase(Wave(mean=2, swing=0.5, period_seconds=60)),)), 150),
        (profile(rate=50, search=Search(first=10, last=700)), 700),
    ],
    ids=["steady", "overload", "up", "down", "wave", "search"],
)
def test_the_highest_rate_is_found(asked: Profile, rate: float) -> None:
    assert peak_rate(asked) == rate


@pytest.mark.parametrize(
    ("asked", "workers", "most"),
    [
        (profile(rate=50, timeout_seconds=10), 1, 500),
        (profile(rate=50, timeout_seconds=10), 3, 167),
        (profile(rate=1, timeout_seconds=1), 1, 100),
        (profile(rate=90_000, timeout_seconds=10), 1, 10_000),
        (profile(rate=50, generator={"most_in_flight": 7}), 2, 4),
    ],
    ids=["rate times patience", "shared", "a few at least", "ten thousand at most", "as the profile says"],
)
def test_so_many_may_wait(asked: Profile, workers: int, most: int) -> None:
    assert most_in_flight(asked, workers) == most
