"""Each class: how often the model is right about it, and what it takes it for."""

from monitoring.dashboards.expressions import increase
from monitoring.dashboards.kinds import BarChart, Table, TimeSeries, cell
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    coloured,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.quality_words import LABELS, NO_LABELS, WHICH
from monitoring.dashboards.query import VERSION, Query, column

GOOD_RATIO = Thresholds(Colour.RED, ((0.5, Colour.ORANGE), (0.8, Colour.YELLOW), (0.9, Colour.GREEN)))


CONFUSED = Thresholds(
    Colour.NONE,
    ((0.01, Colour.BLUE), (0.05, Colour.ORANGE), (0.2, Colour.RED), (0.5, Colour.YELLOW), (0.8, Colour.GREEN)),
)


def classes() -> tuple[tuple[Panel, ...], ...]:
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
                transformations=side_by_side("class", "real", "predicted"),
                overrides=(coloured("real", Colour.GREEN), coloured("predicted", Colour.BLUE)),
                empty=NO_LABELS,
                empty_until=LABELS,
            ),
        ),
    )


def side_by_side(over: str, first: str, second: str) -> tuple[dict[str, object], ...]:
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
