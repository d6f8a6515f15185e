"""Counts of rows, in the series of the contract: many at a time, and each in one pass.

What is a distance, a mean or a share is left to whoever reads the counts, so
that those of several replicas add up exactly. Knows neither queue nor thread;
one thread alone may count in the series of one version.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from monitoring.baseline import Baseline, Calibration, FeatureBaseline
from monitoring.contract.values import PROBABILITIES, SIDES
from serving.prediction import Classifier, Predictions
from serving.signature import Tensors

Floats = npt.NDArray[np.float64]


class SeriesOf(Protocol):
    """Give the series of one version by the metric's name and the labels beside the version's."""

    def __call__(self, name: str, *labels: str) -> Any: ...


class PredictionCounts:
    """What a model said of its rows."""

    def __init__(self, classifier: Classifier, calibration: Calibration | None, series: SeriesOf) -> None:
        names = [*dict.fromkeys(classifier.exported)]
        self._place = np.array([names.index(name) for name in classifier.exported])
        self._classes = [series("ecluse_predictions_total", name) for name in names]
        self._confidence = series("ecluse_prediction_confidence")
        self._margin = series("ecluse_prediction_margin")
        self._calibration = calibration
        self._expected_correct = series("ecluse_expected_correct_total") if calibration is not None else None

    def add(self, said: Predictions) -> None:
        """Count rows; those that are no numbers have no class."""
        kept = said.is_finite
        confidence, margin = said.confidence[kept], said.margin[kept]
        counts = np.bincount(self._place[said.classes[kept]], minlength=len(self._classes))
        for series, count in zip(self._classes, counts.tolist(), strict=True):
            series.inc(count)
        self._confidence.add(_buckets(confidence), float(confidence.sum()))
        self._margin.add(_buckets(margin), float(margin.sum()))
        if self._calibration is not None and self._expected_correct is not None:
            table = self._calibration.confidence, self._calibration.probability_correct
            self._expected_correct.inc(float(np.interp(confidence, *table).sum()))


class InputCounts:
    """The features of rows, in the bins of their baseline."""

    def __init__(self, baseline: Baseline, series: SeriesOf) -> None:
        self._rows = series("ecluse_input_rows_total")
        self._outlier_rows = series("ecluse_input_outlier_rows_total")
        self._features = [_FeatureCounts(feature, series) for feature in baseline.features]

    def add(self, values: Floats) -> None:
        """Count rows of features [rows, features], NaN where one is missing."""
        is_outlier = np.zeros(len(values), dtype=np.bool_)
        for feature, column in zip(self._features, values.T, strict=True):
            is_outlier |= feature.add(column)
        self._rows.inc(len(values))
        self._outlier_rows.inc(int(np.count_nonzero(is_outlier)))


class _FeatureCounts:
    def __init__(self, baseline: FeatureBaseline, series: SeriesOf) -> None:
        name = baseline.name
        self._edges = np.array(baseline.edges)
        self._lower, self._upper = baseline.lower_bound, baseline.upper_bound
        self._bins = [series("ecluse_drift_observations_total", name, each) for each in bins(baseline)]
        self._sum = series("ecluse_feature_offset_sum_total", name)
        self._sumsq = series("ecluse_feature_offset_sumsq_total", name)
        self._missing = series("ecluse_input_missing_values_total", name)
        self._low, self._high = (series("ecluse_input_out_of_range_values_total", name, side) for side in SIDES)

    def add(self, column: Floats) -> npt.NDArray[np.bool_]:
        """Count the values of some rows, and say which rows are out of range."""
        is_missing = np.isnan(column)
        missing = int(np.count_nonzero(is_missing))
        present = column[~is_missing] if missing else column
        counts = np.bincount(np.searchsorted(self._edges, present, side="right"), minlength=len(self._bins))
        for series, count in zip(self._bins, counts.tolist(), strict=True):
            series.inc(count)
        offsets = present.clip(self._lower, self._upper) - self._lower
        self._sum.inc(float(offsets.sum()))
        self._sumsq.inc(float(offsets @ offsets))
        self._missing.inc(missing)
        is_low, is_high = column < self._lower, column > self._upper
        self._low.inc(int(np.count_nonzero(is_low)))
        self._high.inc(int(np.count_nonzero(is_high)))
        return np.asarray(is_low | is_high)


def bins(baseline: FeatureBaseline) -> Iterator[str]:
    """What the bins of a feature are called."""
    for number in range(len(baseline.counts)):
        yield f"{number:02d}"


def portions(batches: Sequence[Tensors], most_values: int) -> Iterator[Tensors]:
    """Join the tensors of several batches row by row, about so many values at a time, and those of one shape only."""
    alike = defaultdict[Any, list[Tensors]](list)
    for batch in batches:
        alike[tuple([(name, array.shape[1:], array.dtype) for name, array in batch.items()])].append(batch)
    for group in alike.values():
        values = sum(array[:1].size for array in group[0].values())
        step = max(1, most_values // max(1, values))
        taken, rows = list[Tensors](), 0
        for batch in group:
            size = len(next(iter(batch.values())))
            for at in range(0, size, step):
                more = min(step, size - at)
                if rows + more > step:
                    yield _joined(taken)
                    taken, rows = [], 0
                taken.append({name: array[at : at + more] for name, array in batch.items()})
                rows += more
        if taken:
            yield _joined(taken)


def _joined(parts: Sequence[Tensors]) -> Tensors:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _buckets(values: Floats) -> list[int]:
    """Values per bucket of a histogram of probabilities; one on a bound belongs below it."""
    which = np.searchsorted(PROBABILITIES, values, side="left")
    return list(np.bincount(which, minlength=len(PROBABILITIES) + 1).tolist())
