"""Raw bytes to tensors and back, without a copy where there is a choice.

The layout is that of the V2 binary extension and of gRPC's raw contents:
row-major, little-endian, one byte a BOOL, and for BYTES a four-byte length
before each element. A decoded array is a view of the request's own buffer.
"""

import struct
from collections.abc import Sequence
from math import prod

import numpy as np

from serving import value_limit
from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.signature import TensorSpec

LENGTH = struct.Struct("<I")

LARGE_BYTES = 4096
"""Below it a copy costs less than a view."""


def to_array(spec: TensorSpec, buffer: bytes | memoryview, shape: Sequence[int]) -> np.ndarray:
    """View `buffer` as a tensor; raises InvalidRequest where the sizes do not agree."""
    if spec.datatype == BYTES:
        return _elements(spec, buffer, prod(shape)).reshape(shape)
    expected = prod(shape) * spec.dtype.itemsize
    if len(buffer) != expected:
        raise InvalidRequest(
            f"input {spec.name!r} has {len(buffer)} bytes, expected {expected} "
            f"for {spec.datatype} of shape {list(shape)}"
        )
    array = np.frombuffer(buffer, dtype=spec.dtype)
    if spec.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise InvalidRequest(f"input {spec.name!r} is BOOL and takes bytes 0 and 1, another byte came")
    return array.reshape(shape)


def to_buffer(array: np.ndarray) -> bytes | memoryview:
    """Give the tensor's bytes: a large one's are its own, for whoever writes them to copy."""
    if array.dtype == np.object_:
        elements = array.ravel().tolist()
        return b"".join(part for element in elements for part in (LENGTH.pack(len(element)), element))
    if array.nbytes < LARGE_BYTES:
        return array.tobytes()
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _elements(spec: TensorSpec, buffer: bytes | memoryview, count: int) -> np.ndarray:
    value_limit.check_count(spec.name, min(count, len(buffer) // LENGTH.size), value_limit.MOST_ELEMENTS)
    elements: list[bytes] = []
    at, end = 0, len(buffer)
    while at < end and len(elements) < count:
        if end - at < LENGTH.size:
            break
        (size,) = LENGTH.unpack_from(buffer, at)
        at += LENGTH.size
        if size > end - at:
            raise InvalidRequest(f"input {spec.name!r} announces an element of {size} bytes where {end - at} are left")
        elements.append(bytes(buffer[at : at + size]))
        at += size
    if len(elements) != count or at != end:
        raise InvalidRequest(
            f"input {spec.name!r} holds {len(elements)} whole BYTES elements and {end - at} further bytes, "
            f"expected {count} elements"
        )
    array = np.empty(count, dtype=np.object_)
    array[:] = elements
    return array
