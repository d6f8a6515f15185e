"""Where a run stands: what is announced when, and that every course ends."""

import pytest

from loadtests.profile.course import LEAD_SECONDS, Course
from loadtests.profile.form import Change, Phase, Profile, Stream
from loadtests.profile.segment import Segment, segment_at

STREAMS = (Stream(name="v2", protocol="v2"),)


def phases(*, change: bool = False) -> tuple[Phase, ...]:
    middle = Phase(name="during", role="change" if change else "load", seconds=20)
    return (Phase(name="warm", role="warm-up", seconds=5), middle, Phase(name="after", role="after", seconds=10))


def run(course: Course, *, change_takes: int = 10**6, seconds: int = 10_000) -> int:
    """Go on until it is over, checking each second what is announced; gives the second."""
    known: dict[int, Segment] = {}
    for now in range(-LEAD_SECONDS, seconds):
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
            assert ended == now
            assert [known[index] for index in sorted(known)] == course.segments
            return now
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
