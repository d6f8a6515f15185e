"""What callers send, made up by Hypothesis: tensors of every datatype, and JSON of any kind."""

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import orjson
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.datatypes import BYTES, DTYPES

datatypes = st.sampled_from(sorted(DTYPES))
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)

texts = st.text('a\0é€😀"\\', max_size=4)
"""Of one to four bytes a letter, with those that JSON escapes; a closed alphabet takes no time to look up."""

json_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.fixed_dictionaries({"b64": st.sampled_from(["AAE=", "?", 7])}),
)
json_values = st.recursive(
    json_scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)
"""Whatever a JSON body may hold; numbers beyond 64 bits are floats by the time they are parsed."""


@st.composite
def spoiled(draw: st.DrawFn, good: Any, changes: int = 2) -> Any:
    """A good message in which a place or two hold anything, or nothing at all."""
    message = orjson.loads(orjson.dumps(good))
    for _ in range(draw(st.integers(1, changes))):
        holder, key = draw(st.sampled_from(list(_places(message))))
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(json_values)
        if not message:
            break
    return message


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a message, as what holds it and the key it has there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def tensors(datatype: str, shape: tuple[int, ...], *, is_json: bool = False) -> st.SearchStrategy[np.ndarray]:
    """Arrays of any values at all, or of those that JSON can carry."""
    if datatype == BYTES:
        elements = texts.map(str.encode) if is_json else st.binary(max_size=6)
        count = int(np.prod(shape, dtype=np.int64))
        return st.lists(elements, min_size=count, max_size=count).map(lambda values: bytes_tensor(values, shape))
    if datatype == "BF16":
        bits = hnp.arrays(np.uint16, shape, elements=st.integers(0, 2**16 - 1))
        return (bits.map(_finite) if is_json else bits).map(lambda array: array.view(ml_dtypes.bfloat16))
    dtype = DTYPES[datatype]
    if dtype.kind == "f" and is_json:
        finite = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
        return hnp.arrays(dtype, shape, elements=finite)
    return hnp.arrays(dtype, shape)


def bytes_tensor(values: list[bytes], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array.reshape(shape)


def _finite(bits: np.ndarray) -> np.ndarray:
    """Make ones of the bfloat16 whose exponent says that they are no numbers."""
    return np.where(bits & 0x7F80 == 0x7F80, np.uint16(0x3F80), bits)


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
