"""What callers get wrong over REST: one row a mistake, with the words of its answer.

Data for `test_errors_on_the_wire.py`; the models are those of `zoo.py`.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.serve_zoo import PAYLOAD_BYTES, SLOW_QUEUE_ROWS
from tests.contract.wire import JSON
from tests.contract.zoo import NUMERIC

DEEP = 100_000
HEAD_LENGTH = "Inference-Header-Content-Length"
INFER = "/v2/models/{}/infer"
PREDICT = "/v1/models/{}:predict"


@dataclass(frozen=True)
class Mistake:
    """A request, and what its sender hears."""

    name: str
    body: object
    """Sent as it is where it is bytes, and else as JSON."""
    words: tuple[str, ...]
    """All are in the answer's sentence."""
    path: str = INFER.format("dense")
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    status: int = 400
    reason: str = "bad_input"


def tensor(name: str, datatype: object, shape: object, data: object) -> dict[str, object]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


GOOD_INPUT = tensor("x", "FP32", [1, 3], [1, 2, 3])
GOOD: dict[str, object] = {"inputs": [GOOD_INPUT]}
"""A request to `dense`."""
GOOD_ANSWER = [4.0, 5.0]


def v2(case: str, entry: object, *words: str, model: str = "dense", **rest: object) -> Mistake:
    """A request of one input."""
    return Mistake(case, {"inputs": [entry], **rest}, words, INFER.format(model))


def x(case: str, data: object, *words: str, shape: object = (1, 3), datatype: object = "FP32") -> Mistake:
    """A request of the one input of `dense`."""
    return v2(case, tensor("x", datatype, shape, data), "'x'", *words)


def echo(case: str, datatype: str, value: object, *words: str) -> Mistake:
    """One value that is wrong for its datatype."""
    name = NAMES[datatype]
    return v2(f"{datatype}: {case}", tensor(name, datatype, [1, 2], [value, 0]), repr(name), *words, model="echo")


NAMES = {datatype: name for name, datatype in NUMERIC.items()}


def raw(case: str, body: bytes, *words: str) -> Mistake:
    return Mistake(case, body, words)


def v1(case: str, body: object, *words: str, model: str = "dense") -> Mistake:
    return Mistake(case, body, words, PREDICT.format(model))


def binary(
    case: str,
    tail: bytes,
    *words: str,
    model: str = "dense",
    name: str = "x",
    datatype: str = "FP32",
    shape: object = (1, 3),
    size: object = None,
    length: object = None,
    **entry: Any,
) -> Mistake:
    """A request whose one input lies behind the JSON; size and length are right unless given."""
    parameters = {"binary_data_size": len(tail) if size is None else size}
    declared = {"name": name, "datatype": datatype, "shape": shape, "parameters": parameters, **entry}
    head = json.dumps({"inputs": [declared]}).encode()
    headers = {HEAD_LENGTH: str(len(head) if length is None else length)}
    return Mistake(case, head + tail, words, INFER.format(model), headers=headers)


