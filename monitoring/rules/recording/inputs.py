"""Whether rows still look as those of the baseline.

PSI and Jensen-Shannon compare the live histogram, drawn a little towards the
baseline: without a row it is the baseline, and an emptied bin does not explode.
The noise floor is what chi-squared exceeds by chance once in 10,000 windows, of
so many times fewer rows as follow each other and are alike.
"""

from monitoring.rules.rule import Group, Record
from monitoring.rules.windows import ROW_WINDOWS, SLOW_INTERVAL
from monitoring.slo import Promise

SHRINK = 10
"""How many rows of the baseline are mixed into the live ones."""

FEATURE = "namespace, model_name, model_version, feature"
VERSION = "namespace, model_name, model_version"


def records(promise: Promise) -> tuple[Group, ...]:
    return tuple(
        Group(
            f"ecluse-inputs-{window}",
            (*_histograms(window, promise.drift.rows_alike), *_moments(window), *_shares(window)),
            interval="" if window == "1h" else SLOW_INTERVAL,
        )
        for window in ROW_WINDOWS
    )


def _histograms(window: str, rows_alike: float) -> tuple[Record, ...]:
    live = f"version_feature_bin:ecluse_drift_live:ratio{window}"
    observations = f"version_feature:ecluse_drift_observations:increase{window}"
    # Each replica tells the same baseline.
    baseline = f"max by ({FEATURE}, bin) (ecluse_drift_baseline_ratio)"
    middle = f"({live} + {baseline})"
    return (
        Record(
            f"version_feature_bin:ecluse_drift_observations:increase{window}",
            f"sum by ({FEATURE}, bin) (increase(ecluse_drift_observations_total[{window}]))",
        ),
        Record(observations, f"sum without (bin) (version_feature_bin:ecluse_drift_observations:increase{window})"),
        Record(
            live,
            f"(version_feature_bin:ecluse_drift_observations:increase{window} + {SHRINK} * {baseline})"
            f" / on ({FEATURE}) group_left () ({observations} + {SHRINK})",
        ),
        Record(
            f"version_feature:ecluse_drift_psi:{window}",
            f"sum without (bin) (({live} - {baseline}) * ln({live} / {baseline}))",
        ),
        Record(
            f"version_feature:ecluse_drift_js:{window}",
            f"sqrt(clamp_min(sum without (bin) (0.5 * {live} * log2(2 * {live} / {middle})"
            f" + 0.5 * {baseline} * log2(2 * {baseline} / {middle})), 0))",
        ),
        Record(f"version_feature:ecluse_drift_linf:{window}", f"max without (bin) (abs({live} - {baseline}))"),
        Record(
            f"version_feature:ecluse_drift_noise:{window}",
            f"max by ({FEATURE}) (ecluse_drift_chi2_critical) * ({rows_alike:g} / ({observations} > 0)"
            f" + 1 / (max by ({FEATURE}) (ecluse_drift_baseline_observations) > 0))",
        ),
    )


def _moments(window: str) -> tuple[Record, ...]:
    observations = f"version_feature:ecluse_drift_observations:increase{window}"
    first = f"sum by ({FEATURE}) (increase(ecluse_feature_offset_sum_total[{window}]))"
    second = f"sum by ({FEATURE}) (increase(ecluse_feature_offset_sumsq_total[{window}]))"
    return (
        Record(
            f"version_feature:ecluse_feature_mean:{window}",
            f"max by ({FEATURE}) (ecluse_feature_lower_bound) + {first} / ({observations} > 0)",
        ),
        Record(
            f"version_feature:ecluse_feature_stddev:{window}",
            f"sqrt(clamp_min({second} / ({observations} > 0) - ({first} / ({observations} > 0)) ^ 2, 0))",
        ),
    )


def _shares(window: str) -> tuple[Record, ...]:
    rows = f"version:ecluse_input_rows:increase{window}"
    return (
        Record(rows, f"sum by ({VERSION}) (increase(ecluse_input_rows_total[{window}]))"),
        Record(
            f"version_feature:ecluse_input_missing:ratio{window}",
            f"sum by ({FEATURE}) (increase(ecluse_input_missing_values_total[{window}]))"
            f" / on ({VERSION}) group_left () ({rows} > 0)",
        ),
        Record(
            f"version_feature:ecluse_input_out_of_range:ratio{window}",
            f"sum by ({FEATURE}) (increase(ecluse_input_out_of_range_values_total[{window}]))"
            f" / on ({VERSION}) group_left () ({rows} > 0)",
        ),
        Record(
            f"version:ecluse_input_outliers:ratio{window}",
            f"sum by ({VERSION}) (increase(ecluse_input_outlier_rows_total[{window}])) / ({rows} > 0)",
        ),
    )
