"""gRPC messages to requests and outputs to gRPC messages, typed and raw."""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import binary_tensor, payload_grpc
from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest
from serving.oip_pb2 import InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse
from serving.payload_grpc import TYPED_FIELD, InferMessage
from serving.request import OutputChoice, Request
from serving.signature import Signature, TensorSpec
from tests.strategies import assert_same, datatypes, shapes, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)

Input = ModelInferRequest.InferInputTensor
Asked = ModelInferRequest.InferRequestedOutputTensor

TWO = Signature(
    "s",
    (TensorSpec("image", "UINT8", (-1, 2)), TensorSpec("text", BYTES, (-1,))),
    (TensorSpec("digit", "INT64", (-1,)), TensorSpec("score", "BF16", (-1,))),
    is_batched=True,
)


def any_rank(datatype: str) -> Signature:
    spec = TensorSpec("x", datatype, None)
    return Signature("s", (spec,), (spec,), is_batched=False)


def typed(name: str, array: np.ndarray, datatype: str) -> Input:
    contents = InferTensorContents(**{TYPED_FIELD[datatype]: array.ravel().tolist()})
    return Input(name=name, datatype=datatype, shape=array.shape, contents=contents)


def as_sent(message: ModelInferRequest) -> InferMessage:
    return payload_grpc.parse(message.SerializeToString())


def good() -> ModelInferRequest:
    return ModelInferRequest(
        model_name="m",
        id="7",
        inputs=[
            Input(name="image", datatype="UINT8", shape=[1, 2], contents=InferTensorContents(uint_contents=[1, 2])),
            Input(name="text", datatype="BYTES", shape=[1], contents=InferTensorContents(bytes_contents=[b"\xff"])),
        ],
    )


def good_raw() -> ModelInferRequest:
    message = good()
    for entry in message.inputs:
        entry.ClearField("contents")
    message.raw_input_contents.extend([b"\x01\x02", b"\x01\0\0\0\xff"])
    return message


@given(st.data(), st.sampled_from(sorted(TYPED_FIELD)), shapes)
def test_typed_tensors_come_out_as_they_went_in(data: st.DataObject, datatype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(tensors(datatype, shape))
    if datatype == "FP32":
        array = np.where(np.isnan(array), np.float32(1.0), array)  # which NaN it was is lost on the way
    message = ModelInferRequest(inputs=[typed("x", array, datatype)])
    request = payload_grpc.decode(payload_grpc.parse(message.SerializeToString()), any_rank(datatype))
    assert_same(request.tensors["x"], array)


@given(st.data(), datatypes, shapes)
def test_raw_tensors_come_out_as_they_went_in(data: st.DataObject, datatype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(tensors(datatype, shape))
    message = ModelInferRequest(
        inputs=[Input(name="x", datatype=datatype, shape=shape)],
        raw_input_contents=[bytes(binary_tensor.to_buffer(array))],
    )
    request = payload_grpc.decode(payload_grpc.parse(message.SerializeToString()), any_rank(datatype))
    assert_same(request.tensors["x"], array)


@given(st.data(), datatypes, shapes, st.booleans())
def test_outputs_are_written_so_that_they_can_be_read(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], is_raw: bool
) -> None:
    array = data.draw(tensors(datatype, shape, is_json=True))
    asked = Request({}, 1, (OutputChoice("x"),), id="7")
    written = payload_grpc.encode({"x": array}, asked, model_name="m", model_version="3", is_raw=is_raw)
    answer = ModelInferResponse.FromString(written)
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "3", "7")
    assert bool(answer.raw_output_contents) == (is_raw or datatype not in TYPED_FIELD)
    (output,) = answer.outputs
    again = ModelInferRequest(
        inputs=[Input(name=output.name, datatype=output.datatype, shape=output.shape)],
        raw_input_contents=answer.raw_output_contents,
    )
    if not answer.raw_output_contents:
        again.inputs[0].contents.CopyFrom(output.contents)
    assert_same(payload_grpc.decode(as_sent(again), any_rank(datatype)).tensors["x"], array)


