"""The content of baseline.json, from what was measured on held-out rows.

Everything is measured on one set of rows but the calibration, whose table is
fitted on others. What could not be had is left out: no labels, no quality; no
classes, no confidence. Pure functions of arrays; sealing and checking the form
is `monitoring.baseline`'s.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model import quality
from model.baseline.answers import Answers
from model.baseline.calibration import Judged, describe_calibration
from model.baseline.histograms import chi2_critical, describe_feature, describe_probability
from monitoring.baseline import SCHEMA_VERSION, seal
from monitoring.contract.values import MOST_CLASSES
from monitoring.features import ColumnsInput, ImageInput

Floats = npt.NDArray[np.float64]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is watched of the rows that go in."""

    described: ImageInput | ColumnsInput
    values: Floats
    """[rows, features], NaN where missing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """True classes, and the rows from which calibration may learn and on which it is judged."""

    labels: npt.NDArray[np.int64]
    answers: Answers
    """Of the labelled rows."""
    learnt_from: Judged
    judged_on: Judged


def describe(
    *,
    rows: int,
    rows_are: str,
    inputs: Inputs | None,
    answers: Answers | None,
    names: Sequence[str],
    judgement: Judgement | None,
) -> Json:
    """The whole file, sealed; raises monitoring.baseline.BaselineError where it would not be read."""
    content: Json = {"tool": f"model.baseline {SCHEMA_VERSION}", "rows": rows, "rows_are": rows_are}
    if inputs is not None:
        content |= _described_inputs(inputs)
    if answers is not None:
        content |= {
            "output": {"name": answers.output, "kind": answers.kind, "columns": answers.columns},
            "classes": _described_classes(answers, names, judgement),
            "confidence": describe_probability(answers.confidence),
            "margin": describe_probability(answers.margin),
        }
    if judgement is not None:
        content |= {
            "quality": _described_quality(judgement, names),
            "calibration": describe_calibration(judgement.learnt_from, judgement.judged_on),
        }
    return seal(content)


def _described_inputs(inputs: Inputs) -> Json:
    features = [
        asdict(which) | describe_feature(which.name, inputs.values[:, place])
        for place, which in enumerate(inputs.described.features)
    ]
    lower = np.array([feature["lower_bound"] for feature in features])
    upper = np.array([feature["upper_bound"] for feature in features])
    outside = (inputs.values < lower) | (inputs.values > upper)
    return {
        "input": inputs.described.model_dump(mode="json"),
        "features": features,
        "outlier_ratio": float(outside.any(axis=1).mean()),
    }


def _described_classes(answers: Answers, names: Sequence[str], judgement: Judgement | None) -> Json:
    classes: Json = {
        "names": list(names),
        "predicted_counts": _counts(answers.predicted, len(names)),
        # Beyond so many, classes are counted together as one.
        "chi2_critical": chi2_critical(min(len(names), MOST_CLASSES + 1)),
    }
    if judgement is not None:
        classes["label_counts"] = _counts(judgement.labels, len(names))
    return classes


def _described_quality(judgement: Judgement, names: Sequence[str]) -> Json:
    answers = judgement.answers
    measured = quality.measure(judgement.labels, answers.predicted, answers.confidence, names)
    return {
        "accuracy_ratio": measured.accuracy,
        "macro_f1": measured.macro_f1,
        "expected_calibration_error": measured.expected_calibration_error,
        "expected_calibration_error_bins": quality.CALIBRATION_BINS,
        "classes": [asdict(each) for each in measured.classes],
    }


def _counts(classes: npt.NDArray[np.integer[Any]], count: int) -> list[int]:
    return [int(rows) for rows in np.bincount(classes, minlength=count)]
