"""Which of a user's arrays and columns feed which input of the model.

By name where names agree; a model with one input and a table of columns gets
them in the order of the file. Values are brought to the input's type only where
none of them changes its meaning. Pure: takes arrays and returns arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from model.baseline.table import Table
from model.errors import BadOption, BadRows

Array = npt.NDArray[Any]


class TensorForm(Protocol):
    """An input: its type by numpy's name (`object` is text), and its shape with None for any size."""

    @property
    def name(self) -> str: ...
    @property
    def datatype(self) -> Any: ...
    @property
    def shape(self) -> tuple[int | None, ...] | None: ...
    @property
    def is_text(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Matched:
    """What the model is asked with."""

    inputs: dict[str, Array]
    columns: dict[str, tuple[str, ...]]
    """The columns of the file that an input is made of, where they are told apart by name."""
    unused: tuple[str, ...]


def parse_inputs(options: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read `NAME=COLUMN,COLUMN` as often as it was given."""
    chosen: dict[str, tuple[str, ...]] = {}
    for option in options:
        name, equals, columns = option.partition("=")
        if not equals or not name or not all(columns.split(",")):
            raise BadOption(f"--input must be NAME=COLUMN or NAME=COLUMN,COLUMN,…, and is {option!r} (see --help)")
        chosen[name] = tuple(columns.split(","))
    return chosen


def match(path: Path, table: Table, tensors: Mapping[str, TensorForm], chosen: dict[str, tuple[str, ...]]) -> Matched:
    """Give each input its rows; raises BadRows with what is missing or does not fit."""
    for name in chosen:
        if name not in tensors:
            raise BadRows(path, f"--input names {name!r}, and the model takes {_told(tensors)}")
    inputs: dict[str, Array] = {}
    columns: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    for name, tensor in tensors.items():
        parts = chosen.get(name) or _by_name(path, name, tensor, table, tensors)
        for part in parts:
            if part not in table.arrays:
                raise BadRows(path, f"it has no column {part!r} for the input {name!r}, only {', '.join(table.arrays)}")
        used.update(parts)
        inputs[name] = _fed(path, tensor, {part: table.arrays[part] for part in parts})
        if table.is_columns or len(parts) > 1:
            columns[name] = tuple(parts)
    unused = tuple(name for name in table.arrays if name not in used)
    if unused and not chosen and not table.is_columns:
        raise BadRows(path, f"its array {unused[0]!r} is no input of the model, which takes {_told(tensors)}")
    return Matched(inputs, columns, unused)


def _by_name(
    path: Path, name: str, tensor: TensorForm, table: Table, tensors: Mapping[str, TensorForm]
) -> tuple[str, ...]:
    if name in table.arrays:
        return (name,)
    if len(tensors) == 1 and (table.is_columns or len(table.arrays) == 1):
        return tuple(table.arrays)
    found = f"it holds {', '.join(table.arrays)}"
    raise BadRows(path, f"nothing in it is called {name!r}, which the model takes as {tensor}: {found}; see --input")


def _fed(path: Path, tensor: TensorForm, parts: dict[str, Array]) -> Array:
    """The rows of one input, in its type and its shape."""
    cast = {name: _cast(path, tensor, name, array) for name, array in parts.items()}
    if len(cast) > 1:
        wide = [name for name, array in cast.items() if array.ndim > 1]
        if wide:
            raise BadRows(path, f"{wide[0]!r} is no single column, and the input {tensor.name!r} is made of several")
        joined = np.stack(list(cast.values()), axis=1)
    else:
        joined = next(iter(cast.values()))
    shape = tensor.shape
    if shape is None:
        return joined
    if joined.ndim == 1 and shape[1:] in ((1,), (None,)):
        joined = joined[:, np.newaxis]
    fits = joined.ndim == len(shape) and all(
        want in (None, came) for want, came in zip(shape[1:], joined.shape[1:], strict=True)
    )
    if not fits:
        came = f"{len(cast)} columns ({', '.join(cast)})" if len(cast) > 1 else _shape(joined)
        raise BadRows(path, f"the input {tensor} does not fit {came}; choose its columns with --input {tensor.name}=…")
    return joined


def _cast(path: Path, tensor: TensorForm, name: str, array: Array) -> Array:
    is_text = array.dtype.kind in "OUS"
    if is_text is not tensor.is_text:
        has, wants = ("text", "numbers") if is_text else ("numbers", "text")
        raise BadRows(path, f"{name!r} holds {has}, and the input {tensor.name!r} takes {wants}")
    if is_text:
        return array.astype(object)
    wanted = np.dtype(tensor.datatype)
    if wanted.kind in "iub" and array.dtype != wanted:
        bounds = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
        numbers = array.astype(np.float64)
        bad = ~np.isfinite(numbers) | (numbers != np.floor(numbers)) | (numbers < bounds[0]) | (numbers > bounds[1])
        if bad.any():
            row = int(np.argwhere(bad)[0][0])
            raise BadRows(
                path,
                f"{name!r} has {numbers[bad][0]:g} in row {row:,} (the first is 0), and the input {tensor.name!r} "
                f"takes {wanted}",
            )
    return array.astype(wanted, copy=False)


def _told(tensors: Mapping[str, TensorForm]) -> str:
    return " and ".join(str(tensor) for tensor in tensors.values())


def _shape(array: Array) -> str:
    return f"{array.dtype} [{', '.join(map(str, array.shape))}]"