def element(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def digits(count: int) -> bytes:
    return b"9" * count


NOT_JSON = [
    raw("no body", b"", "not JSON"),
    raw("half an object", b'{"inputs": [', "not JSON"),
    raw("a word", b"hello", "not JSON"),
    raw("bytes that are no text", b"\xff\xfe\x00", "not JSON"),
    raw("a byte order mark", b"\xef\xbb\xbf{}", "not JSON"),
    raw("the token NaN", b'{"inputs": [{"name": "x", "data": [NaN]}]}', "not JSON"),
    raw("the token Infinity", b'{"instances": [[Infinity, 0, 0]]}', "not JSON"),
    raw("a lone surrogate", b'{"inputs": [{"name": "\\ud800"}]}', "not JSON"),
    raw("lists a hundred thousand deep", b"[" * DEEP + b"]" * DEEP, "not JSON"),
    raw("objects a hundred thousand deep", b'{"a":' * DEEP + b"1" + b"}" * DEEP, "not JSON"),
    raw("a number beyond 64 bits", b'{"inputs": [1e999]}', "not JSON"),
    raw("a list for an object", b"[]", "not an object"),
    raw("null for an object", b"null", "not an object"),
]

FORM = [
    raw("no inputs", b"{}", "'inputs'", "a list of objects"),
    raw("inputs that are null", b'{"inputs": null}', "'inputs'", "a list of objects"),
    raw("inputs that are an object", b'{"inputs": {"x": 1}}', "'inputs'", "a list of objects"),
    raw("inputs that hold a number", b'{"inputs": [1]}', "'inputs'", "a list of objects"),
    raw("an empty list of inputs", b'{"inputs": []}', "'x'", "missing"),
    v2("an input without a name", {"datatype": "FP32"}, "'name'", "a string"),
    v2("a number for a name", {"name": 7}, "'name'", "a string"),
    v2("an unknown input", tensor("y", "FP32", [1, 3], [1, 2, 3]), "'y'", "'x'"),
    v2("an input's name in another case", tensor("X", "FP32", [1, 3], [1, 2, 3]), "'X'", "'x'"),
    Mistake("an input twice", {"inputs": [GOOD_INPUT, GOOD_INPUT]}, ("'x'", "twice")),
    v2("one input of two", tensor("price", "FP32", [1], [1]), "'count'", "missing", model="two_inputs"),
    Mistake(
        "inputs that differ in rows",
        {"inputs": [tensor("price", "FP32", [2], [1, 2]), tensor("count", "INT32", [1, 2], [1, 2])]},
        ("'count'", "'price'", "1", "2"),
        INFER.format("two_inputs"),
    ),
    v2("a number for an id", GOOD_INPUT, "'id'", "a string", id=7),
    v2("parameters that are a list", GOOD_INPUT, "parameters", "an object", parameters=[1]),
    v2("a parameter that is an object", GOOD_INPUT, "'a'", "a string, a number", parameters={"a": {}}),
    v2("a timeout below zero", GOOD_INPUT, "'timeout'", "-1", "microseconds", parameters={"timeout": -1}),
    v2("a timeout in words", GOOD_INPUT, "'timeout'", "'soon'", "microseconds", parameters={"timeout": "soon"}),
    v2("a timeout that is true", GOOD_INPUT, "'timeout'", "True", "microseconds", parameters={"timeout": True}),
    v2("outputs that are a string", GOOD_INPUT, "'outputs'", "a list of objects", outputs="y"),
    v2("an output without a name", GOOD_INPUT, "'outputs'", "'name'", outputs=[{}]),
    v2("an unknown output", GOOD_INPUT, "'z'", "'y'", outputs=[{"name": "z"}]),
    v2("an output twice", GOOD_INPUT, "'y'", "twice", outputs=[{"name": "y"}, {"name": "y"}]),
]

DATATYPE_AND_SHAPE = [
    v2("no datatype", {"name": "x", "shape": [1, 3], "data": [1, 2, 3]}, "'x'", "'datatype'", "'FP32'"),
    x("null for a datatype", [1, 2, 3], "'datatype'", "'FP32'", datatype=None),
    x("an unknown datatype", [1, 2, 3], "FLOAT", "FP32", datatype="FLOAT"),
    x("a datatype in lower case", [1, 2, 3], "fp32", "FP32", datatype="fp32"),
    x("another datatype", [1, 2, 3], "INT32", "FP32", datatype="INT32"),
    v2("no shape", {"name": "x", "datatype": "FP32", "data": [1, 2, 3]}, "'x'", "'shape'", "whole numbers"),
    x("a shape in words", [1, 2, 3], "'shape'", "whole numbers", shape="1x3"),
    x("a size below zero", [1, 2, 3], "'shape'", "whole numbers", shape=[-1, 3]),
    x("a size with a fraction", [1, 2, 3], "'shape'", "whole numbers", shape=[1.0, 3]),
    x("true for a size", [1, 2, 3], "'shape'", "whole numbers", shape=[True, 3]),
    x("too few dimensions", [1, 2, 3], "[3]", "[-1, 3]", shape=[3]),
    x("too many dimensions", [1, 2, 3], "[1, 1, 3]", "[-1, 3]", shape=[1, 1, 3]),
    x("rows that are too long", [1, 2, 3, 4], "[1, 4]", "[-1, 3]", shape=[1, 4]),
    v2("no rows", tensor("x", "FP32", [0, 3], []), "no rows", "at least one"),
    x("a shape beyond any memory", [1], "no request can fill", shape=[2**62, 2**62]),
    x("a size beyond 64 bits", [1], "'shape'", shape=[2**70, 3]),
    raw(
        "a size of ten thousand digits",
        b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [%s, 3], "data": [1, 2, 3]}]}' % digits(10_000),
        "not JSON",
    ),
    v2("65 dimensions", tensor("x", "FP32", [1] * 65, [1]), "'x'", "no request can fill", model="any_rank_in"),
    v2("empty and yet huge", tensor("x", "FP32", [2**40, 0, 2**40], []), "'x'", "can fill", model="any_rank_in"),
    v2("another fixed shape", tensor("x", "FP32", [3, 2], [0] * 6), "'x'", "[3, 2]", "[2, 3]", model="fixed_matrix"),
]

