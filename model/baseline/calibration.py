"""From a confidence to the chance of being right: a short monotone table.

Isotonic regression gives the curve; the table keeps the corners that matter.
Fitted on rows that nothing else of the baseline is measured on, since on its
own rows it is always right on average. Pure functions of arrays.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from monitoring.baseline import MOST_KNOTS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows whose true class is known."""

    rows_are: str
    confidence: Floats
    correct: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.confidence)


def calibrate(confidence: Floats, correct: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A monotone table from confidence to the chance of being right, of at most `MOST_KNOTS` knots.

    Of the corners of isotonic regression those are kept, one by one, at which
    the rows suffer most from the straight line drawn so far.
    """
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(confidence, correct)
    x, y = curve.X_thresholds_.astype(np.float64), curve.y_thresholds_.astype(np.float64)
    nearest = np.searchsorted(x, confidence).clip(0, len(x) - 1)
    rows = np.bincount(nearest, minlength=len(x))
    kept = sorted({0, len(x) - 1})
    while len(kept) < min(MOST_KNOTS, len(x)):
        harm = np.abs(np.interp(x, x[kept], y[kept]) - y) * (rows + 1)
        harm[kept] = -1.0
        kept = sorted({*kept, int(harm.argmax())})
    return x[kept], y[kept]


def describe_calibration(fitted_on: Judged, measured_on: Judged) -> dict[str, object]:
    """The table, and how far the accuracy that it expects lies from the true one."""
    x, y = calibrate(fitted_on.confidence, fitted_on.correct)
    expected = float(np.interp(measured_on.confidence, x, y).mean())
    return {
        "definition": "chance of being right, interpolated linearly between knots, flat beyond them",
        "fitted_on": fitted_on.rows_are,
        "rows": len(fitted_on),
        "confidence": x.tolist(),
        "probability_correct": y.tolist(),
        "expected_accuracy_ratio": expected,
        "gap_ratio": expected - float(measured_on.correct.mean()),
    }
