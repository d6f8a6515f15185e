"""JSON lists to tensors and back, losing nothing on the way.

JSON knows neither width nor sign, so every number is checked against the
datatype it is meant for: one that does not fit is refused by name, never
truncated, wrapped or made infinite. Whole numbers written as floats (3.0) and
whole numbers for floating datatypes are taken.

The cost is kept to two passes in C over the list: one over the types of its
elements, one that converts. Long arrays that are plainly numbers come as
`Numbers` and cost less; this file alone refuses.
"""

import base64
import binascii
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.json_numbers import Numbers
from serving.signature import Tensors, TensorSpec

JSON_TYPES = {str: "strings", bool: "booleans", int: "numbers", float: "numbers", list: "lists", dict: "objects"}


def to_array(spec: TensorSpec, data: object, shape: Sequence[int]) -> np.ndarray:
    """Convert `data`, nested as `shape` says or flat in row-major order.

    Raises InvalidRequest where counts, nesting or values do not fit.
    """
    if isinstance(data, Numbers):
        array = data.to_array(spec, shape)
        if array is not None:
            return array
        data = data.to_list()
    return _convert(spec, _flatten(spec, data, shape)).reshape(shape)


def infer_shape(spec: TensorSpec, data: object) -> tuple[int, ...]:
    """Read the shape off nested lists, as deep as the model has dimensions.

    Only the first branch is looked at: `to_array` finds any other that differs.
    """
    rank = len(spec.shape) if spec.shape is not None else None
    shape: list[int] = []
    while isinstance(data, list) and len(shape) != rank:
        shape.append(len(data))
        data = data[0] if data else None
    return tuple(shape)


def to_json(array: np.ndarray) -> Any:
    """Give something orjson can write: the array itself, or lists of strings for BYTES.

    Raises UnicodeDecodeError for bytes that are not UTF-8, which JSON cannot carry.
    """
    if array.dtype == np.object_:
        return _decoded(array.tolist())
    if array.dtype.kind == "V":  # orjson does not know bfloat16
        array = array.astype(np.float32)
    # orjson refuses an array that is not in row-major order, and one without a dimension.
    return np.ascontiguousarray(array) if array.ndim else array[()]


def check_finite(outputs: Tensors) -> None:
    """Raise InvalidRequest if JSON cannot say one of these: it has no NaN and no infinity."""
    for name, array in outputs.items():
        if array.dtype.kind in "fV" and not np.isfinite(array).all():
            raise InvalidRequest(
                f"output {name!r} holds NaN or infinity, which JSON cannot say: ask for it as a binary tensor over V2"
            )


def _decoded(value: Any) -> Any:
    return [_decoded(element) for element in value] if isinstance(value, list) else value.decode()


def _flatten(spec: TensorSpec, data: object, shape: Sequence[int]) -> list[Any]:
    """Bring nested lists to one flat list, and refuse any that is ragged."""
    count = prod(shape)
    if not shape:
        return data if isinstance(data, list) and len(data) == 1 else [data]
    if isinstance(data, list) and len(data) == count and not (data and isinstance(data[0], list)):
        return data
    if len(shape) > 1 and isinstance(data, list) and not any(isinstance(value, list) for value in data):
        raise InvalidRequest(f"input {spec.name!r} has {len(data)} values, and its shape {list(shape)} takes {count}")
    level: list[Any] = [data]
    for depth, size in enumerate(shape):
        for element in level:
            if not isinstance(element, list):
                raise InvalidRequest(
                    f"input {spec.name!r} has shape {list(shape)}, which needs {count} values in {len(shape)} "
                    f"nested lists or one flat list; at depth {depth} a list was expected and {_said(element)} came"
                )
            if len(element) != size:
                raise InvalidRequest(
                    f"input {spec.name!r} has a list of {len(element)} at depth {depth}, "
                    f"where its shape {list(shape)} expects {size}"
                )
        level = list(chain.from_iterable(level))
    return level


def _convert(spec: TensorSpec, flat: list[Any]) -> np.ndarray:
    types = set(map(type, flat))
    if spec.datatype == BYTES:
        return _to_bytes(spec, flat, types)
    dtype = spec.dtype
    allowed = {bool, int} if dtype.kind == "b" else {int, float}
    if not types <= allowed:
        strange = next(value for value in flat if type(value) not in allowed)
        expected = "booleans" if dtype.kind == "b" else "numbers"
        raise InvalidRequest(f"input {spec.name!r} is {spec.datatype} and takes {expected}, {_said(strange)} came")
    if dtype.kind == "b":
        return _to_bool(spec, flat)
    if dtype.kind in "iu":
        return _to_integers(spec, flat, has_floats=float in types)
    return _to_floats(spec, flat)


def _to_bool(spec: TensorSpec, flat: list[Any]) -> np.ndarray:
    for value in flat:
        if value not in (0, 1):
            raise InvalidRequest(f"input {spec.name!r} is BOOL and takes true, false, 0 or 1, {value} came")
    return np.array(flat, dtype=np.bool_)


def _to_integers(spec: TensorSpec, flat: list[Any], *, has_floats: bool) -> np.ndarray:
    if has_floats:
        for index, value in enumerate(flat):
            if isinstance(value, float):
                if not value.is_integer():
                    raise InvalidRequest(
                        f"input {spec.name!r} is {spec.datatype} and takes whole numbers, {value} came"
                    )
                flat[index] = int(value)
    try:
        return np.array(flat, dtype=spec.dtype)
    except OverflowError:
        bounds = np.iinfo(spec.dtype)
        strange = next(value for value in flat if not bounds.min <= value <= bounds.max)
        raise InvalidRequest(
            f"input {spec.name!r} is {spec.datatype} and takes {bounds.min} to {bounds.max}, {strange} came"
        ) from None


def _to_floats(spec: TensorSpec, flat: list[Any]) -> np.ndarray:
    # bfloat16 by itself takes no integer beyond 63 bits.
    exact = np.dtype(np.float64) if spec.dtype.kind == "V" else spec.dtype
    try:
        with np.errstate(over="ignore"):
            array = np.array(flat, dtype=exact).astype(spec.dtype, copy=False)
            is_finite = bool(np.isfinite(array).all())
    except OverflowError:
        is_finite = False
    # JSON has no infinity, so what is infinite here was finite and too large.
    if not is_finite:
        raise InvalidRequest(f"input {spec.name!r} has a number too large for {spec.datatype}")
    return array


def _to_bytes(spec: TensorSpec, flat: list[Any], types: set[type]) -> np.ndarray:
    if not types <= {str, dict}:
        strange = next(value for value in flat if type(value) not in (str, dict))
        raise InvalidRequest(f"input {spec.name!r} is BYTES and takes strings, {_said(strange)} came")
    array = np.empty(len(flat), dtype=np.object_)
    array[:] = [_one_bytes(spec, value) for value in flat]
    return array


def _one_bytes(spec: TensorSpec, value: str | dict[str, Any]) -> bytes:
    """A string, or TensorFlow Serving's {"b64": ...} for bytes that are no text."""
    if isinstance(value, str):
        return value.encode()
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise InvalidRequest(
            f'input {spec.name!r} is BYTES and takes strings or {{"b64": "..."}}, another object came'
        ) from None


def _said(value: object) -> str:
    """Name a JSON value without repeating all of it."""
    if value is None:
        return "null"
    if isinstance(value, str | bool | int | float):
        said = repr(value)
        return said if len(said) <= 40 else said[:40] + "…"
    return f"one of {JSON_TYPES[type(value)]}"
