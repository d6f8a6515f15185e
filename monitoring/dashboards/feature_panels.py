"""The features beside each other, and one of them closer."""

from monitoring.dashboards.drift_expressions import BASELINE, BY_FEATURE, CHOSEN, NO_BASELINE, psi
from monitoring.dashboards.expressions import rate
from monitoring.dashboards.kinds import BarChart, Lines, StateTimeline, Table, TimeSeries, cell
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import VERSION, Query, column
from monitoring.slo import Promise


def features(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
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


def feature(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
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
