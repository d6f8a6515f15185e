"""Raw tensors parted from messages and put into them: the same as protobuf's own, without its copies."""

import tracemalloc

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import payload_grpc, raw_contents
from serving.oip_pb2 import ModelInferRequest, ModelInferResponse
from serving.payload_grpc import RAW_INPUT, RAW_OUTPUT
from serving.request import OutputChoice, Request
from serving.signature import Signature, TensorSpec

LARGE = 4 * 1024 * 1024
SIGNATURE = Signature("s", (TensorSpec("x", "FP32", (-1, LARGE // 4)),), (), is_batched=True)

messages = st.builds(
    ModelInferRequest,
    model_name=st.text(max_size=5),
    id=st.sampled_from(["", "7", "é" * 100]),
    inputs=st.lists(st.builds(ModelInferRequest.InferInputTensor, name=st.text(max_size=3)), max_size=2),
    raw_input_contents=st.lists(st.binary(max_size=200), max_size=3),
)


@settings(max_examples=50)
@given(messages)
def test_a_message_is_parted_as_protobuf_reads_it(message: ModelInferRequest) -> None:
    parted = raw_contents.part(message.SerializeToString(), RAW_INPUT)
    assert parted is not None
    rest, found = parted
    assert [bytes(each) for each in found] == list(message.raw_input_contents)
    message.ClearField("raw_input_contents")
    assert ModelInferRequest.FromString(rest) == message


@settings(max_examples=50)
@given(messages, st.data())
def test_a_spoilt_message_is_never_read_otherwise_than_protobuf_reads_it(
    message: ModelInferRequest, data: st.DataObject
) -> None:
    spoilt = bytearray(message.SerializeToString() or b"\x00")
    for place in data.draw(st.lists(st.integers(0, len(spoilt) - 1), min_size=1, max_size=3)):
        spoilt[place] = data.draw(st.integers(0, 255))
    body = bytes(spoilt[: data.draw(st.integers(1, len(spoilt)))])
    try:
        expected = ModelInferRequest.FromString(body)
    except DecodeError:
        expected = None
    parted = raw_contents.part(body, RAW_INPUT)
    if parted is None:
        return  # protobuf is asked
    try:
        rest = ModelInferRequest.FromString(parted[0])
    except DecodeError:
        assert expected is None
        return
    assert expected is not None
    assert [bytes(each) for each in parted[1]] == list(expected.raw_input_contents)
    expected.ClearField("raw_input_contents")
    assert rest == expected


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=3))
def test_contents_are_written_as_protobuf_writes_them(contents: list[bytes]) -> None:
    head = ModelInferResponse(model_name="m", id="7")
    whole = ModelInferResponse(model_name="m", id="7", raw_output_contents=contents)
    assert raw_contents.join(head.SerializeToString(), RAW_OUTPUT, contents) == whole.SerializeToString()


@pytest.mark.parametrize("body", [b"\x3a", b"\x3a\x05ab", b"\x3b", b"\xff" * 11, b"\x09\x00"])
def test_what_is_cut_short_is_left_to_protobuf(body: bytes) -> None:
    assert raw_contents.part(body, RAW_INPUT) is None


def test_a_large_tensor_is_a_view_of_its_message_and_is_copied_once_into_the_answer() -> None:
    message = ModelInferRequest(raw_input_contents=[bytes(LARGE)])
    message.inputs.add(name="x", datatype="FP32", shape=[1, LARGE // 4])
    body = message.SerializeToString()
    tracemalloc.start()
    try:
        request = payload_grpc.decode(payload_grpc.parse(body), SIGNATURE)
        _, decoded_bytes = tracemalloc.get_traced_memory()
        asked = Request({}, 1, (OutputChoice("x"),))
        tracemalloc.reset_peak()
        payload_grpc.encode(request.tensors, asked, model_name="m", model_version="1", is_raw=True)
        _, encoded_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.shares_memory(request.tensors["x"], np.frombuffer(body, np.uint8))
    assert decoded_bytes < LARGE / 10
    assert LARGE <= encoded_bytes < LARGE * 1.1
