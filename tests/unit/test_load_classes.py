"""Which output says the classes of rows, and whether they are as labelled."""

from typing import Any

import numpy as np
import pytest

from loadtests.requests.answer import Output
from loadtests.requests.classes import ClassOutput, find_class_output
from loadtests.requests.target import BadTarget, Target, TensorForm


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
