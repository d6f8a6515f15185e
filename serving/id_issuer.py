"""Gives a prediction its id: what one model version said of the rows of one request.

One HMAC a request, and as little else as can be: this is on the way of every
answer. A request of a few rows is read without numpy, whose calls cost more
than so few numbers. Promises the same classes and chances as `prediction.py`.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, isfinite
from random import Random

import numpy as np

from monitoring.baseline import Calibration
from serving import logs
from serving.feedback_keys import SigningKeys
from serving.prediction import Classifier, Scores, predict
from serving.prediction_id import (
    LONGEST_VERSION,
    MOST_CLASSES,
    MOST_ROWS,
    NO_CLASS,
    RANDOM_BYTES,
    SECONDS_A_MINUTE,
    Frame,
    SigningKey,
    frame,
    mark_of_model,
    mark_of_names,
    sign,
    write_rows,
)
from serving.signature import Tensors

FEW_NUMBERS = 64
"""Rows times classes; from here on numpy is as fast."""

Said = tuple[Sequence[int], Sequence[float]]
"""The class of each row, and the chance that it is right."""


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
        draw: Callable[[int], bytes] | None = None,
    ) -> None:
        """`calibration` turns confidence into the chance of being right; without it ids hold the confidence."""
        self.classifier = classifier
        self._model_name = model_name
        self._version = model_version
        self._calibration = calibration
        self._calibrated = _as_it_is if calibration is None else _calibrated(calibration)
        self._keys = keys
        self._clock = clock
        # Only to tell ids apart. The system's own would be asked with the interpreter let go of, which a thread takes.
        self._draw = draw if draw is not None else Random().randbytes  # noqa: S311
        self._is_failing = False
        """Whether a fault was told: once is enough."""
        self._key = keys().signing
        self._frame = self._framed(self._key)

    def id_of(self, outputs: Tensors) -> str | None:
        """Write the id of what the model said; None where it said nothing of any class. Never raises."""
        try:
            return self._id_of(outputs)
        # The border to the answer, which is whole without an id.
        except Exception as error:  # noqa: BLE001
            if not self._is_failing:
                logs.event("prediction_id_failed", level=logs.ERROR, error=error, model_name=self._model_name)
            self._is_failing = True
            return None

    def _id_of(self, outputs: Tensors) -> str | None:
        array = outputs.get(self.classifier.output)
        if array is None or array.ndim != 2 or array.shape[1] != self.classifier.columns or not len(array):
            return None
        said = self._of_few(array) if array.shape[1] > 1 and array.size <= FEW_NUMBERS else None
        classes, chances = said if said is not None else self._of_many(array)
        key = self._keys().signing
        if key is not self._key:
            self._key, self._frame = key, self._framed(key)
        minute = int(self._clock()) // SECONDS_A_MINUTE
        return sign(self._frame.content(minute, self._draw(RANDOM_BYTES), write_rows(classes, chances)), key)

    def _framed(self, key: SigningKey) -> Frame:
        return frame(
            key,
            mark_of_model(self._model_name),
            self._version,
            len(self.classifier.names),
            mark_of_names(self.classifier.names),
            is_calibrated=self._calibration is not None,
        )

    def _of_few(self, array: np.ndarray) -> Said | None:
        """Read a few rows; None where a number is not finite, which is for `prediction.py` to tell."""
        classes, chances = [], []
        for row in array.tolist():
            if not isfinite(sum(row)):
                return None
            top = max(row)
            classes.append(row.index(top))
            if self.classifier.scores is Scores.LOGITS:
                top = 1 / sum([exp(number - top) for number in row])
            chances.append(self._calibrated(min(top, 1.0)))
        return classes, chances

    def _of_many(self, array: np.ndarray) -> Said:
        said = predict(array[:MOST_ROWS], self.classifier.scores)
        chances = said.confidence
        if self._calibration is not None:
            chances = np.interp(chances, self._calibration.confidence, self._calibration.probability_correct)
        return np.where(said.is_finite, said.classes, NO_CLASS).tolist(), chances.tolist()


def can_issue(model_version: str, classifier: Classifier) -> bool:
    """Whether an id has room for what this version says."""
    return len(classifier.names) <= MOST_CLASSES and len(model_version.encode()) <= LONGEST_VERSION


def _as_it_is(confidence: float) -> float:
    return confidence


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
