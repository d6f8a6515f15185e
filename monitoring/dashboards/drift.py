"""Input drift: whether rows still look as those of training, which feature moved, and whether that is chance."""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.drift_expressions import BASELINE, NO_BASELINE, dropped, moved, psi
from monitoring.dashboards.expressions import rate
from monitoring.dashboards.feature_panels import feature, features
from monitoring.dashboards.frame import ANNOTATIONS, FEATURE, LINKS, VARIABLES
from monitoring.dashboards.kinds import BarGauge, Lines, Stat, TimeSeries
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Thresholds,
    Unit,
    at_most,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import PLACE, VERSION, Query, now
from monitoring.slo import Promise


def _now(promise: Promise) -> tuple[Panel, ...]:
    line = promise.drift.input_psi

    def stat(title: str, description: str, expr: str, thresholds: Thresholds, unit: Unit, decimals: int) -> Stat:
        return Stat(
            title=title,
            description=description,
            width=4,
            height=4,
            queries=(now(expr),),
            unit=unit,
            decimals=decimals,
            thresholds=thresholds,
            empty=NO_BASELINE,
            empty_until=BASELINE,
        )

    return (
        stat(
            "Features that moved",
            f"How many features lie over {line:g} and over the noise, told by at least {promise.drift.minimum_rows} "
            "rows of an hour. From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
            f"sum({moved(promise, '1h')})",
            at_most(1, 3),
            Unit.WHOLE,
            0,
        ),
        stat(
            "Largest PSI",
            "The population stability index of the feature that moved most, over an hour: below 0.1 nothing, from "
            f"{line:g} on drift. From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
            f"max({psi('1h')})",
            at_most(round(line / 2, 9), line),
            Unit.NUMBER,
            3,
        ),
        stat(
            "Rows examined",
            f"Rows whose input was examined within an hour. Below {promise.drift.minimum_rows} nothing is said of "
            "drift: chance would. From ecluse_input_rows_total.",
            f"sum(increase(ecluse_input_rows_total{{{VERSION}}}[1h]))",
            Thresholds(Colour.YELLOW, ((promise.drift.minimum_rows, Colour.BLUE),)),
            Unit.NUMBER,
            0,
        ),
        stat(
            "Outlying rows",
            "Share of the rows of an hour with at least one feature outside the baseline's range, of the worst version "
            "chosen. From ecluse_input_outlier_rows_total.",
            f"max(version:ecluse_input_outliers:ratio1h{{{VERSION}}})",
            limit(promise.drift.outlier_ratio),
            Unit.RATIO,
            1,
        ),
        stat(
            "Missing values",
            "Share of the values of an hour that are NaN or empty, of the worst feature. "
            "From ecluse_input_missing_values_total.",
            f"max(version_feature:ecluse_input_missing:ratio1h{{{VERSION}}})",
            limit(promise.drift.missing_ratio),
            Unit.RATIO,
            1,
        ),
        Stat(
            title="Rows not looked at",
            description="Share of the rows that were not looked at because looking did not keep up, over five "
            "minutes: from 1 % on what stands here is of a sample. From ecluse_monitor_dropped_rows_total and "
            "ecluse_input_rows_total.",
            width=4,
            height=4,
            queries=(now(dropped("5m")),),
            unit=Unit.RATIO,
            decimals=1,
            highest=1,
            thresholds=limit(0.01),
            empty_until=BASELINE,
        ),
    )


def _values(promise: Promise) -> tuple[Panel, ...]:
    return (
        BarGauge(
            title="Out of range, each feature",
            description="Share of the values of an hour outside the baseline's range. "
            "From ecluse_input_out_of_range_values_total.",
            width=8,
            height=8,
            queries=(
                now(
                    f"sort_desc(max by (feature) (version_feature:ecluse_input_out_of_range:ratio1h{{{VERSION}}}))",
                    "{{feature}}",
                ),
            ),
            unit=Unit.RATIO,
            thresholds=limit(promise.drift.outlier_ratio),
            empty=NO_BASELINE,
            empty_until=BASELINE,
        ),
        TimeSeries(
            title="Outlying rows",
            description="Share of the rows of an hour with at least one feature out of range, beside what the baseline "
            "itself had of them. From ecluse_input_outlier_rows_total and ecluse_baseline_outlier_ratio.",
            width=8,
            height=8,
            queries=(
                Query(f"version:ecluse_input_outliers:ratio1h{{{VERSION}}}", "{{model_name}} {{model_version}}"),
                Query(
                    f"max by (model_name, model_version) (ecluse_baseline_outlier_ratio{{{VERSION}}})",
                    "{{model_name}} {{model_version}} baseline",
                ),
            ),
            unit=Unit.RATIO,
            thresholds=limit(promise.drift.outlier_ratio),
            limits=Lines.DASHED,
            overrides=(reference("/ baseline$/", is_pattern=True),),
            legend=("lastNotNull",),
            empty=NO_BASELINE,
            empty_until=BASELINE,
        ),
        TimeSeries(
            title="Missing values",
            description="Share of the values of an hour that are NaN or empty, by feature. "
            "From ecluse_input_missing_values_total.",
            width=8,
            height=8,
            queries=(
                Query(f"max by (feature) (version_feature:ecluse_input_missing:ratio1h{{{VERSION}}})", "{{feature}}"),
            ),
            unit=Unit.RATIO,
            thresholds=limit(promise.drift.missing_ratio),
            limits=Lines.DASHED,
            legend=(),
            empty=NO_BASELINE,
            empty_until=BASELINE,
        ),
    )


def _looking() -> tuple[Panel, ...]:
    return (
        TimeSeries(
            title="Rows examined",
            description="Rows a second whose input was examined; under load a sample of those answered. "
            "From ecluse_input_rows_total and ecluse_batch_rows.",
            width=8,
            height=7,
            queries=(
                Query(rate("ecluse_input_rows_total"), "examined"),
                Query(rate("ecluse_batch_rows_sum"), "answered"),
            ),
            unit=Unit.ROWS_PER_SECOND,
            overrides=(coloured("examined", Colour.BLUE), reference("answered")),
            legend=(),
            empty_until=BASELINE,
        ),
        TimeSeries(
            title="Rows not looked at",
            description="Rows a second that were not looked at because looking did not keep up, by what was to be "
            "looked at. From ecluse_monitor_dropped_rows_total.",
            width=8,
            height=7,
            queries=(Query(rate("ecluse_monitor_dropped_rows_total", "part"), "{{part}}"),),
            unit=Unit.ROWS_PER_SECOND,
            legend=(),
            empty_until=BASELINE,
        ),
        TimeSeries(
            title="What looking costs",
            description="Cores spent on looking at rows, over all servers. From ecluse_monitor_busy_seconds_total.",
            width=8,
            height=7,
            queries=(Query(rate("ecluse_monitor_busy_seconds_total", where=PLACE), "cores"),),
            unit=Unit.CORES,
            legend=(),
        ),
    )


def drift(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-drift",
        title="Écluse / Drift",
        description="Whether rows still look as those of training, which feature moved, and whether that is chance.",
        rows=(
            Row("Now", (_now(promise),)),
            Row("Features", features(promise)),
            Row("Feature: $feature", feature(promise)),
            Row("Values", (_values(promise),)),
            Row("Looking", (_looking(),)),
        ),
        variables=(*VARIABLES, FEATURE),
        annotations=ANNOTATIONS,
        links=LINKS,
    )
