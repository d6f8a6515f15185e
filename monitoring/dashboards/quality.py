"""Model quality: how sure the model is, how often it is right, and of what it is wrong.

The first needs probabilities alone and is there at once; the others need late
labels, and say so where there are none.
"""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import WINDOW, increase, quantile
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import BarChart, Heatmap, Lines, Stat, Table, TimeSeries, cell
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    NEUTRAL,
    Colour,
    Override,
    Thresholds,
    Unit,
    at_least,
    coloured,
    limit,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import VERSION, Query, buckets, column, now
from monitoring.slo import Promise

LABELS = "late labels are sent to /v1/feedback"
BASELINE = "the model has a baseline.json"
CLASSES = "the model tells classes"
WHICH = "{{model_name}} {{model_version}}"

HOURLY = f"version:ecluse_accuracy:ratio1h{{{VERSION}}}"
HOURLY_EXPECTED = f"version:ecluse_expected_accuracy:ratio1h{{{VERSION}}}"
ACCURACY = f"version:ecluse_accuracy:ratio24h{{{VERSION}}}"
EXPECTED = f"version:ecluse_expected_accuracy:ratio24h{{{VERSION}}}"
LABELLED = f"version:ecluse_labels:increase24h{{{VERSION}}}"
NO_LABELS = "No labels"


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


GOOD_RATIO = Thresholds(Colour.RED, ((0.5, Colour.ORANGE), (0.8, Colour.YELLOW), (0.9, Colour.GREEN)))


CONFUSED = Thresholds(
    Colour.NONE,
    ((0.01, Colour.BLUE), (0.05, Colour.ORANGE), (0.2, Colour.RED), (0.5, Colour.YELLOW), (0.8, Colour.GREEN)),
)


def _classes() -> tuple[tuple[Panel, ...], ...]:
    def worst(name: str) -> str:
        return f"min by (class) (version_class:ecluse_{name}:ratio24h{{{VERSION}}})"

    shown = {
        "unit": Unit.RATIO.value,
        "decimals": 1,
        "custom.cellOptions": cell("color-text"),
        "thresholds": GOOD_RATIO.to_json(),
    }
    confused = increase("ecluse_feedback_confusion_total", "actual", "predicted", window="24h")
    labelled = increase("ecluse_feedback_confusion_total", "actual", window="24h")
    return (
        (
            Table(
                title="Each class",
                description="Precision: of the rows called so, how many were. Recall: of the rows that were, how many "
                "were called so. F1: both. Over the labels of 24 hours, of the worst model and version chosen. From "
                "ecluse_feedback_correct_total, ecluse_feedback_predicted_total and ecluse_feedback_actual_total.",
                width=10,
                height=11,
                queries=(
                    column(worst("precision")),
                    column(worst("recall")),
                    column(worst("f1")),
                    column(f"max by (class) (ecluse_baseline_class_recall_ratio{{{VERSION}}})"),
                    column(increase("ecluse_feedback_actual_total", "class", window="24h")),
                ),
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {},
                            "renameByName": {
                                "Value #A": "precision",
                                "Value #B": "recall",
                                "Value #C": "F1",
                                "Value #D": "baseline's recall",
                                "Value #E": "labels",
                            },
                        },
                    },
                ),
                overrides=(
                    Override("precision", shown),
                    Override("recall", shown),
                    Override("F1", shown),
                    Override("baseline's recall", {"unit": Unit.RATIO.value, "decimals": 1}),
                    Override("labels", {"unit": Unit.NUMBER.value, "decimals": 0}),
                ),
                sort_by="class",
                descending=False,
                empty=NO_LABELS,
                empty_until=LABELS,
            ),
            Table(
                title="What is taken for what",
                description="Of the labelled rows of 24 hours that were of a class (down), the share that the model "
                "called so (across): green on the diagonal is well, and a coloured square beside it is a confusion. "
                "From ecluse_feedback_confusion_total, which is counted for models of at most 12 classes.",
                width=14,
                height=11,
                queries=(column(f"{confused} / on (actual) group_left () ({labelled} > 0)"),),
                unit=Unit.RATIO,
                decimals=1,
                thresholds=CONFUSED,
                transformations=(
                    {
                        "id": "groupingToMatrix",
                        "options": {
                            "columnField": "predicted",
                            "emptyValue": "zero",
                            "rowField": "actual",
                            "valueField": "Value",
                        },
                    },
                ),
                overrides=(
                    Override("/^(?!actual).*/", {"custom.cellOptions": cell("color-background")}, is_pattern=True),
                ),
                sort_by="actual\\predicted",
                descending=False,
                empty=NO_LABELS,
                empty_until=f"{LABELS}, and the model has at most 12 classes",
            ),
        ),
        (
            TimeSeries(
                title="Recall of each class",
                description="Of the rows that were of a class, how many were called so, over the labels of 24 hours, "
                "of "
                "the worst model and version chosen. From ecluse_feedback_correct_total and "
                "ecluse_feedback_actual_total.",
                width=8,
                height=8,
                queries=(Query(worst("recall"), "{{class}}"),),
                unit=Unit.RATIO,
                lowest=None,
                shows_at_least=(0.8, 1),
                legend=(),
                empty=NO_LABELS,
                empty_until=LABELS,
            ),
            TimeSeries(
                title="F1",
                description="Of each model and version over the labels of 24 hours, every class with the same weight. "
                "From ecluse_feedback_correct_total, ecluse_feedback_predicted_total and ecluse_feedback_actual_total.",
                width=8,
                height=8,
                queries=(Query(f"version:ecluse_f1_macro:ratio24h{{{VERSION}}}", WHICH),),
                unit=Unit.RATIO,
                lowest=None,
                shows_at_least=(0.8, 1),
                legend=(),
                empty=NO_LABELS,
                empty_until=LABELS,
            ),
            BarChart(
                title="Real and predicted labels",
                description="Share of each class among the labelled rows of 24 hours, as they were and as the model "
                "said: where the two differ the model leans. "
                "From ecluse_feedback_actual_total and ecluse_feedback_predicted_total.",
                width=8,
                height=8,
                over="class",
                queries=tuple(
                    column(
                        f"{increase(f'ecluse_feedback_{which}_total', 'class', window='24h')} / on () group_left () "
                        f"({increase(f'ecluse_feedback_{which}_total', window='24h')} > 0)"
                    )
                    for which in ("actual", "predicted")
                ),
                unit=Unit.RATIO,
                transformations=_side_by_side("class", "real", "predicted"),
                overrides=(coloured("real", Colour.GREEN), coloured("predicted", Colour.BLUE)),
                empty=NO_LABELS,
                empty_until=LABELS,
            ),
        ),
    )


def _side_by_side(over: str, first: str, second: str) -> tuple[dict[str, object], ...]:
    """Two instant answers as two bars to each name."""
    return (
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True},
                "indexByName": {over: 0, "Value #A": 1, "Value #B": 2},
                "renameByName": {"Value #A": first, "Value #B": second},
            },
        },
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": over}]}},
    )


def _predictions(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
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
                transformations=_side_by_side("class", "now", "baseline"),
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
            Row("Predictions, without labels", _predictions(promise)),
            Row("Classes, by late labels", _classes()),
            Row("Labels", (_labels(promise),)),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
