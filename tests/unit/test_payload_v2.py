"""V2 bodies to requests and outputs to V2 bodies, JSON and binary, and whatever else may come."""

import tracemalloc
from math import inf
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import binary_tensor, payload_v2
from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest
from serving.request import OutputChoice, Request, all_outputs
from serving.signature import Signature, Tensors, TensorSpec
from tests.strategies import assert_same, bytes_tensor, datatypes, json_values, listed, shapes, spoiled, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)

DIGITS = Signature(
    "serving_default",
    (TensorSpec("image", "UINT8", (-1, 2, 2)),),
    (TensorSpec("digit", "INT64", (-1,)), TensorSpec("probabilities", "FP32", (-1, 2))),
    is_batched=True,
)
TWO_INPUTS = Signature(
    "serving_default",
    (TensorSpec("left", "FP32", (-1, -1)), TensorSpec("right", BYTES, (-1,))),
    (TensorSpec("both", "FP32", (-1,)),),
    is_batched=True,
)
ANY_RANK = Signature(
    "serving_default",
    (TensorSpec("x", "FP64", None), TensorSpec("scalar", "BOOL", ())),
    (TensorSpec("y", "FP64", None),),
    is_batched=False,
)


def image(**changes: object) -> dict[str, Any]:
    """A good input for DIGITS, but for what is changed; a change to None leaves it out."""
    entry = {"name": "image", "datatype": "UINT8", "shape": [1, 2, 2], "data": [1, 2, 3, 4], **changes}
    return {name: value for name, value in entry.items() if value is not None}


def decode(message: object, signature: Signature = DIGITS, tail: bytes = b"") -> Request:
    head = orjson.dumps(message)
    parsed, rest = payload_v2.parse(head + tail, len(head) if tail else None)
    return payload_v2.decode(parsed, rest, signature)


def fits(request: Request, signature: Signature) -> bool:
    """Whether a request keeps the promise that its tensors fit the signature it was decoded for."""
    for spec in signature.inputs:
        array = request.tensors[spec.name]
        assert array.dtype == DTYPES[spec.datatype]
        spec.check_shape(array.shape)
        assert not signature.is_batched or array.shape[0] == request.rows
    assert request.rows >= 1
    assert request.timeout_seconds > 0
    return {choice.name for choice in request.outputs} <= {spec.name for spec in signature.outputs}


def one_input(datatype: str, shape: tuple[int, ...]) -> Signature:
    """A model that takes one tensor of any rank, and gives it back."""
    spec = TensorSpec("x", datatype, None)
    return Signature("s", (spec,), (spec,), is_batched=False)


# Round trips


@given(st.data(), datatypes, shapes, st.booleans())
def test_json_tensors_come_out_as_they_went_in(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], is_flat: bool
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    values = listed(array.reshape(-1) if is_flat else array)
    entry = {"name": "x", "datatype": datatype, "shape": list(shape), "data": values}
    assert_same(decode({"inputs": [entry]}, one_input(datatype, shape)).tensors["x"], array)


@given(st.data(), datatypes, shapes, datatypes, shapes)
def test_binary_tensors_come_out_as_they_went_in(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], other_datatype: str, other_shape: tuple[int, ...]
) -> None:
    sent = {"x": data.draw(tensors(datatype, shape)), "y": data.draw(tensors(other_datatype, other_shape))}
    specs = (TensorSpec("x", datatype, None), TensorSpec("y", other_datatype, None))
    raw = {name: bytes(binary_tensor.to_buffer(array)) for name, array in sent.items()}
    entries = [
        {
            "name": spec.name,
            "datatype": spec.datatype,
            "shape": list(sent[spec.name].shape),
            "parameters": {"binary_data_size": len(raw[spec.name])},
        }
        for spec in specs
    ]
    request = decode({"inputs": entries}, Signature("s", specs, specs, is_batched=False), raw["x"] + raw["y"])
    for name, array in sent.items():
        assert_same(request.tensors[name], array)


