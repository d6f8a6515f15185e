"""How good the answers are, on cases small enough to count by hand."""

import numpy as np
import numpy.typing as npt
import pytest

from model import quality

LABELS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1, 3])
CONFIDENCE = np.full(6, 0.9)


def test_classes_are_counted_one_by_one() -> None:
    measured = quality.measure(LABELS, PREDICTED, CONFIDENCE)
    zero, one, two, three = measured.classes[:4]
    assert (measured.rows, measured.accuracy) == pytest.approx((6, 4 / 6))
    assert (zero.precision, zero.recall, zero.f1, zero.rows) == pytest.approx((1.0, 2 / 3, 0.8, 3))
    assert (one.precision, one.recall, one.rows) == pytest.approx((2 / 3, 1.0, 2))
    assert (two.precision, two.recall, two.f1, two.rows) == (0.0, 0.0, 0.0, 1)
    assert (three.precision, three.recall, three.rows) == (0.0, 0.0, 0)
    assert measured.macro_f1 == pytest.approx((0.8 + 0.8) / 10)


def test_the_confusion_matrix_has_the_truth_down_and_the_answer_across() -> None:
    confusion = quality.measure(LABELS, PREDICTED, CONFIDENCE).confusion
    assert confusion[0][:3] == (2, 1, 0)
    assert confusion[2][:4] == (0, 0, 0, 1)
    assert sum(map(sum, confusion)) == 6


@pytest.mark.parametrize(
    ("confidence", "correct", "expected"),
    [
        pytest.param([1.0, 1.0], [True, True], 0.0, id="sure and right"),
        pytest.param([1.0, 1.0], [False, False], 1.0, id="sure and wrong"),
        pytest.param([0.5, 0.5], [True, False], 0.0, id="doubtful and right as often as said"),
        pytest.param([0.9, 0.9, 0.3, 0.3], [True, False, False, False], (0.8 + 0.6) / 4, id="two bins"),
        pytest.param([np.nan], [False], 0.0, id="an answer that is no number promises nothing"),
    ],
)
def test_calibration_error_is_the_mean_distance_per_bin(
    confidence: list[float], correct: list[bool], expected: float
) -> None:
    assert quality.expected_calibration_error(np.array(confidence), np.array(correct)) == pytest.approx(expected)


def outcomes(both: int, lost: int, gained: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    mine = np.array([True] * both + [False] * lost + [True] * gained)
    other = np.array([True] * both + [True] * lost + [False] * gained)
    return mine, other


def test_only_rows_on_which_two_models_differ_tell_them_apart() -> None:
    few = quality.compare(*outcomes(both=10, lost=5, gained=0))
    many = quality.compare(*outcomes(both=9_990, lost=5, gained=0))
    assert (few.lost_rows, few.gained_rows) == (5, 0)
    assert few.p_value == many.p_value == pytest.approx(1 / 2**5)


def test_equal_models_are_never_told_apart() -> None:
    assert quality.compare(*outcomes(both=10, lost=0, gained=0)).p_value == 1.0
    assert quality.compare(*outcomes(both=10, lost=7, gained=7)).p_value > 0.5
