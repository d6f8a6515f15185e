"""Where a run stands: what is announced when, and that every course ends."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.profile.course import LEAD_SECONDS, Course
from loadtests.profile.form import Change, Phase, Profile, Search, Stream
from loadtests.profile.segment import Segment, segment_at

STALL_SECONDS = 7
"""For so long nobody looks."""
STREAMS = (Stream(name="v2", protocol="v2"),)


def phases(*, change: bool = False) -> tuple[Phase, ...]:
    middle = Phase(name="during", role="change" if change else "load", seconds=20)
    return (Phase(name="warm", role="warm-up", seconds=5), middle, Phase(name="after", role="after", seconds=10))


def run(
    course: Course,
    *,
    change_takes: int = 10**6,
    before_each_second: Callable[[], None] = lambda: None,
    stalls_at: int = 10**6,
) -> int:
    """Go on until it is over, checking each second what is announced; gives the second."""
    known: dict[int, Segment] = {}
    for now in range(-LEAD_SECONDS, 100_000):
        if stalls_at <= now < stalls_at + STALL_SECONDS:
            continue
        before_each_second()
        changing = segment_at(course.segments, now)
        is_over = changing is not None and changing.role == "change" and now >= changing.began + change_takes
        for segment in course.advance(now, change_is_over=is_over):
            before = known.get(segment.index)
            if before is None:
                assert segment.began >= now + 2
            else:
                assert before.seconds is None
                assert segment.ended is not None
                assert segment.ended >= now + 2
            known[segment.index] = segment
        if course.is_over:
            ended = None
            for segment in course.segments:
                assert segment.began == (ended or 0)
                ended = segment.ended
            assert ended == course.ends_at
            assert [known[index] for index in sorted(known)] == course.segments
            return course.ends_at or 0
    raise AssertionError("the course did not end")


def test_fixed_phases_are_announced_at_once_and_take_their_time() -> None:
    course = Course(Profile(summary="", streams=STREAMS, phases=phases()))
    assert [each.name for each in course.advance(-3)] == ["warm", "during", "after"]
    assert course.ends_at == 35
    assert run(Course(Profile(summary="", streams=STREAMS, phases=phases()))) == 35


@pytest.mark.parametrize(
    ("takes", "length"), [(0, 20), (9, 20), (10, 20), (11, 21), (40, 50), (59, 69), (60, 70), (61, 63), (10**6, 63)]
)
def test_a_change_lasts_until_it_has_settled_or_is_too_late(takes: int, length: int) -> None:
    change = Change(settle_seconds=10, most_seconds=60)
    course = Course(Profile(summary="", streams=STREAMS, phases=phases(change=True), change=change))
    run(course, change_takes=takes)
    assert course.segments[1].seconds == length
    assert course.change_is_late == (takes > 60)
    assert [each.name for each in course.segments] == ["warm", "during", "after"]


def search_profile(**search: object) -> Profile:
    asked = {"first": 10, "last": 1000, "step_seconds": 7, **search}
    return Profile(summary="", streams=STREAMS, search=Search.model_validate(asked), timeout_seconds=1)


def searched(course: Course, judgements: Callable[[float], bool | None], judged_after: int) -> int:
    """Go on until it is over, judging each step so many seconds after it; gives the second."""
    waited = 0

    def before_each_second() -> None:
        nonlocal waited
        if course.awaited is not None:
            waited += 1
            if waited > judged_after:
                course.judge(judgements(course.awaited.rate_at(0)))
                waited = 0

    return run(course, before_each_second=before_each_second)


def test_a_search_grows_until_a_step_does_not_hold_and_then_halves_the_gap() -> None:
    course = Course(search_profile(growth=2, refinements=3))
    searched(course, lambda rate: rate <= 137, judged_after=2)
    assert course.search is not None
    assert [step.rate for step in course.search.steps] == [10, 20, 40, 80, 160, 120, 140, 130]
    assert (course.search.held, course.search.failed) == (130, 140)
    assert [round(span.rate, 6) for span in course.spans(10_000) if span.role == "load"] == [
        step.rate for step in course.search.steps
    ]


def test_a_search_that_never_fails_ends_at_its_last_rate() -> None:
    course = Course(search_profile(growth=5))
    searched(course, lambda _: True, judged_after=0)
    assert course.search is not None
    assert [step.rate for step in course.search.steps] == [10, 50, 250, 1000]
    assert (course.search.held, course.search.failed) == (1000, None)


def test_a_search_whose_first_step_fails_looks_below_it() -> None:
    course = Course(search_profile(refinements=2))
    searched(course, lambda rate: rate < 4, judged_after=0)
    assert course.search is not None
    assert [step.rate for step in course.search.steps] == [10, 5, 2.5]
    assert (course.search.held, course.search.failed) == (2.5, 5)


def test_a_step_of_which_nothing_can_be_said_is_tried_once_more_and_then_ends_the_search() -> None:
    said = iter([True, None, True, None, None])
    course = Course(search_profile(growth=2))
    searched(course, lambda _: next(said), judged_after=1)
    assert course.search is not None
    assert [step.rate for step in course.search.steps] == [10, 20, 20, 40, 40]
    assert (course.search.held, course.search.failed) == (20, None)


def test_a_search_that_is_told_nothing_ends() -> None:
    course = Course(search_profile())
    assert run(course) < 300
    assert course.search is not None
    assert [step.holds for step in course.search.steps] == [None, None]


def test_between_steps_the_load_is_half_of_what_held_and_is_not_judged() -> None:
    course = Course(search_profile(growth=2, settle_seconds=9, warm_up_seconds=4))
    searched(course, lambda rate: rate <= 20, judged_after=0)
    told = [(each.name, each.role, each.rate_at(0), each.seconds) for each in course.segments[:7]]
    assert told == [
        ("warm-up", "warm-up", 5, 4),
        ("step-1", "load", 10, 7),
        ("judging-1", "warm-up", 5, 9),
        ("step-2", "load", 20, 7),
        ("judging-2", "warm-up", 5, 9),
        ("step-3", "load", 40, 7),
        ("judging-3", "warm-up", 10, 9),
    ]


def test_nothing_is_judged_before_it_has_ended() -> None:
    course = Course(search_profile())
    course.advance(-3)
    with pytest.raises(ValueError, match="no step waits"):
        course.judge(True)


@given(
    judgements=st.lists(st.sampled_from([True, True, False, None]), max_size=100),
    judged_after=st.integers(0, 200),
    growth=st.floats(1.1, 10),
    refinements=st.integers(0, 10),
    settle_seconds=st.integers(1, 20),
)
@settings(max_examples=60, deadline=None)
def test_every_search_ends_between_what_held_and_what_did_not(
    judgements: list[bool | None], judged_after: int, growth: float, refinements: int, settle_seconds: int
) -> None:
    course = Course(search_profile(growth=growth, refinements=refinements, settle_seconds=settle_seconds))
    said = iter(judgements)
    searched(course, lambda _: next(said, False), judged_after)
    search = course.search
    assert search is not None
    held = [step.rate for step in search.steps if step.holds]
    failed = [step.rate for step in search.steps if step.holds is False]
    assert search.held == max(held, default=None)
    assert search.failed == min(failed, default=None)
    assert max(held, default=0) < min(failed, default=1e9)
    assert all(step.rate <= 1000 for step in search.steps)


@given(
    takes=st.integers(0, 300),
    settle=st.floats(0, 50),
    most=st.floats(1, 200),
    seconds=st.integers(1, 60),
    stall=st.integers(0, 100),
)
@settings(max_examples=100, deadline=None)
def test_every_change_comes_to_an_end(takes: int, settle: float, most: float, seconds: int, stall: int) -> None:
    change = Change(settle_seconds=settle, most_seconds=most)
    during = Phase(name="during", role="change", seconds=seconds)
    before = Phase(name="before", role="baseline", seconds=10)
    course = Course(Profile(summary="", streams=STREAMS, phases=(before, during), change=change))
    ended = run(course, change_takes=takes, stalls_at=stall)
    lasted = ended - 10
    assert lasted >= seconds
    assert lasted <= max(seconds, most + 1, min(takes, most + 1) + settle + 1) + LEAD_SECONDS + STALL_SECONDS
    if takes < most - STALL_SECONDS:
        assert not course.change_is_late
        assert lasted >= takes + settle


def test_a_run_that_is_cut_off_keeps_what_had_begun() -> None:
    course = Course(Profile(summary="", rate=10, arrivals="constant", streams=STREAMS, phases=phases()))
    course.advance(-3)
    spans = course.spans(12)
    assert [(span.name, span.began, span.ended, span.planned, span.is_complete) for span in spans] == [
        ("warm", 0, 5, 50, True),
        ("during", 5, 12, 70, False),
    ]
    assert [span.rate for span in spans] == [10, 10]


def test_an_open_phase_that_was_cut_off_is_not_complete() -> None:
    course = Course(Profile(summary="", streams=STREAMS, phases=phases(change=True)))
    for now in range(-3, 30):
        course.advance(now)
    assert [(span.name, span.ended, span.is_complete) for span in course.spans(30)] == [
        ("warm", 5, True),
        ("during", 30, False),
    ]


def test_each_segment_has_its_part_of_a_trace_and_an_open_one_all_the_rest() -> None:
    trace = (0.5, 4.5, 5.0, 24.9, 26.0, 40.0)
    profile = Profile(summary="", trace="x", streams=STREAMS, phases=phases()).with_trace(trace)
    assert [each.trace for each in Course(profile).advance(-3)] == [(0.5, 4.5), (5.0, 24.9), (26.0,)]
    profile = Profile(summary="", trace="x", streams=STREAMS, phases=phases(change=True)).with_trace(trace)
    assert [each.trace for each in Course(profile).advance(-3)] == [(0.5, 4.5), (5.0, 24.9, 26.0, 40.0)]
