"""Inputs, predictions and late labels, as a simulated pod would count them, and the baseline it exports.

The model is as good as its baseline says while nothing is amiss, so that a
healthy history shows no drift. What has gone over lies in the upper bins, is
less sure, and the shares of chance follow from the pod's numbers.
"""

from typing import TYPE_CHECKING

import numpy as np

from monitoring.contract.values import FEEDBACK_RESULTS, MONITORED, PROBABILITIES, SIDES
from tests.monitoring.draws import chance, middles, split
from tests.monitoring.past import Floats

if TYPE_CHECKING:
    from tests.monitoring.history import Scraped

FEATURES = {
    # Lower and upper bound, mean, spread
    "mean_intensity": (9.0, 75.6, 33.8, 11.2),
    "contrast": (41.0, 103.0, 78.0, 12.0),
    "ink_share": (0.03, 0.3, 0.13, 0.045),
    "max": (220.0, 255.0, 254.0, 2.0),
    "centroid_x": (12.0, 16.0, 14.0, 0.5),
    "centroid_y": (12.0, 16.0, 14.0, 0.5),
    "sharpness": (8.0, 32.0, 18.0, 4.0),
}
BINS = 10
CLASSES = tuple(str(digit) for digit in range(10))
BASELINE_ROWS = 10_000.0
CHI2_BINS, CHI2_CLASSES = 33.72, 33.72

SURE = np.array([0, 0, 0.001, 0.003, 0.006, 0.01, 0.013, 0.017, 0.03, 0.04, 0.09, 0.79, 0])
UNSURE = np.array([0, 0.02, 0.05, 0.1, 0.14, 0.16, 0.15, 0.12, 0.1, 0.06, 0.05, 0.05, 0])
FAR = np.array([0, 0, 0.003, 0.005, 0.008, 0.01, 0.015, 0.022, 0.04, 0.05, 0.107, 0.74, 0])
NEAR = np.array([0.15, 0.15, 0.14, 0.12, 0.1, 0.09, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01, 0])
"""Shares of confidence and of margin by bucket, of rows like the baseline's and of others."""


def mean_confidence(shares: Floats) -> Floats:
    return np.asarray(shares @ middles(PROBABILITIES))


def baseline_bins(random: np.random.Generator) -> Floats:
    """Quantile bins hold about as much each; [features, bins]."""
    return random.dirichlet(np.full(BINS, 400.0), len(FEATURES))


CLASS_SHARES = np.array([0.098, 0.113, 0.103, 0.101, 0.098, 0.089, 0.096, 0.103, 0.098, 0.101])
BASELINE_BINS = baseline_bins(np.random.default_rng(3))


def between(before: Floats, after: Floats, how_far: Floats) -> Floats:
    """Shares [ticks, parts] on the way from one to the other."""
    return before * (1 - how_far[:, None]) + after * how_far[:, None]


def observations(scraped: "Scraped") -> None:
    """Everything of `monitoring/contract/observations.py`."""
    rows = np.round(scraped.requests * (1 - scraped.pod.shed) * 1.3)
    inputs(scraped, rows)
    predictions(scraped, rows)
    baseline(scraped)
    late_labels(scraped)
    for part in MONITORED:
        scraped.counter("ecluse_monitor_dropped_rows_total", 0.0, **scraped.model, part=part)
    scraped.counter("ecluse_monitor_busy_seconds_total", rows * 6e-5)


def inputs(scraped: "Scraped", rows: Floats) -> None:
    pod, model, random = scraped.pod, scraped.model, scraped.random
    scraped.counter("ecluse_input_rows_total", rows, **model)
    for number, (feature, (low, high, mean, spread)) in enumerate(FEATURES.items()):
        shares = BASELINE_BINS[number]
        moved = shares * np.exp(0.45 * (np.arange(BINS) - 4.5))
        seen = between(shares, moved / moved.sum(), pod.drifted)
        counts = split(random, rows, seen)
        bins = [f"{number:02}" for number in range(BINS)]
        scraped.counters("ecluse_drift_observations_total", "bin", bins, counts, **model, feature=feature)
        offset = mean + pod.drifted * spread - low
        noise = random.normal(0.0, spread, len(rows)) * np.sqrt(rows)
        sums = np.clip(rows * offset + noise, 0.0, None)
        scraped.counter("ecluse_feature_offset_sum_total", sums, **model, feature=feature)
        squares = rows * (offset**2 + spread**2)
        scraped.counter("ecluse_feature_offset_sumsq_total", squares, **model, feature=feature)
        missing = chance(random, rows * 0.0001)
        scraped.counter("ecluse_input_missing_values_total", missing, **model, feature=feature)
        for side in SIDES:
            outside = chance(random, rows * (0.001 + 0.03 * pod.drifted * (side == "high")))
            scraped.counter("ecluse_input_out_of_range_values_total", outside, **model, feature=feature, side=side)
        scraped.gauge("ecluse_drift_baseline_observations", BASELINE_ROWS, **model, feature=feature)
        scraped.gauge("ecluse_drift_chi2_critical", CHI2_BINS, **model, feature=feature)
        scraped.gauge("ecluse_feature_lower_bound", low, **model, feature=feature)
        scraped.gauge("ecluse_feature_upper_bound", high, **model, feature=feature)
        scraped.gauge("ecluse_baseline_feature_mean", mean, **model, feature=feature)
        scraped.gauge("ecluse_baseline_feature_stddev", spread, **model, feature=feature)
        scraped.gauge("ecluse_baseline_missing_ratio", 0.0001, **model, feature=feature)
        for share, each in zip(shares, bins, strict=True):
            scraped.gauge("ecluse_drift_baseline_ratio", share, **model, feature=feature, bin=each)
    outliers = chance(random, rows * (0.012 + 0.17 * pod.drifted))
    scraped.counter("ecluse_input_outlier_rows_total", np.minimum(outliers, rows), **model)


