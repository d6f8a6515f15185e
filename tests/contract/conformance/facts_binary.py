"""Binary tensors over REST, in both directions and mixed with JSON."""

from struct import pack
from typing import Any

from tests.contract.conformance.fact import HEAD_LENGTH, Fact, Rest, RestAnswer, binary, post, tensor

SECTION = "binary tensors"
DENSE = "/v2/models/dense/infer"
TEXT = "/v2/models/text/infer"
TWO = "/v2/models/two_inputs/infer"

VALUES = pack("<fff", 1, 2, 3)
ANSWER = pack("<ff", 4, 5)
JSON_X = tensor("x", "FP32", [1, 3], [1, 2, 3])
AS_BINARY = {"parameters": {"binary_data_output": True}}


def sized(name: str, datatype: str, shape: list[int], size: int) -> dict[str, Any]:
    return tensor(name, datatype, shape, parameters={"binary_data_size": size})


X = sized("x", "FP32", [1, 3], 12)


def fact(words: str, ask: Rest, status: int = 200, json: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, RestAnswer(status, json, **others))


def refused(words: str, ask: Rest, *error: str) -> Fact:
    return fact(f"{words} is refused", ask, 400, error=error)


def raw(path: str, body: bytes) -> Rest:
    return Rest("POST", path, body, {HEAD_LENGTH: "0"})


def y(**parameters: Any) -> dict[str, Any]:
    return {"outputs": [{"name": "y", "parameters": parameters}]}


ELEMENTS = pack("<I", 2) + b"\xff\xfe" + pack("<I", 0)
SHOUTED = pack("<I", 3) + b"\xff\xfe!" + pack("<I", 1) + b"!"

FACTS = [
    fact(
        "a binary input needs no content type and is answered in JSON unless asked otherwise",
        binary(DENSE, {"inputs": [X]}, VALUES),
        json={"outputs": [{"data": [4, 5]}]},
        headers={HEAD_LENGTH.lower(): ""},
    ),
    fact(
        "binary_data_output makes every output binary",
        binary(DENSE, {"inputs": [X], **AS_BINARY}, VALUES),
        json={"outputs": [{"name": "y", "parameters": {"binary_data_size": 8}}]},
        tail=ANSWER,
        headers={"content-type": "application/octet-stream"},
    ),
    fact(
        "binary_data_output is the default of outputs that are named",
        binary(DENSE, {"inputs": [X], "outputs": [{"name": "y"}], **AS_BINARY}, VALUES),
        tail=ANSWER,
    ),
    fact(
        "binary_data of an output wins over the request's",
        binary(DENSE, {"inputs": [X], **y(binary_data=False), **AS_BINARY}, VALUES),
        json={"outputs": [{"data": [4, 5]}]},
    ),
    fact("JSON may be answered in binary", post(DENSE, {"inputs": [JSON_X], **y(binary_data=True)}), tail=ANSWER),
    fact(
        "JSON and binary inputs may be mixed",
        binary(
            TWO,
            {"inputs": [tensor("price", "FP32", [1], [2]), sized("count", "INT32", [1, 2], 8)]},
            pack("<ii", 3, 4),
        ),
        json={"outputs": [{"name": "cost", "data": [6, 8]}, {"name": "pieces", "data": [7]}]},
    ),
    fact(
        "tensors follow in the order of the inputs",
        binary(
            TWO,
            {"inputs": [sized("count", "INT32", [1, 2], 8), sized("price", "FP32", [1], 4)]},
            pack("<iif", 3, 4, 2.0),
        ),
        json={"outputs": [{"data": [6, 8]}, {"data": [7]}]},
    ),
    fact(
        "BYTES have a length of four bytes each and need be no text",
        binary(TEXT, {"inputs": [sized("text", "BYTES", [2], len(ELEMENTS))], **AS_BINARY}, ELEMENTS),
        json={"outputs": [{"name": "length"}, {"name": "shouted"}]},
        tail=pack("<ii", 2, 0) + SHOUTED,
    ),
    refused(
        "bytes that are no text, wanted in JSON,",
        binary(TEXT, {"inputs": [sized("text", "BYTES", [2], len(ELEMENTS))]}, ELEMENTS),
        "UTF-8",
        "binary_data",
    ),
    fact("a raw body is one row of the one input", raw(DENSE, VALUES), tail=ANSWER),
    refused("a raw body of another size", raw(DENSE, VALUES * 2), "'x'", "24", "12"),
    refused("a raw body for two inputs", raw(TWO, VALUES), "one input"),
    fact("a raw body of BYTES is its one element", raw(TEXT, b"\xff"), tail=pack("<iI", 1, 2) + b"\xff!"),
    refused(
        "a tensor of another size than its shape",
        binary(DENSE, {"inputs": [sized("x", "FP32", [1, 3], 8)]}, VALUES[:8]),
        "'x'",
        "8",
        "12",
    ),
    refused(
        "a size beyond the body", binary(DENSE, {"inputs": [sized("x", "FP32", [1, 3], 100)]}, VALUES), "'x'", "100"
    ),
    refused("bytes behind the last tensor", binary(DENSE, {"inputs": [X]}, VALUES + b"!"), "1 byte"),
    refused("both data and bytes", binary(DENSE, {"inputs": [{**X, "data": [1, 2, 3]}]}, VALUES), "'x'", "both"),
    refused("a header that is no number", Rest("POST", DENSE, b"{}", {HEAD_LENGTH: "x"}), "number"),
    refused("a header beyond the body", Rest("POST", DENSE, b"{}", {HEAD_LENGTH: "99"}), "99"),
    refused("binary_data that is no boolean", post(DENSE, {"inputs": [JSON_X], **y(binary_data=1)}), "binary_data"),
    refused(
        "another byte order",
        post(DENSE, {"inputs": [{**JSON_X, "parameters": {"byte_order": "big"}}]}),
        "byte_order",
        "little-endian",
    ),
]
