"""What a question was answered with before, and which models are held to it."""

import numpy as np
import pytest

from loadtests.profile.form import Stream
from loadtests.requests.answer import Answer, Output
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question, Reply
from loadtests.requests.questions import questions
from loadtests.requests.repeatable import is_repeatable
from loadtests.requests.target import read_target


def said(*numbers: float, version: str = "1", datatype: str = "FP32") -> Answer:
    return Answer((Output("y", datatype, (len(numbers),), list(numbers)),), "m", version, "")


def test_the_same_question_is_answered_the_same() -> None:
    expectation = Expectation()
    assert expectation.differs(0, said(1, 2)) == ""
    assert expectation.differs(0, said(1, 2)) == ""
    assert expectation.differs(1, said(5, 6)) == ""
    assert expectation.differs(0, said(1, 3)) == (
        "output 'y' is not what the same question was answered with before of version 1"
    )
    assert expectation.differs(0, said(1, 2, 3)) != ""


def test_another_version_may_answer_otherwise() -> None:
    expectation = Expectation()
    expectation.differs(0, said(1, 2))
    assert expectation.differs(0, said(3, 4, version="2")) == ""
    assert expectation.differs(0, said(3, 5, version="2")) != ""


def test_the_last_digits_of_a_number_with_a_point_may_differ_and_a_whole_one_may_not() -> None:
    expectation = Expectation()
    expectation.differs(0, said(0.5, 0.25))
    assert expectation.differs(0, said(0.50001, 0.25)) == ""
    assert expectation.differs(0, said(0.51, 0.25)) != ""
    expectation.differs(1, said(1000, 2, datatype="INT64"))
    assert expectation.differs(1, said(1001, 2, datatype="INT64")) != ""
    expectation.differs(2, said(0.5, datatype="BF16"))
    assert expectation.differs(2, said(0.502, datatype="BF16")) == ""


def both(number: float, whole: int) -> Answer:
    outputs = (Output("class", "INT64", (1,), [whole]), Output("score", "FP32", (1,), [number]))
    return Answer(outputs, "m", "1", "")


def test_a_class_may_flip_where_the_numbers_it_is_made_of_are_rounded_otherwise_and_nowhere_else() -> None:
    expectation = Expectation()
    expectation.differs(0, both(0.5, 1))
    assert expectation.differs(0, both(0.50001, 2)) == ""
    assert expectation.differs(0, both(0.5, 2)) != ""
    assert expectation.differs(0, both(0.7, 1)) != ""


def test_arrays_are_kept_and_not_the_bodies_that_they_view() -> None:
    expectation = Expectation()
    body = np.arange(4.0)
    answer = Answer((Output("y", "FP64", (2,), body[:2]),), "m", "1", "")
    expectation.differs(0, answer)
    body[:] = 7
    assert expectation.differs(0, answer) != ""


def test_what_there_is_no_room_for_is_not_kept() -> None:
    expectation = Expectation(most_elements=3)
    expectation.differs(0, said(1, 2))
    expectation.differs(1, said(3, 4))
    assert expectation.differs(1, said(5, 6)) == ""
    assert expectation.differs(0, said(5, 6)) != ""


class Server:
    """Answers with a number that goes up by so much at every so-manieth, or not at all."""

    def __init__(self, step: float, *, every: int = 1, is_down: bool = False) -> None:
        self.number = 0.5
        self.step = step
        self.every = every
        self.is_down = is_down
        self.asked = 0

    def ask(self, question: Question) -> Reply | None:
        if self.is_down:
            return None
        self.asked += 1
        self.number += 0 if self.asked % self.every else self.step
        return Reply({}, b'{"predictions":[%f]}' % self.number)


@pytest.mark.parametrize(
    ("server", "expected"),
    [(Server(0), True), (Server(0.01), False), (Server(1, every=8), True), (Server(0, is_down=True), False)],
    ids=["the same", "never the same", "errs now and then", "down"],
)
def test_a_model_is_tried_before_it_is_held_to_its_word(server: Server, expected: bool) -> None:
    model = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]})
    asked = questions(Stream(name="s", protocol="v1"), model, seed=1)
    assert is_repeatable(asked, server.ask) is expected
