"""How often the model is right, as late labels tell.

Windows are by when a label came, not by when its row was answered.
"""

from monitoring.rules.recording.inputs import VERSION
from monitoring.rules.recording.predictions import CLASS
from monitoring.rules.rule import Group, Record
from monitoring.rules.windows import ROW_WINDOWS, SLOW_INTERVAL
from monitoring.slo import Promise


def records(promise: Promise) -> tuple[Group, ...]:
    del promise
    return (
        Group(
            "ecluse-labels",
            (
                Record(
                    "model:ecluse_labels:increase1h",
                    "sum by (namespace, model_name) (increase(ecluse_feedback_actual_total[1h]))",
                ),
            ),
        ),
        *(
            Group(
                f"ecluse-quality-{window}",
                (*_counts(window), *_ratios(window)),
                interval="" if window == "1h" else SLOW_INTERVAL,
            )
            for window in ROW_WINDOWS
        ),
    )


def _counts(window: str) -> tuple[Record, ...]:
    return (
        *(
            Record(
                f"version_class:ecluse_labels_{which}:increase{window}",
                f"sum by ({CLASS}) (increase(ecluse_feedback_{which}_total[{window}]))",
            )
            for which in ("actual", "predicted", "correct")
        ),
        Record(
            f"version:ecluse_labels:increase{window}",
            f"sum without (class) (version_class:ecluse_labels_actual:increase{window})",
        ),
    )


def _ratios(window: str) -> tuple[Record, ...]:
    actual, predicted, correct = (
        f"version_class:ecluse_labels_{which}:increase{window}" for which in ("actual", "predicted", "correct")
    )
    labels = f"version:ecluse_labels:increase{window}"
    return (
        Record(f"version:ecluse_accuracy:ratio{window}", f"sum without (class) ({correct}) / ({labels} > 0)"),
        Record(f"version_class:ecluse_precision:ratio{window}", f"{correct} / ({predicted} > 0)"),
        Record(f"version_class:ecluse_recall:ratio{window}", f"{correct} / ({actual} > 0)"),
        Record(f"version_class:ecluse_f1:ratio{window}", f"2 * {correct} / ({predicted} + {actual} > 0)"),
        Record(
            f"version:ecluse_f1_macro:ratio{window}", f"avg without (class) (version_class:ecluse_f1:ratio{window})"
        ),
        Record(
            f"version:ecluse_expected_accuracy:ratio{window}",
            f"sum by ({VERSION}) (increase(ecluse_feedback_expected_correct_total[{window}])) / ({labels} > 0)",
        ),
        Record(
            f"version:ecluse_label_shift_tvd:ratio{window}",
            f"0.5 * sum without (class) (abs({actual} - {predicted})) / ({labels} > 0)",
        ),
        # By how much wrong answers alone move shares, when they go from each class to any.
        Record(
            f"version:ecluse_label_shift_noise:{window}",
            f"sqrt(2 * count without (class) ({actual}) * (1 - version:ecluse_accuracy:ratio{window})"
            f" / ({labels} > 0))",
        ),
    )