@given(st.data(), datatypes, shapes, st.booleans())
def test_outputs_are_written_so_that_they_can_be_read(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], is_binary: bool
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=not is_binary))
    asked = Request({}, 1, (OutputChoice("x", is_binary),), id="7")
    body, head_bytes = payload_v2.encode({"x": array}, asked, model_name="m", model_version="3")
    message, tail = payload_v2.parse(body, head_bytes)
    assert (message["model_name"], message["model_version"], message["id"]) == ("m", "3", "7")
    (output,) = message["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("x", datatype, list(shape))
    again = payload_v2.decode({"inputs": message["outputs"]}, tail, one_input(datatype, shape))
    assert_same(again.tensors["x"], array)


def test_outputs_of_both_kinds_come_in_one_answer() -> None:
    outputs: Tensors = {
        "a": np.array([1, 2], dtype=np.int32),
        "b": np.array([[0.5]]),
        "c": bytes_tensor([b"\xff"], (1,)),
    }
    asked = Request({}, 1, (OutputChoice("c", is_binary=True), OutputChoice("b"), OutputChoice("a", is_binary=True)))
    body, head_bytes = payload_v2.encode(outputs, asked, model_name="m", model_version="1")
    assert head_bytes is not None
    message = orjson.loads(body[:head_bytes])
    assert "id" not in message
    assert message["outputs"] == [
        {"name": "c", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 5}},
        {"name": "b", "shape": [1, 1], "datatype": "FP64", "data": [0.5]},
        {"name": "a", "shape": [2], "datatype": "INT32", "parameters": {"binary_data_size": 8}},
    ]
    assert body[head_bytes:] == b"\x01\0\0\0\xff" + b"\x01\0\0\0\x02\0\0\0"


def test_bytes_that_are_no_text_are_told_how_to_be_asked_for() -> None:
    asked = Request({}, 1, (OutputChoice("x"),))
    with pytest.raises(InvalidRequest, match=r"output 'x' holds bytes that are not UTF-8.*'binary_data': true"):
        payload_v2.encode({"x": bytes_tensor([b"\xff"], (1,))}, asked, model_name="m", model_version="1")


# What is asked for


@pytest.mark.parametrize(
    ("changes", "outputs"),
    [
        pytest.param({}, [("digit", False), ("probabilities", False)], id="nothing said is everything"),
        pytest.param({"outputs": None}, [("digit", False), ("probabilities", False)], id="null is everything"),
        pytest.param({"outputs": []}, [("digit", False), ("probabilities", False)], id="an empty list is everything"),
        pytest.param({"outputs": [{"name": "probabilities"}]}, [("probabilities", False)], id="one of two"),
        pytest.param(
            {"outputs": [{"name": "probabilities"}, {"name": "digit"}]},
            [("probabilities", False), ("digit", False)],
            id="in the order asked for",
        ),
        pytest.param(
            {"parameters": {"binary_data_output": True}},
            [("digit", True), ("probabilities", True)],
            id="everything in binary",
        ),
        pytest.param(
            {"outputs": [{"name": "digit", "parameters": {"binary_data": True}}]}, [("digit", True)], id="one in binary"
        ),
        pytest.param(
            {
                "parameters": {"binary_data_output": True},
                "outputs": [{"name": "digit", "parameters": {"binary_data": False}}, {"name": "probabilities"}],
            },
            [("digit", False), ("probabilities", True)],
            id="all in binary but one",
        ),
    ],
)
def test_the_outputs_asked_for(changes: dict[str, Any], outputs: list[tuple[str, bool]]) -> None:
    request = decode({"inputs": [image()], **changes})
    assert [(choice.name, choice.is_binary) for choice in request.outputs] == outputs


@pytest.mark.parametrize(
    ("parameters", "seconds"),
    [
        pytest.param({}, inf, id="none"),
        pytest.param({"timeout": 0}, inf, id="zero is none"),
        pytest.param({"timeout": 1_500_000}, 1.5, id="in microseconds"),
        pytest.param({"timeout": 2**64 - 1}, (2**64 - 1) * 1e-6, id="the longest"),
    ],
)
def test_the_timeout_of_a_request(parameters: dict[str, Any], seconds: float) -> None:
    assert decode({"inputs": [image()], "parameters": parameters}).timeout_seconds == pytest.approx(seconds)


def test_a_request_keeps_its_id() -> None:
    assert decode({"inputs": [image()], "id": "seven"}).id == "seven"
    assert decode({"inputs": [image()], "id": None}).id == ""


def test_inputs_are_found_by_name_in_any_order() -> None:
    left = {"name": "left", "datatype": "FP32", "shape": [2, 1], "data": [1.5, 2.5]}
    right = {"name": "right", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}
    request = decode({"inputs": [right, left]}, TWO_INPUTS)
    assert request.rows == 2
    assert request.tensors["left"].tolist() == [[1.5], [2.5]]
    assert request.tensors["right"].tolist() == [b"a", b"b"]


