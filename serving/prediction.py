"""What a model says of a row: its class, how sure it is, and by how much.

Finds the output that holds a number for each class. The baseline names it;
without one it is the only candidate of the signature, judged by the values it
gives. Where it cannot be told, nothing is said: a wrong class is worse than
none. Pure functions of arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from monitoring.baseline import FLOATING, Baseline
from monitoring.contract.values import MOST_CLASSES, OTHER
from serving.signature import Signature, Tensors, TensorSpec

NO_OUTPUT = "none"
"""What names no output: the model classifies nothing."""

ROOM = {"FP16": 2e-2, "BF16": 5e-2}
"""By how much probabilities of so few bits may miss one in all."""
FINE_ROOM = 1e-3


class Scores(StrEnum):
    """What the numbers of an output are."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said of some rows, in their order."""

    classes: npt.NDArray[np.int64]
    """The index of the class put first; of equals the first one."""
    confidence: npt.NDArray[np.float64]
    """The largest probability, from 0 to 1 whatever the model calls one."""
    margin: npt.NDArray[np.float64]
    """The largest probability less the second largest, from 0 to 1."""
    is_finite: npt.NDArray[np.bool_]
    """False where a number of the row is NaN or infinite: then the others of that row mean nothing."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """The output of a model that holds a number for each class."""

    output: str
    scores: Scores
    columns: int
    """Numbers in a row; a single one is that of the second of two classes."""
    names: tuple[str, ...]
    """What each class is called."""

    @property
    def exported(self) -> tuple[str, ...]:
        """What each class is called in metrics: at most so many are told apart."""
        return tuple(name if index < MOST_CLASSES else OTHER for index, name in enumerate(self.names))

    def predict(self, outputs: Tensors) -> Predictions | None:
        """Read the outputs of some rows; None where this output is not there or not of its shape."""
        array = outputs.get(self.output)
        if array is None or array.ndim != 2 or array.shape[1] != self.columns:
            return None
        return predict(array, self.scores)


def predict(array: npt.NDArray[np.generic], scores: Scores) -> Predictions:
    """Read numbers [rows, classes], or [rows, 1] for the second of two classes."""
    numbers = array.astype(np.float64)
    is_finite = np.asarray(np.isfinite(numbers).all(axis=1))
    if not is_finite.all():
        numbers = np.where(is_finite[:, np.newaxis], numbers, 0.0)
    rows, columns = numbers.shape
    if columns == 1:
        second = numbers[:, 0] if scores is Scores.PROBABILITIES else 1 / (1 + np.exp(-numbers[:, 0].clip(-700, 700)))
        confidence = np.maximum(second, 1 - second).clip(max=1.0)
        return Predictions((second > 0.5).astype(np.int64), confidence, 2 * confidence - 1, is_finite)
    classes = numbers.argmax(axis=1)
    every = np.arange(rows)
    first = numbers[every, classes]
    numbers[every, classes] = -np.inf
    second = numbers.max(axis=1)
    if scores is Scores.LOGITS:
        # The largest becomes exp(0): nothing overflows.
        numbers[every, classes] = first
        total = np.exp(numbers - first[:, np.newaxis]).sum(axis=1)
        first, second = 1 / total, np.exp(second - first) / total
    # A softmax in float32 may exceed one by its last digit. Sums of what is far beyond could go down, or stay infinite.
    first, second = first.clip(0.0, 1.0), second.clip(0.0, 1.0)
    return Predictions(classes, first, first - second, is_finite)


def find_classifier(
    signature: Signature, baseline: Baseline | None, wanted: str, tried: Sequence[Tensors]
) -> tuple[Classifier | None, str]:
    """Find the output with a number for each class, or say in a sentence why there is none.

    `wanted` is what the settings say: a name, "none", or nothing. `tried` are outputs
    of a few rows, whatever they were.
    """
    if wanted == NO_OUTPUT:
        return None, ""
    if baseline is not None and baseline.output is not None and wanted in ("", baseline.output.name):
        output, classes = baseline.output, baseline.classes
        names = classes.names if classes is not None else ()
        return Classifier(output.name, Scores(output.kind), output.columns, names), ""
    if baseline is not None and baseline.output is None and not wanted:
        # Who made it looked at real rows, and found no classes.
        return None, ""
    candidates = [spec for spec in signature.outputs if _may_hold_classes(spec) and wanted in ("", spec.name)]
    if wanted and wanted not in signature.output_by_name:
        return None, f"monitor_output is {wanted!r}, and the model has {sorted(signature.output_by_name)}"
    if wanted and not candidates:
        return None, f"output {wanted!r} is not of the shape [-1, classes] of floating numbers, so it has no classes"
    if len(candidates) > 1:
        found = [spec for spec in candidates if _recognise(spec, tried) is Scores.PROBABILITIES and _width(spec) > 1]
        if len(found) != 1:
            return (
                None,
                f"any of the outputs {[spec.name for spec in candidates]} may hold classes: set monitor_output to it",
            )
        candidates = found
    if not candidates:
        return None, ""
    spec = candidates[0]
    scores = _recognise(spec, tried)
    is_meant = bool(wanted) or len(signature.labels) == max(_width(spec), 2)
    if scores is None and wanted:
        # Whoever names it knows; and what are no probabilities must be logits.
        scores = Scores.LOGITS
    if scores is None or (scores is Scores.LOGITS and not is_meant):
        return None, f"output {spec.name!r} holds no probabilities; if it holds logits, set monitor_output to it"
    return Classifier(spec.name, scores, _width(spec), _names(signature.labels, max(_width(spec), 2))), ""


def _may_hold_classes(spec: TensorSpec) -> bool:
    shape = spec.shape
    return spec.datatype in FLOATING and shape is not None and len(shape) == 2 and shape[1] > 0


def _width(spec: TensorSpec) -> int:
    return spec.shape[1] if spec.shape is not None else 0


def _recognise(spec: TensorSpec, tried: Sequence[Mapping[str, npt.NDArray[np.generic]]]) -> Scores | None:
    """Judge an output by what it gave; None where that says nothing, as chances that do not exclude each other."""
    arrays = [outputs[spec.name].astype(np.float64) for outputs in tried if spec.name in outputs]
    arrays = [array.reshape(-1, _width(spec)) for array in arrays if array.shape[1:] == (_width(spec),)]
    numbers = (
        np.concatenate([array[np.isfinite(array).all(axis=1)] for array in arrays]) if arrays else np.empty((0, 1))
    )
    if not len(numbers):
        return None
    room = ROOM.get(spec.datatype, FINE_ROOM)
    if numbers.min() < -room or numbers.max() > 1 + room:
        return Scores.LOGITS
    if _width(spec) == 1 or np.allclose(numbers.sum(axis=1), 1, rtol=0, atol=room):
        return Scores.PROBABILITIES
    return None


def _names(labels: Sequence[str], classes: int) -> tuple[str, ...]:
    """Take the labels that fit, and a number for each class that has none."""
    fitting = labels if len(labels) == classes else ()
    return tuple(fitting[index] or str(index) if fitting else str(index) for index in range(classes))
