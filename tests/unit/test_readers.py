"""A head that comes again is not read again, and nobody can tell by the answers."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import payload_grpc, payload_v2
from serving.errors import InvalidRequest, ServingError
from serving.known_heads import MOST_HEADS, KnownHeads
from serving.oip_pb2 import ModelInferRequest
from serving.reader_grpc import MessageReader, ReaderGrpc
from serving.reader_v2 import ReaderV2
from serving.request import Request
from serving.signature import Signature, TensorSpec
from tests.strategies import assert_same, spoiled

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(20)

SIGNATURE = Signature(
    "serving_default",
    (TensorSpec("one", "FP32", (-1, 2)), TensorSpec("two", "UINT8", (-1, 2))),
    (TensorSpec("y", "FP32", (-1,)), TensorSpec("z", "FP32", (-1,))),
    is_batched=True,
)
ONE = Signature(
    "serving_default", (TensorSpec("x", "FP32", (-1, 32)),), (TensorSpec("y", "FP32", (-1,)),), is_batched=True
)
FLAGS = Signature("serving_default", (TensorSpec("x", "BOOL", (-1, 64)),), (), is_batched=True)

Outcome = Request | tuple[str, str | None]


def outcome(read: Any) -> Outcome:
    try:
        request: Request = read()
    except ServingError as error:
        return str(error), error.request_id
    return request


def assert_alike(one: Outcome, other: Outcome) -> None:
    if isinstance(one, tuple) or isinstance(other, tuple):
        assert one == other
        return
    assert one.tensors.keys() == other.tensors.keys()
    for name, array in other.tensors.items():
        assert_same(one.tensors[name], array)
    for field in ("rows", "outputs", "id", "is_binary", "timeout_seconds", "priority"):
        assert getattr(one, field) == getattr(other, field)


def json_body(value: float = 0.5, *, rows: int = 40, **more: Any) -> bytes:
    inputs = [
        {"name": "one", "datatype": "FP32", "shape": [rows, 2], "data": [[value, 1]] * rows},
        {"name": "two", "datatype": "UINT8", "shape": [rows, 2], "data": [7, 200] * rows},
    ]
    return orjson.dumps({"inputs": inputs, **more})


def binary_body(value: float = 0.5, *, rows: int = 3, **more: Any) -> tuple[bytes, int]:
    one, two = np.full((rows, 2), value, np.float32), np.full((rows, 2), 7, np.uint8)
    inputs = [
        {"name": "one", "datatype": "FP32", "shape": [rows, 2], "parameters": {"binary_data_size": one.nbytes}},
        {"name": "two", "datatype": "UINT8", "shape": [rows, 2], "parameters": {"binary_data_size": two.nbytes}},
    ]
    head = orjson.dumps({"inputs": inputs, **more})
    return head + one.tobytes() + two.tobytes(), len(head)


MORE: list[dict[str, Any]] = [
    {},
    {"id": "7"},
    {"parameters": {"timeout": 5_000_000, "priority": 2, "binary_data_output": True}},
    {"outputs": [{"name": "z"}, {"name": "y", "parameters": {"binary_data": True}}]},
    {"outputs": [{"name": "y", "parameters": {"classification": 2}}]},
]


@pytest.mark.parametrize("more", MORE, ids=str)
def test_json_read_again_is_what_the_long_way_reads(more: dict[str, Any]) -> None:
    reader = ReaderV2(SIGNATURE)
    for value in (0.5, 0.25, 3.0):
        body = json_body(value, **more)
        expected = payload_v2.decode(payload_v2.parse_object(body), payload_v2.NO_TAIL, SIGNATURE)
        assert_alike(reader.read(body), expected)


@pytest.mark.parametrize("more", MORE, ids=str)
def test_binary_tensors_read_again_are_what_the_long_way_reads(more: dict[str, Any]) -> None:
    reader = ReaderV2(SIGNATURE)
    for value in (0.5, 0.25, 3.0):
        body, head_bytes = binary_body(value, **more)
        expected = payload_v2.decode(*payload_v2.parse(body, head_bytes), SIGNATURE)
        assert_alike(reader.read(body, head_bytes), expected)


@given(st.data())
def test_whatever_follows_a_known_head_is_read_or_refused_as_if_it_were_new(data: st.DataObject) -> None:
    reader = ReaderV2(SIGNATURE)
    reader.read(json_body())
    reader.read(*binary_body())
    if data.draw(st.booleans()):
        body, head_bytes = orjson.dumps(data.draw(spoiled(orjson.loads(json_body()), changes=2))), None
        long = outcome(lambda: payload_v2.decode(payload_v2.parse_object(body), payload_v2.NO_TAIL, SIGNATURE))
    else:
        good, at = binary_body()
        head = orjson.dumps(data.draw(spoiled(orjson.loads(good[:at]), changes=1)))
        tail = good[at:] + data.draw(st.binary(max_size=2))
        body, head_bytes = head + tail[data.draw(st.integers(0, 2)) :], len(head)
        long = outcome(lambda: payload_v2.decode(*payload_v2.parse(body, head_bytes), SIGNATURE))
    short = outcome(lambda: reader.read(body, head_bytes))
    # Which request a refusal is of is told by the reader alone.
    if isinstance(long, tuple) and isinstance(short, tuple):
        assert short[0] == long[0]
    else:
        assert_alike(short, long)


@pytest.mark.parametrize("cut", [1, -1])
def test_a_tail_of_another_length_is_refused_after_a_known_head(cut: int) -> None:
    reader = ReaderV2(SIGNATURE)
    body, head_bytes = binary_body()
    reader.read(body, head_bytes)
    with pytest.raises(InvalidRequest, match="bytes"):
        reader.read(body[:-1] if cut == -1 else body + b"x", head_bytes)


def test_numbers_that_do_not_fit_are_refused_after_a_known_head() -> None:
    reader = ReaderV2(SIGNATURE)
    reader.read(json_body())
    with pytest.raises(InvalidRequest, match="'two' is UINT8 and takes 0 to 255, 256 came"):
        reader.read(json_body().replace(b"200", b"256"))
    with pytest.raises(InvalidRequest, match="'one' has a list of 3"):
        reader.read(json_body().replace(b"[0.5,1]", b"[0.5,1,2]", 1))


def test_bytes_that_are_no_booleans_are_refused_after_a_known_head() -> None:
    reader = ReaderV2(FLAGS)
    entry = {"name": "x", "datatype": "BOOL", "shape": [1, 64], "parameters": {"binary_data_size": 64}}
    head = orjson.dumps({"inputs": [entry]})
    assert reader.read(head + b"\1" * 64, len(head)).tensors["x"].all()
    with pytest.raises(InvalidRequest, match="BOOL"):
        reader.read(head + b"\2" * 64, len(head))


def test_a_refusal_bears_the_id_of_its_request() -> None:
    with pytest.raises(InvalidRequest) as told:
        ReaderV2(SIGNATURE).read(json_body(id="mine", outputs=[{"name": "?"}]))
    assert told.value.request_id == "mine"


def message(value: float = 0.5, *, rows: int = 2, **more: Any) -> bytes:
    request = ModelInferRequest(model_name="m", **more)
    request.inputs.add(name="x", datatype="FP32", shape=[rows, 32])
    request.raw_input_contents.append(np.full((rows, 32), value, np.float32).tobytes())
    return request.SerializeToString()


@pytest.mark.parametrize(
    "more",
    [{}, {"id": "7"}, {"model_version": "3"}, {"outputs": [ModelInferRequest.InferRequestedOutputTensor(name="y")]}],
    ids=str,
)
def test_messages_read_again_are_what_protobuf_reads(more: dict[str, Any]) -> None:
    messages, reader = MessageReader(), ReaderGrpc(ONE)
    for value in (0.5, 0.25, 3.0):
        came = messages.parse(message(value, **more))
        plain = payload_grpc.parse(message(value, **more))
        for field in ("model_name", "model_version", "id"):
            assert getattr(came.head, field) == getattr(plain.head, field)
        assert_alike(reader.read(came), payload_grpc.decode(plain, ONE))


def test_a_message_is_known_by_its_head_and_not_by_its_length() -> None:
    messages = MessageReader()
    messages.parse(message())
    again = messages.parse(message().replace(b"FP32", b"INT8", 1))
    assert again.head.inputs[0].datatype == "INT8"
    assert messages.parse(message()).head.inputs[0].datatype == "FP32"


@given(st.data())
def test_a_message_that_resembles_a_known_one_is_read_as_protobuf_reads_it(data: st.DataObject) -> None:
    messages, reader = MessageReader(), ReaderGrpc(ONE)
    good = message()
    reader.read(messages.parse(good))
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(changed)
    short = outcome(lambda: reader.read(messages.parse(body)))
    long = outcome(lambda: payload_grpc.decode(payload_grpc.parse(body), ONE))
    assert_alike(short, long)


def test_a_tensor_that_only_seems_to_be_the_last_field_is_not_remembered() -> None:
    """The id ends in bytes that look like the field of the tensor."""
    tensor = np.full((2, 32), 0.5, np.float32).tobytes()
    request = ModelInferRequest(model_name="m")
    request.inputs.add(name="x", datatype="FP32", shape=[2, 32])
    request.raw_input_contents.append(tensor)
    head = request.SerializeToString()
    # protobuf takes fields in any order: here a parameter with a long text comes last.
    late = ModelInferRequest()
    late.parameters["a"].string_param = ":\x80\x02" + "\x01" * 256
    body = head + late.SerializeToString()
    messages = MessageReader()
    for _ in range(2):
        assert messages.parse(body).head.parameters["a"].string_param == late.parameters["a"].string_param


def test_the_memory_is_bounded() -> None:
    known = KnownHeads[int]()
    for number in range(3 * MOST_HEADS):
        known.keep(b"%d" % number, number)
    assert known.get(b"0") is None
    assert known.get(b"%d" % (3 * MOST_HEADS - 1)) == 3 * MOST_HEADS - 1
    known.keep(b"x" * 100_000, 1)
    assert known.get(b"x" * 100_000) is None
