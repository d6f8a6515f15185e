"""What callers send, made up by Hypothesis: tensors of every datatype, and JSON of any kind."""

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.datatypes import BYTES, DTYPES

datatypes = st.sampled_from(sorted(DTYPES))
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)

texts = st.text("a\0é€😀\"\\", max_size=4)
"""Of one to four bytes a letter, with those that JSON escapes; a closed alphabet takes no time to look up."""

json_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.just({"b64": "AAE="}),
    st.just({"b64": 7}),
)
json_values = st.recursive(
    json_scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)
"""Whatever a JSON body may hold; numbers beyond 64 bits are floats by the time they are parsed."""


def tensors(datatype: str, shape: tuple[int, ...], *, is_json: bool = False) -> st.SearchStrategy[np.ndarray]:
    """Arrays of any values at all, or of those that JSON can carry."""
    if datatype == BYTES:
        elements = texts.map(str.encode) if is_json else st.binary(max_size=6)
        count = int(np.prod(shape, dtype=np.int64))
        return st.lists(elements, min_size=count, max_size=count).map(lambda values: bytes_tensor(values, shape))
    if datatype == "BF16":
        halves = st.integers(0, 2**16 - 1)
        bits = hnp.arrays(np.uint16, shape, elements=halves)
        as_bfloats = bits.map(lambda array: array.view(ml_dtypes.bfloat16))
        return as_bfloats.map(_finite) if is_json else as_bfloats
    dtype = DTYPES[datatype]
    if dtype.kind == "f" and is_json:
        finite = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
        return hnp.arrays(dtype, shape, elements=finite)
    return hnp.arrays(dtype, shape)


def bytes_tensor(values: list[bytes], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array.reshape(shape)


def _finite(array: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(array), array, np.ones_like(array))


def listed(array: np.ndarray) -> Any:
    """An array as JSON has it, without the code under test: numbers of Python's own, text for BYTES."""
    if array.dtype == np.object_:
        return _texts(array.tolist())
    if array.dtype.kind == "V":
        return array.astype(np.float64).tolist()
    return array.tolist()


def _texts(value: Any) -> Any:
    return [_texts(element) for element in value] if isinstance(value, list) else value.decode()


def assert_same(came: np.ndarray, expected: np.ndarray) -> None:
    """Equal to the last bit, in shape and in datatype."""
    assert came.dtype == expected.dtype
    assert came.shape == expected.shape
    if came.dtype == np.object_:
        assert came.tolist() == expected.tolist()
    else:
        assert came.tobytes() == expected.tobytes()
