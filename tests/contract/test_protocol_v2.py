"""V2 over REST: the Open Inference Protocol and its binary tensor extension, fact by fact."""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from serving import VERSION
from tests.contract.extremes import DTYPES, EXTREMES
from tests.contract.mistakes import HEAD_LENGTH, INFER, element, tensor
from tests.contract.wire import EXTENSIONS, Caller, Reply
from tests.contract.zoo import NUMERIC, TABLE

READY = "/v2/models/{}/ready"


@dataclass(frozen=True)
class Answered:
    """A request of JSON, and the data of its outputs by name."""

    fact: str
    model: str
    inputs: Sequence[Mapping[str, object]]
    outputs: Mapping[str, tuple[str, Sequence[int], Sequence[object]]]
    """Datatype, shape and data."""
    rest: Mapping[str, object] = field(default_factory=dict)


def floats(*values: float, shape: Sequence[int] | None = None) -> list[dict[str, object]]:
    """The input `x` of most models."""
    return [tensor("x", "FP32", [len(values)] if shape is None else shape, list(values))]


ANSWERED = [
    Answered("flat data", "dense", floats(1, 2, 3, 4, 5, 6, shape=[2, 3]), {"y": ("FP32", [2, 2], [4, 5, 10, 11])}),
    Answered(
        "nested data",
        "dense",
        [tensor("x", "FP32", [2, 3], [[1, 2, 3], [4, 5, 6]])],
        {"y": ("FP32", [2, 2], [4, 5, 10, 11])},
    ),
    Answered(
        "inputs of two datatypes, in any order",
        "two_inputs",
        [tensor("price", "FP32", [2], [0.5, 2]), tensor("count", "INT32", [2, 2], [1, 2, 3, 4])],
        {"cost": ("FP32", [2, 2], [0.5, 1, 6, 8]), "pieces": ("INT32", [2], [3, 7])},
    ),
    Answered(
        "text",
        "text",
        [tensor("text", "BYTES", [2], ["a", "é"])],
        {"shouted": ("BYTES", [2], ["a!", "é!"]), "length": ("INT32", [2], [1, 2])},
    ),
    Answered(
        "bytes as base64",
        "text",
        [tensor("text", "BYTES", [1], [{"b64": "w6k="}])],
        {"shouted": ("BYTES", [1], ["é!"]), "length": ("INT32", [1], [2])},
    ),
    Answered(
        "rows of any length",
        "open_length",
        floats(1, 2, 3, 4, 5, shape=[1, 5]),
        {"total": ("FP32", [1], [15]), "same": ("FP32", [1, 5], [1, 2, 3, 4, 5])},
    ),
    Answered(
        "rows of no length",
        "open_length",
        floats(shape=[2, 0]),
        {"total": ("FP32", [2], [0, 0]), "same": ("FP32", [2, 0], [])},
    ),
    Answered(
        "a model without rows",
        "fixed_matrix",
        floats(1, 2, 3, 4, 5, 6, shape=[2, 3]),
        {"y": ("FP32", [3, 2], [1, 4, 2, 5, 3, 6])},
    ),
    Answered("a scalar", "scalar", floats(1.5, shape=[]), {"y": ("FP32", [], [3])}),
    Answered(
        "a lone word",
        "one_word",
        [tensor("word", "BYTES", [], ["hey"])],
        {"shouted": ("BYTES", [], ["hey!"]), "is_empty": ("BOOL", [], [False])},
    ),
    Answered("an output over all rows", "mean", floats(1, 2, 3, 4, shape=[2, 2]), {"mean": ("FP32", [2], [2, 3])}),
    Answered(
        "an output that is constant",
        "constant",
        floats(1, 2),
        {"y": ("FP32", [2], [2, 3]), "classes": ("BYTES", [3], ["one", "two", "three"])},
    ),
    Answered("an output of another length", "distinct", floats(1, 1, 2), {"y": ("FP32", [2], [1, 2])}),
    Answered("an output of any rank", "any_rank_out", floats(1, 2, shape=[1, 2]), {"y": ("FP32", [1, 2], [2, 4])}),
    Answered("an input of any rank", "any_rank_in", floats(1, 2, shape=[1, 2, 1]), {"y": ("FP32", [1, 2, 1], [2, 4])}),
    Answered("an input of rank zero", "any_rank_in", floats(1, shape=[]), {"y": ("FP32", [], [2])}),
    Answered("the only signature, whatever its name", "other_name", floats(1), {"y": ("FP32", [1], [2])}),
    Answered("the default signature of two", "two_signatures", floats(3), {"y": ("FP32", [1], [4])}),
    Answered("the signature that was asked for", "double", floats(3), {"y": ("FP32", [1], [6])}),
    Answered("the newest version", "versions", floats(0), {"version": ("FP32", [1], [10])}),
    Answered("a model that runs on a thread", "slow", floats(7), {"y": ("FP32", [1], [7])}),
    Answered("more rows than the largest batch", "root", floats(*[4.0] * 1000), {"y": ("FP32", [1000], [2.0] * 1000)}),
    Answered(
        "whole numbers written as floats",
        "lookup",
        [tensor("index", "INT32", [2], [4.0, 0.0])],
        {"value": ("FP32", [2], [TABLE[4], TABLE[0]])},
    ),
    Answered(
        "one output of two",
        "two_inputs",
        [tensor("price", "FP32", [1], [2]), tensor("count", "INT32", [1, 2], [1, 2])],
        {"pieces": ("INT32", [1], [3])},
        {"outputs": [{"name": "pieces"}]},
    ),
    Answered(
        "outputs in the order asked for",
        "two_inputs",
        [tensor("price", "FP32", [1], [2]), tensor("count", "INT32", [1, 2], [1, 2])],
        {"pieces": ("INT32", [1], [3]), "cost": ("FP32", [1, 2], [2, 4])},
        {"outputs": [{"name": "pieces"}, {"name": "cost"}]},
    ),
    Answered(
        "outputs that are null mean all",
        "dense",
        floats(1, 2, 3, shape=[1, 3]),
        {"y": ("FP32", [1, 2], [4, 5])},
        {"outputs": None, "id": None, "parameters": None},
    ),
    Answered(
        "parameters that nobody knows",
        "dense",
        floats(1, 2, 3, shape=[1, 3]),
        {"y": ("FP32", [1, 2], [4, 5])},
        {"parameters": {"mood": "a", "is_odd": True, "weight": 0.5, "timeout": 0}},
    ),
    Answered(
        "a timeout that is far away",
        "dense",
        floats(1, 2, 3, shape=[1, 3]),
        {"y": ("FP32", [1, 2], [4, 5])},
        {"parameters": {"timeout": 2**63 - 1}},
    ),
    Answered(
        "fields that nobody knows",
        "dense",
        floats(1, 2, 3, shape=[1, 3]),
        {"y": ("FP32", [1, 2], [4, 5])},
        {"model_name": "other", "new_in_version_3": [1]},
    ),
]


