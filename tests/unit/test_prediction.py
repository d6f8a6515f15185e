"""What a model says of a row, and which output says it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitoring.features import Column, ColumnsInput
from serving.prediction import Classifier, Scores, find_classifier, predict
from serving.signature import Signature, Tensors, TensorSpec
from tests.baselines import described_answers, described_features, opened, sealed

LOGITS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 20), st.integers(2, 12)), elements=st.floats(-50, 50, width=32)
)


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


@given(LOGITS)
def test_probabilities_are_judged_as_sorting_each_row_would(logits: np.ndarray) -> None:
    probabilities = softmax(logits)
    said = predict(probabilities, Scores.PROBABILITIES)
    ordered = np.sort(probabilities, axis=1)
    np.testing.assert_array_equal(said.classes, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(said.confidence, ordered[:, -1])
    np.testing.assert_array_equal(said.margin, ordered[:, -1] - ordered[:, -2])
    assert said.is_finite.all()


@given(LOGITS)
def test_logits_are_judged_as_their_softmax(logits: np.ndarray) -> None:
    said = predict(logits, Scores.LOGITS)
    ordered = np.sort(softmax(logits), axis=1)
    np.testing.assert_array_equal(said.classes, logits.argmax(axis=1))
    np.testing.assert_allclose(said.confidence, ordered[:, -1], rtol=1e-12)
    np.testing.assert_allclose(said.margin, ordered[:, -1] - ordered[:, -2], rtol=1e-9, atol=1e-12)


def test_a_single_number_is_that_of_the_second_of_two_classes() -> None:
    said = predict(np.array([[0.9], [0.2], [0.5]], np.float32), Scores.PROBABILITIES)
    assert said.classes.tolist() == [1, 0, 0]
    np.testing.assert_allclose(said.confidence, [0.9, 0.8, 0.5], rtol=1e-6)
    np.testing.assert_allclose(said.margin, [0.8, 0.6, 0.0], atol=1e-6)


def test_a_single_logit_goes_through_the_sigmoid_and_never_overflows() -> None:
    said = predict(np.array([[0.0], [1e30], [-1e30]]), Scores.LOGITS)
    assert said.classes.tolist() == [0, 1, 0]
    np.testing.assert_allclose(said.confidence, [0.5, 1.0, 1.0])


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("scores", Scores)
def test_a_row_with_what_is_no_number_says_nothing_and_spoils_no_other(broken: float, scores: Scores) -> None:
    said = predict(np.array([[0.1, 0.9], [broken, 0.5]]), scores)
    assert said.is_finite.tolist() == [True, False]
    assert said.classes[0] == 1
    assert np.isfinite(said.confidence).all()


def test_a_confidence_never_exceeds_one() -> None:
    assert predict(np.array([[1.0000001, 0.0]], np.float32), Scores.PROBABILITIES).confidence.tolist() == [1.0]


@pytest.mark.parametrize("scores", Scores)
@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("size", [7.0, 1e30, 1e300])
def test_whatever_a_model_calls_a_probability_sums_grow_and_stay_finite(
    scores: Scores, columns: int, size: float
) -> None:
    said = predict(np.array([[size] * columns, [-size] * columns, [size, -size, 0.0][:columns]]), scores)
    for chances in (said.confidence, said.margin):
        assert ((chances >= 0) & (chances <= 1)).all()


def test_classes_beyond_the_most_are_others() -> None:
    exported = Classifier("y", Scores.LOGITS, 60, tuple(map(str, range(60)))).exported
    assert exported[:50] == tuple(map(str, range(50)))
    assert set(exported[50:]) == {"other"}


def test_an_output_of_another_shape_is_not_read() -> None:
    classifier = Classifier("y", Scores.LOGITS, 3, ("a", "b", "c"))
    assert classifier.predict({"y": np.zeros((2, 4))}) is None
    assert classifier.predict({"y": np.zeros(3)}) is None
    assert classifier.predict({}) is None


# Which output

ROWS = np.random.default_rng(1).dirichlet([1.0, 1.0, 1.0], 4).astype(np.float32)
WILD = ROWS * 10 - 5


def signature(*outputs: TensorSpec, labels: tuple[str, ...] = ()) -> Signature:
    return Signature("s", (TensorSpec("x", "FP32", (-1, 2)),), outputs, is_batched=True, labels=labels)


def output(name: str = "y", columns: int = 3, datatype: str = "FP32") -> TensorSpec:
    return TensorSpec(name, datatype, (-1, columns))


def found(asked: Signature, tried: Tensors, wanted: str = "") -> Classifier | None:
    return find_classifier(asked, None, wanted, [tried])[0]


def test_the_only_output_that_gave_probabilities_is_taken() -> None:
    asked = signature(TensorSpec("digit", "INT64", (-1,)), output())
    assert found(asked, {"y": ROWS}) == Classifier("y", Scores.PROBABILITIES, 3, ("0", "1", "2"))


def test_labels_name_the_classes_where_there_is_one_for_each() -> None:
    assert found(signature(output(), labels=("a", "", "c")), {"y": ROWS}) == Classifier(
        "y", Scores.PROBABILITIES, 3, ("a", "1", "c")
    )
    assert found(signature(output(), labels=("a", "b")), {"y": ROWS}) == Classifier(
        "y", Scores.PROBABILITIES, 3, ("0", "1", "2")
    )


def test_logits_are_taken_where_something_says_that_there_are_classes() -> None:
    assert found(signature(output()), {"y": WILD}) is None
    assert found(signature(output(), labels=("a", "b", "c")), {"y": WILD}) == Classifier(
        "y", Scores.LOGITS, 3, ("a", "b", "c")
    )
    assert found(signature(output()), {"y": WILD}, "y") == Classifier("y", Scores.LOGITS, 3, ("0", "1", "2"))


def test_chances_that_do_not_exclude_each_other_are_no_classes() -> None:
    assert found(signature(output(), labels=("a", "b", "c")), {"y": np.full((2, 3), 0.9)}) is None


def test_a_sigmoid_is_of_two_classes() -> None:
    assert found(signature(output(columns=1)), {"y": ROWS[:, :1]}) == Classifier(
        "y", Scores.PROBABILITIES, 1, ("0", "1")
    )
    assert found(signature(output(columns=1)), {"y": WILD[:, :1]}) is None


def test_of_several_outputs_the_one_with_probabilities_is_taken() -> None:
    asked = signature(output("embedding", 8), output("y"))
    assert found(asked, {"embedding": np.ones((2, 8)), "y": ROWS}) == Classifier(
        "y", Scores.PROBABILITIES, 3, ("0", "1", "2")
    )
    two = find_classifier(signature(output("a"), output("b")), None, "", [{"a": ROWS, "b": ROWS}])
    assert two == (None, "any of the outputs ['a', 'b'] may hold classes: set monitor_output to it")


@pytest.mark.parametrize(
    "spec",
    [
        TensorSpec("y", "INT64", (-1, 3)),
        TensorSpec("y", "BYTES", (-1, 3)),
        TensorSpec("y", "FP32", (-1,)),
        TensorSpec("y", "FP32", (-1, -1)),
        TensorSpec("y", "FP32", (-1, 0)),
        TensorSpec("y", "FP32", None),
    ],
)
def test_an_output_of_another_form_has_no_classes(spec: TensorSpec) -> None:
    assert find_classifier(signature(spec), None, "", [{"y": ROWS}]) == (None, "")


def test_rows_that_are_no_numbers_say_nothing_of_an_output() -> None:
    assert found(signature(output()), {"y": np.full((2, 3), np.nan)}) is None


def test_half_precision_may_miss_one_by_its_own_last_digit() -> None:
    halves = ROWS.astype(np.float16)
    assert found(signature(output(datatype="FP16")), {"y": halves}) is not None


def test_the_baseline_says_it_all() -> None:
    baseline = opened(sealed(described_answers("z", WILD, ["a", "b", "c"], kind="logits")))
    asked = signature(output("y"), output("z"))
    assert find_classifier(asked, baseline, "", [])[0] == Classifier("z", Scores.LOGITS, 3, ("a", "b", "c"))
    assert find_classifier(asked, baseline, "none", []) == (None, "")


def test_a_baseline_without_classes_says_that_there_are_none_unless_one_is_named() -> None:
    columns = ColumnsInput(columns=(Column(feature="a", input="x", shape=(2,)),))
    baseline = opened(sealed(described_features({"x": WILD[:, :2]}, columns)))
    assert find_classifier(signature(output()), baseline, "", [{"y": ROWS}]) == (None, "")
    assert find_classifier(signature(output()), baseline, "y", [{"y": ROWS}])[0] is not None


def test_an_output_that_is_wanted_and_not_there_is_told() -> None:
    assert find_classifier(signature(output()), None, "q", []) == (
        None,
        "monitor_output is 'q', and the model has ['y']",
    )