# What is refused


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        pytest.param({}, "the request has no 'inputs' that is a list of objects", id="no inputs"),
        pytest.param({"inputs": {}}, "the request has no 'inputs' that is a list of objects", id="inputs by name"),
        pytest.param({"inputs": [1]}, "the request has no 'inputs' that is a list of objects", id="no objects"),
        pytest.param({"inputs": []}, "input 'image' is missing", id="an empty list of inputs"),
        pytest.param(
            {"inputs": [image(name=None)]}, "an entry of 'inputs' has no 'name' that is a string", id="no name"
        ),
        pytest.param({"inputs": [image(name="img")]}, "unknown input 'img', expected 'image'", id="an unknown input"),
        pytest.param({"inputs": [image(), image()]}, "input 'image' is given twice", id="an input twice"),
        pytest.param(
            {"inputs": [image(datatype=None)]},
            "input 'image' has no 'datatype' that is a string, expected 'UINT8'",
            id="no datatype",
        ),
        pytest.param(
            {"inputs": [image(datatype="FP32")]}, "input 'image' has datatype FP32, expected UINT8", id="wrong datatype"
        ),
        pytest.param(
            {"inputs": [image(shape=None)]},
            "input 'image' has no 'shape' that is a list of whole numbers from 0 on",
            id="no shape",
        ),
        pytest.param(
            {"inputs": [image(shape=[1, 2.0, 2])]},
            "input 'image' has no 'shape' that is a list of whole numbers from 0 on",
            id="a float in the shape",
        ),
        pytest.param(
            {"inputs": [image(shape=[True, 2, 2])]},
            "input 'image' has no 'shape' that is a list of whole numbers from 0 on",
            id="a boolean in the shape",
        ),
        pytest.param(
            {"inputs": [image(shape=[-1, 2, 2])]},
            "input 'image' has no 'shape' that is a list of whole numbers from 0 on",
            id="a negative dimension",
        ),
        pytest.param(
            {"inputs": [image(shape=[1, 4])]}, "input 'image' has shape [1, 4], expected [-1, 2, 2]", id="wrong rank"
        ),
        pytest.param(
            {"inputs": [image(shape=[1, 2, 3])]},
            "input 'image' has shape [1, 2, 3], expected [-1, 2, 2]",
            id="wrong dimension",
        ),
        pytest.param(
            {"inputs": [image(shape=[2**40, 2**40, 2])]},
            "input 'image' has a shape that no request can fill",
            id="a shape beyond all memory",
        ),
        pytest.param(
            {"inputs": [image(shape=[1] * 65)]},
            "input 'image' has a shape that no request can fill",
            id="more dimensions than there are",
        ),
        pytest.param(
            {"inputs": [image(shape=[0, 2, 2], data=[])]},
            "the request has no rows, expected at least one",
            id="no rows",
        ),
        pytest.param(
            {"inputs": [image(data=None)]},
            "input 'image' has no data, expected 'data' or 'binary_data_size'",
            id="no data",
        ),
        pytest.param(
            {"inputs": [image(parameters=[])]},
            "the parameters of input 'image' are not an object",
            id="parameters in a list",
        ),
        pytest.param(
            {"inputs": [image(parameters={"a": []})]},
            "parameter 'a' of input 'image' is not a string, a number or a boolean",
            id="a parameter that is a list",
        ),
        pytest.param(
            {"inputs": [image(parameters={"binary_data_size": 4})]},
            "input 'image' has both 'data' and 'binary_data_size'",
            id="data of both kinds",
        ),
        pytest.param(
            {"inputs": [image(data=None, parameters={"binary_data_size": -4})]},
            "input 'image' has binary_data_size -4, expected a number of bytes",
            id="a negative size",
        ),
        pytest.param(
            {"inputs": [image(data=None, parameters={"binary_data_size": True})]},
            "input 'image' has binary_data_size True, expected a number of bytes",
            id="a boolean for a size",
        ),
        pytest.param(
            {"inputs": [image(data=None, parameters={"binary_data_size": 4})]},
            "input 'image' has binary_data_size 4, but 0 bytes are left",
            id="binary data that is not there",
        ),
        pytest.param(
            {"inputs": [image()], "id": 7}, "the request has an 'id' that is not a string", id="a number as id"
        ),
        pytest.param(
            {"inputs": [image()], "parameters": {"timeout": "1"}},
            "parameter 'timeout' is '1', expected a number of microseconds",
            id="a timeout in quotes",
        ),
        pytest.param(
            {"inputs": [image()], "parameters": {"timeout": -1}},
            "parameter 'timeout' is -1, expected a number of microseconds",
            id="a negative timeout",
        ),
        pytest.param(
            {"inputs": [image()], "outputs": [{"name": "x"}]},
            "unknown output 'x', the model has 'digit', 'probabilities'",
            id="an unknown output",
        ),
        pytest.param(
            {"inputs": [image()], "outputs": [{"name": "digit"}, {"name": "digit"}]},
            "output 'digit' is asked for twice",
            id="an output twice",
        ),
        pytest.param(
            {"inputs": [image()], "outputs": "digit"},
            "the request has no 'outputs' that is a list of objects",
            id="outputs that are no list",
        ),
    ],
)
def test_what_does_not_fit_is_told(message: object, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(message)
    assert str(refusal.value) == sentence


def test_inputs_that_disagree_about_their_rows_are_told() -> None:
    left = {"name": "left", "datatype": "FP32", "shape": [2, 1], "data": [1.5, 2.5]}
    right = {"name": "right", "datatype": "BYTES", "shape": [1], "data": ["a"]}
    with pytest.raises(InvalidRequest, match="input 'right' has 1 rows and input 'left' has 2"):
        decode({"inputs": [right, left]}, TWO_INPUTS)


def test_bytes_after_the_last_binary_input_are_told() -> None:
    entry = image(data=None, parameters={"binary_data_size": 4})
    assert decode({"inputs": [entry]}, tail=b"abcd").tensors["image"].tobytes() == b"abcd"
    with pytest.raises(InvalidRequest, match="1 bytes follow the last binary input"):
        decode({"inputs": [entry]}, tail=b"abcde")


@pytest.mark.parametrize(
    ("body", "head_bytes", "sentence"),
    [
        pytest.param(b"", None, "the body is not JSON", id="nothing"),
        pytest.param(b"{", None, "the body is not JSON", id="half an object"),
        pytest.param(b'{"a": NaN}', None, "the body is not JSON", id="NaN"),
        pytest.param(b'{"a": 1e999}', None, "the body is not JSON", id="a number beyond all floats"),
        pytest.param(b'{"a": "\xff"}', None, "the body is not JSON", id="no UTF-8"),
        pytest.param(b'{"a": "\\ud800"}', None, "the body is not JSON", id="half a letter"),
        pytest.param(b"[" * 5000, None, "the body is not JSON", id="nesting without end"),
        pytest.param(b"[]", None, "the body is JSON, but not an object", id="a list"),
        pytest.param(b"null", None, "the body is JSON, but not an object", id="null"),
        pytest.param(b"{}", 3, "Inference-Header-Content-Length is 3, expected 1 to 2", id="a head beyond the body"),
        pytest.param(b"{}", 0, "Inference-Header-Content-Length is 0, expected 1 to 2", id="an empty head"),
    ],
)
def test_a_body_that_cannot_be_parsed_is_told(body: bytes, head_bytes: int | None, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        payload_v2.parse(body, head_bytes)


# Anything at all


@given(st.binary(max_size=60), st.one_of(st.none(), st.integers(0, 70)))
def test_any_bytes_are_parsed_or_refused(body: bytes, head_bytes: int | None) -> None:
    try:
        message, tail = payload_v2.parse(body, head_bytes)
    except InvalidRequest:
        return
    assert isinstance(message, dict)
    assert len(tail) == (0 if head_bytes is None else len(body) - head_bytes)


GOOD = {
    "one input": (
        DIGITS,
        {
            "id": "7",
            "parameters": {"binary_data_output": True, "timeout": 5},
            "inputs": [image(parameters={"a": 1})],
            "outputs": [{"name": "digit", "parameters": {"binary_data": True}}],
        },
        b"",
    ),
    "two inputs, one of them binary": (
        TWO_INPUTS,
        {
            "inputs": [
                {"name": "left", "datatype": "FP32", "shape": [2, 2], "data": [[1.5, 2.5], [0, -1]]},
                {"name": "right", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": 9}},
            ]
        },
        b"\0\0\0\0\x01\0\0\0a",
    ),
    "any rank": (
        ANY_RANK,
        {
            "inputs": [
                {"name": "x", "datatype": "FP64", "shape": [1, 2, 0], "data": [[[], []]]},
                {"name": "scalar", "datatype": "BOOL", "shape": [], "data": True},
            ]
        },
        b"",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_is_taken(name: str) -> None:
    signature, message, tail = GOOD[name]
    assert fits(decode(message, signature, tail), signature)


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=60)
@given(data=st.data())
def test_a_spoiled_request_still_fits_or_is_refused(name: str, data: st.DataObject) -> None:
    signature, message, tail = GOOD[name]
    try:
        request = payload_v2.decode(data.draw(spoiled(message)), memoryview(tail), signature)
    except InvalidRequest:
        return
    assert fits(request, signature)


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=60)
@given(data=st.data())
def test_a_spoiled_request_is_taken_at_its_word_or_refused_where_the_model_declares_nothing(
    name: str, data: st.DataObject
) -> None:
    _, message, tail = GOOD[name]
    message = data.draw(spoiled(message))
    try:
        request = payload_v2.decode(message, memoryview(tail), payload_v2.declared_signature(message))
    except InvalidRequest:
        return
    assert len(request.tensors) == len(message["inputs"])


@given(st.dictionaries(st.sampled_from(["inputs", "outputs", "id", "parameters"]), json_values))
def test_any_json_is_refused(message: dict[str, Any]) -> None:
    for signature in (DIGITS, TWO_INPUTS, ANY_RANK):
        with pytest.raises(InvalidRequest):
            payload_v2.decode(message, memoryview(b""), signature)


def test_a_model_that_declares_nothing_is_given_what_the_request_declares() -> None:
    message = {"inputs": [image(), {"name": "y", "datatype": "BYTES", "shape": [], "data": "a"}]}
    request = payload_v2.decode(message, memoryview(b""), payload_v2.declared_signature(message))
    assert request.tensors["image"].shape == (1, 2, 2)
    assert request.tensors["y"].tolist() == b"a"
    assert request.outputs == ()


@pytest.mark.parametrize("is_binary", [pytest.param(True, id="binary"), pytest.param(False, id="JSON")])
def test_every_output_is_asked_for_in_the_order_of_the_signature(is_binary: bool) -> None:
    assert all_outputs(DIGITS, is_binary=is_binary) == (
        OutputChoice("digit", is_binary),
        OutputChoice("probabilities", is_binary),
    )


# What JSON cannot say, and what is not copied


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_json_cannot_say_is_told_and_not_made_null(value: float) -> None:
    outputs = {"y": np.array([1.0, value])}
    asked = Request({}, 1, (OutputChoice("y"),))
    with pytest.raises(InvalidRequest, match="output 'y' holds NaN or infinity, which JSON cannot say"):
        payload_v2.encode(outputs, asked, model_name="m", model_version="1")
    binary = Request({}, 1, (OutputChoice("y", is_binary=True),), id="null")
    assert payload_v2.encode(outputs, binary, model_name="m", model_version="1")[1] is not None


def test_a_word_null_in_an_answer_is_no_number() -> None:
    asked = Request({}, 1, (OutputChoice("y"),), id="null")
    body, _ = payload_v2.encode({"y": bytes_tensor([b"null"], (1,))}, asked, model_name="null", model_version="1")
    assert orjson.loads(body)["outputs"][0]["data"] == ["null"]


def test_a_large_binary_tensor_is_a_view_of_its_body_and_is_copied_once_into_the_answer() -> None:
    size = 4 * 1024 * 1024
    signature = Signature("s", (TensorSpec("x", "FP32", (-1, size // 4)),), (), is_batched=True)
    declared = {"name": "x", "datatype": "FP32", "shape": [1, size // 4], "parameters": {"binary_data_size": size}}
    head = orjson.dumps({"inputs": [declared]})
    body = head + bytes(size)
    asked = Request({}, 1, (OutputChoice("x", is_binary=True),))
    tracemalloc.start()
    try:
        message, tail = payload_v2.parse(body, len(head))
        request = payload_v2.decode(message, tail, signature)
        _, decoded_bytes = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        payload_v2.encode(request.tensors, asked, model_name="m", model_version="1")
        _, encoded_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.shares_memory(request.tensors["x"], np.frombuffer(body, np.uint8))
    assert decoded_bytes < size / 10
    assert size <= encoded_bytes < size * 1.1


def test_classes_of_an_output_come_instead_of_it() -> None:
    wanted = {"name": "probabilities", "parameters": {"classification": 1}}
    request = decode({"inputs": [image()], "outputs": [wanted]})
    outputs = {"probabilities": np.array([[0.25, 0.75]], dtype=np.float32)}
    body, _ = payload_v2.encode(outputs, request, model_name="m", model_version="1")
    assert orjson.loads(body)["outputs"] == [
        {"name": "probabilities", "shape": [1, 1], "datatype": "BYTES", "data": ["0.750000:1"]}
    ]


def test_a_big_endian_datatype_is_named_as_such() -> None:
    with pytest.raises(InvalidRequest, match="has datatype >u1, expected UINT8 and little-endian bytes"):
        decode({"inputs": [image(datatype=">u1")]})