DATA = [
    v2("no data", {"name": "x", "datatype": "FP32", "shape": [1, 3]}, "'x'", "'data'"),
    x("null for data", None, "null", "list"),
    x("a number for data", 1, "1", "list"),
    x("text for data", "1,2,3", "'1,2,3'", "list"),
    x("an object for data", {"a": 1}, "objects", "list"),
    x("too few values", [1, 2], "2", "3"),
    x("too many values", [1, 2, 3, 4], "4", "3"),
    x("a row that is too short", [[1, 2, 3], [4, 5]], "2", "3", shape=[2, 3]),
    x("a row that is no list", [[1, 2, 3], 4], "4", "list", shape=[2, 3]),
    x("lists where numbers belong", [[[1], [2], [3]]], "lists", "numbers"),
    x("a string for a number", ["1", 2, 3], "'1'", "numbers"),
    x("null for a number", [None, 2, 3], "null", "numbers"),
    x("true for a number", [True, 2, 3], "True", "numbers"),
    x("an object for a number", [{}, 2, 3], "objects", "numbers"),
    x("too large for 32 bits", [1e39, 2, 3], "too large", "FP32"),
    raw(
        "an integer of ten thousand digits",
        b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [%s, 2, 3]}]}' % digits(10_000),
    ),
    echo("above its range", "UINT8", 256, "256", "0 to 255"),
    echo("below its range", "UINT8", -1, "-1", "0 to 255"),
    echo("with a fraction", "UINT8", 1.5, "1.5", "whole numbers"),
    echo("true", "UINT8", True, "True", "numbers"),
    echo("above its range", "INT8", 128, "128", "-128 to 127"),
    echo("above its range", "UINT16", 65536, "65536", "0 to 65535"),
    echo("above its range", "INT64", 2**63, str(2**63)),
    echo("below its range", "UINT64", -1, "-1"),
    echo("a float above its range", "UINT64", 1e300, "UINT64"),
    echo("above its range", "FP16", 70000, "too large", "FP16"),
    echo("above its range", "BF16", 1e39, "too large", "BF16"),
    echo("a number", "BOOL", 2, "2", "true, false, 0 or 1"),
    echo("a word", "BOOL", "true", "'true'", "booleans"),
    v2("a number for text", tensor("text", "BYTES", [1], [1]), "'text'", "1", "strings", model="text"),
    v2("null for text", tensor("text", "BYTES", [1], [None]), "'text'", "null", "strings", model="text"),
    v2("text that is no base64", tensor("text", "BYTES", [1], [{"b64": "%"}]), "'text'", "b64", model="text"),
    v2("an object for text", tensor("text", "BYTES", [1], [{"a": "b"}]), "'text'", "b64", model="text"),
]