def predictions(scraped: "Scraped", rows: Floats) -> None:
    pod, model = scraped.pod, scraped.model
    eight = np.array([0.95 if name == "8" else 0.05 / 9 for name in CLASSES])
    skewed = CLASS_SHARES * np.linspace(0.5, 1.5, len(CLASSES))
    shares = between(between(CLASS_SHARES, skewed / skewed.sum(), pod.drifted), eight, pod.collapsed)
    dealt = split(scraped.random, rows, shares)
    scraped.counters("ecluse_predictions_total", "class", CLASSES, dealt, **model)
    unsure = np.maximum(pod.drifted, 0.3 * pod.collapsed)
    confidence = between(SURE, UNSURE, unsure)
    scraped.distribution("ecluse_prediction_confidence", rows, confidence, **model)
    scraped.distribution("ecluse_prediction_margin", rows, between(FAR, NEAR, unsure), **model)
    scraped.counter("ecluse_expected_correct_total", rows * mean_confidence(confidence), **model)
    scraped.counter("ecluse_nonfinite_outputs_total", 0.0, **model)


def baseline(scraped: "Scraped") -> None:
    model = scraped.model
    for name, share in zip(CLASSES, CLASS_SHARES, strict=True):
        scraped.gauge("ecluse_baseline_class_ratio", share, **model, **{"class": name})
        scraped.gauge("ecluse_baseline_class_recall_ratio", 0.97, **model, **{"class": name})
    for name, value in {
        "predictions": BASELINE_ROWS,
        "class_chi2_critical": CHI2_CLASSES,
        "outlier_ratio": 0.012,
        "accuracy_ratio": 0.977,
        "confidence_mean": float(mean_confidence(SURE)),
        "confidence_stddev": 0.11,
        "calibration_gap_ratio": float(mean_confidence(SURE)) - 0.977,
        "calibration_error_ratio": 0.011,
    }.items():
        scraped.gauge(f"ecluse_baseline_{name}", value, **model)


def late_labels(scraped: "Scraped") -> None:
    """A tenth of what was asked is labelled, about an hour later."""
    pod, model, random = scraped.pod, scraped.model, scraped.random
    labelled = chance(random, pod.labels * scraped.clock.step).astype(np.float64)
    actual = split(random, labelled, CLASS_SHARES)
    confused = []
    for number in range(len(CLASSES)):
        wrong = np.full(len(CLASSES), 1 / (len(CLASSES) - 1))
        wrong[number] = 0.0
        towards = between(np.broadcast_to(wrong, (len(labelled), len(CLASSES))), np.eye(10)[8], pod.collapsed)
        shares = pod.accuracy[:, None] * np.eye(10)[number] + (1 - pod.accuracy[:, None]) * towards
        confused.append(split(random, actual[:, number], shares))
    matrix = np.stack(confused, axis=1)
    scraped.counters("ecluse_feedback_actual_total", "class", CLASSES, matrix.sum(axis=2), **model)
    scraped.counters("ecluse_feedback_predicted_total", "class", CLASSES, matrix.sum(axis=1), **model)
    correct = np.diagonal(matrix, axis1=1, axis2=2)
    scraped.counters("ecluse_feedback_correct_total", "class", CLASSES, correct, **model)
    for number, name in enumerate(CLASSES):
        scraped.counters(
            "ecluse_feedback_confusion_total", "predicted", CLASSES, matrix[:, number], **model, actual=name
        )
    sure = mean_confidence(between(SURE, UNSURE, np.maximum(pod.drifted, 0.3 * pod.collapsed)))
    scraped.counter("ecluse_feedback_expected_correct_total", labelled * sure, **model)
    scraped.lognormal("ecluse_feedback_delay_seconds", labelled, 2700.0, 0.8, **model)
    for result in FEEDBACK_RESULTS:
        rate = {"accepted": labelled, "duplicate": chance(random, labelled * 0.01), "expired": labelled * 0}
        scraped.counter(
            "ecluse_feedback_labels_total", rate.get(result, chance(random, labelled * 0.001)), **model, result=result
        )
