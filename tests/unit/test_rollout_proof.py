"""What a proof makes of what callers saw: shares by who answered, and what a version hurt."""

from collections.abc import Callable

import pytest

from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from tests.cluster.rollout.verdict import Given, judge

OLD, NEW = "1", "2"


def answer(second: int, version: str) -> Observation:
    """A good one, which took ten milliseconds."""
    return Observation("kept", second, second, second + 0.01, Outcome.OK, "200", 1, version, labelled=1, right=1)


def failure(second: int) -> Observation:
    return Observation("kept", second, second, second + 0.01, Outcome.SERVER, "500")


def slow(seen: Observation) -> Observation:
    return seen._replace(ended=seen.planned + 0.5)


def wrong(seen: Observation) -> Observation:
    return seen._replace(right=0)


def good(seen: Observation) -> Observation:
    return seen


Change = Callable[[Observation], Observation]


def run(*percents: float, seconds: int = 10, change: Change = good) -> tuple[Timeline, list[Given]]:
    """A hundred requests a second, with each share for so long; `change` is what the new version makes of answers."""
    timeline = Timeline()
    given = []
    for number, percent in enumerate(percents):
        given.append(Given(float(number * seconds), percent, percent))
        for second in range(number * seconds, (number + 1) * seconds):
            for place in range(100):
                seen = change(answer(second, NEW)) if place < percent else answer(second, OLD)
                timeline.add(seen)
    return timeline, given


def test_shares_that_are_as_the_route_says_are_seen_so() -> None:
    timeline, given = run(0, 10, 50, 100)
    verdict = judge(timeline, given, NEW, 0, 40)
    assert [(each.percent, each.share, each.is_as_given) for each in verdict.stretches] == [
        (0, 0, True),
        (10, 0.1, True),
        (50, 0.5, True),
        (100, 1, True),
    ]


def test_a_share_that_callers_did_not_see_is_told() -> None:
    timeline, given = run(0, 10)
    misread = [given[0], given[1]._replace(rest=50.0, grpc=50.0)]
    assert [each.is_as_given for each in judge(timeline, misread, NEW, 0, 20).stretches] == [True, False]


def test_answers_that_say_no_version_have_no_part_in_shares() -> None:
    timeline, given = run(0, 50)
    for second in range(20):
        timeline.add(answer(second, ""))
    assert judge(timeline, given, NEW, 0, 20).stretches[1].share == 0.5


def test_what_fails_once_the_new_version_has_traffic_is_counted_as_its_own() -> None:
    timeline, given = run(0, 10)
    timeline.add(failure(5))
    timeline.add(failure(15))
    verdict = judge(timeline, given, NEW, 0, 20)
    assert (verdict.failed, verdict.failed_elsewhere) == (1, 1)


@pytest.mark.parametrize(
    ("change", "seen"), [(wrong, (100, 0)), (slow, (0, 100)), (good, (0, 0))], ids=["wrong", "slow", "neither"]
)
def test_wrong_and_slow_answers_are_those_beyond_what_was_usual_before(change: Change, seen: tuple[int, int]) -> None:
    timeline, given = run(0, 10, change=change)
    verdict = judge(timeline, given, NEW, 0, 20)
    assert (verdict.wrong, verdict.slow) == seen


def test_callers_who_met_it_more_often_than_its_step_allows_are_told() -> None:
    timeline, given = run(0, 10)
    assert judge(timeline, given, NEW, 0, 20).is_bounded
    low = [given[0], given[1]._replace(rest=1.0, grpc=1.0)]
    assert not judge(timeline, low, NEW, 0, 20).is_bounded
