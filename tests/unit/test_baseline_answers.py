"""Which output holds classes, and what it says of each row."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from model.baseline.answers import Answers, find, finite_rows
from model.errors import BadAnswers

RANDOM = np.random.default_rng(1)
LOGITS = RANDOM.normal(size=(50, 4)) * 3
PROBABILITIES = softmax(LOGITS, axis=1).astype(np.float32)


def test_logits_and_their_probabilities_say_the_same() -> None:
    logits, probabilities = Answers("o", "logits", LOGITS), Answers("o", "probabilities", softmax(LOGITS, axis=1))
    assert logits.probabilities == pytest.approx(probabilities.probabilities)
    assert logits.predicted.tolist() == probabilities.predicted.tolist() == LOGITS.argmax(axis=1).tolist()
    top = np.sort(softmax(LOGITS, axis=1), axis=1)
    assert logits.confidence == pytest.approx(top[:, -1])
    assert logits.margin == pytest.approx(top[:, -1] - top[:, -2])


def test_logits_beyond_what_exp_can_hold_are_told_apart() -> None:
    answers = Answers("o", "logits", np.array([[5_000.0, 5_001.0], [-9e9, -9e9 - 1]]))
    assert answers.predicted.tolist() == [1, 0]
    assert np.isfinite(answers.probabilities).all()


@pytest.mark.parametrize("kind", ["probabilities", "logits"])
def test_a_single_number_is_that_of_the_second_class(kind: str) -> None:
    numbers = np.array([[-2.0], [0.0], [3.0]])
    answers = Answers("o", "logits", numbers) if kind == "logits" else Answers("o", "probabilities", expit(numbers))
    assert answers.class_count == 2
    assert answers.predicted.tolist() == [0, 0, 1]
    assert answers.confidence == pytest.approx(np.maximum(expit(numbers), 1 - expit(numbers))[:, 0])
    assert answers.margin == pytest.approx(2 * answers.confidence - 1)


@pytest.mark.parametrize("labelled", [None, 2, 4])
def test_rows_that_sum_to_one_are_probabilities(labelled: int | None) -> None:
    found = find({"p": PROBABILITIES}, None, "auto", labelled)
    assert found is not None
    assert (found.output, found.kind, found.columns) == ("p", "probabilities", 4)


def test_other_numbers_are_logits_where_there_are_classes_to_compare_with() -> None:
    found = find({"o": LOGITS}, None, "auto", 4)
    assert found is not None
    assert found.kind == "logits"
    assert find({"o": LOGITS}, None, "auto", None) is None


def test_labels_that_are_no_classes_make_a_regression() -> None:
    assert find({"p": PROBABILITIES}, None, "auto", 0) is None


def test_a_single_number_with_labels_beyond_two_classes_is_a_regression() -> None:
    assert find({"rooms": LOGITS[:, :1]}, None, "auto", 9) is None
    assert find({"rooms": LOGITS[:, :1]}, None, "auto", 2) is not None


def test_ratios_without_a_sum_of_one_are_labels_of_their_own() -> None:
    assert find({"tags": RANDOM.uniform(size=(50, 4))}, None, "auto", 4) is None


def test_of_several_outputs_the_one_that_holds_probabilities_is_taken() -> None:
    outputs = {"embedding": LOGITS, "p": PROBABILITIES, "class": PROBABILITIES.argmax(axis=1)}
    found = find(outputs, None, "auto", None)
    assert found is not None
    assert found.output == "p"


def test_where_it_cannot_be_told_it_is_asked_for() -> None:
    with pytest.raises(BadAnswers, match="any of the outputs a, b may hold classes: choose one with --output"):
        find({"a": LOGITS, "b": LOGITS}, None, "auto", 4)
    assert find({"a": LOGITS, "b": LOGITS}, "b", "logits", 4) is not None


def test_a_row_that_is_not_finite_is_left_out_of_the_guess() -> None:
    numbers = PROBABILITIES.copy()
    numbers[3] = np.nan
    found = find({"p": numbers}, None, "auto", None)
    assert found is not None
    assert finite_rows(numbers).sum() == 49


@pytest.mark.parametrize(
    ("wanted", "kind", "sentence"),
    [
        ("q", "auto", "the model has no output 'q', only p, class"),
        ("class", "auto", "classes need an output of floating numbers"),
        ("p", "probabilities", ""),
    ],
)
def test_what_was_asked_for_must_be_there(wanted: str, kind: str, sentence: str) -> None:
    outputs = {"p": PROBABILITIES, "class": PROBABILITIES.argmax(axis=1)}
    if sentence:
        with pytest.raises(BadAnswers, match=sentence):
            find(outputs, wanted, kind, None)
    else:
        assert find(outputs, wanted, kind, None) is not None