def test_one_output_without_a_typed_field_makes_the_whole_answer_raw() -> None:
    outputs = {"digit": np.array([7]), "score": np.array([0.5]).astype(DTYPES["BF16"])}
    asked = Request({}, 1, (OutputChoice("digit"), OutputChoice("score")))
    written = payload_grpc.encode(outputs, asked, model_name="m", model_version="1", is_raw=False)
    answer = ModelInferResponse.FromString(written)
    assert [len(raw) for raw in answer.raw_output_contents] == [8, 2]
    assert not any(output.HasField("contents") for output in answer.outputs)


@pytest.mark.parametrize("message", [pytest.param(good(), id="typed"), pytest.param(good_raw(), id="raw")])
def test_a_good_request_is_taken(message: ModelInferRequest) -> None:
    request = payload_grpc.decode(as_sent(message), TWO)
    assert request.tensors["image"].tolist() == [[1, 2]]
    assert request.tensors["text"].tolist() == [b"\xff"]
    assert (request.rows, request.id, request.timeout_seconds) == (1, "7", inf)
    assert [choice.name for choice in request.outputs] == ["digit", "score"]


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        pytest.param(InferParameter(int64_param=1_500_000), 1.5, id="microseconds"),
        pytest.param(InferParameter(uint64_param=1_500_000), 1.5, id="unsigned microseconds"),
        pytest.param(InferParameter(int64_param=0), inf, id="zero is none"),
    ],
)
def test_the_timeout_of_a_request(timeout: InferParameter, seconds: float) -> None:
    message = good()
    message.parameters["timeout"].CopyFrom(timeout)
    assert payload_grpc.decode(as_sent(message), TWO).timeout_seconds == seconds


def change(**fields: Any) -> Callable[[ModelInferRequest], None]:
    """Change fields of the first input."""

    def apply(message: ModelInferRequest) -> None:
        entry = message.inputs[0]
        for name, value in fields.items():
            entry.ClearField(name)
            entry.MergeFrom(Input(**{name: value}))

    return apply


def add_parameter(**parameter: Any) -> Callable[[ModelInferRequest], None]:
    return lambda message: message.parameters["timeout"].CopyFrom(InferParameter(**parameter))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(change(name="img"), "unknown input 'img', expected 'image', 'text'", id="an unknown input"),
        pytest.param(change(datatype="INT8"), "input 'image' has datatype INT8, expected UINT8", id="a wrong datatype"),
        pytest.param(change(shape=[1, 3]), "input 'image' has shape [1, 3], expected [-1, 2]", id="a wrong shape"),
        pytest.param(change(shape=[-1, 2]), "input 'image' has shape [-1, 2], expected whole numbers", id="a negative"),
        pytest.param(
            change(shape=[2**40, 2**40]), "input 'image' has a shape that no request can fill", id="beyond all memory"
        ),
        pytest.param(
            change(shape=[2, 2]), "input 'image' has 2 values in uint_contents, expected 4", id="too few values"
        ),
        pytest.param(
            change(contents=InferTensorContents(uint_contents=[1, 256])),
            "input 'image' is UINT8 and takes 0 to 255, another number came",
            id="a number too large",
        ),
        pytest.param(
            change(contents=InferTensorContents(int_contents=[1, 2])),
            "input 'image' is UINT8 and takes uint_contents, int_contents came",
            id="the wrong field",
        ),
        pytest.param(
            lambda message: message.inputs.add(name="image", datatype="UINT8", shape=[0, 2]),
            "input 'image' is given twice",
            id="an input twice",
        ),
        pytest.param(lambda message: message.inputs.pop(), "input 'text' is missing", id="a missing input"),
        pytest.param(
            lambda message: message.raw_input_contents.append(b"ab"),
            "raw_input_contents has 1 entries for 2 inputs, expected one for each, or none",
            id="raw contents for one of two",
        ),
        pytest.param(
            lambda message: message.raw_input_contents.extend([b"ab", b""]),
            "input 'image' has both contents and raw_input_contents",
            id="contents of both kinds",
        ),
        pytest.param(
            lambda message: message.outputs.extend([Asked(name="x")]),
            "unknown output 'x', the model has 'digit', 'score'",
            id="an unknown output",
        ),
        pytest.param(
            lambda message: message.outputs.extend([Asked(name="digit"), Asked(name="digit")]),
            "output 'digit' is asked for twice",
            id="an output twice",
        ),
        pytest.param(
            add_parameter(int64_param=-1),
            "parameter 'timeout' is -1, expected a number of microseconds",
            id="a negative timeout",
        ),
        pytest.param(
            add_parameter(string_param="1"),
            "parameter 'timeout' is '1', expected a number of microseconds",
            id="a timeout in quotes",
        ),
        pytest.param(add_parameter(), "parameter 'timeout' of the request has no value", id="an empty timeout"),
    ],
)
def test_what_does_not_fit_is_told(spoil: Callable[[ModelInferRequest], None], sentence: str) -> None:
    message = good()
    spoil(message)
    with pytest.raises(InvalidRequest) as refusal:
        payload_grpc.decode(as_sent(message), TWO)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_a_half_only_comes_raw(datatype: str) -> None:
    contents = InferTensorContents(fp32_contents=[1.0])
    message = ModelInferRequest(inputs=[Input(name="x", datatype=datatype, shape=[1], contents=contents)])
    with pytest.raises(InvalidRequest, match=f"input 'x' is {datatype}, which only raw_input_contents can carry"):
        payload_grpc.decode(as_sent(message), any_rank(datatype))


