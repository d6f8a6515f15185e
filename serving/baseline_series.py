"""What a baseline says, as constants beside the counts that are compared with it."""

import numpy as np

from monitoring.baseline import Baseline, Classes, FeatureBaseline, Quality
from serving.prediction import Classifier
from serving.row_counts import SeriesOf, bins

HALF = 0.5
"""Of a row is given to every bin, so that none is empty."""


def export(baseline: Baseline, classifier: Classifier | None, series: SeriesOf) -> None:
    """Set the gauges of a version's baseline."""
    for feature in baseline.features:
        _export_feature(feature, baseline.rows, series)
    if baseline.features:
        series("ecluse_baseline_outlier_ratio").set(baseline.outlier_ratio)
    # Where another output was chosen than the baseline's, what it says of answers is of no use.
    if classifier is None or baseline.output is None or classifier.output != baseline.output.name:
        return
    if baseline.classes is not None:
        _export_classes(baseline.classes, classifier, series)
    if baseline.confidence is not None:
        series("ecluse_baseline_confidence_mean").set(baseline.confidence.mean)
        series("ecluse_baseline_confidence_stddev").set(baseline.confidence.stddev)
    if baseline.quality is not None:
        _export_quality(baseline.quality, classifier, series)
    if baseline.calibration is not None:
        series("ecluse_baseline_calibration_gap_ratio").set(baseline.calibration.gap_ratio)


def _export_feature(feature: FeatureBaseline, rows: int, series: SeriesOf) -> None:
    name = feature.name
    total = feature.observations + HALF * len(feature.counts)
    for each, count in zip(bins(feature), feature.counts, strict=True):
        series("ecluse_drift_baseline_ratio", name, each).set((count + HALF) / total)
    series("ecluse_drift_baseline_observations", name).set(feature.observations)
    series("ecluse_drift_chi2_critical", name).set(feature.chi2_critical)
    series("ecluse_feature_lower_bound", name).set(feature.lower_bound)
    series("ecluse_feature_upper_bound", name).set(feature.upper_bound)
    series("ecluse_baseline_feature_mean", name).set(feature.mean)
    series("ecluse_baseline_feature_stddev", name).set(feature.stddev)
    series("ecluse_baseline_missing_ratio", name).set(feature.missing / rows)


def _export_classes(classes: Classes, classifier: Classifier, series: SeriesOf) -> None:
    names = [*dict.fromkeys(classifier.exported)]
    place = [names.index(name) for name in classifier.exported]
    counts = np.bincount(place, weights=classes.predicted_counts, minlength=len(names)).tolist()
    rows = sum(classes.predicted_counts)
    for name, count in zip(names, counts, strict=True):
        series("ecluse_baseline_class_ratio", name).set((count + HALF) / (rows + HALF * len(names)))
    series("ecluse_baseline_predictions").set(rows)
    series("ecluse_baseline_class_chi2_critical").set(classes.chi2_critical)


def _export_quality(quality: Quality, classifier: Classifier, series: SeriesOf) -> None:
    series("ecluse_baseline_accuracy_ratio").set(quality.accuracy_ratio)
    series("ecluse_baseline_calibration_error_ratio").set(quality.expected_calibration_error)
    for each in quality.classes:
        # Of classes that are counted together nothing is known together.
        if each.name in classifier.exported:
            series("ecluse_baseline_class_recall_ratio", each.name).set(each.recall)