def fact(answered: Answered) -> str:
    return answered.fact


@pytest.mark.parametrize("answered", ANSWERED, ids=fact)
def test_a_request_is_answered(caller: Caller, answered: Answered) -> None:
    reply = caller.post(INFER.format(answered.model), {"inputs": answered.inputs, **answered.rest})
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json"
    assert "inference-header-content-length" not in reply.headers
    answer = reply.json
    assert answer.keys() == {"model_name", "model_version", "outputs"}
    assert answer["model_name"] == answered.model
    came = {output["name"]: (output["datatype"], output["shape"], output["data"]) for output in answer["outputs"]}
    assert came == {
        name: (datatype, list(shape), list(data)) for name, (datatype, shape, data) in answered.outputs.items()
    }
    if answered.rest.get("outputs"):
        assert list(came) == list(answered.outputs)


@pytest.mark.parametrize("content_type", [None, "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_read_under_its_content_type_and_under_none(caller: Caller, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert caller.post(INFER.format("scalar"), {"inputs": floats(1, shape=[])}, headers).status == 200


class TestIdentity:
    @pytest.mark.parametrize("id_", ["42", "a b", "é", "\N{GRINNING FACE}", "x" * 1000])
    def test_an_id_comes_back(self, caller: Caller, id_: str) -> None:
        reply = caller.post(INFER.format("scalar"), {"id": id_, "inputs": floats(1, shape=[])})
        assert reply.json["id"] == id_

    @pytest.mark.parametrize("message", [{}, {"id": None}, {"id": ""}], ids=["no id", "null", "an empty one"])
    def test_no_id_is_made_up(self, caller: Caller, message: dict[str, object]) -> None:
        assert "id" not in caller.post(INFER.format("scalar"), {**message, "inputs": floats(1, shape=[])}).json

    @pytest.mark.parametrize(("model", "version"), [("scalar", "1"), ("versions", "10")])
    def test_the_version_is_told_and_may_be_asked_for(self, caller: Caller, model: str, version: str) -> None:
        inputs = floats(1, shape=[] if model == "scalar" else [1])
        for path in (INFER.format(model), f"/v2/models/{model}/versions/{version}/infer"):
            assert caller.post(path, {"inputs": inputs}).json["model_version"] == version

    @pytest.mark.parametrize("version", ["1", "2", "11", "010", "latest", "%20"])
    def test_a_version_that_is_not_served_is_unknown(self, caller: Caller, version: str) -> None:
        path = f"/v2/models/versions/versions/{version}"
        assert caller.post(f"{path}/infer", {"inputs": floats(0)}).status == 404
        assert caller.get(f"{path}/ready").status == 404
        assert caller.get(path).status == 404


class TestHealthAndMetadata:
    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("/v2/health/live", {"live": True}),
            ("/v2/health/ready", {"ready": True, "phase": "ready"}),
            (READY.format("dense"), {"name": "dense", "ready": True}),
            ("/v2/models/versions/versions/10/ready", {"name": "versions", "ready": True}),
            ("/v2", {"name": "ecluse", "version": VERSION, "extensions": EXTENSIONS}),
            ("/", {"status": "alive"}),
        ],
    )
    def test_a_question_is_answered(self, caller: Caller, path: str, told: dict[str, Any]) -> None:
        reply = caller.get(path)
        assert reply.status == 200
        assert reply.json == told
        assert caller.get(path + "/").json == told
        assert caller.get(path + "?verbose=1").json == told

    @pytest.mark.parametrize("path", ["/v2/health/live", READY.format("dense"), "/v2/models/dense", "/metrics"])
    def test_the_head_of_an_answer_may_be_asked_for(self, caller: Caller, path: str) -> None:
        reply = caller.ask("HEAD", path)
        assert reply.status == 200
        assert reply.body == b""
        assert caller.get(path).status == 200

    @pytest.mark.parametrize(
        ("model", "inputs", "outputs"),
        [
            ("dense", [("x", "FP32", [-1, 3])], [("y", "FP32", [-1, 2])]),
            (
                "two_inputs",
                [("count", "INT32", [-1, 2]), ("price", "FP32", [-1])],
                [("cost", "FP32", [-1, 2]), ("pieces", "INT32", [-1])],
            ),
            ("text", [("text", "BYTES", [-1])], [("length", "INT32", [-1]), ("shouted", "BYTES", [-1])]),
            ("open_length", [("x", "FP32", [-1, -1])], [("same", "FP32", [-1, -1]), ("total", "FP32", [-1])]),
            ("fixed_matrix", [("x", "FP32", [2, 3])], [("y", "FP32", [3, 2])]),
            ("scalar", [("x", "FP32", [])], [("y", "FP32", [])]),
            ("any_rank_in", [("x", "FP32", [-1])], [("y", "FP32", [-1])]),
        ],
    )
    def test_a_model_says_what_it_takes_and_gives(
        self, caller: Caller, model: str, inputs: list[Any], outputs: list[Any]
    ) -> None:
        metadata = caller.get(f"/v2/models/{model}").json
        assert metadata == caller.get(f"/v2/models/{model}/versions/1").json
        assert (metadata["name"], metadata["versions"], metadata["platform"]) == (model, ["1"], "tensorflow_savedmodel")
        for said, expected in ((metadata["inputs"], inputs), (metadata["outputs"], outputs)):
            assert sorted((entry["name"], entry["datatype"], entry["shape"]) for entry in said) == expected

    def test_every_datatype_has_its_name(self, caller: Caller) -> None:
        metadata = caller.get("/v2/models/echo").json
        assert {entry["name"]: entry["datatype"] for entry in metadata["inputs"]} == NUMERIC

    def test_every_model_is_listed(self, caller: Caller) -> None:
        names = caller.get("/v2/models").json["models"]
        assert names == sorted(names)
        assert {"dense", "versions", "double"} < set(names)


