"""baseline.json: what held-out data looks like, and how the model answers it.

Drift, confidence and quality of live traffic are later compared with this file
alone, so it holds all that the comparison needs: bin edges and counts, bounds
and moments, class shares, calibration, quality. Rows that were trained on never
enter it: a reference the model was fitted to cries wolf. Pure functions of
arrays; the file system and TensorFlow are unknown here.

Conventions, valid for every list in the file: bin i of a feature holds
edges[i-1] <= value < edges[i]; bucket i of confidence and margin holds
bounds[i-1] < value <= bounds[i]; values are taken as float64.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2
from sklearn.isotonic import IsotonicRegression

from model import quality
from monitoring.baseline import SCHEMA_VERSION
from monitoring.features import FEATURES, summarise

Floats = npt.NDArray[np.floating[Any]]
Json = dict[str, Any]

MAX_BINS = 10
MAX_KNOTS = 20
CHI2_ALPHA = 1e-4
"""How often chance alone may cross the noise floor."""
BOUND_QUANTILE = 0.001
"""A value beyond this quantile on either side is out of range."""
PROBABILITY_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Answers:
    """Held-out rows and what the model said to them."""

    images: npt.NDArray[np.generic]
    labels: npt.NDArray[np.integer[Any]]
    probabilities: Floats

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float64)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.predicted == self.labels, dtype=np.bool_)


def describe(test: Answers, validation: Answers) -> Json:
    """The whole file: calibrated on `validation`, everything else measured on `test`."""
    values = summarise(test.images)
    features = [describe_feature(values[:, i]) for i in range(len(FEATURES))]
    outside = [
        (values[:, i] < feature["lower_bound"]) | (values[:, i] > feature["upper_bound"])
        for i, feature in enumerate(features)
    ]
    knots = calibrate(validation.confidence, validation.correct)
    expected_accuracy = float(np.interp(test.confidence, *knots).mean())
    measured = quality.measure(test.labels, test.predicted, test.confidence)
    top_two = np.sort(test.probabilities.astype(np.float64), axis=1)[:, -2:]
    content: Json = {
        "schema_version": SCHEMA_VERSION,
        "tool": f"model.baseline {SCHEMA_VERSION}",
        "rows": len(test.labels),
        "rows_are": "test rows, never trained on",
        "image": {"height": test.images.shape[1], "width": test.images.shape[2]},
        "features": [asdict(which) | feature for which, feature in zip(FEATURES, features, strict=True)],
        "outlier_ratio": float(np.any(outside, axis=0).mean()),
        "missing_ratio": float(np.isnan(values).mean()),
        "classes": {
            "names": list(quality.CLASSES),
            "predicted_counts": _class_counts(test.predicted),
            "label_counts": _class_counts(test.labels),
            "predicted_ratio": _shares(_class_counts(test.predicted)),
            "label_ratio": _shares(_class_counts(test.labels)),
            "chi2_critical": chi2_critical(len(quality.CLASSES)),
        },
        "confidence": describe_probability(test.confidence),
        "margin": describe_probability(top_two[:, 1] - top_two[:, 0]),
        "quality": {
            "accuracy_ratio": measured.accuracy,
            "macro_f1": measured.macro_f1,
            "expected_calibration_error": measured.expected_calibration_error,
            "expected_calibration_error_bins": quality.CALIBRATION_BINS,
            "classes": [asdict(each) for each in measured.classes],
        },
        "calibration": {
            "definition": "chance of being right, interpolated linearly between knots, flat beyond them",
            "fitted_on": "validation rows, never trained on",
            "rows": len(validation.labels),
            "confidence": knots[0].tolist(),
            "probability_correct": knots[1].tolist(),
            "expected_accuracy_ratio": expected_accuracy,
            "gap_ratio": expected_accuracy - measured.accuracy,
        },
    }
    return {"digest": digest(content)} | content


def describe_feature(values: npt.NDArray[np.float64]) -> Json:
    """Bins, bounds and moments of one feature over the held-out rows; NaN is counted, and left out."""
    present = values[~np.isnan(values)]
    edges = quantile_edges(present)
    lower, upper = np.quantile(present, [BOUND_QUANTILE, 1 - BOUND_QUANTILE])
    return {
        "edges": edges.tolist(),
        "counts": bin_counts(present, edges).tolist(),
        "observations": len(present),
        "missing": len(values) - len(present),
        "lower_bound": float(lower),
        "upper_bound": float(upper),
        "mean": float(present.mean()),
        "stddev": float(present.std()),
        "chi2_critical": chi2_critical(len(edges) + 1),
    }


def quantile_edges(values: npt.NDArray[np.float64], max_bins: int = MAX_BINS) -> npt.NDArray[np.float64]:
    """Inner edges that cut the values into at most `max_bins` bins of about equal counts.

    An edge lies halfway between two values that occur, never on one: otherwise
    the last digit of a float would move whole bins of a feature with few values,
    and a server that sums in another order would see drift. Quantiles that fall
    on the same heap of equal values share one edge. A feature with a single
    value gets a narrow bin around it, so that any other value shows.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) == 1:
        around = 1e-6 * max(1.0, abs(float(distinct[0])))
        return np.array([distinct[0] - around, distinct[0] + around])
    rows_below = np.cumsum(counts)[:-1]
    wanted = len(values) * np.arange(1, max_bins) / max_bins
    gaps = np.unique(np.abs(rows_below[None, :] - wanted[:, None]).argmin(axis=1))
    low, high = distinct[gaps], distinct[gaps + 1]
    middle = low + (high - low) / 2
    # Between two neighbouring floats there is no middle; the upper one then opens the upper bin.
    return np.asarray(np.where(middle > low, middle, high), dtype=np.float64)


