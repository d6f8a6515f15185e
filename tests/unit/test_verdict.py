"""Whether a model is good enough: each threshold alone, and two models against each other."""

import re
from dataclasses import replace

import numpy as np
import pytest

from model import quality, verdict
from model.quality import Comparison, Quality
from model.verdict import Thresholds

LENIENT = Thresholds(min_accuracy=0.0, min_recall=0.0, max_calibration_error=1.0, tolerance=0.0)


@pytest.fixture(scope="module")
def measured() -> Quality:
    """Right on 9 of 10 rows of every digit but 3, of which it knows 5, and always 0.9 sure."""
    labels = np.repeat(np.arange(10), 10)
    predicted = labels.copy()
    predicted[::10] = (predicted[::10] + 1) % 10
    predicted[30:35] = 4
    return quality.measure(labels, predicted, np.full(100, 0.9))


def failures(measured: Quality, thresholds: Thresholds) -> list[str]:
    return [check.sentence for check in verdict.judge(measured, thresholds) if not check.passed]


def test_a_model_that_reaches_every_threshold_passes(measured: Quality) -> None:
    reached = Thresholds(0.86, 0.5, 0.04, 0.0)
    assert failures(measured, replace(reached, max_calibration_error=0.0401)) == []


@pytest.mark.parametrize(
    ("thresholds", "sentence"),
    [
        (replace(LENIENT, min_accuracy=0.87), "accuracy 0.8600, at least 0.87 wanted"),
        (replace(LENIENT, min_recall=0.51), r"recall of the worst class \(3\) 0.5000, at least 0.51 wanted"),
        (replace(LENIENT, max_calibration_error=0.01), "calibration error 0.0400, at most 0.01 wanted"),
    ],
    ids=["accuracy", "recall", "calibration"],
)
def test_each_threshold_fails_alone_and_says_what_was_wanted(
    measured: Quality, thresholds: Thresholds, sentence: str
) -> None:
    (failure,) = failures(measured, thresholds)
    assert pytest.approx(0.86) == measured.accuracy
    assert re.fullmatch(sentence, failure)


def test_a_class_without_rows_cannot_fail() -> None:
    labels = np.array([1, 1, 2])
    assert failures(quality.measure(labels, labels, np.ones(3)), replace(LENIENT, min_recall=0.9)) == []


@pytest.mark.parametrize(
    ("comparison", "tolerance", "passed"),
    [
        pytest.param(Comparison(10, 10, 0.59), 0.0, True, id="as good"),
        pytest.param(Comparison(2, 30, 1.0), 0.0, True, id="better"),
        pytest.param(Comparison(12, 8, 0.25), 0.0, True, id="worse by chance"),
        pytest.param(Comparison(40, 10, 1e-5), 0.0, False, id="worse"),
        pytest.param(Comparison(40, 10, 1e-5), 0.01, True, id="worse, and tolerated"),
        pytest.param(Comparison(40, 10, 1e-5), 0.002, False, id="worse than tolerated"),
    ],
)
def test_worse_is_what_loses_more_than_tolerance_and_chance(
    comparison: Comparison, tolerance: float, passed: bool
) -> None:
    check = verdict.not_worse(comparison, 10_000, "models/mnist/1", replace(LENIENT, tolerance=tolerance))
    assert check.passed is passed
    assert "models/mnist/1" in check.sentence
