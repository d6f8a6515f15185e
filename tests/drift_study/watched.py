"""Rows as the server counts them: bins, class, confidence and whether the row is an outlier.

Made of a baseline as it ships and of rows; what the alerts would say of a window
of such rows is for `verdicts.py`.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from model.baseline.reference import Predict
from monitoring.baseline import Baseline
from monitoring.features import features_of
from tests.drift_study.shifts import Images

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is kept of each row."""

    values: npt.NDArray[np.float64]
    """[rows, features], as they are counted in bins."""
    bins: npt.NDArray[np.int64]
    """[rows, features]"""
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    is_outlier: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.predicted)

    @property
    def accuracy(self) -> float:
        return float((self.predicted == self.labels).mean())

    def kept(self, rows: npt.NDArray[np.integer]) -> "Watched":
        return Watched(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Windows:
    """What Prometheus holds of some windows of as many rows each."""

    rows: int
    features: tuple[Counts, ...]
    """Per feature [windows, bins]."""
    classes: Counts
    confidence_sum: npt.NDArray[np.float64]
    outliers: Counts


def watch(baseline: Baseline, predict: Predict, images: Images, labels: npt.NDArray[np.uint8]) -> Watched:
    """Count rows as the server does."""
    assert baseline.input is not None
    values = features_of({"image": images}, baseline.input)
    lower = np.array([feature.lower_bound for feature in baseline.features])
    upper = np.array([feature.upper_bound for feature in baseline.features])
    probabilities = predict(images)
    return Watched(
        values=values,
        bins=np.stack(
            [
                np.searchsorted(np.array(feature.edges), values[:, place], side="right")
                for place, feature in enumerate(baseline.features)
            ],
            axis=1,
        ),
        predicted=probabilities.argmax(axis=1),
        confidence=probabilities.max(axis=1).astype(np.float64).clip(max=1.0),
        is_outlier=np.asarray(((values < lower) | (values > upper)).any(axis=1)),
        labels=labels.astype(np.int64),
    )


def windows(baseline: Baseline, watched: Watched, rows: npt.NDArray[np.integer]) -> Windows:
    """Sum up windows, whose rows are given by number as [windows, rows]."""
    assert baseline.classes is not None
    return Windows(
        rows=rows.shape[1],
        features=tuple(
            _counted(watched.bins[:, place][rows], len(feature.counts))
            for place, feature in enumerate(baseline.features)
        ),
        classes=_counted(watched.predicted[rows], len(baseline.classes.names)),
        confidence_sum=watched.confidence[rows].sum(axis=1),
        outliers=watched.is_outlier[rows].sum(axis=1),
    )


def _counted(which: npt.NDArray[np.int64], bins: int) -> Counts:
    """[windows, rows] of bins to [windows, bins] of counts."""
    count = len(which)
    places = which + np.arange(count)[:, np.newaxis] * bins
    return np.bincount(places.ravel(), minlength=count * bins).reshape(count, bins)
