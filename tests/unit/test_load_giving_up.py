"""A target that answers nothing ends the run; one that answers badly, or is not asked, does not."""

from loadtests.engine.giving_up import Silence
from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline


def seen(*outcomes: Outcome) -> Timeline:
    timeline = Timeline()
    for outcome in outcomes:
        timeline.add(Observation("v2", 1.0, 1.0, 1.1, outcome, "code"))
    return timeline


def test_a_target_that_answers_nothing_for_so_long_is_given_up() -> None:
    silence = Silence()
    silence.hear(3.0, seen(Outcome.OK))
    silence.hear(5.0, seen(Outcome.CONNECTION, Outcome.TIMEOUT))
    silence.hear(34.9, seen(Outcome.CONNECTION))
    assert not silence.too_long(34.9, 30)
    silence.hear(35.0, seen(Outcome.CONNECTION))
    assert silence.too_long(35.0, 30) == (
        "the target has answered nothing since second 5 (4 requests), so the run was ended at second 35"
    )


def test_one_failure_after_which_nothing_is_asked_for_long_is_no_silence() -> None:
    silence = Silence()
    silence.hear(5.0, seen(Outcome.CONNECTION))
    assert not silence.too_long(500.0, 30)


def test_one_answer_ends_the_silence() -> None:
    silence = Silence()
    silence.hear(5.0, seen(Outcome.CONNECTION))
    silence.hear(30.0, seen(Outcome.CONNECTION, Outcome.OK))
    assert not silence.too_long(100.0, 30)
    silence.hear(101.0, seen(Outcome.TIMEOUT))
    assert not silence.too_long(130.0, 30)


def test_a_refusal_and_an_error_are_answers() -> None:
    for outcome in (Outcome.SHED, Outcome.SERVER, Outcome.DEADLINE, Outcome.CLIENT, Outcome.WRONG):
        silence = Silence()
        silence.hear(0.0, seen(outcome))
        assert not silence.too_long(1000.0, 30)


def test_where_nothing_is_asked_silence_means_nothing() -> None:
    silence = Silence()
    silence.hear(0.0, seen())
    silence.hear(500.0, seen())
    assert not silence.too_long(1000.0, 30)


def test_requests_that_were_never_sent_are_no_answers() -> None:
    silence = Silence()
    silence.hear(0.0, seen(Outcome.DROPPED))
    silence.hear(30.0, seen(Outcome.DROPPED))
    assert silence.too_long(30.0, 30)
