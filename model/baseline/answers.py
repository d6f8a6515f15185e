"""What a model says of each row: which output holds classes, and how sure it is.

Probabilities sum to one, logits are turned into them, and a single column is
the second of two classes. Where the output cannot be told, the user is asked to
name it. Pure functions of arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.errors import BadAnswers

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
Kind = Literal["probabilities", "logits"]

KINDS = ("auto", "probabilities", "logits", "numbers")
"""What the user may say of the output; numbers are no classes."""
FINE_ROOM = 1e-3
"""By how much probabilities may miss one in all."""
COARSE_ROOM = 5e-2
"""The same for those of sixteen bits."""
SINGLE_CLASSES = 2
"""What a single number for each row tells apart."""
MATRIX = 2
"""Dimensions of an output with a number for each class: rows and classes."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model said of some rows, all of it finite."""

    output: str
    kind: Kind
    numbers: Floats
    """[rows, classes] as the model gave them, or [rows, 1] for the second of two classes."""

    @property
    def columns(self) -> int:
        return int(self.numbers.shape[1])

    @property
    def class_count(self) -> int:
        return max(self.columns, 2)

    @property
    def probabilities(self) -> Floats:
        numbers = self.numbers
        if self.columns == 1:
            second = numbers if self.kind == "probabilities" else 1 / (1 + np.exp(-numbers.clip(-700, 700)))
            return np.concatenate([1 - second, second], axis=1)
        if self.kind == "probabilities":
            return numbers
        powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        # Of the numbers themselves: large logits are equal as probabilities.
        if self.columns == 1:
            return (self.probabilities[:, 1] > 0.5).astype(np.int64)
        return np.asarray(self.numbers.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> Floats:
        # A softmax in float32 may exceed one by its last digit.
        return np.asarray(self.probabilities.max(axis=1).clip(max=1.0))

    @property
    def margin(self) -> Floats:
        top_two = np.sort(self.probabilities, axis=1)[:, -2:]
        return np.asarray((top_two[:, 1] - top_two[:, 0]).clip(0.0, 1.0))


def find(outputs: Mapping[str, Array], wanted: str | None, kind: str, labelled: int | None) -> Answers | None:
    """Find the output with a number for each class; None where the model answers with numbers that are no classes.

    `labelled` is how many classes the true labels need at least, 0 where they are no classes, None without labels.
    """
    if wanted is not None and wanted not in outputs:
        raise BadAnswers(f"the model has no output {wanted!r}, only {', '.join(outputs)}")
    if kind == "numbers":
        return None
    candidates = {name: array for name, array in outputs.items() if wanted in (None, name) and _may_hold_classes(array)}
    if not candidates:
        if wanted is None and kind == "auto":
            return None
        shapes = ", ".join(f"{name} {_shape(array)}" for name, array in outputs.items() if wanted in (None, name))
        raise BadAnswers(f"classes need an output of floating numbers [rows, classes], and there is {shapes}")
    name = _the_one(candidates)
    array = candidates[name].astype(np.float64)
    found = _recognise(array, COARSE_ROOM if candidates[name].dtype.itemsize <= MATRIX else FINE_ROOM)
    if kind == "probabilities" and found is None:
        raise BadAnswers(f"output {name!r} holds no probabilities: its rows are not between 0 and 1 with the sum 1")
    if kind != "auto":
        return Answers(name, "logits" if kind == "logits" else "probabilities", array)
    # A single number is that of the second of two classes, or no class at all.
    if labelled == 0 or (array.shape[1] == 1 and (labelled or 0) > SINGLE_CLASSES):
        return None
    # Numbers without a sum of one are logits only where something says that the model classifies, and
    # numbers that are each a probability may be labels of their own.
    if found is None and (labelled is None or _are_ratios(array, FINE_ROOM)):
        return None
    return Answers(name, found or "logits", array)


def finite_rows(array: Array) -> npt.NDArray[np.bool_]:
    """Which rows hold no NaN and no infinity."""
    return np.asarray(np.isfinite(array.reshape(len(array), -1)).all(axis=1))


def _the_one(candidates: Mapping[str, Array]) -> str:
    if len(candidates) == 1:
        return next(iter(candidates))
    sure = [name for name, array in candidates.items() if array.shape[1] > 1 and _recognise(array, FINE_ROOM)]
    if len(sure) != 1:
        raise BadAnswers(f"any of the outputs {', '.join(candidates)} may hold classes: choose one with --output")
    return sure[0]


def _recognise(array: Array, room: float) -> Kind | None:
    """Whether these are probabilities, judged by their rows that are finite."""
    numbers = array.astype(np.float64)
    if not _are_ratios(numbers, room):
        return None
    numbers = numbers[finite_rows(numbers)]
    is_sum = numbers.shape[1] == 1 or np.allclose(numbers.sum(axis=1), 1, rtol=0, atol=room)
    return "probabilities" if is_sum else None


def _are_ratios(array: Array, room: float) -> bool:
    numbers = array[finite_rows(array)]
    return bool(len(numbers) and numbers.min() >= -room and numbers.max() <= 1 + room)


def _may_hold_classes(array: Array) -> bool:
    # Sixteen bits of TensorFlow's own are no floating numbers to numpy, and have a name that says so.
    is_floating = np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"
    return is_floating and array.ndim == MATRIX


def _shape(array: Array) -> str:
    return f"{array.dtype} [-1{''.join(f', {size}' for size in array.shape[1:])}]"
