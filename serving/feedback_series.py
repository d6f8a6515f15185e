"""What late labels are counted in: the series of each model version that predictions were made by.

A version that serves has all of its series from the start, at zero. One that
serves no more is counted on where it is one of a few; its series are told at
zero once before what they count is added, since nobody sees an increase in what
begins with a number. What is counted under a class is told by the class' name
as the metrics of predictions tell it.
"""

from functools import partial
from itertools import product
from typing import Any

from monitoring.contract.values import DELAY_SECONDS, FEEDBACK_RESULTS, MOST_CONFUSED
from serving.class_names import ClassNames
from serving.metrics import Metrics
from serving.prediction_id import CHANCE_STEPS, PredictionId, Row
from serving.series import Count, Distribution

OF_CLASSES = ("ecluse_feedback_actual_total", "ecluse_feedback_predicted_total", "ecluse_feedback_correct_total")
RESULTS = "ecluse_feedback_labels_total"
CONFUSION = "ecluse_feedback_confusion_total"
EXPECTED = "ecluse_feedback_expected_correct_total"
DELAY = "ecluse_feedback_delay_seconds"

Model = tuple[str, str]
"""A model's name and its version."""

NOBODY: Model = ("", "")
"""Whom a label is counted under that leads to no model."""


class FeedbackSeries:
    """The series of all versions of all models."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._held: dict[Model, dict[tuple[str, ...], Any]] = {}
        """What is counted of versions whose series were not told yet."""
        self._begin_results(NOBODY)

    def begin(self, model: Model, classes: ClassNames, *, is_calibrated: bool) -> None:
        """Export the series of a version; what they have counted already is kept."""
        self._begin_results(model)
        for name, one in product(OF_CLASSES, dict.fromkeys(classes.exported)):
            self._metrics[name].labels(*model, one)
        if len(classes.exported) <= MOST_CONFUSED:
            for actual, predicted in product(classes.exported, repeat=2):
                self._metrics[CONFUSION].labels(*model, actual, predicted)
        # Without calibration an accuracy of zero would be expected, which is nothing that anybody said.
        if is_calibrated:
            self._metrics[EXPECTED].labels(*model)
        self._metrics[DELAY].labels(*model)

    def is_retired(self, model: Model) -> bool:
        """Whether what a version has counted is kept though it serves no more."""
        return self._metrics.is_retired(*model)

    def recall(self, model: Model, classes: ClassNames, *, is_calibrated: bool) -> bool:
        """Count on for a version that does not serve here, if there is room for one more; say whether there was."""
        has_room = self._metrics.recall(*model)
        if has_room:
            self.begin(model, classes, is_calibrated=is_calibrated)
            if model not in self._held:
                self._held[model] = {}
                self._metrics.once_rendered(partial(self._release, model))
        return has_room

    def answered(self, model: Model, result: str) -> None:
        """Count what became of a label."""
        self._series(model, RESULTS, result).inc()

    def accepted(
        self, model: Model, said: PredictionId, row: Row, actual: int, classes: ClassNames, age_seconds: float
    ) -> None:
        """Count a label."""
        self.answered(model, "accepted")
        exported = classes.exported
        predicted = exported[row.class_number]
        self._series(model, "ecluse_feedback_actual_total", exported[actual]).inc()
        self._series(model, "ecluse_feedback_predicted_total", predicted).inc()
        if actual == row.class_number:
            self._series(model, "ecluse_feedback_correct_total", predicted).inc()
        if len(exported) <= MOST_CONFUSED:
            self._series(model, CONFUSION, exported[actual], predicted).inc()
        if said.is_calibrated:
            self._series(model, EXPECTED).inc(row.chance / CHANCE_STEPS)
        self._series(model, DELAY).observe(age_seconds)

    def _series(self, model: Model, name: str, *labels: str) -> Any:
        held = self._held.get(model)
        if held is None:
            return self._metrics[name].labels(*model, *labels)
        if (name, *labels) not in held:
            held[name, *labels] = Distribution(DELAY_SECONDS) if name == DELAY else Count()
        return held[name, *labels]

    def _release(self, model: Model) -> None:
        """Add what was held back, now that all series were told at zero."""
        for (name, *labels), counted in self._held.pop(model).items():
            self._metrics[name].labels(*model, *labels).merge(counted)

    def _begin_results(self, model: Model) -> None:
        for result in FEEDBACK_RESULTS:
            self._metrics[RESULTS].labels(*model, result)
