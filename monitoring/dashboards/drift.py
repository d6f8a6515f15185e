"""Input drift: whether rows still look as those of training, which feature moved, and whether that is chance."""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import rate, share
from monitoring.dashboards.frame import ANNOTATIONS, FEATURE, LINKS, VARIABLES
from monitoring.dashboards.kinds import BarChart, BarGauge, Lines, Stat, StateTimeline, Table, TimeSeries, cell
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    at_most,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import PLACE, VERSION, Query, column, now
from monitoring.slo import Promise

BASELINE = "the model has a baseline.json with features"
NO_BASELINE = "No baseline"
CHOSEN = f'{VERSION},feature="$feature"'
BY_FEATURE = "namespace, model_name, model_version, feature"


def psi(window: str) -> str:
    return f"version_feature:ecluse_drift_psi:{window}{{{VERSION}}}"


def moved(promise: Promise, window: str) -> str:
    """1 for each feature that is over its line, over the noise, and told by rows enough; 0 for the others."""
    noise = f"version_feature:ecluse_drift_noise:{window}{{{VERSION}}}"
    rows = f"version_feature:ecluse_drift_observations:increase{window}{{{VERSION}}}"
    return (
        f"({psi(window)} > bool {promise.drift.input_psi:g}) * ({psi(window)} > bool {noise}) "
        f"* ({rows} >= bool {promise.drift.minimum_rows})"
    )


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
            queries=(now(_dropped("5m")),),
            unit=Unit.RATIO,
            decimals=1,
            highest=1,
            thresholds=limit(0.01),
            empty_until=BASELINE,
        ),
    )


def _dropped(window: str) -> str:
    lost = rate("ecluse_monitor_dropped_rows_total", where=f'{VERSION},part="inputs"', window=window)
    seen = rate("ecluse_input_rows_total", window=window)
    return share(lost, f"({lost} + {seen})")


