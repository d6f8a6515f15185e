"""The Open Inference Protocol over REST: health, metadata, inference, refusals."""

from typing import Any

from tests.contract.conformance.fact import Fact, Rest, RestAnswer, get, post, tensor

SECTION = "OIP REST"
MODEL = "/v2/models/dense"
INFER = f"{MODEL}/infer"

X = tensor("x", "FP32", [1, 3], [1, 2, 3])
ROWS = tensor("x", "FP32", [2, 3], [1, 2, 3, 4, 5, 6])
Y = {"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [4, 5]}


def fact(words: str, ask: Rest, status: int = 200, json: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, RestAnswer(status, json, **others))


def refused(words: str, body: Any, *error: str, status: int = 400, path: str = INFER) -> Fact:
    return fact(f"{words} is refused", post(path, body), status, error=error)


HEALTH = [
    fact("a live server says so", get("/v2/health/live")),
    fact("a ready server says so", get("/v2/health/ready")),
    fact("a ready model says so", get(f"{MODEL}/ready")),
    fact("a ready version says so", get(f"{MODEL}/versions/1/ready")),
    fact("a model that is not served is not ready", get("/v2/models/nobody/ready"), 404, error=("nobody",)),
    fact("a version that is not served is not ready", get(f"{MODEL}/versions/77/ready"), 404, error=("77",)),
    fact("names are case-sensitive", get("/v2/models/Dense/ready"), 404),
]
METADATA = [
    fact("the server names its extensions", get("/v2"), json={"name": "ecluse", "extensions": ...}),
    fact(
        "a model names its tensors, with -1 for what varies",
        get(MODEL),
        json={
            "name": "dense",
            "versions": ["1"],
            "platform": "tensorflow_savedmodel",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
        },
    ),
    fact("a version has metadata", get(f"{MODEL}/versions/1"), json={"name": "dense"}),
    fact("a model that is not served has none", get("/v2/models/nobody"), 404, error=("nobody",)),
]
INFERENCE = [
    fact(
        "a request is answered with the model, its version and its outputs",
        post(INFER, {"inputs": [X]}),
        json={"model_name": "dense", "model_version": "1", "outputs": [Y]},
        headers={"content-type": "application/json"},
    ),
    fact("no id comes back where none was sent", post(INFER, {"inputs": [X]}), lacks=("id",)),
    fact("an id comes back", post(INFER, {"id": "a-42", "inputs": [X]}), json={"id": "a-42"}),
    fact("a version may be named", post(f"{MODEL}/versions/1/infer", {"inputs": [X]}), json={"outputs": [Y]}),
    fact(
        "data may be nested",
        post(INFER, {"inputs": [tensor("x", "FP32", [2, 3], [[1, 2, 3], [4, 5, 6]])]}),
        json={"outputs": [{"shape": [2, 2], "data": [4, 5, 10, 11]}]},
    ),
    fact("data may be flat, row by row", post(INFER, {"inputs": [ROWS]}), json={"outputs": [{"data": [4, 5, 10, 11]}]}),
    fact("an output may be asked for", post(INFER, {"inputs": [X], "outputs": [{"name": "y"}]}), json={"outputs": [Y]}),
    fact("parameters nobody knows are ignored", post(INFER, {"inputs": [X], "parameters": {"a": 1, "b": "c"}})),
    fact(
        "BYTES are strings",
        post("/v2/models/text/infer", {"inputs": [tensor("text", "BYTES", [2], ["a", "é"])]}),
        json={"outputs": [{"data": [1, 2]}, {"datatype": "BYTES", "data": ["a!", "é!"]}]},
    ),
]
REFUSALS = [
    refused("a body that is no JSON", b"{", "JSON"),
    refused("a request without inputs", {}, "inputs"),
    refused("an input that is missing", {"inputs": []}, "'x'", "missing"),
    refused("an unknown input", {"inputs": [{**X, "name": "z"}]}, "'z'", "'x'"),
    refused("an unknown output", {"inputs": [X], "outputs": [{"name": "z"}]}, "'z'", "'y'"),
    refused("another datatype", {"inputs": [{**X, "datatype": "INT32"}]}, "'x'", "INT32", "FP32"),
    refused("a datatype that does not exist", {"inputs": [{**X, "datatype": "FP31"}]}, "'x'", "FP31"),
    refused("a big-endian datatype", {"inputs": [{**X, "datatype": ">f4"}]}, "'x'", "little-endian"),
    refused("another shape", {"inputs": [{**X, "shape": [3]}]}, "'x'", "[3]", "[-1, 3]"),
    refused("data that does not fit its shape", {"inputs": [{**X, "data": [1, 2]}]}, "'x'"),
    refused("text for a number", {"inputs": [{**X, "data": [1, 2, "3"]}]}, "'x'", "'3'"),
    refused("null for a number", {"inputs": [{**X, "data": [1, 2, None]}]}, "'x'", "null"),
    refused("a number too large", {"inputs": [{**X, "data": [1, 2, 1e39]}]}, "'x'", "FP32"),
    refused("the token NaN", b'{"inputs": [{"name": "x", "data": [NaN]}]}', "JSON"),
    refused("a parameter that is a list", {"inputs": [X], "parameters": {"a": []}}, "'a'"),
    refused("an id that is no string", {"id": 7, "inputs": [X]}, "id"),
    refused("inference by an unknown model", {"inputs": [X]}, "nobody", status=404, path="/v2/models/nobody/infer"),
    refused("inference by an unknown version", {"inputs": [X]}, "77", status=404, path=f"{MODEL}/versions/77/infer"),
    fact("an unknown path is refused", get("/v2/nothing"), 404, error=("/v2/nothing",)),
    fact("GET is refused where POST is meant", get(INFER), 405, headers={"allow": "POST"}, error=("POST",)),
    fact("a refusal carries its id", post(INFER, {"id": "a-42", "inputs": []}), 400, json={"id": "a-42"}),
    fact("a refusal carries a reason", post(INFER, {"inputs": []}), 400, json={"reason": "bad_input"}),
]
FACTS = [*HEALTH, *METADATA, *INFERENCE, *REFUSALS]
