"""V1 bodies to requests and outputs to V1 bodies, by row and by column."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import payload_v1, payload_v2
from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest
from serving.signature import Signature, Tensors, TensorSpec
from tests.strategies import assert_same, bytes_tensor, datatypes, json_values, listed, spoiled, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)

ONE = Signature("s", (TensorSpec("x", "FP32", (-1, 2)),), (TensorSpec("y", "FP32", (-1, 2)),), is_batched=True)
TWO = Signature(
    "s",
    (TensorSpec("text", BYTES, (-1,)), TensorSpec("x", "INT32", (-1, 2))),
    (TensorSpec("label", BYTES, (-1,)), TensorSpec("y", "FP32", (-1, 2))),
    is_batched=True,
)
UNBATCHED = Signature("s", (TensorSpec("x", "FP32", (2,)),), (TensorSpec("y", "FP32", ()),), is_batched=False)
TEXT = Signature("s", (TensorSpec("x", BYTES, (-1,)),), (TensorSpec("y", BYTES, (-1,)),), is_batched=True)
SIGNATURES = {"one input": ONE, "two inputs": TWO, "no rows": UNBATCHED, "text": TEXT}


def decode(message: object, signature: Signature) -> payload_v1.V1Request:
    return payload_v1.decode(payload_v2.parse_object(orjson.dumps(message)), signature)


def answer(outputs: Tensors, message: object, signature: Signature) -> Any:
    return orjson.loads(payload_v1.encode(outputs, decode(message, signature), signature))


@given(st.data(), datatypes, st.integers(1, 4), st.integers(1, 3))
def test_rows_and_columns_mean_the_same(data: st.DataObject, datatype: str, rows: int, width: int) -> None:
    array = data.draw(tensors(datatype, (rows, width), is_json=True))
    spec = TensorSpec("x", datatype, (-1, width))
    signature = Signature("s", (spec,), (spec,), is_batched=True)
    values = listed(array)
    for message in (
        {"instances": values},
        {"instances": [{"x": row} for row in values]},
        {"inputs": values},
        {"inputs": {"x": values}},
    ):
        asked = decode(message, signature)
        assert asked.request.rows == rows
        assert asked.is_columnar is ("inputs" in message)
        assert_same(asked.request.tensors["x"], array)
        written = orjson.loads(payload_v1.encode({"x": array}, asked, signature))
        key = "outputs" if asked.is_columnar else "predictions"
        assert_same(decode({"inputs": written[key]}, signature).request.tensors["x"], array)


@pytest.mark.parametrize(
    ("message", "signature", "expected"),
    [
        pytest.param({"instances": [[1, 2], [3, 4]]}, ONE, {"x": [[1, 2], [3, 4]]}, id="rows of the only input"),
        pytest.param(
            {"instances": [{"x": [1, 2], "text": "a"}, {"text": "b", "x": [3, 4]}]},
            TWO,
            {"x": [[1, 2], [3, 4]], "text": [b"a", b"b"]},
            id="rows of two inputs in any order",
        ),
        pytest.param(
            {"inputs": {"x": [[1, 2]], "text": ["a"]}}, TWO, {"x": [[1, 2]], "text": [b"a"]}, id="columns of two inputs"
        ),
        pytest.param({"instances": [{"b64": "/w=="}, "é"]}, TEXT, {"x": [b"\xff", "é".encode()]}, id="base64 and text"),
        pytest.param({"instances": [{"x": {"b64": "/w=="}}]}, TEXT, {"x": [b"\xff"]}, id="base64 of a named input"),
        pytest.param({"instances": [[1, 2]]}, UNBATCHED, {"x": [1, 2]}, id="the one instance of a model without rows"),
        pytest.param({"inputs": [1, 2]}, UNBATCHED, {"x": [1, 2]}, id="the column of a model without rows"),
        pytest.param({"instances": [[1, 2]], "signature_name": "s"}, ONE, {"x": [[1, 2]]}, id="its signature"),
    ],
)
def test_what_fits_is_taken(message: object, signature: Signature, expected: dict[str, object]) -> None:
    came = decode(message, signature).request.tensors
    assert {name: array.tolist() for name, array in came.items()} == expected


@pytest.mark.parametrize(
    ("message", "signature", "sentence"),
    [
        pytest.param({}, ONE, "expected either 'instances' (rows) or 'inputs' (columns), neither came", id="neither"),
        pytest.param(
            {"instances": [], "inputs": []},
            ONE,
            "expected either 'instances' (rows) or 'inputs' (columns), both came",
            id="both",
        ),
        pytest.param({"instances": 1}, ONE, "'instances' is not a list", id="instances that are no list"),
        pytest.param({"instances": []}, ONE, "'instances' is empty, expected at least one row", id="no instances"),
        pytest.param({"inputs": []}, ONE, "input 'x' has shape [0], expected [-1, 2]", id="an empty column"),
        pytest.param(
            {"instances": [[1, 2, 3]]}, ONE, "input 'x' has shape [1, 3], expected [-1, 2]", id="a row too long"
        ),
        pytest.param(
            {"instances": [[1, 2], [3]]},
            ONE,
            "input 'x' has a list of 1 at depth 1, where its shape [2, 2] expects 2",
            id="a ragged row",
        ),
        pytest.param({"instances": [1, 2]}, ONE, "input 'x' has shape [2], expected [-1, 2]", id="rows too flat"),
        pytest.param(
            {"instances": [{"z": [1, 2]}]}, ONE, "unknown input 'z', expected 'x'", id="a row of an unknown input"
        ),
        pytest.param(
            {"instances": [[1, 2]]},
            TWO,
            "the instances are not objects of inputs by name, and the model has several: 'text', 'x'",
            id="rows without names",
        ),
        pytest.param(
            {"inputs": [[1, 2]]},
            TWO,
            "'inputs' is not an object of inputs by name, and the model has several: 'text', 'x'",
            id="columns without names",
        ),
        pytest.param({"instances": [{"x": [1, 2]}]}, TWO, "input 'text' is missing", id="a missing input"),
        pytest.param(
            {"instances": [{"x": [1, 2], "text": "a"}, {"x": [1, 2]}]},
            TWO,
            "instance 1 has inputs ['x'], expected ['text', 'x'] as instance 0 has",
            id="rows that differ",
        ),
        pytest.param(
            {"instances": [[1, 2], [3, 4]]},
            UNBATCHED,
            "the model takes one instance a request, 2 came",
            id="two instances",
        ),
        pytest.param(
            {"inputs": {"x": [[1, 2]], "text": ["a", "b"]}},
            TWO,
            "input 'x' has 1 rows and input 'text' has 2: every input must have as many rows",
            id="columns of different length",
        ),
    ],
)
def test_what_does_not_fit_is_told(message: object, signature: Signature, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(message, signature)
    assert str(refusal.value) == sentence


FLOATS = np.array([[0.1, -0.5], [2.0, 3.0]], dtype=np.float32)


@pytest.mark.parametrize(
    ("outputs", "message", "signature", "expected"),
    [
        pytest.param(
            {"y": FLOATS},
            {"instances": [[1, 2], [3, 4]]},
            ONE,
            {"predictions": [[0.1, -0.5], [2.0, 3.0]]},
            id="rows of one output",
        ),
        pytest.param(
            {"y": FLOATS}, {"inputs": [[1, 2], [3, 4]]}, ONE, {"outputs": [[0.1, -0.5], [2.0, 3.0]]}, id="one column"
        ),
        pytest.param(
            {"y": FLOATS, "label": bytes_tensor([b"a", b"b"], (2,))},
            {"inputs": {"x": [[1, 2], [3, 4]], "text": ["a", "b"]}},
            TWO,
            {"outputs": {"label": ["a", "b"], "y": [[0.1, -0.5], [2.0, 3.0]]}},
            id="two columns",
        ),
        pytest.param(
            {"y": FLOATS, "label": bytes_tensor([b"a", b"b"], (2,))},
            {"instances": [{"x": [1, 2], "text": "a"}, {"x": [3, 4], "text": "b"}]},
            TWO,
            {"predictions": [{"label": "a", "y": [0.1, -0.5]}, {"label": "b", "y": [2.0, 3.0]}]},
            id="rows of two outputs",
        ),
        pytest.param(
            {"y": bytes_tensor([b"\xff", b"a"], (2,))},
            {"instances": ["a", "b"]},
            TEXT,
            {"predictions": [{"b64": "/w=="}, {"b64": "YQ=="}]},
            id="bytes that are no text",
        ),
        pytest.param(
            {"y": np.array(0.5, dtype=np.float32)},
            {"inputs": [1, 2]},
            UNBATCHED,
            {"outputs": 0.5},
            id="a scalar column",
        ),
        pytest.param(
            {"y": np.array(0.5, dtype=np.float32)},
            {"instances": [[1, 2]]},
            UNBATCHED,
            {"predictions": [0.5]},
            id="a scalar prediction",
        ),
    ],
)
def test_the_answer_has_the_form_of_the_question(
    outputs: Tensors, message: object, signature: Signature, expected: object
) -> None:
    assert answer(outputs, message, signature) == expected


GOOD: dict[str, tuple[Signature, Any]] = {
    "rows": (ONE, {"instances": [[1, 2], [3, 4.5]]}),
    "rows by name": (TWO, {"instances": [{"x": [1, 2], "text": "a"}, {"x": [3, 4], "text": {"b64": "/w=="}}]}),
    "columns": (TWO, {"inputs": {"x": [[1, 2]], "text": ["a"]}}),
    "no rows": (UNBATCHED, {"instances": [[1, 2]]}),
    "text": (TEXT, {"instances": [{"b64": "/w=="}, "a"]}),
}


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=60)
@given(data=st.data())
def test_a_spoiled_request_still_fits_or_is_refused(name: str, data: st.DataObject) -> None:
    signature, good = GOOD[name]
    decode(good, signature)
    try:
        request = payload_v1.decode(data.draw(spoiled(good)), signature).request
    except InvalidRequest:
        return
    assert request.tensors.keys() == {spec.name for spec in signature.inputs}
    for spec in signature.inputs:
        array = request.tensors[spec.name]
        assert array.dtype == DTYPES[spec.datatype]
        spec.check_shape(array.shape)
        assert not signature.is_batched or array.shape[0] == request.rows


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
@settings(max_examples=60)
@given(value=json_values, key=st.sampled_from(["instances", "inputs"]))
def test_any_json_is_taken_or_refused(signature: Signature, value: object, key: str) -> None:
    try:
        request = payload_v1.decode({key: value}, signature).request
    except InvalidRequest:
        return
    assert request.rows >= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_json_cannot_say_is_told_and_not_made_null(value: float) -> None:
    asked = decode({"instances": [[1, 2]]}, ONE)
    with pytest.raises(InvalidRequest, match="output 'y' holds NaN or infinity"):
        payload_v1.encode({"y": np.array([[value, 1.0]], dtype=np.float32)}, asked, ONE)


def test_another_signature_than_the_one_served_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="served by its signature 's', 'other' was asked for"):
        decode({"instances": [[1, 2]], "signature_name": "other"}, ONE)
