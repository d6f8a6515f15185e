"""How good the answers are: accuracy, recall, calibration, one model against another.

Pure functions of labels and answers. scikit-learn counts what it can count;
a class that is never seen or never predicted scores zero, and nothing warns.
Nothing here knows where the answers come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

Labels = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

CLASSES = tuple(str(digit) for digit in range(10))
CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True)
class ClassQuality:
    name: str
    precision: float
    recall: float
    f1: float
    rows: int
    """Rows that truly are of this class."""


@dataclass(frozen=True, slots=True)
class Quality:
    rows: int
    accuracy: float
    macro_f1: float
    expected_calibration_error: float
    classes: tuple[ClassQuality, ...]
    confusion: tuple[tuple[int, ...], ...]
    """confusion[actual][predicted] counts rows."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same rows."""

    lost_rows: int
    """Rows that only the other model answered rightly."""
    gained_rows: int
    """Rows that only this model answered rightly."""
    p_value: float
    """Chance that two equally good models differ at least so much to this one's disadvantage."""


def measure(labels: Labels, predicted: Labels, confidence: Floats, names: Sequence[str] = CLASSES) -> Quality:
    """Judge `predicted` classes, each with the probability the model gave it."""
    classes = np.arange(len(names))
    precision, recall, f1, rows = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0.0)
    counts = confusion_matrix(labels, predicted, labels=classes)
    correct = labels == predicted
    return Quality(
        rows=len(labels),
        accuracy=float(correct.mean()),
        macro_f1=float(f1.mean()),
        expected_calibration_error=expected_calibration_error(confidence, correct),
        classes=tuple(
            ClassQuality(name, float(precision[i]), float(recall[i]), float(f1[i]), int(rows[i]))
            for i, name in enumerate(names)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in counts),
    )


def expected_calibration_error(
    confidence: Floats, correct: npt.NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> float:
    """Mean distance between confidence and accuracy over equal-width bins, weighted by their rows."""
    # An answer that is not a number promises nothing.
    sure = np.nan_to_num(confidence.astype(np.float64)).clip(0.0, 1.0)
    which = np.minimum((sure * bins).astype(np.int64), bins - 1)
    promised = np.bincount(which, weights=sure, minlength=bins)
    kept = np.bincount(which, weights=correct, minlength=bins)
    return float(np.abs(promised - kept).sum() / len(confidence))


def compare(correct: npt.NDArray[np.bool_], other_correct: npt.NDArray[np.bool_]) -> Comparison:
    """McNemar's exact test, one-sided: only rows on which the two differ tell them apart."""
    lost = int(np.sum(~correct & other_correct))
    gained = int(np.sum(correct & ~other_correct))
    p_value = 1.0
    if lost + gained > 0:
        p_value = float(binomtest(lost, lost + gained, 0.5, alternative="greater").pvalue)
    return Comparison(lost, gained, p_value)