@given(st.one_of(st.binary(max_size=60), st.data()))
def test_any_bytes_are_parsed_or_refused(source: Any) -> None:
    """Bytes of any kind, and good messages with a few bytes exchanged."""
    if isinstance(source, bytes):
        body = source
    else:
        original = source.draw(st.sampled_from([good(), good_raw()])).SerializeToString()
        spoiled = bytearray(original)
        for place in source.draw(st.lists(st.integers(0, len(spoiled) - 1), max_size=4)):
            spoiled[place] = source.draw(st.integers(0, 255))
        body = bytes(spoiled[: source.draw(st.integers(1, len(spoiled)))])
    try:
        request = payload_grpc.decode(payload_grpc.parse(body), TWO)
    except InvalidRequest:
        return
    assert request.rows == request.tensors["image"].shape[0] == request.tensors["text"].shape[0] >= 1


contents = st.builds(
    InferTensorContents,
    bool_contents=st.lists(st.booleans(), max_size=1),
    int_contents=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=2),
    uint_contents=st.lists(st.integers(0, 2**32 - 1), max_size=4),
    fp32_contents=st.lists(st.floats(width=32), max_size=2),
    bytes_contents=st.lists(st.binary(max_size=2), max_size=2),
)
names = st.sampled_from(["image", "text", "digit", ""])
any_inputs = st.builds(
    Input,
    name=names,
    datatype=st.sampled_from(["UINT8", "BYTES", "BF16", "", "nonsense"]),
    shape=st.lists(st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1)), max_size=3),
    contents=st.one_of(st.none(), contents),
)
any_messages = st.builds(
    ModelInferRequest,
    inputs=st.lists(any_inputs, max_size=3),
    outputs=st.lists(st.builds(Asked, name=names), max_size=2),
    raw_input_contents=st.lists(st.binary(max_size=8), max_size=3),
)


@given(any_messages, st.sampled_from([TWO, any_rank("BF16"), any_rank(BYTES)]))
def test_any_message_is_taken_or_refused(message: ModelInferRequest, signature: Signature) -> None:
    readers: list[Callable[[], Signature]] = [lambda: signature, lambda: payload_grpc.declared_signature(message)]
    for read_signature in readers:
        try:
            request = payload_grpc.decode(as_sent(message), read_signature())
        except InvalidRequest:
            continue
        assert len(request.tensors) == len(message.inputs)


def test_a_datatype_that_does_not_exist_is_named_where_a_model_declares_none() -> None:
    message = ModelInferRequest()
    message.inputs.add(name="x", datatype="FP31", shape=[1])
    with pytest.raises(InvalidRequest, match="input 'x' has datatype 'FP31', expected one of BOOL, "):
        payload_grpc.declared_signature(message)