def bin_counts(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Rows per bin; a value on an edge belongs to the bin above."""
    which = np.searchsorted(edges, values, side="right")
    return np.bincount(which, minlength=len(edges) + 1)


def chi2_critical(bins: int) -> float:
    """What chi-squared exceeds by chance once in 1/alpha windows, for a histogram of so many bins."""
    return float(chi2.isf(CHI2_ALPHA, bins - 1))


def describe_probability(values: npt.NDArray[np.float64]) -> Json:
    """Histogram, mean and standard deviation of a number between 0 and 1."""
    # A softmax in float32 may exceed one by its last digit.
    clipped = np.minimum(values, 1.0)
    which = np.searchsorted(PROBABILITY_BOUNDS, clipped, side="left")
    return {
        "bounds": list(PROBABILITY_BOUNDS),
        "counts": np.bincount(which, minlength=len(PROBABILITY_BOUNDS)).tolist(),
        "mean": float(clipped.mean()),
        "stddev": float(clipped.std()),
    }


def calibrate(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A monotone table from confidence to the chance of being right, of at most `MAX_KNOTS` knots.

    Isotonic regression gives the curve. Of its corners those are kept, one by
    one, at which the rows suffer most from the straight line drawn so far.
    """
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(confidence, correct)
    x, y = curve.X_thresholds_.astype(np.float64), curve.y_thresholds_.astype(np.float64)
    nearest = np.searchsorted(x, confidence).clip(0, len(x) - 1)
    rows = np.bincount(nearest, minlength=len(x))
    kept = sorted({0, len(x) - 1})
    while len(kept) < min(MAX_KNOTS, len(x)):
        harm = np.abs(np.interp(x, x[kept], y[kept]) - y) * (rows + 1)
        harm[kept] = -1.0
        kept = sorted({*kept, int(harm.argmax())})
    return x[kept], y[kept]


def digest(content: Json) -> str:
    """SHA-256 of the file's content but for the digest itself, keys sorted and without spaces."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _class_counts(classes: npt.NDArray[np.integer[Any]]) -> list[int]:
    return [int(count) for count in np.bincount(classes, minlength=len(quality.CLASSES))]


def _shares(counts: list[int]) -> list[float]:
    return [count / sum(counts) for count in counts]
