"""What the model says and how sure it is, with no label needed."""

from monitoring.dashboards.class_panels import side_by_side
from monitoring.dashboards.expressions import WINDOW, increase, quantile
from monitoring.dashboards.kinds import BarChart, Heatmap, Lines, TimeSeries
from monitoring.dashboards.look import (
    Colour,
    Unit,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.quality_words import BASELINE, CLASSES, WHICH
from monitoring.dashboards.query import VERSION, Query, buckets, column
from monitoring.slo import Promise


def predictions(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    everything = increase("ecluse_predictions_total", window="1h")
    return (
        (
            TimeSeries(
                title="Classes predicted",
                description="Share of each class among the rows answered within an hour. One that takes all is a "
                "collapse: a broken model, or broken inputs. From ecluse_predictions_total.",
                width=8,
                height=9,
                queries=(
                    Query(
                        f"sum by (class) (rate(ecluse_predictions_total{{{VERSION}}}[{WINDOW}])) / on () group_left () "
                        f"(sum(rate(ecluse_predictions_total{{{VERSION}}}[{WINDOW}])) > 0)",
                        "{{class}}",
                    ),
                ),
                unit=Unit.RATIO,
                highest=1,
                stacked=True,
                legend=(),
                empty_until=CLASSES,
            ),
            BarChart(
                title="Classes now and in the baseline",
                description="Share of each class among the rows answered within an hour, beside the share that the "
                "model gave it on the baseline's rows. From ecluse_predictions_total and ecluse_baseline_class_ratio.",
                width=8,
                height=9,
                over="class",
                queries=(
                    column(
                        f"{increase('ecluse_predictions_total', 'class', window='1h')} / on () group_left () "
                        f"({everything} > 0)"
                    ),
                    column(f"avg by (class) (ecluse_baseline_class_ratio{{{VERSION}}})"),
                ),
                unit=Unit.RATIO,
                transformations=side_by_side("class", "now", "baseline"),
                overrides=(coloured("now", Colour.BLUE), coloured("baseline", Colour.GREY)),
                empty_until=CLASSES,
            ),
            TimeSeries(
                title="Prediction drift",
                description="The population stability index of the classes predicted against the baseline, over an "
                "hour "
                "and over a day, and what chance alone exceeds once in 10,000 windows. Drift is what lies above both "
                f"the line of {promise.drift.prediction_psi:g} and the noise. "
                "From ecluse_predictions_total and ecluse_baseline_class_ratio.",
                width=8,
                height=9,
                queries=(
                    Query(f"version:ecluse_prediction_psi:1h{{{VERSION}}}", f"{WHICH} 1h"),
                    Query(f"version:ecluse_prediction_psi:24h{{{VERSION}}}", f"{WHICH} 24h"),
                    Query(f"version:ecluse_prediction_noise:1h{{{VERSION}}}", f"{WHICH} noise 1h"),
                ),
                thresholds=limit(promise.drift.prediction_psi),
                limits=Lines.DASHED,
                overrides=(reference("/ noise /", is_pattern=True),),
                legend=("lastNotNull",),
                empty="No baseline",
                empty_until=BASELINE,
            ),
        ),
        (
            TimeSeries(
                title="Confidence",
                description="Mean of the largest probability of each row over an hour, beside the baseline's and the "
                "line at which an alert fires. From ecluse_prediction_confidence and ecluse_baseline_confidence_mean.",
                width=8,
                height=8,
                queries=(
                    Query(f"version:ecluse_prediction_confidence:mean1h{{{VERSION}}}", WHICH),
                    Query(
                        f"max by (model_name, model_version) (ecluse_baseline_confidence_mean{{{VERSION}}})",
                        "{{model_name}} {{model_version}} baseline",
                    ),
                    Query(
                        f"max by (model_name, model_version) (ecluse_baseline_confidence_mean{{{VERSION}}})"
                        f" - {promise.drift.confidence_drop:g}",
                        f"{WHICH} alert below",
                    ),
                ),
                unit=Unit.RATIO,
                lowest=None,
                shows_at_least=(0.8, 1),
                overrides=(
                    reference("/ baseline$/", is_pattern=True),
                    reference("/ alert below$/", Colour.RED, is_pattern=True),
                ),
                legend=("lastNotNull",),
                empty="No probabilities",
                empty_until="the model answers with probabilities",
            ),
            Heatmap(
                title="How confidence spreads",
                description="How many rows were answered how surely. From ecluse_prediction_confidence.",
                width=8,
                height=8,
                queries=(
                    buckets(f"sum by (le) (increase(ecluse_prediction_confidence_bucket{{{VERSION}}}[{WINDOW}]))"),
                ),
                scheme="Greens",
                unit=Unit.RATIO,
                empty="No probabilities",
                empty_until="the model answers with probabilities",
            ),
            TimeSeries(
                title="How close the second class was",
                description="The largest probability less the second largest: median and lowest tenth of the rows. "
                "From ecluse_prediction_margin.",
                width=8,
                height=8,
                queries=(
                    Query(quantile(0.5, "ecluse_prediction_margin"), "median"),
                    Query(quantile(0.1, "ecluse_prediction_margin"), "lowest tenth"),
                ),
                unit=Unit.RATIO,
                highest=1,
                overrides=(coloured("median", Colour.BLUE), coloured("lowest tenth", Colour.ORANGE)),
                legend=("lastNotNull",),
                empty="No probabilities",
                empty_until="the model answers with probabilities",
            ),
        ),
    )
