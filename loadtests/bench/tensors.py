"""The tensors of a request, made from what the model says of itself.

A server's V2 metadata names every input with its type and shape; from that
come rows of plausible values, the same on every run. Answers come back as
tensors, too, and `differences` tells whether two servers said the same. Knows
no protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loadtests.bench.errors import BenchError

Array = npt.NDArray[Any]
Answer = Mapping[str, Array]

NUMPY_TYPES: Mapping[str, npt.DTypeLike] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}

# For a dimension that the model leaves open, other than the rows: long enough
# for a sequence or an image, short enough to say nothing of large requests.
_OPEN_DIMENSION = 16
_SEED = 20


@dataclass(frozen=True, slots=True)
class Tensor:
    """One named input, in V2's words and as an array."""

    name: str
    datatype: str
    array: Array

    @property
    def shape(self) -> list[int]:
        return list(self.array.shape)


def made_rows(inputs: Sequence[Mapping[str, Any]], rows: int = 1) -> list[Tensor]:
    """Fill every input of a model's V2 metadata for so many rows."""
    if not inputs:
        raise BenchError("the model's V2 metadata lists no inputs, so no request can be made for it")
    random = np.random.default_rng(_SEED)
    return [
        Tensor(each["name"], each["datatype"], _values(random, each["datatype"], _closed_shape(each["shape"], rows)))
        for each in inputs
    ]


def differences(expected: Answer, answer: Answer) -> str | None:
    """Say in what two answers differ, or None when they agree within float rounding."""
    if expected.keys() != answer.keys():
        return f"the outputs are {sorted(answer)}, expected {sorted(expected)}"
    for name, array in expected.items():
        other = answer[name]
        if other.shape != array.shape:
            return f"output {name!r} has shape {other.shape}, expected {array.shape}"
        # Servers may run the same row in batches of different size, where the
        # last bits of a float differ. Everything else must be equal.
        if array.dtype.kind == "f":
            agree = np.allclose(array, other, rtol=1e-3, atol=1e-4, equal_nan=True)
        else:
            agree = bool(np.array_equal(array, other))
        if not agree:
            return f"output {name!r} is {other.tolist()}, expected {array.tolist()}"
    return None


def _closed_shape(shape: Sequence[int | str], rows: int) -> list[int]:
    sizes = [int(size) for size in shape]
    return [size if size >= 0 else rows if axis == 0 else _OPEN_DIMENSION for axis, size in enumerate(sizes)]


def _values(random: np.random.Generator, datatype: str, shape: list[int]) -> Array:
    if datatype not in NUMPY_TYPES:
        raise BenchError(f"the model asks for a {datatype} input; the benchmark can make {', '.join(NUMPY_TYPES)}")
    dtype = np.dtype(NUMPY_TYPES[datatype])
    if datatype == "BYTES":
        words = np.empty(shape, dtype=np.object_)
        words[...] = b"ecluse"
        return words
    if dtype.kind == "f":
        # Four decimals: what an image scaled to one looks like in JSON.
        return np.round(random.random(shape), 4).astype(dtype)
    # Wider integers are often indexes into a table, and only small ones are safe.
    largest = 1 if datatype == "BOOL" else 255 if datatype == "UINT8" else 9
    return random.integers(0, largest, size=shape, endpoint=True).astype(dtype)
