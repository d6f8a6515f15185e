"""V1 over REST, as KServe and TensorFlow Serving speak it, fact by fact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.mistakes import PREDICT
from tests.contract.wire import Caller


@dataclass(frozen=True)
class Predicted:
    """A request, and the whole answer."""

    fact: str
    model: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]


ROOTS = list(range(1000))

PREDICTED = [
    Predicted("a row", "dense", {"instances": [[1, 2, 3]]}, {"predictions": [[4, 5]]}),
    Predicted("rows", "dense", {"instances": [[1, 2, 3], [4, 5, 6]]}, {"predictions": [[4, 5], [10, 11]]}),
    Predicted("rows of named inputs", "dense", {"instances": [{"x": [1, 2, 3]}]}, {"predictions": [[4, 5]]}),
    Predicted("rows of scalars", "root", {"instances": [4, 9]}, {"predictions": [2, 3]}),
    Predicted("columns", "dense", {"inputs": [[1, 2, 3], [4, 5, 6]]}, {"outputs": [[4, 5], [10, 11]]}),
    Predicted("a named column", "dense", {"inputs": {"x": [[1, 2, 3]]}}, {"outputs": [[4, 5]]}),
    Predicted(
        "rows of several inputs and outputs",
        "two_inputs",
        {"instances": [{"price": 2, "count": [1, 2]}, {"count": [3, 4], "price": 0.5}]},
        {"predictions": [{"cost": [2, 4], "pieces": 3}, {"cost": [1.5, 2], "pieces": 7}]},
    ),
    Predicted(
        "columns of several inputs and outputs",
        "two_inputs",
        {"inputs": {"price": [2, 0.5], "count": [[1, 2], [3, 4]]}},
        {"outputs": {"cost": [[2, 4], [1.5, 2]], "pieces": [3, 7]}},
    ),
    Predicted(
        "one row of several outputs",
        "text",
        {"instances": ["é"]},
        {"predictions": [{"length": 2, "shouted": "é!"}]},
    ),
    Predicted(
        "bytes as base64",
        "text",
        {"instances": [{"b64": "w6k="}, "a"]},
        {"predictions": [{"length": 2, "shouted": "é!"}, {"length": 1, "shouted": "a!"}]},
    ),
    Predicted(
        "bytes as base64 under the name of their input",
        "text",
        {"instances": [{"text": {"b64": "w6k="}}]},
        {"predictions": [{"length": 2, "shouted": "é!"}]},
    ),
    Predicted(
        "bytes that are no text come back as base64",
        "text",
        {"inputs": [{"b64": "/w=="}]},
        {"outputs": {"length": [1], "shouted": [{"b64": "/yE="}]}},
    ),
    Predicted(
        "rows of any length",
        "open_length",
        {"instances": [[1, 2, 3, 4]]},
        {"predictions": [{"same": [1, 2, 3, 4], "total": 10}]},
    ),
    Predicted(
        "a model without rows takes one instance",
        "fixed_matrix",
        {"instances": [[[1, 2, 3], [4, 5, 6]]]},
        {"predictions": [[[1, 4], [2, 5], [3, 6]]]},
    ),
    Predicted(
        "a model without rows takes its tensor as a column",
        "fixed_matrix",
        {"inputs": [[1, 2, 3], [4, 5, 6]]},
        {"outputs": [[1, 4], [2, 5], [3, 6]]},
    ),
    Predicted("a scalar", "scalar", {"instances": [1.5]}, {"predictions": [3]}),
    Predicted("a scalar as a column", "scalar", {"inputs": 1.5}, {"outputs": 3}),
    Predicted(
        "a lone word", "one_word", {"instances": ["hey"]}, {"predictions": [{"is_empty": False, "shouted": "hey!"}]}
    ),
    Predicted(
        "a lone word as a column", "one_word", {"inputs": "hey"}, {"outputs": {"is_empty": False, "shouted": "hey!"}}
    ),
    Predicted("rows that give one answer", "mean", {"inputs": [[1, 2], [3, 4]]}, {"outputs": [2, 3]}),
    Predicted("an input of any rank", "any_rank_in", {"inputs": [[[1], [2]]]}, {"outputs": [[[2], [4]]]}),
    Predicted(
        "more rows than the largest batch", "root", {"instances": [n * n for n in ROOTS]}, {"predictions": ROOTS}
    ),
    Predicted(
        "fields that nobody knows",
        "dense",
        {"instances": [[1, 2, 3]], "signature_name": "serving_default", "probabilities": True},
        {"predictions": [[4, 5]]},
    ),
]


def fact(predicted: Predicted) -> str:
    return predicted.fact


@pytest.mark.parametrize("predicted", PREDICTED, ids=fact)
def test_a_request_is_answered(caller: Caller, predicted: Predicted) -> None:
    reply = caller.post(PREDICT.format(predicted.model), predicted.body)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == predicted.answer


@pytest.mark.parametrize("path", [PREDICT, "/v1/models/{}%3Apredict", "/v1/models/{}%3apredict"])
def test_the_colon_may_be_percent_encoded(caller: Caller, path: str) -> None:
    assert caller.post(path.format("dense"), {"instances": [[1, 2, 3]]}).json == {"predictions": [[4, 5]]}


@pytest.mark.parametrize("colon", [":", "%3A"])
def test_a_version_may_be_asked_for(caller: Caller, colon: str) -> None:
    reply = caller.post(f"/v1/models/versions/versions/10{colon}predict", {"instances": [0]})
    assert reply.json == {"predictions": [10]}
    assert caller.post(f"/v1/models/versions/versions/2{colon}predict", {"instances": [0]}).status == 404


@pytest.mark.parametrize("path", ["/v1/models/dense", "/v1/models/dense/", "/v1/models/dense/versions/1"])
def test_a_model_that_is_served_is_ready(caller: Caller, path: str) -> None:
    reply = caller.get(path)
    assert (reply.status, reply.json) == (200, {"name": "dense", "ready": True})


@pytest.mark.parametrize("path", ["/v1/models/nobody", "/v1/models/dense/versions/7"])
def test_a_model_that_is_not_served_is_unknown(caller: Caller, path: str) -> None:
    reply = caller.get(path)
    assert reply.status == 404
    assert reply.json["reason"] == "unknown_model"


def test_every_model_is_listed(caller: Caller) -> None:
    names = caller.get("/v1/models").json["models"]
    assert names == caller.get("/v2/models").json["models"]
    assert {"dense", "versions", "double"} < set(names)


def test_an_answer_tells_nothing_of_the_questions_headers(caller: Caller) -> None:
    """KServe's own server sends a caller's headers back from its explainer."""
    secret = {"Authorization": "Bearer secret", "Cookie": "session=secret", "Content-Type": "application/json"}
    for verb in ("predict", "explain"):
        reply = caller.post(f"/v1/models/dense:{verb}", {"instances": [[1, 2, 3]]}, secret)
        assert "secret" not in str(reply)
