"""Whether a model is good enough: thresholds, and not worse than another.

A check is a sentence that is true or not; the verdict is that all of them are.
Pure functions of measured numbers: nothing is loaded, printed or decided about
exit statuses here.
"""

from dataclasses import dataclass

from model.quality import Comparison, Quality

SIGNIFICANCE = 0.05
"""One comparison in twenty of two equally good models may look like a loss."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    min_accuracy: float
    min_recall: float
    """Of the worst class: a model that forgets one digit can still be right on nine rows of ten."""
    max_calibration_error: float
    tolerance: float
    """Accuracy that may be lost against the other model, significant or not."""


@dataclass(frozen=True, slots=True)
class Check:
    passed: bool
    sentence: str


def judge(quality: Quality, thresholds: Thresholds) -> list[Check]:
    """Compare one model with fixed thresholds."""
    worst = min((each for each in quality.classes if each.rows), key=lambda each: each.recall)
    return [
        Check(
            quality.accuracy >= thresholds.min_accuracy,
            f"accuracy {quality.accuracy:.4f}, at least {thresholds.min_accuracy:g} wanted",
        ),
        Check(
            worst.recall >= thresholds.min_recall,
            f"recall of the worst class ({worst.name}) {worst.recall:.4f}, at least {thresholds.min_recall:g} wanted",
        ),
        Check(
            quality.expected_calibration_error <= thresholds.max_calibration_error,
            f"calibration error {quality.expected_calibration_error:.4f}, "
            f"at most {thresholds.max_calibration_error:g} wanted",
        ),
    ]


def not_worse(comparison: Comparison, rows: int, other: str, thresholds: Thresholds) -> Check:
    """Worse is what loses more than the tolerance, and more than chance would take from an equal."""
    loss = (comparison.lost_rows - comparison.gained_rows) / rows
    is_worse = loss > thresholds.tolerance and comparison.p_value < SIGNIFICANCE
    change = f"{comparison.gained_rows} rows gained and {comparison.lost_rows} lost against {other}"
    return Check(
        not is_worse,
        f"{change} (p = {comparison.p_value:.2g}), a significant loss of at most {thresholds.tolerance:g} allowed",
    )
