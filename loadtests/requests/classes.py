"""Which output of a model says of what class a row is, and which class it says.

The output is the one of the form [rows, numbers of a class each]: the profile
names it where a model has several. A single number is that of the second of
two classes: a chance, or a logit where one lay outside of 0 to 1. Where none
can be told, nothing is counted: a wrong class is worse than none.
"""

from typing import Any

import numpy as np

from loadtests.requests.answer import Output
from loadtests.requests.datatypes import FLOATING
from loadtests.requests.target import BadTarget, Target, TensorForm

NONE = "none"
"""What names no output."""


class ClassOutput:
    """Reads the classes of an answer's rows, and counts those that are as labelled."""

    def __init__(self, name: str, columns: int) -> None:
        """`columns` is 0 where the output holds the class itself, one whole number a row."""
        self.name = name
        self.columns = columns
        self._are_logits = False

    def count_right(self, output: Output, labels: list[int]) -> int:
        """Count the rows whose class is the label; `output` has as many rows as there are labels."""
        values, columns = output.values, self.columns
        if columns == 0:
            return sum(map(_equal, _listed(values), labels))
        if columns == 1:
            numbers = _listed(values)
            self._are_logits = self._are_logits or any(not 0 <= number <= 1 for number in numbers)
            border = 0.0 if self._are_logits else 0.5
            return sum((number > border) == label for number, label in zip(numbers, labels, strict=True))
        if len(labels) == 1:
            listed = _listed(values)
            return int(listed.index(max(listed)) == labels[0])
        classes = np.asarray(values).reshape(-1, columns).argmax(axis=1)
        return int((classes == labels).sum())


def find_class_output(target: Target, wanted: str, most: int) -> ClassOutput | None:
    """Choose the output with the classes, of which `most` is the highest label; raises BadTarget of a wrong wish."""
    if wanted == NONE:
        return None
    candidates = [form for form in target.outputs if _may_hold_classes(form)]
    if wanted:
        named = [form for form in target.outputs if form.name == wanted]
        if not named:
            told = ", ".join(repr(form.name) for form in target.outputs)
            raise BadTarget(f"the profile says that output {wanted!r} holds the classes, and the model has {told}")
        form = named[0]
        if form.datatype not in FLOATING and len(form.shape) == 1 and form.datatype.startswith(("INT", "UINT")):
            return ClassOutput(form.name, 0)
        if form not in candidates:
            raise BadTarget(f"output {wanted!r} is {form.datatype} of shape {list(form.shape)} and holds no classes")
        candidates = named
    if len(candidates) > 1:
        # Of several, the one with a number for each class that was seen.
        candidates = [form for form in candidates if max(form.shape[1], 2) == most + 1]
    if len(candidates) != 1 or most >= max(candidates[0].shape[1], 2):
        return None
    return ClassOutput(candidates[0].name, candidates[0].shape[1])


def _may_hold_classes(form: TensorForm) -> bool:
    return form.datatype in FLOATING and len(form.shape) == 2 and form.shape[1] > 0


def _listed(values: Any) -> list[Any]:
    return values if type(values) is list else values.tolist() if isinstance(values, np.ndarray) else list(values)


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)
