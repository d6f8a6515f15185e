"""What workers tell adds up to what one would have seen, whatever they were told in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.engine.assignment import Addresses, Assignment
from loadtests.engine.messages import Seen
from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline
from loadtests.profile.form import Phase, Profile, Stream

durations = st.floats(0, 10)
observations = st.builds(
    lambda stream, planned, lag, took, outcome, version: Observation(
        stream, planned, planned + lag, planned + lag + took, outcome, "200", 2, version, 2, 1
    ),
    st.sampled_from(["v1", "grpc"]),
    st.floats(0, 5),
    durations,
    durations,
    st.sampled_from(Outcome),
    st.sampled_from(["", "1", "2"]),
)


def timeline(seen: list[Observation]) -> Timeline:
    made = Timeline()
    for each in seen:
        made.add(each)
    return made


def over_the_wire(seen: Seen) -> Seen:
    return Seen.from_wire(json.loads(json.dumps(seen.to_wire())))


@given(st.lists(st.tuples(observations, st.integers(0, 2), st.booleans()), max_size=30))
def test_reports_of_workers_add_up_to_the_whole(told: list[tuple[Observation, int, bool]]) -> None:
    """Each of three workers reports in two parts, which cut seconds as they please."""
    master = Timeline()
    for worker in range(3):
        for part in (False, True):
            own = [seen for seen, by, in_part in told if by == worker and in_part is part]
            master.merge(over_the_wire(Seen(timeline(own))).timeline)
    assert master.cells == timeline([seen for seen, _, _ in told]).cells


def test_a_report_keeps_what_it_says_of_its_worker() -> None:
    seen = Seen(Timeline(), [GeneratorSecond(3, "host-7", 0.5, 12)], ["a request was lost"], 3, 12, is_done=True)
    told = over_the_wire(seen)
    assert (told.generator, told.troubles) == (seen.generator, seen.troubles)
    assert (told.settled, told.in_flight, told.is_done) == (3, 12, True)


@pytest.fixture
def profile() -> Profile:
    return Profile(
        summary="Is it well?",
        streams=(Stream(name="v2", protocol="v2"),),
        phases=(Phase(name="steady", role="load", seconds=5),),
    )


def test_an_assignment_comes_as_it_was_sent(profile: Profile) -> None:
    given_ = Assignment(
        profile,
        "mnist",
        Addresses("https://here:8443", "here:8081", b"PEM", is_insecure=False),
        {"mnist": ({"name": "mnist"}, None)},
        b"\x00npz",
        workers=3,
    ).of(2)
    assert Assignment.from_wire(json.loads(json.dumps(given_.to_wire()))) == given_


def test_no_header_is_told_to_a_worker(profile: Profile) -> None:
    """They hold keys, and the way from master to worker is not encrypted."""
    told = Assignment(profile, "mnist", Addresses("http://here:8080", ""), {}).to_wire()
    assert not [key for key in told if "header" in key]
