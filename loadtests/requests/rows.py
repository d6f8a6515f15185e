"""Rows with which a model is asked: real pictures that come along, a user's own file, and who fits to what.

A file of NumPy's (npz) holds an array for each input, by its name, and what
its rows are under `labels` where that is known. The thousand digits that come
along are shown to any model that takes pictures of their size.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path

import numpy as np

from loadtests.requests.datatypes import BF16, BYTES, DTYPES, FLOATING, NAMES, Array, Arrays, to_bf16
from loadtests.requests.target import UNKNOWN, BadTarget, Target, TensorForm

DIGITS = Path(__file__).parent.parent / "data" / "digits.npz"
LABELS = "labels"
ANY_NAME = ("images", "inputs", "x", "data")
"""Names in a file that stand for the only input of a model, whatever it is called."""

PICTURE = (28, 28)
BRIGHTEST = 255


class BadData(BadTarget):
    """A file of rows cannot be used; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Arrays by name, each as long as the others."""

    source: str
    """Where they are from, as messages say it."""
    inputs: Mapping[str, Array]
    labels: Array | None = None
    """The class of each row, counted from 0."""
    are_digits: bool = False
    """Those that come along: scaled to 0..1 for a model of floating numbers."""

    @property
    def count(self) -> int:
        return len(next(iter(self.inputs.values())))


def read_rows(path: Path) -> Rows:
    """Read a file of NumPy's; raises BadData."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise BadData(f"{path} cannot be read: {fault.strerror or fault}") from None
    return rows_of(content, str(path))


def rows_of(content: bytes, path: str = "the file given with --data") -> Rows:
    """Read what such a file holds; `path` is what messages call it. Raises BadData."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        AttributeError,
        KeyError,
        NotImplementedError,
    ):
        raise BadData(f"{path} is no file of NumPy's (npz) with arrays of numbers or strings") from None
    labels = arrays.pop(LABELS, None)
    if not arrays:
        raise BadData(f"{path} holds no rows: expected an array for each input, by its name")
    if any(array.ndim == 0 for array in arrays.values()):
        raise BadData(f"{path} holds a lone number, expected arrays with a row for each example")
    lengths = {name: len(array) for name, array in arrays.items()}
    if labels is not None:
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or (labels.size and labels.min() < 0):
            raise BadData(f"{path} has labels that are not a list of classes, counted from 0")
        lengths[LABELS] = len(labels)
    if len(set(lengths.values())) > 1 or not all(lengths.values()):
        raise BadData(f"{path} has arrays of different or no length: {lengths}")
    return Rows(path, arrays, labels)


@cache
def digits() -> Rows:
    """Give the pictures that come along."""
    with np.load(DIGITS, allow_pickle=False) as file:
        return Rows("the digits that come along", {"images": file["images"]}, file[LABELS], are_digits=True)


def fit(rows: Rows, target: Target) -> Arrays:
    """Give the rows as the model takes them, [rows, ...] by input; raises BadTarget."""
    if len(target.inputs) == 1 and len(rows.inputs) == 1:
        form = target.inputs[0]
        name, array = next(iter(rows.inputs.items()))
        if name in (form.name, *ANY_NAME):
            return {form.name: _as_taken(rows, array, form, target)}
    wanted = {form.name for form in target.inputs}
    if wanted != rows.inputs.keys():
        raise BadTarget(f"{rows.source} has {_quoted(rows.inputs)}, and model {target.name!r} takes {_quoted(wanted)}")
    return {form.name: _as_taken(rows, rows.inputs[form.name], form, target) for form in target.inputs}


def described(rows: Rows, target: Target) -> Target:
    """Give the model with the inputs that the rows have, where its server tells of none; raises BadTarget."""
    forms = []
    for name, array in rows.inputs.items():
        datatype = BYTES if array.dtype.kind in "US" else NAMES.get(array.dtype.newbyteorder("<"))
        if datatype is None:
            raise BadTarget(f"{rows.source} has {array.dtype} for input {name!r}, which V2 has no datatype for")
        forms.append(TensorForm(name, datatype, (UNKNOWN, *array.shape[1:])))
    return replace(target, inputs=tuple(forms))


def are_shown(target: Target) -> bool:
    """Say whether a model takes pictures as the digits are."""
    if len(target.inputs) != 1 or not target.has_rows:
        return False
    form = target.inputs[0]
    takes_numbers = form.datatype == "UINT8" or form.datatype in FLOATING
    return takes_numbers and form.shape[1:] in (PICTURE, (*PICTURE, 1), (1, *PICTURE), (prod(PICTURE),))


def _as_taken(rows: Rows, array: Array, form: TensorForm, target: Target) -> Array:
    shape = form.shape[1:] if target.has_rows else form.shape
    who = f"{rows.source} has rows of shape {list(array.shape[1:])} for input {form.name!r} of model {target.name!r}"
    if not _accepts(shape, array.shape[1:]) and not form.has_any_rank:
        if UNKNOWN in shape or prod(shape) != prod(array.shape[1:]):
            raise BadTarget(f"{who}, expected {list(shape)}")
        array = array.reshape(len(array), *shape)
    return _cast(rows, array, form)


def _cast(rows: Rows, array: Array, form: TensorForm) -> Array:
    if form.datatype == BYTES:
        if array.dtype.kind not in "US":
            raise BadTarget(f"{rows.source} has {array.dtype} for input {form.name!r}, expected strings")
        return _bytes_of(array)
    dtype = DTYPES[form.datatype]
    if rows.are_digits and form.datatype in FLOATING:
        array = array.astype(np.float32) / BRIGHTEST
    is_float_for_whole = array.dtype.kind == "f" and dtype.kind != "f"
    if array.dtype.kind not in "biuf" or is_float_for_whole:
        raise BadTarget(f"{rows.source} has {array.dtype} for input {form.name!r}, expected {form.datatype}")
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise BadTarget(f"{rows.source} has infinite numbers or NaN for input {form.name!r}")
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if array.size and (int(array.min()) < bounds.min or int(array.max()) > bounds.max):
            raise BadTarget(f"{rows.source} has numbers for input {form.name!r} that {form.datatype} does not hold")
    return to_bf16(array) if form.datatype == BF16 else array.astype(dtype)


def _bytes_of(array: Array) -> Array:
    made = np.empty(array.shape, dtype=np.object_)
    made.reshape(-1)[:] = [each.encode() if isinstance(each, str) else each for each in array.ravel().tolist()]
    return made


def _accepts(shape: tuple[int, ...], came: tuple[int, ...]) -> bool:
    return len(shape) == len(came) and all(want in (UNKNOWN, size) for want, size in zip(shape, came, strict=True))


def _quoted(names: object) -> str:
    return ", ".join(repr(name) for name in sorted(names))  # type: ignore[call-overload]
