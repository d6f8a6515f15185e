"""What the server answers over REST, as an OpenAPI 3.1 document: one table, and schemas beside it.

Served at /openapi.json, the same from every process, whatever models it has. A
route that is served and not written here fails a test, and so does one that is
written here and not served. Pure data: knows no model and no setting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from serving import VERSION
from serving.openapi_schemas import SCHEMAS

Json = dict[str, Any]

REFUSALS: Mapping[int, str] = {
    400: "The request is malformed or does not fit the model's signature.",
    401: "The server asks for a key, and none that is known came.",
    403: "What was asked for is switched off here.",
    404: "There is no such model, version or path here.",
    405: "The path answers to another method.",
    408: "The body did not come in time.",
    413: "The body is larger than the server takes.",
    415: "The body is neither JSON nor binary tensors, or is coded in a way that the server does not read.",
    429: "The server has as much to do as it can; with --shed_status 429.",
    431: "The head of the request is longer than the server reads.",
    500: "The model failed.",
    501: "The server has no such part, and says what it has instead.",
    503: "The server has as much to do as it can, is not ready yet, or is about to end.",
    504: "The answer would have come too late.",
}
"""Every status that is no answer, and when it is given. The body is always an Error."""

OF_QUESTIONS = (400, 401, 404, 405, 408, 413, 431, 503)
OF_INFERENCE = tuple(code for code in REFUSALS if code not in (403, 501))
OF_REPOSITORY = (*OF_QUESTIONS, 501)
OF_ADMIN = (*OF_REPOSITORY, 403, 500)

HEADERS: Json = {
    "X-Request-Id": {
        "description": "What the request goes by in the server's log: the caller's own X-Request-Id, or one made here.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    }
}

PARAMETERS: Mapping[str, str] = {
    "model_name": "The model's name.",
    "version": "The version's number.",
    "label": "A label that the operator has given to a version.",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    path: str
    summary: str
    answers: str
    """The schema of the answer, or a media type where it is no JSON."""
    takes: str = ""
    """The schema of the body, for a POST."""
    refusals: tuple[int, ...] = OF_QUESTIONS
    is_open: bool = False
    """Whether it needs no key where everything else does."""
    may_be_binary: bool = False
    """Whether tensors may stand behind the JSON of body and answer."""

    @property
    def method(self) -> str:
        return "post" if self.takes else "get"


def of_versions(prefix: str, verb: str, route: Route) -> Iterator[Route]:
    """The same for a model, for a version of it by number, and for one by label."""
    for part in ("", "/versions/{version}", "/labels/{label}"):
        yield Route(
            f"{prefix}/{{model_name}}{part}{verb}",
            route.summary,
            route.answers,
            route.takes,
            route.refusals,
            route.is_open,
            route.may_be_binary,
        )


OF_FEEDBACK = (*OF_QUESTIONS, 403, 429, 504)

V1, V2 = "/v1/models", "/v2/models"

ROUTES: Sequence[Route] = (
    Route("/", "Whether the process lives, as KServe asks.", "Alive", is_open=True),
    Route("/v2/health/live", "Whether the process lives.", "Live", is_open=True),
    Route("/v2/health/ready", "Whether every model is ready to be asked.", "Ready", is_open=True),
    Route("/metrics", "Metrics for Prometheus.", "text/plain", is_open=True),
    Route("/openapi.json", "This document.", "Document", is_open=True),
    Route("/v2", "The server, its version and its extensions.", "ServerMetadata"),
    Route(V1, "The models served here.", "Models"),
    Route(V2, "The models served here.", "Models"),
    *of_versions(V1, "", Route("", "Whether a model is ready to be asked.", "ModelReady", is_open=True)),
    *of_versions(V2, "/ready", Route("", "Whether a model is ready to be asked.", "ModelReady", is_open=True)),
    *of_versions(V2, "", Route("", "A model's inputs and outputs.", "ModelMetadata")),
    *of_versions(V1, ":predict", Route("", "Predict, by V1.", "PredictAnswer", "PredictRequest", OF_INFERENCE)),
    *of_versions(
        V1, ":explain", Route("", "Explain, by V1, where the model can.", "Anything", "PredictRequest", OF_INFERENCE)
    ),
    *of_versions(
        V2,
        "/infer",
        Route("", "Infer, by V2.", "InferAnswer", "InferRequest", OF_INFERENCE, may_be_binary=True),
    ),
    Route("/v1/feedback", "What rows of earlier predictions turned out to be.", "Received", "LateLabels", OF_FEEDBACK),
    Route(f"{V2}/stats", "What every model has done.", "Statistics"),
    *of_versions(V2, "/stats", Route("", "What a model has done.", "Statistics")),
    *of_versions(V2, "/config", Route("", "A model's configuration, in Triton's words.", "Config")),
    Route("/v2/repository/index", "Every model and version, and its state.", "Index", "IndexRequest", OF_REPOSITORY),
    *(
        Route(
            f"/v2/repository/models/{{model_name}}/{verb}", f"{verb.title()} a model.", "Empty", "LoadRequest", OF_ADMIN
        )
        for verb in ("load", "unload")
    ),
)


@cache
def document() -> Json:
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Écluse",
            "version": VERSION,
            "description": "Serves TensorFlow SavedModels by the Open Inference Protocol, V1 and V2.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {"key": []}, {}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "responses": {
            "200": {"description": "The answer.", "headers": _headers(route), "content": _answer(route)},
            **{str(code): _refusal(code, route) for code in route.refusals},
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "description": words, "schema": {"type": "string"}}
        for name, words in PARAMETERS.items()
        if f"{{{name}}}" in route.path
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.is_open:
        operation["security"] = [{}]
    if route.takes:
        is_needed = route.refusals in (OF_INFERENCE, OF_FEEDBACK)
        operation["requestBody"] = {"required": is_needed, "content": _body(route)}
    return operation


def _body(route: Route) -> Json:
    content: Json = {"application/json": {"schema": _ref(route.takes)}}
    if route.may_be_binary:
        # JSON whose length is in the header Inference-Header-Content-Length, and the tensors' bytes behind it.
        content["application/octet-stream"] = {}
    return content


def _answer(route: Route) -> Json:
    if "/" in route.answers:
        return {route.answers: {"schema": {"type": "string"}}}
    content: Json = {"application/json": {"schema": _ref(route.answers)}}
    if route.may_be_binary:
        content["application/octet-stream"] = {}
    return content


def _headers(route: Route) -> Json:
    if not route.may_be_binary:
        return HEADERS
    length = {
        "description": "The length of the answer's JSON, where binary tensors follow it.",
        "schema": {"type": "integer"},
    }
    return HEADERS | {"Inference-Header-Content-Length": length}


def _refusal(code: int, route: Route) -> Json:
    # One that says by its status whether something is so, says it in the form of the answer.
    is_answer = code == 503 and route.answers in ("Ready", "ModelReady")
    schema = {"anyOf": [_ref(route.answers), _ref("Error")]} if is_answer else _ref("Error")
    headers = HEADERS
    if code == 405:
        headers = HEADERS | {"Allow": {"required": True, "schema": {"type": "string"}}}
    if code == 401:
        headers = HEADERS | {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    return {
        "description": REFUSALS[code],
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


def _operation_id(route: Route) -> str:
    words = route.path.replace("{", "").replace("}", "").replace(":", "/").strip("/").split("/")
    return "_".join([route.method, *(word for word in words if word)]).replace(".", "_")


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
