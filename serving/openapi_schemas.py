"""The JSON of requests and answers, as JSON Schema: the second half of the OpenAPI document."""

from typing import Any

from monitoring.contract.values import FEEDBACK_RESULTS
from serving.datatypes import DTYPES

Json = dict[str, Any]

STRING: Json = {"type": "string"}
TRUTH: Json = {"type": "boolean"}
COUNT: Json = {"type": "integer", "minimum": 0}
NAMES: Json = {"type": "array", "items": STRING}
PARAMETERS: Json = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
    "description": "As the protocol and its extensions name them: timeout, priority, binary_data_size, classification.",
}
SHAPE: Json = {"type": "array", "items": COUNT, "maxItems": 64}
OPEN_SHAPE: Json = {"type": "array", "items": {"type": "integer", "minimum": -1}}
DATATYPE: Json = {"type": "string", "enum": list(DTYPES)}
NESTED: Json = {"type": "array", "description": "Nested as the shape says, or flat in row-major order."}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def closed(required: tuple[str, ...], **properties: Json) -> Json:
    """An answer: these members and no other."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def open_to_more(required: tuple[str, ...], **properties: Json) -> Json:
    """A request, whose further members are not looked at, or what another document describes."""
    return {"type": "object", "required": list(required), "properties": properties}


def every(**properties: Json) -> Json:
    return closed(tuple(properties), **properties)


DURATION = every(count=COUNT, ns=COUNT)
TENSOR = every(name=STRING, datatype=DATATYPE, shape=OPEN_SHAPE)

SCHEMAS: Json = {
    "Error": closed(
        ("error", "reason"),
        error={"type": "string", "description": "What came and what was expected."},
        reason={"type": "string", "description": "The same for machines: bad_input, queue_full, late, loading, ..."},
        id={"type": "string", "description": "The id of the request, where it had one."},
    ),
    "Alive": every(status={"const": "alive"}),
    "Live": every(live=TRUTH),
    "Ready": every(ready=TRUTH, phase=STRING),
    "ModelReady": every(name=STRING, ready=TRUTH),
    "Models": every(models=NAMES),
    "Document": open_to_more(("openapi", "paths")),
    "Anything": {},
    "Empty": closed(()),
    "ServerMetadata": every(name=STRING, version=STRING, extensions=NAMES),
    "ModelMetadata": every(
        name=STRING,
        versions=NAMES,
        platform=STRING,
        inputs={"type": "array", "items": TENSOR},
        outputs={"type": "array", "items": TENSOR},
    ),
    "PredictRequest": {
        "type": "object",
        "oneOf": [
            open_to_more(("instances",), instances={"type": "array", "minItems": 1, "description": "One entry a row."}),
            open_to_more(("inputs",), inputs={"description": "The columns: a tensor, or tensors by name."}),
        ],
    },
    "PredictAnswer": {
        "oneOf": [every(predictions={"type": "array"}), every(outputs={})],
    },
    "InferRequest": open_to_more(
        ("inputs",),
        id=STRING,
        parameters=PARAMETERS,
        inputs={
            "type": "array",
            "items": open_to_more(
                ("name", "datatype", "shape"),
                name=STRING,
                datatype=DATATYPE,
                shape=SHAPE,
                parameters=PARAMETERS,
                data=NESTED,
            ),
        },
        outputs={"type": "array", "items": open_to_more(("name",), name=STRING, parameters=PARAMETERS)},
    ),
    "InferAnswer": closed(
        ("model_name", "model_version", "outputs"),
        model_name=STRING,
        model_version=STRING,
        id=STRING,
        parameters=closed(
            (),
            prediction_id={
                "type": "string",
                "description": "What labels of these rows go by at /v1/feedback, where the server takes them.",
            },
        ),
        outputs={
            "type": "array",
            "items": closed(
                ("name", "datatype", "shape"),
                name=STRING,
                datatype=DATATYPE,
                shape=SHAPE,
                parameters=PARAMETERS,
                data={"type": "array", "description": "Flat, in row-major order."},
            ),
        },
    ),
    "LateLabels": open_to_more(
        ("labels",),
        labels={
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "description": "As many as the server takes at once; more need --feedback_labels.",
            "items": open_to_more(
                ("id", "label"),
                id={"type": "string", "description": "The prediction_id of an answer."},
                row={"type": "integer", "description": "Which row of that request, from 0, which it is by default."},
                label={"type": ["integer", "string"], "description": "The class by its number or its name."},
            ),
        },
    ),
    "Received": every(
        counts=every(**dict.fromkeys(FEEDBACK_RESULTS, COUNT)),
        refused={
            "type": "array",
            "items": every(
                index=COUNT,
                result={"type": "string", "enum": [result for result in FEEDBACK_RESULTS if result != "accepted"]},
                reason=STRING,
            ),
        },
    ),
    "Statistics": every(
        model_stats={
            "type": "array",
            "items": open_to_more(
                ("name", "version", "inference_count", "execution_count", "inference_stats", "batch_stats"),
                name=STRING,
                version=STRING,
                last_inference=COUNT,
                inference_count=COUNT,
                execution_count=COUNT,
                inference_stats={"type": "object", "additionalProperties": DURATION},
                batch_stats={"type": "array"},
            ),
        }
    ),
    "Config": open_to_more(
        ("name", "platform", "max_batch_size", "input", "output", "version_policy"),
        name=STRING,
        platform=STRING,
        backend=STRING,
        max_batch_size=COUNT,
        input={"type": "array", "items": open_to_more(("name", "data_type", "dims"))},
        output={"type": "array", "items": open_to_more(("name", "data_type", "dims"))},
        version_policy={"type": "object"},
    ),
    "IndexRequest": open_to_more((), ready=TRUTH),
    "Index": {
        "type": "array",
        "items": every(
            name=STRING,
            version=STRING,
            state={"type": "string", "enum": ["LOADING", "READY", "UNLOADING", "UNAVAILABLE"]},
            reason=STRING,
        ),
    },
    "LoadRequest": open_to_more((), parameters={"type": "object"}),
}