class TestEveryDatatype:
    """At the ends of its range, so that nothing is narrowed on the way."""

    def test_as_json(self, caller: Caller) -> None:
        inputs = [tensor(name, datatype, [1, 2], EXTREMES[datatype]) for name, datatype in NUMERIC.items()]
        outputs = caller.post(INFER.format("echo"), {"inputs": inputs}).json["outputs"]
        assert {output["datatype"] for output in outputs} == set(EXTREMES)
        for output in outputs:
            # FP32 is written with as few digits as tell it from its neighbours.
            dtype = DTYPES[output["datatype"]]
            assert np.array_equal(np.array([output["data"]], dtype), np.array([EXTREMES[output["datatype"]]], dtype))

    def test_as_bytes(self, caller: Caller) -> None:
        arrays = {name: np.array([EXTREMES[datatype]], DTYPES[datatype]) for name, datatype in NUMERIC.items()}
        reply = ask_in_bytes(
            caller, "echo", [(name, NUMERIC[name], [1, 2], array.tobytes()) for name, array in arrays.items()]
        )
        for name, raw in binary_outputs(reply).items():
            assert raw == arrays[name.removesuffix("_too")].tobytes()

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_what_json_cannot_say_passes_as_bytes(self, caller: Caller, value: float) -> None:
        sent = struct.pack("<f", value)
        reply = ask_in_bytes(caller, "any_rank_in", [("x", "FP32", [1], sent)])
        assert binary_outputs(reply) == {"y": sent}

    def test_what_json_cannot_say_is_refused_where_json_was_asked_for(self, caller: Caller) -> None:
        reply = ask_in_bytes(
            caller, "any_rank_in", [("x", "FP32", [1], struct.pack("<f", float("nan")))], parameters={}
        )
        assert reply.status == 400
        assert "output 'y' holds NaN or infinity" in reply.json["error"]


