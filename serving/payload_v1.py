"""V1 REST bodies to requests and outputs to V1 REST bodies.

A request is either `instances`, a list with one entry a row, or `inputs`, the
columns: for a model of one input its tensor, else an object of tensors by
name. Shapes are read off the nesting, datatypes come from the signature. The
answer has the form of the question: `predictions` by row, `outputs` by column.
"""

import base64
from dataclasses import dataclass
from typing import Any

import orjson

from serving import json_tensor
from serving.errors import InvalidRequest
from serving.payload_v2 import check_size
from serving.request import Request, all_outputs
from serving.signature import Signature, Tensors


@dataclass(frozen=True, slots=True)
class V1Request:
    """A request, and whether its answer is by row or by column."""

    request: Request
    is_columnar: bool


def decode(message: dict[str, Any], signature: Signature) -> V1Request:
    asked_signature = message.get("signature_name")
    if asked_signature is not None and asked_signature != signature.name:
        raise InvalidRequest(
            f"the model is served by its signature {signature.name!r}, {asked_signature!r} was asked for"
        )
    is_columnar = "inputs" in message
    if is_columnar == ("instances" in message):
        came = "both" if is_columnar else "neither"
        raise InvalidRequest(f"expected either 'instances' (rows) or 'inputs' (columns), {came} came")
    columns = _columns(message["inputs"], signature) if is_columnar else _transposed(message["instances"], signature)
    tensors: Tensors = {}
    for name, data in columns.items():
        spec = signature.input(name)
        shape = json_tensor.infer_shape(spec, data)
        check_size(name, list(shape))
        spec.check_shape(shape)
        tensors[name] = json_tensor.to_array(spec, data, shape)
    signature.check_complete(tensors)
    request = Request(tensors, rows=signature.rows(tensors), outputs=all_outputs(signature))
    return V1Request(request, is_columnar)


def encode(outputs: Tensors, asked: V1Request, signature: Signature) -> bytes:
    names = [choice.name for choice in asked.request.outputs]
    try:
        columns = {name: json_tensor.to_json(outputs[name]) for name in names}
    except UnicodeDecodeError:
        columns = {name: _with_base64(outputs[name].tolist()) for name in names}
    message: dict[str, Any]
    if asked.is_columnar:
        message = {"outputs": columns if len(names) > 1 else columns[names[0]]}
    elif not signature.is_batched:
        message = {"predictions": [columns if len(names) > 1 else columns[names[0]]]}
    elif len(names) == 1:
        message = {"predictions": columns[names[0]]}
    else:
        rows = zip(*columns.values(), strict=True)
        message = {"predictions": [dict(zip(names, row, strict=True)) for row in rows]}
    body = orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY)
    if b"null" in body:
        json_tensor.check_finite({name: outputs[name] for name in names})
    return body


def _columns(inputs: object, signature: Signature) -> dict[str, Any]:
    if isinstance(inputs, dict):
        return inputs
    return {_only_input(signature, "'inputs' is not an object of inputs by name"): inputs}


def _transposed(instances: object, signature: Signature) -> dict[str, Any]:
    """Turn rows into columns; a model without rows takes one instance as it is."""
    if not isinstance(instances, list):
        raise InvalidRequest("'instances' is not a list")
    if not instances:
        raise InvalidRequest("'instances' is empty, expected at least one row")
    if not signature.is_batched and len(instances) != 1:
        raise InvalidRequest(f"the model takes one instance a request, {len(instances)} came")
    # {"b64": ...} is a value of TensorFlow Serving's, not a row of named inputs.
    if all(isinstance(row, dict) and row.keys() != {"b64"} for row in instances):
        names = instances[0].keys()
        for index, row in enumerate(instances):
            if row.keys() != names:
                raise InvalidRequest(
                    f"instance {index} has inputs {sorted(row)}, expected {sorted(names)} as instance 0 has"
                )
        columns: dict[str, Any] = {name: [row[name] for row in instances] for name in names}
    else:
        columns = {_only_input(signature, "the instances are not objects of inputs by name"): instances}
    return columns if signature.is_batched else {name: column[0] for name, column in columns.items()}


def _only_input(signature: Signature, what_came: str) -> str:
    if len(signature.inputs) != 1:
        names = ", ".join(repr(spec.name) for spec in signature.inputs)
        raise InvalidRequest(f"{what_came}, and the model has several: {names}")
    return signature.inputs[0].name


def _with_base64(value: Any) -> Any:
    """Write bytes that are no text as TensorFlow Serving does."""
    if isinstance(value, list):
        return [_with_base64(element) for element in value]
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
