"""Bodies that would become more objects than there is memory are refused by looking at their bytes."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from serving import binary_tensor, payload_grpc, payload_v2
from serving.errors import InvalidRequest, PayloadTooLarge
from serving.oip_pb2 import InferTensorContents, ModelInferRequest
from serving.signature import Signature, TensorSpec
from serving.value_limit import MOST_FIELDS, MOST_SEPARATE_VALUES, MOST_VALUES, check_inputs
from serving.wire_format import BadWire, skipped, varint

MANY = MOST_VALUES + 1
WORDS = Signature("s", (TensorSpec("x", "BYTES", (-1,)),), (), is_batched=True)


def field(number: int, content: bytes) -> bytes:
    return as_varint(number << 3 | 2) + as_varint(len(content)) + content


def as_varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def of_input(*fields: bytes) -> bytes:
    return field(1, b"mnist") + field(5, b"".join(fields))


class TestJson:
    @pytest.mark.parametrize(
        "value", [b"0", b'""', b"[]", b"{}", b"[[[[[[[[0]]]]]]]]", b'{"a":{"a":{"a":0}}}'], ids=repr
    )
    def test_of_too_many_values_is_refused_before_it_is_parsed(self, value: bytes) -> None:
        marks = 1 + value.count(b"[") + value.count(b"{")
        body = b'{"inputs":[' + (value + b",") * (MANY // marks + 1) + b"no JSON"
        with pytest.raises(PayloadTooLarge, match=f"values, and the limit is {MOST_VALUES}"):
            payload_v2.parse_object(body)

    def test_with_as_many_as_may_be_is_read(self) -> None:
        body = b'{"id":' + b"[" + b"0," * (MOST_VALUES - 2) + b"0]}"
        assert len(payload_v2.parse_object(body)["id"]) == MOST_VALUES - 1, "the object is a value as well"

    def test_with_one_long_string_is_read(self) -> None:
        body = b'{"id":"' + b"a" * (2 * MOST_VALUES) + b'"}'
        assert payload_v2.parse_object(body).keys() == {"id"}

    def test_behind_which_tensors_follow_is_looked_at_alone(self) -> None:
        head = b'{"inputs":[]}'
        parsed, tail = payload_v2.parse(head + b"," * MANY, len(head))
        assert (parsed, len(tail)) == ({"inputs": []}, MANY)


class TestGrpc:
    @pytest.mark.parametrize("number", [4, 5, 6, 7, 99])
    def test_a_message_of_too_many_fields_is_refused(self, number: int) -> None:
        with pytest.raises(InvalidRequest, match=f"more than {MOST_FIELDS} fields"):
            payload_grpc.parse(field(1, b"mnist") + field(number, b"") * 100_000)

    def test_so_is_one_whose_end_is_cut_off(self) -> None:
        with pytest.raises(InvalidRequest, match="fields"):
            payload_grpc.parse(field(5, b"") * 100_000 + b"\x2a\x05")

    def test_so_is_an_input_of_too_many_fields(self) -> None:
        with pytest.raises(InvalidRequest, match="fields"):
            payload_grpc.parse(of_input(field(4, field(1, b"a")) * 100_000))

    def test_so_are_inputs_that_have_too_many_together(self) -> None:
        with pytest.raises(InvalidRequest, match="fields"):
            payload_grpc.parse(field(5, field(1, b"x") * 100) * 1000)

    def test_a_long_shape_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="no request can fill"):
            payload_grpc.parse(of_input(field(1, b"x"), field(3, bytes(100_000))))

    @pytest.mark.parametrize("name", ["bool", "int", "int64", "uint", "uint64"])
    def test_numbers_of_a_byte_each_are_counted(self, name: str) -> None:
        number = InferTensorContents.DESCRIPTOR.fields_by_name[f"{name}_contents"].number
        with pytest.raises(PayloadTooLarge, match=f"{MANY} values"):
            payload_grpc.parse(of_input(field(1, b"x"), field(5, field(number, bytes(MANY)))))

    def test_long_numbers_are_no_more_than_they_are(self) -> None:
        numbers = b"\x80\x80\x80\x80\x01" * (MOST_VALUES // 4)
        parsed = payload_grpc.parse(of_input(field(1, b"x"), field(5, field(3, numbers))))
        assert len(parsed.head.inputs[0].contents.int64_contents) == MOST_VALUES // 4

    def test_strings_of_no_length_are_counted(self) -> None:
        with pytest.raises(PayloadTooLarge, match=f"more than {MOST_SEPARATE_VALUES} values"):
            payload_grpc.parse(of_input(field(1, b"x"), field(5, field(8, b"") * (MOST_SEPARATE_VALUES + 1))))

    def test_few_long_strings_are_read(self) -> None:
        picture = bytes(3 * MOST_SEPARATE_VALUES)
        message = of_input(field(1, b"x"), field(5, field(8, picture) * 2))
        assert len(payload_grpc.parse(message).head.inputs[0].contents.bytes_contents) == 2

    def test_typed_numbers_of_a_fixed_length_are_counted_by_their_shape(self) -> None:
        signature = Signature("s", (TensorSpec("x", "FP32", (-1,)),), (), is_batched=True)
        fields = field(1, b"x"), field(2, b"FP32"), field(3, as_varint(MANY)), field(5, field(6, bytes(4 * MANY)))
        with pytest.raises(PayloadTooLarge, match=f"{MANY} values"):
            payload_grpc.decode(payload_grpc.parse(of_input(*fields)), signature)

    @pytest.mark.parametrize("group", [b"\x4b\x4c", b"\x4b" * 10, b"\x4c"])
    def test_a_group_hides_nothing(self, group: bytes) -> None:
        with pytest.raises(InvalidRequest, match="not a ModelInferRequest"):
            payload_grpc.parse(group + field(5, b"") * 100_000)


def test_elements_of_no_length_are_counted_before_they_are_read() -> None:
    with pytest.raises(PayloadTooLarge, match=f"{MANY} values"):
        binary_tensor.to_array(WORDS.inputs[0], bytes(4 * MANY), [MANY])
    with pytest.raises(PayloadTooLarge, match=f"{MANY} values"):
        binary_tensor.to_array(WORDS.inputs[0], bytes(4 * MANY), [2**40])


@given(st.binary(max_size=200))
def test_a_walk_over_any_bytes_ends(message: bytes) -> None:
    at = 0
    try:
        while at < len(message):
            tag, start = varint(message, at)
            after = skipped(message, tag, start)
            assert at < after <= len(message)
            at = after
    except BadWire:
        return


messages = st.builds(
    ModelInferRequest,
    model_name=st.text(max_size=5),
    inputs=st.lists(
        st.builds(
            ModelInferRequest.InferInputTensor,
            name=st.text(max_size=3),
            shape=st.lists(st.integers(0, 5), max_size=3),
            contents=st.builds(InferTensorContents, int_contents=st.lists(st.integers(0, 5), max_size=5)),
        ),
        max_size=2,
    ),
)


@given(messages)
def test_what_protobuf_writes_is_never_refused(message: ModelInferRequest) -> None:
    check_inputs(message.SerializeToString())


@given(messages, st.data())
def test_what_protobuf_reads_is_understood(message: ModelInferRequest, data: st.DataObject) -> None:
    """A message that the walk does not understand must not be one to protobuf, or it would go by uncounted."""
    spoilt = bytearray(message.SerializeToString() or b"\x00")
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(spoilt)
    try:
        check_inputs(body)
    except BadWire as bad:
        if "proto3" in str(bad):
            return  # refused by us alone
        with pytest.raises(DecodeError):
            ModelInferRequest.FromString(body)
    except InvalidRequest:
        return
