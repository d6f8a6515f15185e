"""The V2 datatypes: what numpy holds of them, and how they are written and read raw.

BF16 has no type in numpy: it is held as float32 whose lower half is zero. BYTES
is held as objects of type `bytes`; raw, each element follows its length. All
raw numbers are little-endian.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
"""By the name of an input."""

BYTES = "BYTES"
BF16 = "BF16"

DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    BF16: np.dtype("<f4"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    BYTES: np.dtype(np.object_),
}
"""In memory, by V2's name."""

NAMES: Mapping[np.dtype[Any], str] = {dtype: name for name, dtype in DTYPES.items() if name not in (BF16, BYTES)}
"""V2's name of what numpy holds by itself."""

FLOATING = frozenset({"FP16", BF16, "FP32", "FP64"})

_LENGTH = struct.Struct("<I")


def to_bf16(array: Array) -> Array:
    """Cut numbers to what BF16 can hold, as float32."""
    bits = np.array(array, dtype="<f4", order="C").view("<u4")
    return (bits & np.uint32(0xFFFF0000)).view("<f4")


def to_raw(datatype: str, array: Array) -> bytes:
    """Write a tensor as the binary extension and gRPC's raw contents have it."""
    if datatype == BYTES:
        return b"".join(_LENGTH.pack(len(each)) + each for each in array.ravel().tolist())
    if datatype == BF16:
        return (np.ascontiguousarray(array, dtype="<f4").view("<u4") >> np.uint32(16)).astype("<u2").tobytes()
    return array.astype(DTYPES[datatype], copy=False).tobytes()


def from_raw(datatype: str, raw: bytes | memoryview) -> Sequence[Any] | Array:
    """Read the elements of a tensor; raises ValueError where they do not come out even."""
    if datatype == BYTES:
        return _elements(raw)
    if datatype == BF16:
        return (np.frombuffer(raw, dtype="<u2").astype("<u4") << np.uint32(16)).view("<f4")
    return np.frombuffer(raw, dtype=DTYPES[datatype])


def _elements(raw: bytes | memoryview) -> list[bytes]:
    elements: list[bytes] = []
    at, end = 0, len(raw)
    while at < end:
        if end - at < _LENGTH.size:
            raise ValueError("a length is cut off")
        (size,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        if size > end - at:
            raise ValueError("an element is cut off")
        elements.append(bytes(raw[at : at + size]))
        at += size
    return elements
