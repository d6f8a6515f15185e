"""The fast way through a body of numbers gives what the slow one gives, or nothing."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import json_numbers, json_tensor, payload_v2
from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.json_numbers import Numbers, lift
from serving.request import Request
from serving.signature import Signature, TensorSpec
from tests.strategies import assert_same, datatypes, json_values, listed, shapes, spoiled, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(20)

numbers = st.one_of(
    st.integers(-300, 300),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([3.0, -0.0, 0, 65504, 65520, 3.5e38, 2**24 + 1, 2**53 + 1, 255.0]),
)
texts_of_numbers = st.one_of(
    numbers.map(repr), st.sampled_from(["-0", "1E2", "1e-400", "1e400", "0.10", "12345678901234567890.5", "1" * 400])
)
arrays = st.recursive(
    st.lists(texts_of_numbers, max_size=6).map(lambda texts: f"[{', '.join(texts)}]"),
    lambda inner: st.lists(st.one_of(inner, inner, texts_of_numbers, st.just("true")), max_size=4).map(
        lambda texts: f"[{','.join(texts)}]"
    ),
    max_leaves=6,
)


def spec(datatype: str) -> TensorSpec:
    return TensorSpec("x", datatype, None)


def outcome(datatype: str, data: object, shape: tuple[int, ...]) -> np.ndarray | str:
    try:
        return json_tensor.to_array(spec(datatype), data, shape)
    except InvalidRequest as error:
        return str(error)


def assert_alike(one: np.ndarray | str, other: np.ndarray | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
    else:
        assert_same(one, other)


@given(datatypes, arrays, shapes)
def test_any_array_comes_out_as_it_would_by_way_of_lists(datatype: str, text: str, shape: tuple[int, ...]) -> None:
    try:
        lifted = Numbers(text.encode())
    except json_numbers.SURPRISES:
        return
    assert_alike(outcome(datatype, lifted, shape), outcome(datatype, orjson.loads(text), shape))


@given(st.data(), datatypes.filter(lambda name: name not in (BYTES, "BOOL", "BF16")), shapes.filter(len), st.booleans())
def test_an_array_of_the_shape_declared_is_taken(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], is_flat: bool
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    text = orjson.dumps(listed(array.reshape(-1) if is_flat else array))
    came = Numbers(text).to_array(spec(datatype), shape)
    if came is None:  # nested lists around nothing may be short of a level
        assert not array.size
    else:
        assert_same(came, json_tensor.to_array(spec(datatype), orjson.loads(text), shape))


@pytest.mark.parametrize(
    ("datatype", "text", "shape"),
    [
        pytest.param("FP32", "[[1,2,3],[4]]", (2, 2), id="ragged lists of the right number"),
        pytest.param("FP32", "[1,[2]]", (2,), id="lists beside numbers"),
        pytest.param("FP32", "[1,2,3]", (2,), id="too many"),
        pytest.param("FP32", "[true,1]", (2,), id="a boolean"),
        pytest.param("FP32", "[null,1]", (2,), id="null"),
        pytest.param("FP32", "[1e39,1]", (2,), id="too large for a float of 32 bits"),
        pytest.param("FP16", "[65520,1]", (2,), id="too large for a float of 16 bits"),
        pytest.param("UINT8", "[256,1]", (2,), id="too large for a byte"),
        pytest.param("UINT8", "[-1,1]", (2,), id="a sign where none is taken"),
        pytest.param("INT8", "[-129,1]", (2,), id="too small"),
        pytest.param("INT8", "[128,1]", (2,), id="too large for seven bits"),
        pytest.param("INT32", "[1.0,1]", (2,), id="a whole number written as a float"),
        pytest.param("INT64", "[9223372036854775808,1]", (2,), id="beyond 63 bits"),
        pytest.param("UINT64", "[-1,1]", (2,), id="a sign beyond 63 bits"),
        pytest.param("BOOL", "[0,1]", (2,), id="booleans"),
        pytest.param("BYTES", "[0,1]", (2,), id="strings"),
        pytest.param("FP32", "[1]", (), id="a scalar"),
    ],
)
def test_what_needs_a_second_look_is_left_to_the_slow_way(datatype: str, text: str, shape: tuple[int, ...]) -> None:
    assert Numbers(text.encode()).to_array(spec(datatype), shape) is None


@pytest.mark.parametrize("value", [2**63 - 1, 2**53 + 1, -(2**63)])
def test_whole_numbers_of_64_bits_are_exact(value: int) -> None:
    came = Numbers(orjson.dumps([value, 1])).to_array(spec("INT64"), (2,))
    assert came is not None
    assert came.tolist() == [value, 1]
    top = Numbers(b"[18446744073709551615]").to_array(spec("UINT64"), (1,))
    assert top is not None
    assert top.tolist() == [2**64 - 1]


LONG = orjson.dumps(list(range(200)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":%b}',
        b'{"data" : %b , "other":1}',
        b'{"data"\n:\t%b}',
        b'{"other":"data","data":%b}',
        b'{"name":"data","x":{"data":%b}}',
        b'[{"data":%b},{"data":%b}]',
        b'{"data":[1],"more":{"data":%b}}',
    ],
)
def test_what_is_left_with_the_arrays_put_back_is_the_body(body: bytes) -> None:
    body = body.replace(b"%b", LONG)
    taken = lift(body, b"data")
    assert taken is not None
    rest, lifted = taken
    assert len(rest) < len(LONG)
    for place, each in lifted.items():
        rest = rest.replace(b'"%b"' % place.encode(), orjson.dumps(each.to_list()))
    assert orjson.loads(rest) == orjson.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[1,2,3]}',
        b'{"data":"%b"}',
        b'{"\\"data":%b}',
        b'{"other":%b}',
        b'{"data":[["a"],%b]}',
        b'{"data":[%b,{"x":1}]}',
        b'{"data":%b',
        b"",
    ],
)
def test_nothing_is_taken_where_the_key_has_no_long_array_of_numbers(body: bytes) -> None:
    taken = lift(body.replace(b"%b", LONG), b"data")
    # An array that is not closed is told by the parser of what is left.
    assert taken is None or body.startswith(b'{"data":%b')


# Whole requests

SIGNATURE = Signature(
    "serving_default",
    (TensorSpec("one", "FP32", (-1, 2)), TensorSpec("two", "UINT8", (-1, 2))),
    (TensorSpec("y", "FP32", (-1,)),),
    is_batched=True,
)


def message(one: object, two: object, rows: int) -> dict[str, Any]:
    return {
        "id": 'a "data":[1]',
        "inputs": [
            {"name": "one", "datatype": "FP32", "shape": [rows, 2], "data": one},
            {"name": "two", "datatype": "UINT8", "shape": [rows, 2], "data": two, "parameters": {}},
        ],
    }


def decoded(body: bytes, *, is_fast: bool) -> Request | str:
    try:
        parsed, tail = payload_v2.parse(body) if is_fast else (payload_v2.parse_object(body), payload_v2.NO_TAIL)
        return payload_v2.decode(parsed, tail, SIGNATURE)
    except InvalidRequest as error:
        return str(error)


def assert_decoded_alike(body: bytes) -> None:
    fast, slow = decoded(body, is_fast=True), decoded(body, is_fast=False)
    if isinstance(fast, str) or isinstance(slow, str):
        assert fast == slow
        return
    assert fast.tensors.keys() == slow.tensors.keys()
    for name, array in slow.tensors.items():
        assert_same(fast.tensors[name], array)
    assert (fast.rows, fast.outputs, fast.id, fast.timeout_seconds) == (
        slow.rows,
        slow.outputs,
        slow.id,
        slow.timeout_seconds,
    )


GOOD = message([[0.5, 1]] * 40, [7, 8] * 40, 40)


@given(spoiled(GOOD, changes=3))
def test_a_spoiled_request_is_decoded_or_refused_in_the_same_words(spoiled_message: Any) -> None:
    assert_decoded_alike(orjson.dumps(spoiled_message))


@given(st.data())
def test_a_body_with_a_byte_changed_is_decoded_or_refused_in_the_same_words(data: st.DataObject) -> None:
    body = bytearray(orjson.dumps(GOOD))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b"\\",
                    b"[",
                    b"]",
                    b"{",
                    b"}",
                    b",",
                    b":",
                    b" ",
                    b"1",
                    b"-",
                    b".",
                    b"e",
                    b"\0",
                    b'"data":[1]',
                ]
            )
        )
    assert_decoded_alike(bytes(body))


@given(json_values)
def test_whatever_else_comes_is_decoded_or_refused_in_the_same_words(value: Any) -> None:
    assert_decoded_alike(orjson.dumps({"inputs": [{"name": "one", "data": [value] * 300}], "data": [1] * 300}))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"inputs":[],"data":%b}', id="outside an input"),
        pytest.param(b'{"inputs":[{"name":"one","data":%b,"d\\u0061ta":[1]}]}', id="given again under an escaped key"),
        pytest.param(b'{"inputs":[{"name":"one","data":[1],"data":%b}]}', id="given twice"),
        pytest.param(b'{"inputs":[{"name":"one","data":%b,"data":%b}]}', id="given twice at length"),
        pytest.param(b'{"inputs":[{"name":"one","parameters":{"data":%b}}]}', id="in the parameters"),
        pytest.param(b'{"inputs":[{"name":"one","data":%b}]', id="in a body that ends early"),
        pytest.param(b'[{"data":%b}]', id="in a list"),
        pytest.param(b'{"inputs":[{"name":"one","data":[' + b"1" * 400 + b"]}]}", id="of one number of 400 digits"),
        pytest.param(b'{"inputs":[{"name":"one","data":' + b"[" * 1500 + b"]" * 1500 + b"}]}", id="too deep"),
        pytest.param(b'{"inputs":{"data":%b}}', id="in inputs that are no list"),
        pytest.param(b'{"id":"\\","data":%b}', id="in a string that is not closed"),
        pytest.param(b'\xef\xbb\xbf{"inputs":[{"name":"one","data":%b}]}', id="behind a mark of byte order"),
        pytest.param(b'{"inputs":[{"name":"\xff","data":%b}]}', id="beside bytes that are no text"),
    ],
)
def test_data_in_a_strange_place_is_decoded_or_refused_in_the_same_words(body: bytes) -> None:
    assert_decoded_alike(body.replace(b"%b", LONG))


def test_a_string_that_looks_like_a_place_is_a_string() -> None:
    guess = (json_numbers.PLACE % 0)[1:-1].decode()
    strange = orjson.dumps(message(guess, [[7, 8]] * 40, 40))
    assert decoded(strange, is_fast=True) == decoded(strange, is_fast=False)
