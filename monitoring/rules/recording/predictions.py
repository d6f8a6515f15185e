"""Whether the model still answers as it did: classes, and how sure it is of them.

Shares of classes are compared with the baseline's. A model without one is
compared with its own last seven days, all versions together, since a new
version has no past.
"""

from monitoring.rules.recording.inputs import SHRINK, VERSION
from monitoring.rules.rule import Group, Record
from monitoring.rules.windows import ROW_WINDOWS, SLOW_INTERVAL
from monitoring.slo import Promise

CLASS = f"{VERSION}, class"
HOURS_OF_REFERENCE = 24
"""A reference week has to hold at least so many hours."""

NORMAL_QUANTILE = 3.719
"""What a normal exceeds once in 10,000: Wilson and Hilferty's way to a critical value of chi-squared."""

NO_BASELINE = f"unless on ({VERSION}) max by ({VERSION}) (ecluse_baseline_predictions)"


def records(promise: Promise) -> tuple[Group, ...]:
    return (
        Group(
            "ecluse-predictions-expected",
            (*_classes_expected(), *_confidence_expected()),
            interval=SLOW_INTERVAL,
        ),
        # A model that answers nonsense at full speed must not be told of an hour later.
        Group("ecluse-predictions-15m", _shares("15m")),
        *(
            Group(
                f"ecluse-predictions-{window}",
                (*_classes(window, promise.drift.rows_alike), *_confidence(window)),
                interval="" if window == "1h" else SLOW_INTERVAL,
            )
            for window in ROW_WINDOWS
        ),
    )


def _classes_expected() -> tuple[Record, ...]:
    """What is expected of each class, of how many rows that is told, and what chance exceeds."""
    hourly = "model_class:ecluse_predictions:increase1h"
    rows = "model:ecluse_predictions_reference:rows7d"
    classes = "count by (namespace, model_name) (model_class:ecluse_predictions_reference:rows7d)"
    of_version = f"group by ({CLASS}) (ecluse_predictions_total)"
    freedom = f"clamp_min({classes} - 1, 1)"
    return (
        Record(hourly, "sum by (namespace, model_name, class) (increase(ecluse_predictions_total[1h]))"),
        Record(
            "model_class:ecluse_predictions_reference:rows7d",
            f"sum_over_time({hourly}[7d:1h] offset 1d)"
            f" and count_over_time({hourly}[7d:1h] offset 1d) >= {HOURS_OF_REFERENCE}",
        ),
        Record(rows, "sum without (class) (model_class:ecluse_predictions_reference:rows7d) > 0"),
        Record(
            "model_class:ecluse_predictions_reference:ratio7d",
            "(model_class:ecluse_predictions_reference:rows7d + 0.5)"
            f" / on (namespace, model_name) group_left () ({rows} + 0.5 * {classes})",
        ),
        Record(
            "version_class:ecluse_predictions_expected:ratio",
            f"max by ({CLASS}) (ecluse_baseline_class_ratio) or ({of_version} {NO_BASELINE})"
            " * on (namespace, model_name, class) group_left () model_class:ecluse_predictions_reference:ratio7d",
        ),
        Record(
            "version:ecluse_predictions_expected:rows",
            f"max by ({VERSION}) (ecluse_baseline_predictions) or"
            f" (group by ({VERSION}) (ecluse_predictions_total) {NO_BASELINE})"
            f" * on (namespace, model_name) group_left () {rows}",
        ),
        Record(
            "version:ecluse_predictions_expected:chi2_critical",
            f"max by ({VERSION}) (ecluse_baseline_class_chi2_critical) or"
            f" (group by ({VERSION}) (ecluse_predictions_total) {NO_BASELINE})"
            " * on (namespace, model_name) group_left ()"
            f" ({freedom} * (1 - 2 / (9 * {freedom}) + {NORMAL_QUANTILE} * sqrt(2 / (9 * {freedom}))) ^ 3)",
        ),
    )


def _confidence_expected() -> tuple[Record, ...]:
    """Of a reference week only the mean is known; no number between 0 and 1 spreads wider than this around it."""
    sums, counts = (f"model:ecluse_prediction_confidence:{which}_increase1h" for which in ("sum", "count"))
    week = "model:ecluse_prediction_confidence_reference:mean7d"
    of_version = f"(group by ({VERSION}) (ecluse_prediction_confidence_count) {NO_BASELINE})"
    return (
        *(
            Record(
                name,
                f"sum by (namespace, model_name) (increase(ecluse_prediction_confidence_{which}[1h]))",
            )
            for name, which in ((sums, "sum"), (counts, "count"))
        ),
        Record(
            week,
            f"sum_over_time({sums}[7d:1h] offset 1d) / (sum_over_time({counts}[7d:1h] offset 1d) > 0)"
            f" and count_over_time({counts}[7d:1h] offset 1d) >= {HOURS_OF_REFERENCE}",
        ),
        Record(
            "version:ecluse_prediction_confidence_expected:mean",
            f"max by ({VERSION}) (ecluse_baseline_confidence_mean)"
            f" or {of_version} * on (namespace, model_name) group_left () {week}",
        ),
        Record(
            "version:ecluse_prediction_confidence_expected:stddev",
            f"max by ({VERSION}) (ecluse_baseline_confidence_stddev)"
            f" or {of_version} * on (namespace, model_name) group_left () sqrt({week} * (1 - {week}))",
        ),
    )


def _shares(window: str) -> tuple[Record, ...]:
    counts = f"version_class:ecluse_predictions:increase{window}"
    rows = f"version:ecluse_predictions:increase{window}"
    return (
        Record(counts, f"sum by ({CLASS}) (increase(ecluse_predictions_total[{window}]))"),
        Record(rows, f"sum without (class) ({counts})"),
        Record(
            f"version_class:ecluse_predictions:ratio{window}",
            f"{counts} / on ({VERSION}) group_left () ({rows} > 0)",
        ),
    )


def _classes(window: str, rows_alike: float) -> tuple[Record, ...]:
    counts = f"version_class:ecluse_predictions:increase{window}"
    rows = f"version:ecluse_predictions:increase{window}"
    expected = "version_class:ecluse_predictions_expected:ratio"
    live = f"version_class:ecluse_predictions_shrunk:ratio{window}"
    return (
        *_shares(window),
        Record(live, f"({counts} + {SHRINK} * {expected}) / on ({VERSION}) group_left () ({rows} + {SHRINK})"),
        Record(
            f"version:ecluse_prediction_psi:{window}",
            f"sum without (class) (({live} - {expected}) * ln({live} / {expected}))",
        ),
        Record(
            f"version:ecluse_prediction_noise:{window}",
            "version:ecluse_predictions_expected:chi2_critical"
            f" * ({rows_alike:g} / ({rows} > 0) + 1 / (version:ecluse_predictions_expected:rows > 0))",
        ),
    )


def _confidence(window: str) -> tuple[Record, ...]:
    return (
        Record(
            f"version:ecluse_prediction_confidence:mean{window}",
            f"sum by ({VERSION}) (increase(ecluse_prediction_confidence_sum[{window}]))"
            f" / (sum by ({VERSION}) (increase(ecluse_prediction_confidence_count[{window}])) > 0)",
        ),
        # Of all rows answered, labelled or not; the one of quality.py is of the labelled ones.
        Record(
            f"version:ecluse_expected_accuracy_unlabelled:ratio{window}",
            f"sum by ({VERSION}) (increase(ecluse_expected_correct_total[{window}]))"
            f" / (version:ecluse_predictions:increase{window} > 0)",
        ),
    )
