"""The baseline of the reference model: the test images, calibrated on the validation images.

Training writes it beside every version; `python -m model.baseline MODEL mnist`
writes the same anew. Pure but for the model that it asks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model import quality
from model.baseline.answers import Answers
from model.baseline.calibration import Judged
from model.baseline.describe import Inputs, Json, Judgement, describe
from model.data import Rows
from monitoring.features import ImageInput, features_of

Predict = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Answered:
    """Images with their digits, and what the model said to them."""

    rows: Rows
    answers: Answers

    def judged(self, rows_are: str) -> Judged:
        return Judged(rows_are, self.answers.confidence, self.answers.predicted == self.rows.labels)


def ask(predict: Predict, rows: Rows) -> Answered:
    return Answered(rows, Answers("probabilities", "probabilities", predict(rows.images).astype(np.float64)))


def describe_reference(test: Answered, validation: Answered) -> Json:
    """The whole file."""
    height, width = test.rows.images.shape[1:]
    described = ImageInput(name="image", shape=(height, width), height=height, width=width)
    rows_are = "test rows, never trained on"
    return describe(
        rows=len(test.rows),
        rows_are=rows_are,
        inputs=Inputs(described, features_of({"image": test.rows.images}, described)),
        answers=test.answers,
        names=quality.CLASSES,
        judgement=Judgement(
            labels=test.rows.labels.astype(np.int64),
            answers=test.answers,
            learnt_from=validation.judged("validation rows, never trained on"),
            judged_on=test.judged(rows_are),
        ),
    )
