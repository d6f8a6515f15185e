"""JSON lists to tensors and back: nothing is lost, and what does not fit is refused by name."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import json_tensor
from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest
from serving.signature import TensorSpec
from tests.strategies import assert_same, bytes_tensor, datatypes, json_values, listed, shapes, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)


def spec(datatype: str) -> TensorSpec:
    return TensorSpec("x", datatype, None)


def convert(datatype: str, data: object, *shape: int) -> np.ndarray:
    return json_tensor.to_array(spec(datatype), orjson.loads(orjson.dumps(data)), shape)


@given(st.data(), datatypes, shapes)
def test_nested_lists_come_out_as_they_went_in(data: st.DataObject, datatype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    assert_same(convert(datatype, listed(array), *shape), array)


@given(st.data(), datatypes, shapes)
def test_flat_lists_come_out_as_they_went_in(data: st.DataObject, datatype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    assert_same(convert(datatype, listed(array.reshape(-1)), *shape), array)


@given(st.data(), datatypes, shapes)
def test_what_is_written_is_read_back_to_the_last_bit(
    data: st.DataObject, datatype: str, shape: tuple[int, ...]
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    written = orjson.dumps(json_tensor.to_json(array), option=orjson.OPT_SERIALIZE_NUMPY)
    assert_same(json_tensor.to_array(spec(datatype), orjson.loads(written), shape), array)


@given(st.data(), datatypes, shapes)
def test_an_array_in_any_memory_order_is_written_row_by_row(
    data: st.DataObject, datatype: str, shape: tuple[int, ...]
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True)).T
    written = orjson.dumps(json_tensor.to_json(array), option=orjson.OPT_SERIALIZE_NUMPY)
    assert_same(json_tensor.to_array(spec(datatype), orjson.loads(written), array.shape), array.copy(order="C"))


def test_numbers_that_json_cannot_say_are_null() -> None:
    array = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert orjson.dumps(json_tensor.to_json(array), option=orjson.OPT_SERIALIZE_NUMPY) == b"[null,null,null,1.0]"


def test_bytes_that_are_no_text_cannot_be_written() -> None:
    with pytest.raises(UnicodeDecodeError):
        json_tensor.to_json(bytes_tensor([b"fine", b"\xff"], (2,)))


@pytest.mark.parametrize("datatype", [name for name, dtype in DTYPES.items() if dtype.kind in "iu"])
@settings(max_examples=30)
@given(number=st.integers(-(2**63), 2**64 - 1))
def test_an_integer_is_taken_exactly_where_it_fits_and_refused_elsewhere(datatype: str, number: int) -> None:
    bounds = np.iinfo(DTYPES[datatype])
    if bounds.min <= number <= bounds.max:
        assert int(convert(datatype, [number], 1)[0]) == number
    else:
        with pytest.raises(InvalidRequest, match=f"'x' is {datatype} and takes {bounds.min} to {bounds.max}, {number}"):
            convert(datatype, [number], 1)


@pytest.mark.parametrize("datatype", [name for name, dtype in DTYPES.items() if dtype.kind in "iu"])
@settings(max_examples=30)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_whole_number_written_as_a_float_is_taken_and_a_fraction_is_refused(datatype: str, number: float) -> None:
    bounds = np.iinfo(DTYPES[datatype])
    if number.is_integer() and bounds.min <= number <= bounds.max:
        assert int(convert(datatype, [number, 1], 2)[0]) == number
    else:
        with pytest.raises(InvalidRequest, match=f"'x' is {datatype} and takes"):
            convert(datatype, [number, 1], 2)


@pytest.mark.parametrize("datatype", ["FP16", "BF16", "FP32", "FP64"])
@settings(max_examples=30)
@given(number=st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**64 - 1)))
def test_a_number_for_a_floating_datatype_is_rounded_and_never_made_infinite(datatype: str, number: float) -> None:
    with np.errstate(over="ignore"):
        rounded = np.float64(number).astype(DTYPES[datatype])
    if np.isfinite(rounded):
        assert convert(datatype, [number, 0.5], 2)[0] == pytest.approx(rounded, rel=2**-7)
    else:
        with pytest.raises(InvalidRequest, match=f"'x' has a number too large for {datatype}"):
            convert(datatype, [number, 0.5], 2)


@given(st.data(), datatypes, shapes, json_values)
def test_whatever_comes_is_a_tensor_of_the_shape_or_refused(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], value: object
) -> None:
    try:
        array = convert(datatype, value, *shape)
    except InvalidRequest as error:
        assert "input 'x'" in str(error)  # noqa: PT017 - either ending is right
    else:
        assert array.shape == shape
        assert array.dtype == DTYPES[datatype]


@given(datatypes, st.one_of(st.none(), st.lists(st.just(-1), max_size=4)), json_values)
def test_a_shape_read_off_nested_lists_is_no_deeper_than_the_model(
    datatype: str, dimensions: list[int] | None, value: object
) -> None:
    wanted = TensorSpec("x", datatype, None if dimensions is None else tuple(dimensions))
    shape = json_tensor.infer_shape(wanted, value)
    if dimensions is not None:
        assert len(shape) <= len(dimensions)
    try:
        assert json_tensor.to_array(wanted, value, shape).shape == shape
    except InvalidRequest:
        return


@pytest.mark.parametrize(
    ("datatype", "data", "shape", "sentence"),
    [
        pytest.param(
            "FP32",
            [[1, 2], [3]],
            (2, 2),
            "input 'x' has a list of 1 at depth 1, where its shape [2, 2] expects 2",
            id="a ragged list",
        ),
        pytest.param(
            "FP32",
            [1, 2, 3],
            (2, 2),
            "input 'x' has 3 values, and its shape [2, 2] takes 4",
            id="too few values",
        ),
        pytest.param(
            "FP32",
            [[1, 2], 3],
            (2, 2),
            "input 'x' has shape [2, 2], which needs 4 values in 2 nested lists or one flat list; "
            "at depth 1 a list was expected and 3 came",
            id="a number beside a list",
        ),
        pytest.param(
            "FP32",
            "abc",
            (3,),
            "input 'x' has shape [3], which needs 3 values in 1 nested lists or one flat list; "
            "at depth 0 a list was expected and 'abc' came",
            id="a string for a list",
        ),
        pytest.param(
            "FP32",
            {"a": 1},
            (1,),
            "input 'x' has shape [1], which needs 1 values in 1 nested lists or one flat list; "
            "at depth 0 a list was expected and one of objects came",
            id="an object for a list",
        ),
        pytest.param("FP32", ["1"], (1,), "input 'x' is FP32 and takes numbers, '1' came", id="a number in quotes"),
        pytest.param("FP32", [None], (1,), "input 'x' is FP32 and takes numbers, null came", id="null"),
        pytest.param("INT8", [True], (1,), "input 'x' is INT8 and takes numbers, True came", id="a boolean"),
        pytest.param(
            "FP32", [1, [2]], (2,), "input 'x' is FP32 and takes numbers, one of lists came", id="a list too deep"
        ),
        pytest.param("BOOL", [2], (1,), "input 'x' is BOOL and takes true, false, 0 or 1, 2 came", id="two is no bit"),
        pytest.param("BOOL", [0.0], (1,), "input 'x' is BOOL and takes booleans, 0.0 came", id="a float is no bit"),
        pytest.param("UINT8", [256], (1,), "input 'x' is UINT8 and takes 0 to 255, 256 came", id="too large"),
        pytest.param(
            "UINT64", [-1], (1,), "input 'x' is UINT64 and takes 0 to 18446744073709551615, -1 came", id="sign"
        ),
        pytest.param("INT32", [1.5], (1,), "input 'x' is INT32 and takes whole numbers, 1.5 came", id="a fraction"),
        pytest.param("FP16", [65520], (1,), "input 'x' has a number too large for FP16", id="too large for a half"),
        pytest.param(BYTES, [1], (1,), "input 'x' is BYTES and takes strings, 1 came", id="a number for a string"),
        pytest.param(
            BYTES,
            [{"b64": "?"}],
            (1,),
            'input \'x\' is BYTES and takes strings or {"b64": "..."}, another object came',
            id="no base64",
        ),
        pytest.param(
            "FP32",
            ["a" * 100],
            (1,),
            "input 'x' is FP32 and takes numbers, '" + "a" * 39 + "… came",
            id="a long string is not repeated",
        ),
    ],
)
def test_what_does_not_fit_is_told(datatype: str, data: object, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        convert(datatype, data, *shape)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("datatype", "data", "shape", "expected"),
    [
        pytest.param("FP32", 3, (), 3.0, id="a bare number for a scalar"),
        pytest.param("FP32", [3], (), 3.0, id="a list of one for a scalar"),
        pytest.param("BOOL", [1, 0, True], (3,), [True, False, True], id="bits for booleans"),
        pytest.param(BYTES, ["é", {"b64": "/w=="}], (2,), ["é".encode(), b"\xff"], id="text and base64"),
        pytest.param("INT64", [2**63 - 1, -(2**63)], (2,), [2**63 - 1, -(2**63)], id="the largest integers"),
        pytest.param("UINT64", [2**64 - 1], (1,), [2**64 - 1], id="the largest unsigned integer"),
        pytest.param("BF16", [2**63, 1], (2,), [float(2**63), 1.0], id="an integer beyond 63 bits for BF16"),
        pytest.param("FP32", [], (0, 3), [], id="no rows"),
        pytest.param("FP32", [[], []], (2, 0), [[], []], id="rows without values"),
    ],
)
def test_what_fits_is_taken(datatype: str, data: object, shape: tuple[int, ...], expected: Any) -> None:
    assert convert(datatype, data, *shape).tolist() == expected
