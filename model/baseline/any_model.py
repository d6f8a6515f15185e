"""A SavedModel of anybody's: what it takes and gives, and its answers to many rows.

Runs the signature in batches, as many rows at a time as asked or as the
signature has fixed. Where the model refuses a batch it is halved until the row
at fault stands alone and can be named. Nothing is known of what answers mean.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import BadAnswers, UnexpectedSignature, UnreadableModel
from model.framework import tf

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
Advance = Callable[[int], None]
"""Told how many more rows are answered."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output: its type by numpy's name (`object` is text), and its shape with None for any size."""

    name: str
    datatype: Any
    shape: tuple[int | None, ...] | None

    @property
    def is_text(self) -> bool:
        return bool(self.datatype == np.dtype(object))

    def __str__(self) -> str:
        sizes = "any rank" if self.shape is None else ", ".join("-1" if n is None else str(n) for n in self.shape)
        return f"{self.name} {'text' if self.is_text else self.datatype} [{sizes}]"


class AnyModel:
    """One signature of a SavedModel."""

    def __init__(self, folder: Path, signature: str) -> None:
        try:
            self._loaded = tf.saved_model.load(str(folder))
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            raise UnreadableModel(folder, _first_line(error)) from error
        run = self._loaded.signatures.get(signature)
        if run is None:
            names = ", ".join(sorted(self._loaded.signatures)) or "no signature at all"
            raise UnexpectedSignature(folder, expected=signature, found=names)
        self._run = run
        self.inputs = _tensors(run.structured_input_signature[1])
        self.outputs = _tensors(run.structured_outputs)

    def answer(self, inputs: Arrays, batch_rows: int, advance: Advance) -> Arrays:
        """Every output for every row."""
        rows = len(next(iter(inputs.values())))
        fixed = next((tensor.shape[0] for tensor in self.inputs.values() if tensor.shape and tensor.shape[0]), None)
        parts = []
        for start in range(0, rows, fixed or batch_rows):
            batch = slice(start, min(start + (fixed or batch_rows), rows))
            parts.append(self._part(inputs, batch, fixed))
            advance(batch.stop - batch.start)
        return {name: np.concatenate([part[name] for part in parts]) for name in self.outputs}

    def _part(self, inputs: Arrays, rows: slice, fixed: int | None) -> Arrays:
        try:
            return self._once(inputs, rows, fixed)
        except tf.errors.OpError as error:
            row, reason = self._refused(inputs, rows, fixed, _reason(error))
            raise BadAnswers(f"the model refuses row {row:,} (the first is 0): {reason}") from error

    def _once(self, inputs: Arrays, rows: slice, fixed: int | None) -> Arrays:
        count = rows.stop - rows.start
        padded = {name: _padded(array[rows], fixed) for name, array in inputs.items()}
        answers = self._run(**{name: tf.constant(array) for name, array in padded.items()})
        given = {name: np.asarray(tensor.numpy()) for name, tensor in answers.items()}
        for name, array in given.items():
            if array.ndim == 0 or len(array) != (fixed or count):
                shape = ", ".join(map(str, array.shape))
                raise BadAnswers(
                    f"the output {name!r} has the shape [{shape}] for {count} rows: a row for each expected"
                )
        return {name: array[:count] for name, array in given.items()}

    def _refused(self, inputs: Arrays, rows: slice, fixed: int | None, reason: str) -> tuple[int, str]:
        """The first row that is refused alone; the first of all where only together they are too much."""
        while rows.stop - rows.start > 1:
            middle = (rows.start + rows.stop) // 2
            for half in (slice(rows.start, middle), slice(middle, rows.stop)):
                try:
                    self._once(inputs, half, fixed)
                except tf.errors.OpError as error:
                    rows, reason = half, _reason(error)
                    break
            else:
                return rows.start, reason
        return rows.start, reason


def _padded(array: Array, rows: int | None) -> Array:
    """The array, with its last row repeated up to so many rows where the signature has fixed them."""
    if rows is None or len(array) == rows:
        return array
    return np.concatenate([array, np.repeat(array[-1:], rows - len(array), axis=0)])


def _tensors(specs: dict[str, Any]) -> dict[str, Tensor]:
    return dict(_each(specs))


def _each(specs: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, spec in sorted(specs.items()):
        shape = None if spec.shape.rank is None else tuple(spec.shape.as_list())
        yield name, Tensor(name, np.dtype(spec.dtype.as_numpy_dtype), shape)


def _reason(error: BaseException) -> str:
    """What the graph complains of: TensorFlow puts it last, between where it was and the node's name."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith("[[{{")]
    return said[-1].split(" [Op:")[0] if said else type(error).__name__


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
