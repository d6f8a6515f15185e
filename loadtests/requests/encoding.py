"""Requests written in each protocol: V1 in JSON, V2 in JSON or with binary tensors, gRPC typed or raw.

Each is written once, before the load begins. Knows what stands in a request
and nothing of who carries it.
"""

import base64
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson

from loadtests.requests.datatypes import BYTES, Array, Arrays, to_raw
from loadtests.requests.target import BadTarget, Target
from serving.oip_pb2 import ModelInferRequest

GRPC_METHOD = "/inference.GRPCInferenceService/ModelInfer"
HEAD_BYTES = "inference-header-content-length"
"""The header that says how much of a body is JSON, where binary tensors follow it."""

TYPED_FIELD = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
"""Where gRPC's typed contents have the elements; FP16 and BF16 go raw alone."""


def v1_path(model: str) -> str:
    return f"/v1/models/{quote(model, safe='')}:predict"


def v2_path(model: str) -> str:
    return f"/v2/models/{quote(model, safe='')}/infer"


def v1(target: Target, arrays: Arrays) -> bytes:
    """Write `instances`: a row each, or the whole of a model whose rows cannot be put together."""
    columns = {name: _nested(array) for name, array in arrays.items()}
    instances: list[Any]
    if not target.is_batched:
        instances = [columns if len(columns) > 1 else next(iter(columns.values()))]
    elif len(columns) == 1:
        instances = next(iter(columns.values()))
    else:
        instances = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return orjson.dumps({"instances": instances})


def v2_json(target: Target, arrays: Arrays, request_id: str) -> bytes:
    inputs = [
        _described(form.name, form.datatype, arrays[form.name]) | {"data": _flat(form.name, arrays[form.name])}
        for form in target.inputs
    ]
    return orjson.dumps({"id": request_id, "inputs": inputs})


def v2_binary(target: Target, arrays: Arrays, request_id: str) -> tuple[bytes, int]:
    """Write a body whose tensors follow its JSON, and give how long the JSON is. The answer is asked for in kind."""
    raw = [to_raw(form.datatype, arrays[form.name]) for form in target.inputs]
    inputs = [
        _described(form.name, form.datatype, arrays[form.name]) | {"parameters": {"binary_data_size": len(content)}}
        for form, content in zip(target.inputs, raw, strict=True)
    ]
    head = orjson.dumps({"id": request_id, "parameters": {"binary_data_output": True}, "inputs": inputs})
    return b"".join((head, *raw)), len(head)


def grpc(target: Target, arrays: Arrays, request_id: str, *, is_raw: bool) -> bytes:
    message = ModelInferRequest(model_name=target.name, id=request_id)
    for form in target.inputs:
        array = arrays[form.name]
        entry = message.inputs.add(name=form.name, datatype=form.datatype, shape=array.shape)
        if is_raw:
            message.raw_input_contents.append(to_raw(form.datatype, array))
        elif form.datatype in TYPED_FIELD:
            getattr(entry.contents, TYPED_FIELD[form.datatype]).extend(array.ravel().tolist())
        else:
            raise BadTarget(
                f"input {form.name!r} is {form.datatype}, which gRPC carries raw alone: set format to binary"
            )
    return message.SerializeToString()


def _described(name: str, datatype: str, array: Array) -> dict[str, Any]:
    return {"name": name, "shape": list(array.shape), "datatype": datatype}


def _flat(name: str, array: Array) -> list[Any]:
    if array.dtype != np.object_:
        return list(_shortened(array.ravel()))
    try:
        return [each.decode() for each in array.ravel().tolist()]
    except UnicodeDecodeError:
        raise BadTarget(
            f"input {name!r} has bytes that are no text, which JSON cannot carry: set format to binary"
        ) from None


def _nested(array: Array) -> Any:
    """Give the elements as lists in lists; bytes that are no text as TensorFlow Serving writes them."""
    return _shortened(array) if array.dtype != np.object_ else _texts(array.tolist())


def _shortened(array: Array) -> Any:
    """Give Python's numbers; a float32 with the few digits that tell it from its neighbours, as people write them."""
    if array.dtype.kind != "f" or array.dtype.itemsize > 4:
        return array.tolist()
    if array.ndim == 0:
        return _shortened(array.reshape(1))[0]
    return orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(each) for each in value]
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}
