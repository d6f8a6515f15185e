"""A tensor as the bytes that V2 puts on the wire, on gRPC and in REST's binary extension.

Little-endian, row by row, no padding; BYTES elements each follow their length
in four bytes.
"""

import struct

import numpy as np

from loadtests.bench.tensors import NUMPY_TYPES, Array


def encode_raw(array: Array) -> bytes:
    """Encode an array of any V2 type."""
    if array.dtype == np.object_:
        return b"".join(struct.pack("<L", len(element)) + element for element in array.ravel())
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def decode_raw(raw: bytes, datatype: str, shape: list[int]) -> Array:
    """Decode an array of any V2 type."""
    if datatype == "BYTES":
        elements = []
        start = 0
        while start < len(raw):
            (length,) = struct.unpack_from("<L", raw, start)
            start += 4 + length
            elements.append(raw[start - length : start])
        return np.array(elements, dtype=np.object_).reshape(shape)
    return np.frombuffer(raw, dtype=np.dtype(NUMPY_TYPES[datatype]).newbyteorder("<")).reshape(shape)
