"""A model that is wrong more often than it was, and labels that no longer tell."""

from monitoring.rules.alerts.words import IN, MODEL, SHARE, VERSION
from monitoring.rules.recording.inputs import VERSION as KEY
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.rules.windows import either
from monitoring.slo import Promise

GOOD_RECALL = 0.8
"""A class that the baseline recalled no better cannot collapse."""

TRUSTED_CALIBRATION = 0.1
"""Above this error of calibration, expected accuracy means nothing."""


def alerts(promise: Promise) -> Group:
    lines = promise.quality
    labels = "version:ecluse_labels:increase{window}"
    accuracy = "version:ecluse_accuracy:ratio{window}"
    two_sigma = f"2 * sqrt({accuracy} * (1 - {accuracy}) / {labels})"
    gap = (
        f"version:ecluse_expected_accuracy:ratio{{window}} - {accuracy}"
        f" - max by ({KEY}) (ecluse_baseline_calibration_gap_ratio)"
    )
    recall = "version_class:ecluse_recall:ratio{window}"
    shift = "version:ecluse_label_shift_tvd:ratio{window}"
    # An id that is not ours leads to no model, so what is refused is held against all that came.
    received = "sum by (namespace) (increase(ecluse_feedback_labels_total[1h]))"
    refused = 'sum by (namespace) (increase(ecluse_feedback_labels_total{result!~"accepted|duplicate"}[1h]))'
    return Group(
        "ecluse-quality-alerts",
        (
            Alert(
                "EcluseAccuracyDegraded",
                either(
                    f"{accuracy} < max by ({KEY}) (ecluse_baseline_accuracy_ratio) - {lines.accuracy_drop}"
                    f" - {two_sigma} and {labels} >= {lines.minimum_labels}"
                ),
                lasting="15m",
                kept="30m",
                severity=Severity.WARNING,
                component=Component.QUALITY,
                summary="The model is right less often than on its baseline.",
                description=f"Accuracy is {SHARE} for {VERSION}, which with two standard errors added is still"
                f" {lines.accuracy_drop} below its baseline.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseClassRecallCollapsed",
                either(
                    f"{recall} < {lines.recall}"
                    f" and max by ({KEY}, class) (ecluse_baseline_class_recall_ratio) > {GOOD_RECALL}"
                    f" and version_class:ecluse_labels_actual:increase{{window}} >= {lines.minimum_class_labels}"
                ),
                lasting="30m",
                severity=Severity.WARNING,
                component=Component.QUALITY,
                summary="The model no longer recognises a class that it knew.",
                description=f"Of the rows that are {{{{ $labels.class }}}} only {SHARE} are found by {VERSION}.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseConceptDrift",
                either(
                    f"{gap} > {lines.concept_gap} and {gap} > {two_sigma}"
                    f" and {labels} >= {lines.minimum_concept_labels} unless on ({KEY})"
                    f" max by ({KEY}) (ecluse_baseline_calibration_error_ratio) > {TRUSTED_CALIBRATION}"
                ),
                lasting="30m",
                kept="30m",
                severity=Severity.WARNING,
                component=Component.QUALITY,
                summary="The model is wrong where it is sure: what the classes mean has changed.",
                description=f"Accuracy is {SHARE} below what the confidence of {VERSION} promises.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseLabelShift",
                either(
                    f"{shift} > {lines.label_shift} and {shift} > version:ecluse_label_shift_noise:{{window}}"
                    f" and {labels} >= {lines.minimum_concept_labels}"
                ),
                lasting="30m",
                kept="30m",
                severity=Severity.INFO,
                component=Component.QUALITY,
                summary="The model answers some classes more often than they are, and others less.",
                description=f"{SHARE} of the labelled rows would have to change class for {VERSION} to answer as many"
                " of each as there are.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseLabelsStopped",
                "sum_over_time(model:ecluse_labels:increase1h[1d:1h]) == 0"
                " and sum_over_time(model:ecluse_labels:increase1h[7d:1h]) > 0"
                " and model:ecluse_requests:rate1d > 0",
                lasting="1h",
                severity=Severity.INFO,
                component=Component.QUALITY,
                summary="Late labels no longer come, so that quality cannot be told.",
                description=f"For a day there was no label for {MODEL}, which had some this week and has traffic.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseLabelsRefused",
                f"{refused} / ({received} > 0) > 0.5 and {received} > 20",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.QUALITY,
                summary="Most late labels are refused.",
                description=f"{SHARE} of the labels that were sent{IN} are refused.",
                dashboard="ecluse-quality",
            ),
        ),
    )
