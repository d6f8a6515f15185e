"""Model quality: how sure the model is, how often it is right, and of what it is wrong.

The first needs probabilities alone and is there at once; the others need late
labels, and say so where there are none.
"""

from monitoring.dashboards.class_panels import classes
from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import WINDOW, quantile
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import Lines, Stat, TimeSeries
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    NEUTRAL,
    Colour,
    Thresholds,
    Unit,
    at_least,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.prediction_panels import predictions
from monitoring.dashboards.quality_words import (
    ACCURACY,
    EXPECTED,
    HOURLY,
    HOURLY_EXPECTED,
    LABELLED,
    LABELS,
    NO_LABELS,
    WHICH,
)
from monitoring.dashboards.query import VERSION, Query, now
from monitoring.slo import Promise


def _now(promise: Promise) -> tuple[Panel, ...]:
    drop = promise.quality.accuracy_drop

    def quality(title: str, meaning: str, expr: str, thresholds: Thresholds, lowest: float | None = 0) -> Stat:
        return Stat(
            title=title,
            description=f"{meaning} Over the labels of 24 hours, of the worst model and version chosen.",
            width=4,
            height=4,
            queries=(now(expr),),
            unit=Unit.RATIO,
            decimals=1,
            lowest=lowest,
            highest=1,
            thresholds=thresholds,
            empty=NO_LABELS,
            empty_until=LABELS,
        )

    by = "on (namespace, model_name, model_version)"
    baseline = f"max by (namespace, model_name, model_version) (ecluse_baseline_accuracy_ratio{{{VERSION}}})"
    gap = f"max by (namespace, model_name, model_version) (ecluse_baseline_calibration_gap_ratio{{{VERSION}}})"
    return (
        quality(
            "Accuracy",
            "Share of labelled rows that the model had right. "
            "From ecluse_feedback_correct_total and ecluse_feedback_actual_total.",
            f"min({ACCURACY})",
            NEUTRAL,
        ),
        quality(
            "Against the baseline",
            f"Accuracy less the baseline's: below {-drop:g} the model has become worse. "
            "From ecluse_feedback_correct_total and ecluse_baseline_accuracy_ratio.",
            f"min({ACCURACY} - {by} {baseline})",
            at_least(-drop, round(-drop / 2, 9)),
            None,
        ),
        quality(
            "Macro F1",
            "The mean of all classes' F1, each class the same weight: falls when a rare class is forgotten. "
            "From ecluse_feedback_predicted_total, ecluse_feedback_actual_total and ecluse_feedback_correct_total.",
            f"min(version:ecluse_f1_macro:ratio24h{{{VERSION}}})",
            NEUTRAL,
        ),
        quality(
            "Surer than right",
            "How much the model expects to be right above what it was, less what the baseline had of that; from "
            f"{promise.quality.concept_gap:g} on the world has changed: concept drift. "
            "From ecluse_feedback_expected_correct_total and ecluse_feedback_correct_total.",
            f"max({EXPECTED} - {by} {ACCURACY} - {by} ({gap} or 0 * {EXPECTED}))",
            Thresholds(
                Colour.GREEN,
                (
                    (round(promise.quality.concept_gap / 2, 9), Colour.YELLOW),
                    (promise.quality.concept_gap, Colour.RED),
                ),
            ),
            None,
        ),
        Stat(
            title="Confidence",
            description="Mean of the largest probability of each row answered, over an hour, of the least sure model "
            "and version chosen. From ecluse_prediction_confidence.",
            width=4,
            height=4,
            queries=(now(f"min(version:ecluse_prediction_confidence:mean1h{{{VERSION}}})"),),
            unit=Unit.RATIO,
            decimals=1,
            highest=1,
            empty="No probabilities",
            empty_until="the model answers with probabilities",
        ),
        Stat(
            title="Labels of a day",
            description=f"Labelled rows of 24 hours. Below {promise.quality.minimum_labels} no alert says anything of "
            "quality: chance would. From ecluse_feedback_actual_total.",
            width=4,
            height=4,
            queries=(now(f"sum({LABELLED})"),),
            decimals=0,
            thresholds=Thresholds(Colour.YELLOW, ((promise.quality.minimum_labels, Colour.BLUE),)),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
    )


def _right() -> tuple[Panel, ...]:
    spread = f"2 * sqrt({ACCURACY} * (1 - {ACCURACY}) / ({LABELLED} > 0))"
    return (
        TimeSeries(
            title="Accuracy",
            description="Share of labelled rows of 24 hours that the model had right, with the two standard errors on "
            "each side that so few labels leave open, beside that of an hour and the baseline's. "
            "From ecluse_feedback_correct_total, ecluse_feedback_actual_total and ecluse_baseline_accuracy_ratio.",
            width=12,
            height=9,
            queries=(
                Query(ACCURACY, f"{WHICH} 24h"),
                Query(HOURLY, f"{WHICH} 1h"),
                Query(f"clamp_max({ACCURACY} + {spread}, 1)", f"{WHICH} at most"),
                Query(f"clamp_min({ACCURACY} - {spread}, 0)", f"{WHICH} at least"),
                Query(
                    f"max by (model_name, model_version) (ecluse_baseline_accuracy_ratio{{{VERSION}}})",
                    "{{model_name}} {{model_version}} baseline",
                ),
            ),
            unit=Unit.RATIO,
            lowest=None,
            shows_at_least=(0.8, 1),
            overrides=(
                reference("/ at (most|least)$/", Colour.LIGHT_BLUE, is_pattern=True),
                reference("/ baseline$/", is_pattern=True),
            ),
            legend=(),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
        TimeSeries(
            title="Expected against real accuracy",
            description="What the model's calibrated confidence says of the labelled rows, and what their labels "
            "say, over "
            "an hour and, dashed, over 24 hours. "
            "Falling together: inputs have become harder. Apart: concept drift, and only training anew helps. "
            "From ecluse_feedback_expected_correct_total and ecluse_feedback_correct_total.",
            width=12,
            height=9,
            queries=(
                Query(HOURLY_EXPECTED, f"{WHICH} expected 1h"),
                Query(HOURLY, f"{WHICH} real 1h"),
                Query(EXPECTED, f"{WHICH} expected 24h"),
                Query(ACCURACY, f"{WHICH} real 24h"),
            ),
            unit=Unit.RATIO,
            lowest=None,
            shows_at_least=(0.8, 1),
            overrides=(
                coloured("/ expected 1h$/", Colour.PURPLE, is_pattern=True),
                coloured("/ real 1h$/", Colour.GREEN, is_pattern=True),
                reference("/ expected 24h$/", Colour.PURPLE, is_pattern=True),
                reference("/ real 24h$/", Colour.GREEN, is_pattern=True),
            ),
            legend=(),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
    )


def _labels(promise: Promise) -> tuple[Panel, ...]:
    delay = "ecluse_feedback_delay_seconds"
    return (
        TimeSeries(
            title="Labels, by what became of them",
            description="Late labels a second: only the accepted are counted; the others were sent twice, came too "
            "late, or bear a token that is not ours. From ecluse_feedback_labels_total.",
            width=8,
            height=8,
            queries=(
                Query(f"sum by (result) (rate(ecluse_feedback_labels_total{{{VERSION}}}[{WINDOW}]))", "{{result}}"),
            ),
            unit=Unit.PER_SECOND,
            stacked=True,
            overrides=(coloured("accepted", Colour.GREEN),),
            legend=("mean", "lastNotNull"),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
        TimeSeries(
            title="How late labels come",
            description="From a prediction to its label: median and 95th percentile, of the labels of six hours. "
            "Quality is that of so long ago. From ecluse_feedback_delay_seconds.",
            width=8,
            height=8,
            queries=(
                Query(quantile(0.95, delay, window="6h"), "p95"),
                Query(quantile(0.5, delay, window="6h"), "p50"),
            ),
            unit=Unit.SECONDS,
            overrides=(coloured("p95", Colour.BLUE), coloured("p50", Colour.LIGHT_BLUE)),
            legend=("lastNotNull",),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
        TimeSeries(
            title="Label shift",
            description="Half the sum of the differences between the shares of real and of predicted classes: the part "
            f"of all rows that would have to change class for the two to agree. From {promise.quality.label_shift:g} "
            "on "
            "the model leans. From ecluse_feedback_actual_total and ecluse_feedback_predicted_total.",
            width=8,
            height=8,
            queries=(Query(f"version:ecluse_label_shift_tvd:ratio24h{{{VERSION}}}", WHICH),),
            unit=Unit.RATIO,
            thresholds=limit(promise.quality.label_shift),
            limits=Lines.DASHED,
            legend=("lastNotNull",),
            empty=NO_LABELS,
            empty_until=LABELS,
        ),
    )


def quality(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-quality",
        title="Écluse / Model quality",
        description="How sure the model is, how often it is right, and of what it is wrong.",
        rows=(
            Row("Now", (_now(promise),)),
            Row("Right or wrong", (_right(),)),
            Row("Predictions, without labels", predictions(promise)),
            Row("Classes, by late labels", classes()),
            Row("Labels", (_labels(promise),)),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