def _features(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    line = promise.drift.input_psi
    steps = Thresholds(Colour.GREEN, ((round(line / 2, 9), Colour.YELLOW), (line, Colour.RED)))
    return (
        (
            StateTimeline(
                title="Which feature moved, and since when",
                description="The population stability index of each feature over an hour against the baseline: yellow "
                f"from {line / 2:g}, red from {line:g}. "
                "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
                width=12,
                height=9,
                queries=(Query(f"max by (feature) ({psi('1h')})", "{{feature}}"),),
                decimals=2,
                thresholds=steps,
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
            Table(
                title="Each feature, now",
                description="Over an hour. PSI and Jensen-Shannon say how far the whole histogram has moved, the noise "
                "what chance alone exceeds once in 10,000 windows, the mean's shift is in standard deviations of the "
                "baseline, whose range stands at the end. From ecluse_drift_observations_total, "
                "ecluse_feature_offset_sum_total, "
                "ecluse_input_missing_values_total and ecluse_input_out_of_range_values_total.",
                width=12,
                height=9,
                queries=_columns(),
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {},
                            "renameByName": {
                                "Value #A": "PSI",
                                "Value #B": "noise",
                                "Value #C": "JS",
                                "Value #D": "mean's shift",
                                "Value #E": "out of range",
                                "Value #F": "missing",
                                "Value #G": "range from",
                                "Value #H": "to",
                            },
                        },
                    },
                ),
                overrides=(
                    Override(
                        "PSI",
                        {
                            "decimals": 3,
                            "custom.cellOptions": cell("color-text"),
                            "thresholds": steps.to_json(),
                        },
                    ),
                    Override("noise", {"decimals": 3}),
                    Override("JS", {"decimals": 3}),
                    Override("mean's shift", {"decimals": 2, "unit": Unit.DEVIATIONS.value}),
                    Override("out of range", {"unit": Unit.RATIO.value, "decimals": 1}),
                    Override("missing", {"unit": Unit.RATIO.value, "decimals": 1}),
                    Override("range from", {"decimals": 2}),
                    Override("to", {"decimals": 2}),
                ),
                sort_by="PSI",
                lowest=None,
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
        ),
        (
            TimeSeries(
                title="PSI of each feature, over an hour",
                description="Drift is what stays above the line and above the noise. "
                "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
                width=8,
                height=8,
                queries=(Query(f"max by (feature) ({psi('1h')})", "{{feature}}"),),
                thresholds=limit(line),
                limits=Lines.DASHED,
                legend=(),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
            TimeSeries(
                title="PSI of each feature, over a day",
                description="Sees what is too small for an hour's rows, and sees it later. "
                "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
                width=8,
                height=8,
                queries=(Query(f"max by (feature) ({psi('24h')})", "{{feature}}"),),
                thresholds=limit(line),
                limits=Lines.DASHED,
                legend=(),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
            TimeSeries(
                title="Jensen-Shannon distance and largest bin",
                description="Two other measures of the same, both between 0 and 1, of the feature that moved most: the "
                "distance of the whole histograms, and the largest difference of any bin. "
                "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
                width=8,
                height=8,
                queries=(
                    Query(f"max(version_feature:ecluse_drift_js:1h{{{VERSION}}})", "Jensen-Shannon"),
                    Query(f"max(version_feature:ecluse_drift_linf:1h{{{VERSION}}})", "largest bin"),
                ),
                overrides=(coloured("Jensen-Shannon", Colour.BLUE), coloured("largest bin", Colour.PURPLE)),
                legend=(),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
        ),
    )


def _columns() -> tuple[Query, ...]:
    def worst(rule: str) -> str:
        return f"max by (feature) (version_feature:{rule}{{{VERSION}}})"

    mean, spread = (
        f"max by ({BY_FEATURE}) (ecluse_baseline_feature_{what}{{{VERSION}}})" for what in ("mean", "stddev")
    )
    shift = (
        f"(version_feature:ecluse_feature_mean:1h{{{VERSION}}} - on ({BY_FEATURE}) {mean}) "
        f"/ on ({BY_FEATURE}) ({spread} > 0)"
    )
    return (
        column(worst("ecluse_drift_psi:1h")),
        column(worst("ecluse_drift_noise:1h")),
        column(worst("ecluse_drift_js:1h")),
        column(f"max by (feature) ({shift})"),
        column(worst("ecluse_input_out_of_range:ratio1h")),
        column(worst("ecluse_input_missing:ratio1h")),
        column(f"min by (feature) (ecluse_feature_lower_bound{{{VERSION}}})"),
        column(f"max by (feature) (ecluse_feature_upper_bound{{{VERSION}}})"),
    )


def _feature(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    return (
        (
            BarChart(
                title="$feature, now and in the baseline",
                description="Share of the rows of an hour in each bin, beside the baseline's share. Bins hold about as "
                "many rows of the baseline each, the first and the last whatever lies beyond. "
                "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
                width=12,
                height=9,
                over="bin",
                queries=(
                    column(f"avg by (bin) (version_feature_bin:ecluse_drift_live:ratio1h{{{CHOSEN}}})"),
                    column(f"avg by (bin) (ecluse_drift_baseline_ratio{{{CHOSEN}}})"),
                ),
                unit=Unit.RATIO,
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {"bin": 0, "Value #A": 1, "Value #B": 2},
                            "renameByName": {"Value #A": "now", "Value #B": "baseline"},
                        },
                    },
                    {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": "bin"}]}},
                ),
                overrides=(coloured("now", Colour.BLUE), coloured("baseline", Colour.GREY)),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
            TimeSeries(
                title="$feature: mean and spread",
                description="Mean of an hour with one standard deviation on each side, beside the baseline's; values "
                "are brought into the baseline's bounds first, so that one wild value does not decide. "
                "From ecluse_feature_offset_sum_total, ecluse_feature_offset_sumsq_total, ecluse_baseline_feature_mean "
                "and ecluse_baseline_feature_stddev.",
                width=12,
                height=9,
                queries=_moments(),
                lowest=None,
                overrides=(
                    coloured("mean", Colour.BLUE),
                    reference("+ deviation", Colour.LIGHT_BLUE),
                    reference("- deviation", Colour.LIGHT_BLUE),
                    reference("/^baseline/", is_pattern=True),
                ),
                legend=("lastNotNull",),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
        ),
        (
            TimeSeries(
                title="$feature: PSI and noise",
                description="The index over an hour, and what chance alone exceeds once in 10,000 windows with as many "
                "rows: few rows, much noise. From ecluse_drift_observations_total, "
                "ecluse_drift_baseline_observations and ecluse_drift_chi2_critical.",
                width=12,
                height=8,
                queries=(
                    Query(f"max(version_feature:ecluse_drift_psi:1h{{{CHOSEN}}})", "PSI"),
                    Query(f"max(version_feature:ecluse_drift_noise:1h{{{CHOSEN}}})", "noise"),
                ),
                thresholds=limit(promise.drift.input_psi),
                limits=Lines.DASHED,
                overrides=(coloured("PSI", Colour.BLUE), reference("noise")),
                legend=("lastNotNull",),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
            TimeSeries(
                title="$feature: out of range",
                description="Share of the rows examined whose value lies below or above the baseline's range. "
                "From ecluse_input_out_of_range_values_total and ecluse_input_rows_total.",
                width=12,
                height=8,
                queries=(
                    Query(
                        f"{rate('ecluse_input_out_of_range_values_total', 'side', where=CHOSEN)} "
                        f"/ on () group_left () ({rate('ecluse_input_rows_total')} > 0)",
                        "{{side}}",
                    ),
                ),
                unit=Unit.RATIO,
                legend=("lastNotNull",),
                empty=NO_BASELINE,
                empty_until=BASELINE,
            ),
        ),
    )


def _moments() -> tuple[Query, ...]:
    mean = f"avg(version_feature:ecluse_feature_mean:1h{{{CHOSEN}}})"
    deviation = f"avg(version_feature:ecluse_feature_stddev:1h{{{CHOSEN}}})"
    baseline, baseline_deviation = (f"avg(ecluse_baseline_feature_{what}{{{CHOSEN}}})" for what in ("mean", "stddev"))
    return (
        Query(mean, "mean"),
        Query(f"{mean} + {deviation}", "+ deviation"),
        Query(f"{mean} - {deviation}", "- deviation"),
        Query(baseline, "baseline mean"),
        Query(f"{baseline} + {baseline_deviation}", "baseline + deviation"),
        Query(f"{baseline} - {baseline_deviation}", "baseline - deviation"),
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
            Row("Features", _features(promise)),
            Row("Feature: $feature", _feature(promise)),
            Row("Values", (_values(promise),)),
            Row("Looking", (_looking(),)),
        ),
        variables=(*VARIABLES, FEATURE),
        annotations=ANNOTATIONS,
        links=LINKS,
    )