class TestBinaryTensors:
    def test_tensors_follow_the_json_in_the_order_of_the_inputs(self, caller: Caller) -> None:
        price, count = struct.pack("<f", 2.0), struct.pack("<ii", 3, 4)
        reply = ask_in_bytes(caller, "two_inputs", [("price", "FP32", [1], price), ("count", "INT32", [1, 2], count)])
        assert binary_outputs(reply) == {"cost": struct.pack("<ff", 6.0, 8.0), "pieces": struct.pack("<i", 7)}

    def test_json_and_bytes_may_be_mixed_in_one_request(self, caller: Caller) -> None:
        count = {"name": "count", "datatype": "INT32", "shape": [1, 2], "parameters": {"binary_data_size": 8}}
        head = json.dumps({"inputs": [tensor("price", "FP32", [1], [2]), count]}).encode()
        reply = caller.post(INFER.format("two_inputs"), head + struct.pack("<ii", 3, 4), {HEAD_LENGTH: str(len(head))})
        assert {output["name"]: output["data"] for output in reply.json["outputs"]} == {"cost": [6, 8], "pieces": [7]}

    def test_an_output_may_be_asked_for_as_bytes_alone(self, caller: Caller) -> None:
        body = {
            "inputs": [tensor("price", "FP32", [1], [2]), tensor("count", "INT32", [1, 2], [3, 4])],
            "outputs": [{"name": "pieces", "parameters": {"binary_data": True}}, {"name": "cost"}],
        }
        reply = caller.post(INFER.format("two_inputs"), body)
        head, tail = parted(reply)
        assert tail == struct.pack("<i", 7)
        pieces, cost = head["outputs"]
        assert (pieces["parameters"], cost["data"]) == ({"binary_data_size": 4}, [6, 8])

    def test_an_output_wins_over_the_request(self, caller: Caller) -> None:
        body = {
            "inputs": floats(1, shape=[]),
            "parameters": {"binary_data_output": True},
            "outputs": [{"name": "y", "parameters": {"binary_data": False}}],
        }
        assert caller.post(INFER.format("scalar"), body).json["outputs"][0]["data"] == [2]

    def test_the_answer_says_where_its_json_ends(self, caller: Caller) -> None:
        reply = ask_in_bytes(caller, "scalar", [("x", "FP32", [], struct.pack("<f", 1.5))])
        assert reply.headers["content-type"] == "application/octet-stream"
        assert int(reply.headers["content-length"]) == int(reply.headers["inference-header-content-length"]) + 4

    def test_bytes_that_are_no_text_pass_whole(self, caller: Caller) -> None:
        said = [b"\xff\xfe\x00", b"", b"caf\xc3\xa9"]
        reply = ask_in_bytes(caller, "text", [("text", "BYTES", [3], b"".join(map(element, said)))])
        assert binary_outputs(reply)["shouted"] == b"".join(element(word + b"!") for word in said)

    def test_bytes_that_are_no_text_are_refused_as_json(self, caller: Caller) -> None:
        reply = ask_in_bytes(caller, "text", [("text", "BYTES", [1], element(b"\xff"))], parameters={})
        assert reply.status == 400
        assert all(word in reply.json["error"] for word in ("'shouted'", "UTF-8", "'binary_data'"))

    def test_a_length_that_covers_the_whole_body_is_json_alone(self, caller: Caller) -> None:
        body = json.dumps({"inputs": floats(1.5, shape=[])}).encode()
        assert caller.post(INFER.format("scalar"), body, {HEAD_LENGTH: str(len(body))}).status == 200

    @pytest.mark.parametrize("kind", [None, "application/octet-stream", "application/json"])
    def test_the_header_decides_and_not_the_content_type(self, caller: Caller, kind: str | None) -> None:
        headers = {} if kind is None else {"Content-Type": kind}
        reply = ask_in_bytes(caller, "scalar", [("x", "FP32", [], struct.pack("<f", 1.5))], headers=headers)
        assert reply.status == 200

    def test_a_tensor_that_is_not_aligned_in_its_body_is_read_right(self, caller: Caller) -> None:
        for padding in range(8):
            reply = ask_in_bytes(
                caller, "any_rank_in", [("x", "FP32", [2], struct.pack("<ff", 1.0, 2.0))], id="i" * (padding + 1)
            )
            assert binary_outputs(reply) == {"y": struct.pack("<ff", 2.0, 4.0)}


def ask_in_bytes(
    caller: Caller,
    model: str,
    tensors: Sequence[tuple[str, str, Sequence[int], bytes]],
    *,
    headers: Mapping[str, str] | None = None,
    **rest: object,
) -> Reply:
    """Send every tensor as bytes, and ask for every output so."""
    inputs = [
        {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(raw)}}
        for name, datatype, shape, raw in tensors
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}, **rest}).encode()
    body = head + b"".join(raw for *_, raw in tensors)
    return caller.post(INFER.format(model), body, {**(headers or {}), HEAD_LENGTH: str(len(head))})


def parted(reply: Reply) -> tuple[Any, bytes]:
    assert reply.status == 200, reply.body
    length = int(reply.headers[HEAD_LENGTH.lower()])
    return json.loads(reply.body[:length]), reply.body[length:]


def binary_outputs(reply: Reply) -> dict[str, bytes]:
    head, tail = parted(reply)
    outputs, at = {}, 0
    for output in head["outputs"]:
        size = output["parameters"]["binary_data_size"]
        assert "data" not in output
        outputs[output["name"]] = tail[at : at + size]
        at += size
    assert at == len(tail)
    return outputs
