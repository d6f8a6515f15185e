"""V2 REST bodies to requests and outputs to V2 REST bodies.

Speaks the Open Inference Protocol with its binary tensor extension: a JSON
head, then the raw bytes of those inputs that announce a `binary_data_size`,
in order. Every check comes before the conversion it protects, and every
refusal names the tensor, what came and what was expected. Knows no socket.
"""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import orjson

from serving import binary_tensor, json_numbers, json_tensor, parameters, value_limit
from serving.classification import NO_SCORES, TopClasses, no_scores
from serving.datatypes import DTYPES, NAMES
from serving.errors import InvalidRequest
from serving.json_numbers import Numbers
from serving.parameters import NO_WISHES, Parameters
from serving.request import OutputChoice, Request, all_outputs
from serving.signature import Signature, Tensors, TensorSpec, wrong_datatype

NO_TAIL = memoryview(b"")

MOST_DIMENSIONS = 64
"""numpy has no more."""

UNKNOWN = ""
"""The datatype of an output that its model does not declare."""


def parse(body: bytes, head_bytes: int | None = None) -> tuple[dict[str, Any], memoryview]:
    """Part a body into its JSON and the binary tensors behind it.

    `head_bytes` is the length of the JSON where binary tensors follow it.
    """
    if head_bytes is None:
        taken = lift(body)
        message = put_back(*taken) if taken is not None else None
        return message if message is not None else parse_object(body), NO_TAIL
    head, tail = _split(body, head_bytes)
    return parse_object(head), tail


def decode(message: dict[str, Any], tail: memoryview, signature: Signature) -> Request:
    given = _parameters(message, "the request")
    wishes = parameters.of_request(given) if given else NO_WISHES
    tensors = _inputs(message, signature, tail)
    signature.check_complete(tensors)
    rows = signature.rows(tensors)
    return Request(
        tensors=tensors,
        rows=rows,
        outputs=_outputs(message, signature, rows, is_binary=wishes.is_binary),
        is_binary=wishes.is_binary,
        id=_id(message),
        timeout_seconds=wishes.timeout_seconds,
        priority=wishes.priority,
    )


def encode(
    outputs: Tensors, request: Request, *, model_name: str, model_version: str, prediction_id: str | None = None
) -> tuple[bytes, int | None]:
    """Write the answer: its body, and the length of its JSON head where binary tensors follow it."""
    tail: list[bytes | memoryview] = []
    described = []
    for choice in request.outputs:
        array = outputs[choice.name]
        if choice.top is not None:
            array = choice.top.of(choice.name, array)
        output: dict[str, Any] = {
            "name": choice.name,
            "shape": array.shape,
            "datatype": NAMES[array.dtype],
        }
        if choice.is_binary:
            raw = binary_tensor.to_buffer(array)
            output["parameters"] = {"binary_data_size": len(raw)}
            tail.append(raw)
        else:
            output["data"] = _json_data(choice.name, array)
        described.append(output)
    message: dict[str, Any] = {"model_name": model_name, "model_version": model_version}
    if request.id:
        message["id"] = request.id
    if prediction_id is not None:
        message["parameters"] = {parameters.PREDICTION_ID: prediction_id}
    message["outputs"] = described
    head = orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY)
    if b"null" in head:
        said = [choice.name for choice in request.outputs if not choice.is_binary and choice.top is None]
        json_tensor.check_finite({name: outputs[name] for name in said})
    return (b"".join([head, *tail]), len(head)) if tail else (head, None)


def lift(body: bytes) -> tuple[bytes, Mapping[str, Numbers]] | None:
    """Take the long data that is numbers out of a body; None where there is none, however little else it is."""
    value_limit.check_json(body)
    return json_numbers.lift(body, b"data") if len(body) > json_numbers.SHORT_BYTES else None


def put_back(rest: bytes, lifted: Mapping[str, Numbers]) -> dict[str, Any] | None:
    """Parse what was left of a body, and give each input the data that was taken out of it."""
    try:
        message = orjson.loads(rest)
    except orjson.JSONDecodeError:
        return None
    inputs = message.get("inputs") if isinstance(message, dict) else None
    placed = 0
    for entry in inputs if isinstance(inputs, list) else ():
        data = entry.get("data") if isinstance(entry, dict) else None
        if isinstance(data, str) and data in lifted:
            entry["data"] = lifted[data]
            placed += 1
    # An array under such a key elsewhere is nobody's data.
    return message if placed == len(lifted) else None


def parse_object(head: bytes | memoryview) -> dict[str, Any]:
    value_limit.check_json(head)
    try:
        message = orjson.loads(head)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise InvalidRequest("the body is JSON, but not an object")
    return message


def _split(body: bytes, head_bytes: int) -> tuple[memoryview, memoryview]:
    if not 0 < head_bytes <= len(body):
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {head_bytes}, expected 1 to {len(body)}, the length of the body"
        )
    view = memoryview(body)
    return view[:head_bytes], view[head_bytes:]


def _inputs(message: dict[str, Any], signature: Signature, tail: memoryview) -> Tensors:
    tensors: Tensors = {}
    used = 0
    for entry in _objects(message, "inputs"):
        spec = signature.input(_name(entry, "inputs"))
        if spec.name in tensors:
            raise InvalidRequest(f"input {spec.name!r} is given twice")
        shape = _shape(spec, entry)
        spec.check(_datatype(spec, entry), shape)
        size = _binary_size(spec, entry)
        if size is None:
            if "data" not in entry:
                raise InvalidRequest(f"input {spec.name!r} has no data, expected 'data' or 'binary_data_size'")
            tensors[spec.name] = json_tensor.to_array(spec, entry["data"], shape)
        else:
            if size > len(tail) - used:
                raise InvalidRequest(
                    f"input {spec.name!r} has binary_data_size {size}, but {len(tail) - used} bytes are left"
                )
            tensors[spec.name] = binary_tensor.to_array(spec, tail[used : used + size], shape)
            used += size
    if used != len(tail):
        raise InvalidRequest(f"{len(tail) - used} bytes follow the last binary input")
    return tensors


