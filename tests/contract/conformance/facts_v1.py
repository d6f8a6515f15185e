"""V1, as KServe's and TensorFlow Serving's clients speak it."""

from typing import Any

from tests.contract.conformance.fact import Fact, Rest, RestAnswer, get, post

SECTION = "V1"
PREDICT = "/v1/models/dense:predict"
ROW = [1, 2, 3]


def fact(words: str, ask: Rest, status: int = 200, json: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, RestAnswer(status, json, **others))


def refused(words: str, body: Any, *error: str, status: int = 400, path: str = PREDICT) -> Fact:
    return fact(f"{words} is refused", post(path, body), status, error=error)


FACTS = [
    fact("a server is alive at its root", get("/")),
    fact("models are listed", get("/v1/models"), json={"models": ...}),
    fact("a ready model says so", get("/v1/models/dense"), json={"name": "dense", "ready": True}),
    fact("a model that is not served is unknown", get("/v1/models/nobody"), 404, error=("nobody",)),
    fact("rows are answered by row", post(PREDICT, {"instances": [ROW, ROW]}), json={"predictions": [[4, 5], [4, 5]]}),
    fact("a row may name its inputs", post(PREDICT, {"instances": [{"x": ROW}]}), json={"predictions": [[4, 5]]}),
    fact("columns are answered by column", post(PREDICT, {"inputs": [ROW]}), json={"outputs": [[4, 5]]}),
    fact("columns may be named", post(PREDICT, {"inputs": {"x": [ROW]}}), json={"outputs": [[4, 5]]}),
    fact(
        "rows of several outputs are objects",
        post("/v1/models/two_inputs:predict", {"instances": [{"count": [3, 4], "price": 2}]}),
        json={"predictions": [{"cost": [6, 8], "pieces": 7}]},
    ),
    fact("the colon may be encoded", post("/v1/models/dense%3Apredict", {"instances": [ROW]})),
    fact("a version may be named", post("/v1/models/dense/versions/1:predict", {"instances": [ROW]})),
    fact(
        "bytes may be base64",
        post("/v1/models/text:predict", {"instances": [{"b64": "w6k="}]}),
        json={"predictions": [{"length": 2, "shouted": "é!"}]},
    ),
    fact("no content type is JSON", post(PREDICT, b'{"instances": [[1, 2, 3]]}', {})),
    fact(
        "a character set may be named",
        post(PREDICT, {"instances": [ROW]}, {"Content-Type": "application/json; charset=utf-8"}),
    ),
    fact("the signature served may be named", post(PREDICT, {"instances": [ROW], "signature_name": "serving_default"})),
    refused("another signature", {"instances": [ROW], "signature_name": "other"}, "'other'", "serving_default"),
    refused("a body that is no JSON", b"{", "JSON"),
    refused("the token NaN", b'{"instances": [[NaN, 2, 3]]}', "JSON"),
    refused("neither rows nor columns", {}, "instances", "inputs"),
    refused("no rows", {"instances": []}, "instances"),
    refused("a ragged row", {"instances": [ROW, [1]]}, "'x'"),
    refused("a row of another length", {"instances": [[1, 2]]}, "'x'", "[-1, 3]"),
    refused("an unknown input", {"instances": [{"z": ROW}]}, "'z'"),
    refused("an unknown model", {"instances": [ROW]}, "nobody", status=404, path="/v1/models/nobody:predict"),
    refused("an explanation of a model that has none", {"instances": [ROW]}, path="/v1/models/dense:explain"),
    fact("GET is refused where POST is meant", get(PREDICT), 405, headers={"allow": "POST"}),
]
