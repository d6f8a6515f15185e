"""Requests that are made from a model's metadata, and answers that are compared."""

import json

import numpy as np
import pytest

from loadtests.bench import rest_v2
from loadtests.bench.errors import BenchError, Refused
from loadtests.bench.grpc_v2 import decode_answer, encode_request
from loadtests.bench.protobuf_wire import decode_fields, decode_varint, encode_field, encode_varint
from loadtests.bench.raw_tensor import decode_raw, encode_raw
from loadtests.bench.rest_v2 import binary_request, json_request, whole_request
from loadtests.bench.tensors import NUMPY_TYPES, Tensor, differences, made_rows

PAIR = [Tensor("a", "INT32", np.array([[1, 2]], np.int32)), Tensor("b", "FP32", np.array([0.1], np.float32))]


def test_one_row_has_the_shape_the_model_names_and_made_rows() -> None:
    image, words = made_rows(
        [
            {"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]},
            {"name": "words", "datatype": "BYTES", "shape": ["-1", "-1"]},
        ]
    )
    assert (image.shape, image.array.dtype) == ([1, 28, 28], np.dtype(np.uint8))
    assert (words.shape, words.array.dtype) == ([1, 16], np.dtype(np.object_))


def test_a_request_of_several_rows_has_them_where_the_model_counts_rows() -> None:
    inputs = [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}, {"name": "fixed", "datatype": "FP32", "shape": [3]}]
    assert [each.shape for each in made_rows(inputs, 32)] == [[32, 2], [3]]


def test_two_runs_ask_the_same() -> None:
    inputs = [{"name": "x", "datatype": "FP32", "shape": [-1, 784]}]
    assert np.array_equal(made_rows(inputs)[0].array, made_rows(inputs)[0].array)


@pytest.mark.parametrize("datatype", NUMPY_TYPES)
def test_every_datatype_survives_its_raw_form(datatype: str) -> None:
    [tensor] = made_rows([{"name": "x", "datatype": datatype, "shape": [-1, 3]}])
    assert np.array_equal(decode_raw(encode_raw(tensor.array), datatype, [1, 3]), tensor.array)


def test_a_datatype_that_cannot_be_made_is_named() -> None:
    with pytest.raises(BenchError, match="BF16"):
        made_rows([{"name": "x", "datatype": "BF16", "shape": [-1]}])


def test_a_model_without_inputs_cannot_be_asked() -> None:
    with pytest.raises(BenchError, match="lists no inputs"):
        made_rows([])


def test_a_json_request_holds_flat_data_without_meaningless_digits() -> None:
    headers, body = json_request(PAIR)
    assert headers == {"Content-Type": "application/json"}
    assert json.loads(body)["inputs"] == [
        {"name": "a", "shape": [1, 2], "datatype": "INT32", "data": [1, 2]},
        {"name": "b", "shape": [1], "datatype": "FP32", "data": [0.1]},
    ]


def test_a_binary_request_puts_the_tensors_behind_the_json_in_order() -> None:
    headers, body = binary_request(PAIR)
    length = int(headers["Inference-Header-Content-Length"])
    request = json.loads(body[:length])
    assert [each["parameters"] for each in request["inputs"]] == [{"binary_data_size": 8}, {"binary_data_size": 4}]
    assert request["parameters"] == {"binary_data_output": True}
    assert body[length:] == PAIR[0].array.tobytes() + PAIR[1].array.tobytes()


def test_a_rest_answer_says_the_same_in_json_and_in_binary() -> None:
    in_json = {"name": "s", "datatype": "BYTES", "shape": [2], "data": ["é", ""]}
    in_binary = {"name": "d", "datatype": "INT8", "shape": [1, 2], "parameters": {"binary_data_size": 2}}
    head = json.dumps({"outputs": [in_json, in_binary]}).encode()
    answer = rest_v2.decode_answer(head + b"\x01\xff", len(head))
    assert answer["s"].tolist() == ["é".encode(), b""]
    assert answer["d"].tolist() == [[1, -1]]


def test_a_whole_request_is_what_goes_over_the_socket() -> None:
    assert whole_request("/v2", 80, {"A": "b"}, b"xyz") == (
        b"POST /v2 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 3\r\nA: b\r\n\r\nxyz"
    )


def test_a_grpc_request_is_what_protobuf_would_write() -> None:
    tensor = Tensor("image", "UINT8", np.arange(2, dtype=np.uint8).reshape(1, 2))
    # Written by the protobuf library for the same ModelInferRequest.
    assert encode_request("mnist", [tensor]) == bytes.fromhex(
        "0a056d6e6973742a120a05696d616765120555494e54381a0201023a020001"
    )


def test_a_grpc_answer_is_read_in_any_order_of_its_fields() -> None:
    digit = encode_field(3, encode_varint(1)) + encode_field(2, b"INT64") + encode_field(1, b"digit")
    unpacked = encode_field(1, b"p") + encode_field(2, b"FP32") + b"\x18\x01\x18\x02"
    message = encode_field(1, b"mnist") + encode_field(5, digit) + encode_field(6, bytes([7, *[0] * 7]))
    message += encode_field(5, unpacked) + encode_field(6, np.array([1, 2], "<f4").tobytes())
    answer = decode_answer(message)
    assert answer["digit"].tolist() == [7]
    assert answer["p"].tolist() == [[1.0, 2.0]]


def test_a_grpc_answer_whose_tensors_are_not_raw_is_refused() -> None:
    with pytest.raises(Refused, match="1 outputs came with 0 raw_output_contents"):
        decode_answer(encode_field(5, encode_field(1, b"digit")))


@pytest.mark.parametrize("number", [0, 127, 128, 300, 2**63])
def test_varints_survive(number: int) -> None:
    encoded = encode_varint(number)
    assert decode_varint(b"\xff" + encoded, 1) == (number, 1 + len(encoded))


def test_fields_of_fixed_size_are_stepped_over() -> None:
    message = b"\x09" + bytes(8) + b"\x15" + bytes(4) + b"\x18\x05"
    assert list(decode_fields(message)) == [(1, bytes(8)), (2, bytes(4)), (3, 5)]


def test_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="wire type 3"):
        list(decode_fields(b"\x0b"))


@pytest.mark.parametrize(
    ("answer", "difference"),
    [
        pytest.param({"d": np.array([3]), "p": np.array([0.50001])}, None, id="rounding"),
        pytest.param({"d": np.array([4]), "p": np.array([0.5])}, "'d' is [4], expected [3]", id="integer"),
        pytest.param({"d": np.array([3]), "p": np.array([0.6])}, "'p' is [0.6], expected [0.5]", id="float"),
        pytest.param({"d": np.array([3])}, "outputs are ['d'], expected ['d', 'p']", id="output"),
        pytest.param({"d": np.array(3), "p": np.array([0.5])}, "shape (), expected (1,)", id="shape"),
    ],
)
def test_answers_agree_but_for_rounding(answer: dict[str, np.ndarray], difference: str | None) -> None:
    found = differences({"d": np.array([3]), "p": np.array([0.5])}, answer)
    assert found is None if difference is None else difference in str(found)