def _outputs(message: dict[str, Any], signature: Signature, rows: int, *, is_binary: bool) -> tuple[OutputChoice, ...]:
    if message.get("outputs") in (None, []):
        return all_outputs(signature, is_binary=is_binary)
    chosen: dict[str, OutputChoice] = {}
    for entry in _objects(message, "outputs"):
        spec = signature.output(_name(entry, "outputs"))
        if spec.name in chosen:
            raise InvalidRequest(f"output {spec.name!r} is asked for twice")
        given = _parameters(entry, f"output {spec.name!r}")
        chosen[spec.name] = choose(spec, given, signature, rows, is_binary=is_binary)
    return tuple(chosen.values())


def choose(spec: TensorSpec, given: Parameters, signature: Signature, rows: int, *, is_binary: bool) -> OutputChoice:
    """Read how one output is wanted."""
    if not given:
        return OutputChoice(spec.name, is_binary)
    is_binary, classes = parameters.of_output(spec.name, given, is_binary=is_binary)
    if not classes:
        return OutputChoice(spec.name, is_binary)
    if spec.datatype in NO_SCORES:
        raise no_scores(spec.name, spec.datatype)
    top = TopClasses(classes, signature.labels, rows if signature.is_batched else None)
    return OutputChoice(spec.name, is_binary, top)


def _objects(message: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = message.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidRequest(f"the request has no {key!r} that is a list of objects")
    return entries


def declared_spec(name: str, datatype: str) -> TensorSpec:
    if datatype not in DTYPES:
        raise wrong_datatype(name, repr(datatype), f"one of {', '.join(DTYPES)}")
    return TensorSpec(name, datatype, None)


def declared_signature(message: dict[str, Any]) -> Signature:
    """Take a request at its word, for a model that declares no signature of its own."""
    inputs = [
        declared_spec(_name(entry, "inputs"), str(entry.get("datatype"))) for entry in _objects(message, "inputs")
    ]
    outputs = _objects(message, "outputs") if message.get("outputs") is not None else []
    return Signature(
        name="",
        inputs=tuple(inputs),
        outputs=tuple(TensorSpec(_name(entry, "outputs"), UNKNOWN, None) for entry in outputs),
        is_batched=False,
    )


def _name(entry: dict[str, Any], key: str) -> str:
    name = entry.get("name")
    if not isinstance(name, str):
        raise InvalidRequest(f"an entry of {key!r} has no 'name' that is a string")
    return name


def _datatype(spec: TensorSpec, entry: dict[str, Any]) -> str:
    datatype = entry.get("datatype")
    if not isinstance(datatype, str):
        raise InvalidRequest(f"input {spec.name!r} has no 'datatype' that is a string, expected {spec.datatype!r}")
    return datatype


def _shape(spec: TensorSpec, entry: dict[str, Any]) -> list[int]:
    shape = entry.get("shape")
    if isinstance(shape, list) and len(shape) > MOST_DIMENSIONS:
        raise unfillable(spec.name)
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InvalidRequest(f"input {spec.name!r} has no 'shape' that is a list of whole numbers from 0 on")
    check_size(spec.name, shape)
    return shape


def check_size(name: str, shape: list[int]) -> None:
    """Refuse shapes that numpy cannot hold, whatever their data."""
    # numpy counts bytes in 63 bits even where a dimension is zero.
    if len(shape) > MOST_DIMENSIONS or prod(size for size in shape if size) >= 2**48:
        raise unfillable(name)


def unfillable(name: str) -> InvalidRequest:
    return InvalidRequest(f"input {name!r} has a shape that no request can fill")


def _binary_size(spec: TensorSpec, entry: dict[str, Any]) -> int | None:
    given = _parameters(entry, f"input {spec.name!r}")
    if not given:
        return None
    parameters.check_input(spec.name, given)
    size = given.get("binary_data_size")
    if size is None:
        return None
    if type(size) is not int or size < 0:
        raise InvalidRequest(f"input {spec.name!r} has binary_data_size {size!r}, expected a number of bytes")
    if "data" in entry:
        raise InvalidRequest(f"input {spec.name!r} has both 'data' and 'binary_data_size'")
    return size


def _parameters(holder: dict[str, Any], who: str) -> Parameters:
    given = holder.get("parameters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidRequest(f"the parameters of {who} are not an object")
    for name, value in given.items():
        if not isinstance(value, str | bool | int | float):
            raise InvalidRequest(f"parameter {name!r} of {who} is not a string, a number or a boolean")
    return given


def _id(message: dict[str, Any]) -> str:
    value = message.get("id")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest("the request has an 'id' that is not a string")
    return value


def readable_id(message: dict[str, Any]) -> str:
    """Give the id of a request that may be wrong in any other way, so that its refusal can carry it."""
    value = message.get("id")
    return value if isinstance(value, str) else ""


def _json_data(name: str, array: np.ndarray) -> Any:
    try:
        return json_tensor.to_json(array.reshape(-1))
    except UnicodeDecodeError:
        raise InvalidRequest(
            f"output {name!r} holds bytes that are not UTF-8 and cannot be JSON: "
            "ask for it with the parameter 'binary_data': true"
        ) from None