BINARY_TENSORS = [
    binary("a length in words", bytes(12), "'many'", "number of bytes", length="many"),
    binary("a length below zero", bytes(12), "'-5'", "number of bytes", length=-5),
    binary("JSON in a raw body", bytes(12), "'x' has", "bytes, expected 12", length=0),
    binary("a length beyond the body", bytes(12), "is 9999", "expected 1 to", length=9999),
    binary("a length of a hundred digits", bytes(12), "number of bytes", length=digits(100).decode()),
    binary("a length that cuts the JSON", bytes(12), "not JSON", length=20),
    binary("too few bytes for the shape", bytes(8), "'x'", "8 bytes", "12"),
    binary("too many bytes for the shape", bytes(16), "'x'", "16 bytes", "12"),
    binary("a body that ends early", bytes(4), "'x'", "12", "4 bytes are left", size=12),
    binary("bytes behind the last input", bytes(13), "1 bytes follow", size=12),
    binary("a size below zero", bytes(12), "'x'", "-12", size=-12),
    binary("a size in words", bytes(12), "'x'", "'12'", size="12"),
    binary("a size with a fraction", bytes(12), "'x'", "12.0", size=12.0),
    binary("both data and a size", bytes(12), "'x'", "both", data=[1, 2, 3]),
    v2("a size and no bytes", {**GOOD_INPUT, "data": None, "parameters": {"binary_data_size": 12}}, "'x'", "both"),
    binary("a shape beyond memory", bytes(12), "'x'", "no request can fill", shape=[2**62, 2**62]),
    binary(
        "a byte that is no boolean",
        b"\2\0",
        "'bool'",
        "0 and 1",
        model="echo",
        name="bool",
        datatype="BOOL",
        shape=[1, 2],
    ),
    *(
        binary(case, tail, "'text'", *words, model="text", name="text", datatype="BYTES", shape=[2])
        for case, tail, *words in (
            ("too few elements", element(b"one"), "1 whole", "expected 2"),
            ("too many elements", element(b"one") * 3, "2 whole", "7 further bytes", "expected 2"),
            ("half a length", element(b"one") + b"\3\0", "1 whole", "2 further bytes"),
            ("an element longer than the body", element(b"one") + b"\xff\xff\xff\xff", "4294967295", "0 are left"),
        )
    ),
]

V1 = [
    v1("neither rows nor columns", {}, "'instances'", "'inputs'", "neither"),
    v1("both rows and columns", {"instances": [[1, 2, 3]], "inputs": [[1, 2, 3]]}, "both"),
    v1("instances that are null", {"instances": None}, "'instances'", "a list"),
    v1("instances that are an object", {"instances": {"x": [1, 2, 3]}}, "'instances'", "a list"),
    v1("no instances", {"instances": []}, "'instances'", "empty", "at least one"),
    v1("an instance of the wrong length", {"instances": [[1, 2]]}, "'x'", "[1, 2]", "[-1, 3]"),
    v1("an instance that is a number", {"instances": [1]}, "'x'", "[1]", "[-1, 3]"),
    v1("instances of different lengths", {"instances": [[1, 2, 3], [1, 2]]}, "'x'", "2", "3"),
    v1("an instance of strings", {"instances": [["1", "2", "3"]]}, "'x'", "'1'", "numbers"),
    v1("an instance of null", {"instances": [None]}, "'x'"),
    v1("an unknown input", {"instances": [{"y": [1, 2, 3]}]}, "'y'", "'x'"),
    v1("an object among lists", {"instances": [[1, 2, 3], {"x": [1, 2, 3]}]}, "'x'"),
    v1("instances that differ in inputs", {"instances": [{"x": [1, 2, 3]}, {"y": [1]}]}, "instance 1", "'y'", "'x'"),
    v1("bare rows for two inputs", {"instances": [[1, 2]]}, "'count', 'price'", model="two_inputs"),
    v1("bare columns for two inputs", {"inputs": [[1, 2]]}, "'count', 'price'", model="two_inputs"),
    v1("a row without an input", {"instances": [{"price": 1}]}, "'count'", "missing", model="two_inputs"),
    v1(
        "columns of different rows",
        {"inputs": {"price": [1, 2], "count": [[1, 2]]}},
        "'price'",
        "2",
        model="two_inputs",
    ),
    v1("two instances where one is all", {"instances": [[[0] * 3] * 2] * 2}, "one instance", "2", model="fixed_matrix"),
    v1("a list of columns that is too deep", {"inputs": [[[1, 2, 3]]]}, "'x'", "[1, 1]", "[-1, 3]"),
    Mistake("no explainer", {"instances": [[1, 2, 3]]}, ("'dense'", "no explainer"), "/v1/models/dense:explain"),
]

