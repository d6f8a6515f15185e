"""Gives a prediction its id: what one model version said of the rows of one request.

One HMAC a request, and as little else as can be: this is on the way of every
answer. A request of a few rows is read without numpy, whose calls cost more
than so few numbers. Promises the same classes and chances as `prediction.py`.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, isfinite

import numpy as np

from monitoring.baseline import Calibration
from serving.feedback_keys import SigningKeys
from serving.prediction import Classifier, Scores
from serving.prediction_id import (
    LONGEST_VERSION,
    MOST_CLASSES,
    MOST_ROWS,
    NO_CLASS,
    SECONDS_A_MINUTE,
    PredictionId,
    content,
    mark_of_model,
    mark_of_names,
    sign,
    write_rows,
)
from serving.signature import Tensors

FEW_NUMBERS = 64
"""Rows times classes; from here on numpy is as fast."""

Said = tuple[Sequence[int], Sequence[float]]
"""The class of each row, and how sure the model is of it."""


class IdIssuer:
    """Gives the predictions of one model version their ids."""

    def __init__(
        self,
        model_name: str,
        model_version: str,
        classifier: Classifier,
        calibration: Calibration | None,
        keys: Callable[[], SigningKeys],
        *,
        clock: Callable[[], float] = time.time,
        draw: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """`calibration` turns confidence into the chance of being right; without it ids hold the confidence."""
        self.classifier = classifier
        self._model_mark = mark_of_model(model_name)
        self._version = model_version
        self._names_mark = mark_of_names(classifier.names)
        self._calibrated = None if calibration is None else _calibrated(calibration)
        self._keys = keys
        self._clock = clock
        self._draw = draw

    def id_of(self, outputs: Tensors) -> str | None:
        """Write the id of what the model said; None where it said nothing of any class."""
        array = outputs.get(self.classifier.output)
        if array is None or array.ndim != 2 or array.shape[1] != self.classifier.columns or not len(array):
            return None
        said = _of_few(array, self.classifier.scores) if array.shape[1] > 1 and array.size <= FEW_NUMBERS else None
        classes, chances = said if said is not None else self._of_many(outputs)
        if self._calibrated is not None:
            chances = [self._calibrated(chance) for chance in chances]
        key = self._keys().signing
        prediction = PredictionId(
            self._model_mark,
            self._version,
            int(self._clock()) // SECONDS_A_MINUTE,
            int.from_bytes(self._draw(8), "big"),
            len(self.classifier.names),
            self._names_mark,
            self._calibrated is not None,
            write_rows(classes, chances),
        )
        return sign(content(prediction, key), key)

    def _of_many(self, outputs: Tensors) -> Said:
        array = outputs[self.classifier.output][:MOST_ROWS]
        said = self.classifier.predict({self.classifier.output: array})
        assert said is not None  # noqa: S101 - its shape was looked at
        classes = np.where(said.is_finite, said.classes, NO_CLASS)
        return classes.tolist(), said.confidence.tolist()


def can_issue(model_version: str, classifier: Classifier) -> bool:
    """Whether an id has room for what this version says."""
    return len(classifier.names) <= MOST_CLASSES and len(model_version.encode()) <= LONGEST_VERSION


def _of_few(array: np.ndarray, scores: Scores) -> Said | None:
    """Read a few rows; None where a number is not finite, which is for `prediction.py` to tell."""
    classes, confidences = [], []
    for row in array.tolist():
        if not isfinite(sum(row)):
            return None
        top = max(row)
        classes.append(row.index(top))
        confidence = top if scores is Scores.PROBABILITIES else 1 / sum([exp(number - top) for number in row])
        confidences.append(min(confidence, 1.0))
    return classes, confidences


def _calibrated(calibration: Calibration) -> Callable[[float], float]:
    """Interpolate as `numpy.interp` does, which costs more for one number than all else here."""
    knots, chances = calibration.confidence, calibration.probability_correct
    pairs = pairwise(zip(knots, chances, strict=True))
    slopes = [(high - low) / (right - left) for (left, low), (right, high) in pairs]

    def calibrated(confidence: float) -> float:
        at = bisect_left(knots, confidence)
        if at == 0:
            return chances[0]
        if at == len(knots):
            return chances[-1]
        return chances[at - 1] + slopes[at - 1] * (confidence - knots[at - 1])

    return calibrated
