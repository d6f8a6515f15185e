"""From confidence to the chance of being right: short, monotone, and true of rows it has not seen."""

import numpy as np
import numpy.typing as npt
import pytest

from model.baseline.calibration import Judged, calibrate, describe_calibration
from monitoring.baseline import MOST_KNOTS

Floats = npt.NDArray[np.float64]


def confident_answers(rows: int, seed: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Confidences whose chance of being right is their square: overconfident, as networks are."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.2, 1.0, rows)
    return confidence, random.uniform(size=rows) < confidence**2


def test_the_calibration_table_is_short_and_monotone() -> None:
    x, y = calibrate(*confident_answers(20_000, seed=1))
    assert len(x) == len(y) == MOST_KNOTS
    assert np.all(np.diff(x) > 0)
    assert np.all(np.diff(y) >= 0)
    assert y.min() >= 0
    assert y.max() <= 1


def test_calibrated_confidence_tells_the_accuracy_of_rows_it_has_not_seen() -> None:
    table = calibrate(*confident_answers(20_000, seed=1))
    confidence, correct = confident_answers(20_000, seed=2)
    assert np.interp(confidence, *table).mean() == pytest.approx(correct.mean(), abs=0.02)


@pytest.mark.parametrize("right", [True, False], ids=["all right", "all wrong"])
def test_a_model_that_is_always_right_or_wrong_is_calibrated_too(right: bool) -> None:
    confidence = np.full(20, 0.9)
    x, y = calibrate(confidence, np.full(20, right))
    assert np.interp(confidence, x, y).tolist() == [float(right)] * 20


def test_the_gap_is_measured_on_rows_that_taught_nothing() -> None:
    taught, others = (Judged(name, *confident_answers(5_000, seed)) for seed, name in enumerate(("taught", "others")))
    described = describe_calibration(taught, others)
    assert described["fitted_on"] == "taught"
    expected = np.interp(others.confidence, *calibrate(taught.confidence, taught.correct)).mean()
    assert described["expected_accuracy_ratio"] == expected
    assert described["gap_ratio"] == expected - others.correct.mean()
