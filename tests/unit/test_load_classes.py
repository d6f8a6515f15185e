"""Which output says the classes of rows, whether they are as labelled, and what a question was answered before."""

from typing import Any

import numpy as np
import pytest

from loadtests.profile.form import Stream
from loadtests.requests.answer import Answer, Output
from loadtests.requests.classes import ClassOutput, find_class_output
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question, Reply
from loadtests.requests.questions import questions
from loadtests.requests.repeatable import is_repeatable
from loadtests.requests.target import BadTarget, Target, TensorForm, read_target


def target(*outputs: tuple[str, str, tuple[int, ...]]) -> Target:
    return Target("m", (TensorForm("x", "FP32", (-1,)),), tuple(TensorForm(*each) for each in outputs))


CHANCES = ("chances", "FP32", (-1, 10))
LOGITS = ("logits", "FP32", (-1, 10))
DIGIT = ("digit", "INT64", (-1,))
EMBEDDING = ("embedding", "FP32", (-1, 64))
OPEN = ("open", "FP32", (-1, -1))


def found(*outputs: tuple[str, str, tuple[int, ...]], wanted: str = "", most: int = 9) -> str | None:
    output = find_class_output(target(*outputs), wanted, most)
    return None if output is None else output.name


def test_the_only_output_with_a_number_for_each_class_is_taken() -> None:
    assert found(CHANCES, DIGIT, OPEN) == "chances"


def test_of_several_the_one_as_wide_as_there_are_classes_is_taken() -> None:
    assert found(CHANCES, EMBEDDING) == "chances"


def test_nothing_is_said_where_it_cannot_be_told() -> None:
    assert found(CHANCES, LOGITS) is None
    assert found(DIGIT) is None
    assert found(CHANCES, most=10) is None
    assert found(CHANCES, wanted="none") is None


def test_the_profile_may_name_one() -> None:
    assert found(CHANCES, LOGITS, wanted="logits") == "logits"
    assert found(CHANCES, DIGIT, wanted="digit") == "digit"


@pytest.mark.parametrize("wanted", ["absent", "open", "words"])
def test_a_name_that_holds_no_classes_is_told(wanted: str) -> None:
    with pytest.raises(BadTarget, match=repr(wanted)):
        found(CHANCES, OPEN, ("words", "BYTES", (-1,)), wanted=wanted)


@pytest.mark.parametrize("as_", [list, np.array])
def test_right_rows_are_counted_by_the_largest_number(as_: Any) -> None:
    output = Output("chances", "FP32", (3, 3), as_([0.1, 0.7, 0.2, 0.9, 0.1, 0, 0, 0.4, 0.6]))
    assert ClassOutput("chances", 3).count_right(output, [1, 0, 2]) == 3
    assert ClassOutput("chances", 3).count_right(output, [1, 2, 2]) == 2
    single = Output("chances", "FP32", (1, 3), as_([0.1, 0.7, 0.2]))
    assert ClassOutput("chances", 3).count_right(single, [1]) == 1
    assert ClassOutput("chances", 3).count_right(single, [0]) == 0


def test_a_single_number_is_the_chance_of_the_second_of_two_classes_until_one_is_a_logit() -> None:
    classes = ClassOutput("y", 1)
    assert classes.count_right(Output("y", "FP32", (2, 1), [0.6, 0.4]), [1, 0]) == 2
    assert classes.count_right(Output("y", "FP32", (2, 1), [3.0, 0.4]), [1, 0]) == 1
    assert classes.count_right(Output("y", "FP32", (1, 1), [0.4]), [1]) == 1


def test_an_output_may_hold_the_class_itself() -> None:
    assert ClassOutput("digit", 0).count_right(Output("digit", "INT64", (3,), np.array([1, 2, 3])), [1, 2, 4]) == 2


# What a question was answered with before


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
    expectation.differs(1, said(1000, 2, datatype="INT64"))
    assert expectation.differs(1, said(1001, 2, datatype="INT64")) != ""
    expectation.differs(2, said(0.5, datatype="BF16"))
    assert expectation.differs(2, said(0.502, datatype="BF16")) == ""


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
    """Answers with a number that goes up by so much each time, or not at all."""

    def __init__(self, step: float, *, is_down: bool = False) -> None:
        self.number = 0.5
        self.step = step
        self.is_down = is_down

    def ask(self, question: Question) -> Reply | None:
        if self.is_down:
            return None
        self.number += self.step
        return Reply({}, b'{"predictions":[%f]}' % self.number)


@pytest.mark.parametrize(
    ("server", "expected"), [(Server(0), True), (Server(0.01), False), (Server(0, is_down=True), False)]
)
def test_a_model_is_tried_before_it_is_held_to_its_word(server: Server, expected: bool) -> None:
    model = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]})
    asked = questions(Stream(name="s", protocol="v1"), model, seed=1)
    assert is_repeatable(asked, server.ask) is expected