REFUSED_BY_THE_GRAPH = [
    v2("a value that an assertion refuses", tensor("x", "FP32", [1], [-1]), "refused", "no root", model="root"),
    v2("an index outside the table", tensor("index", "INT32", [1], [7]), "refused", "7", "[0, 5)", model="lookup"),
    v1("an index outside the table, by V1", {"instances": [1, 7]}, "refused", "7", "[0, 5)", model="lookup"),
]

NOWHERE = [
    Mistake("an unknown path", GOOD, ("/v3/models",), "/v3/models", status=404, reason="unknown_route"),
    Mistake("an unknown path to look at", None, ("/nowhere",), "/nowhere", "GET", status=404, reason="unknown_route"),
    Mistake("an unknown verb", GOOD, ("'classify'",), "/v1/models/dense:classify", status=404, reason="unknown_route"),
    Mistake("a verb of V1 in V2", GOOD, (), "/v2/models/dense/predict", status=404, reason="unknown_route"),
    Mistake(
        "an unknown model", GOOD, ("'nobody'", "'dense'"), INFER.format("nobody"), status=404, reason="unknown_model"
    ),
    Mistake("an unknown model of V1", {}, ("'nobody'",), PREDICT.format("nobody"), status=404, reason="unknown_model"),
    Mistake(
        "an unknown version",
        GOOD,
        ("'dense'", "'7'", "'1'"),
        "/v2/models/dense/versions/7/infer",
        status=404,
        reason="unknown_model",
    ),
    Mistake("looking at an unknown model", None, ("'no'",), "/v2/models/no", "GET", status=404, reason="unknown_model"),
    Mistake(
        "a model's name in another case", GOOD, ("'Dense'",), INFER.format("Dense"), status=404, reason="unknown_model"
    ),
    *(
        Mistake(
            f"{method} where only {allowed} is known: {path}",
            None,
            (method, path, f"use {allowed}"),
            path,
            method,
            status=405,
            reason="wrong_method",
        )
        for method, path, allowed in (
            ("GET", "/v2/models/dense/infer", "POST"),
            ("PUT", "/v1/models/dense:predict", "POST"),
            ("DELETE", "/v2/models/dense", "GET"),
            ("POST", "/v2/health/live", "GET"),
            ("POST", "/metrics", "GET"),
        )
    ),
]

KIND = [
    Mistake(
        f"the content type {kind}",
        GOOD,
        (repr(kind), "'application/json'"),
        headers={"Content-Type": kind},
        status=415,
    )
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "x")
] + [
    Mistake(
        "a body compressed by br",
        b"\x1f\x8b\x08",
        ("br", "Content-Encoding"),
        headers={**JSON, "Content-Encoding": "br"},
        status=415,
    ),
    *(
        Mistake(
            f"a body that is no {coding}",
            b"\x1f\x8b\x08",
            (f"the body is no {coding}",),
            headers={**JSON, "Content-Encoding": coding},
        )
        for coding in ("gzip", "deflate")
    ),
]

SIZE = [
    Mistake(
        "a body above the limit",
        b" " * (PAYLOAD_BYTES + 1),
        (str(PAYLOAD_BYTES + 1), str(PAYLOAD_BYTES), "LIMIT_PAYLOAD_BYTES"),
        status=413,
        reason="too_large",
    ),
    Mistake(
        "more rows than the queue holds",
        {"inputs": [tensor("x", "FP32", [SLOW_QUEUE_ROWS + 1], [0] * (SLOW_QUEUE_ROWS + 1))]},
        (f"{SLOW_QUEUE_ROWS + 1} rows", f"{SLOW_QUEUE_ROWS} rows"),
        INFER.format("slow"),
        status=413,
        reason="too_large",
    ),
]

MISTAKES = [
    *(*NOT_JSON, *FORM, *DATATYPE_AND_SHAPE, *DATA, *BINARY_TENSORS, *V1, *REFUSED_BY_THE_GRAPH),
    *(*NOWHERE, *KIND, *SIZE),
]
