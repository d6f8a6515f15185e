"""V2 REST requests, in JSON and with binary tensors, and what their answers say.

A request is built whole, head and body, because the measuring connection sends
nothing but finished bytes. The first answer of each server is read here with
the standard library's client, which is not the one that measures.
"""

import http.client
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from loadtests.bench.closed_loop import HOST
from loadtests.bench.errors import Refused
from loadtests.bench.raw_tensor import decode_raw, encode_raw
from loadtests.bench.tensors import NUMPY_TYPES, Answer, Array, Tensor

_TIMEOUT_SECONDS = 30.0
_JSON_LENGTH = "Inference-Header-Content-Length"


def infer_path(model_name: str) -> str:
    return f"/v2/models/{model_name}/infer"


def json_request(tensors: Sequence[Tensor]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request with its data in JSON, flat."""
    inputs = [_described(tensor) | {"data": _json_values(tensor)} for tensor in tensors]
    body = json.dumps({"inputs": inputs}, separators=(",", ":")).encode()
    return {"Content-Type": "application/json"}, body


def binary_request(tensors: Sequence[Tensor]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request with binary tensors, asking for the same back."""
    raw = [encode_raw(tensor.array) for tensor in tensors]
    inputs = [
        _described(tensor) | {"parameters": {"binary_data_size": len(data)}}
        for tensor, data in zip(tensors, raw, strict=True)
    ]
    request = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    head = json.dumps(request, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/octet-stream", _JSON_LENGTH: str(len(head))}
    return headers, head + b"".join(raw)


def whole_request(path: str, port: int, headers: dict[str, str], body: bytes) -> bytes:
    """Put request line and headers before a body, ready for the socket."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def ask(path: str, port: int, headers: dict[str, str], body: bytes) -> Answer:
    """Send one request and read what the answer says."""
    answer_headers, answer = _exchange("POST", path, port, headers, body)
    return decode_answer(answer, int(answer_headers.get(_JSON_LENGTH, len(answer))))


def decode_answer(answer: bytes, json_length: int) -> Answer:
    """Read the outputs of an answer: those in its JSON, and those behind it."""
    raw = answer[json_length:]
    outputs: dict[str, Array] = {}
    for output in json.loads(answer[:json_length])["outputs"]:
        name, datatype, shape = output["name"], output["datatype"], output["shape"]
        if "data" not in output:
            size = output["parameters"]["binary_data_size"]
            outputs[name] = decode_raw(raw[:size], datatype, shape)
            raw = raw[size:]
            continue
        values = np.array(output["data"], dtype=NUMPY_TYPES[datatype]).reshape(shape)
        # JSON has no bytes; a text stands for its UTF-8.
        outputs[name] = np.vectorize(str.encode, otypes="O")(values) if datatype == "BYTES" else values
    return outputs


def fetch_inputs(model_name: str, port: int) -> list[dict[str, Any]]:
    """Read the model's inputs from its V2 metadata."""
    _, body = _exchange("GET", f"/v2/models/{model_name}", port, {}, b"")
    inputs: list[dict[str, Any]] = json.loads(body)["inputs"]
    return inputs


def is_ready(port: int) -> bool:
    try:
        _exchange("GET", "/v2/health/ready", port, {}, b"")
    except (OSError, http.client.HTTPException, Refused):
        return False
    return True


def _exchange(
    method: str, path: str, port: int, headers: dict[str, str], body: bytes
) -> tuple[http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise Refused(f"HTTP {response.status} {content[:200].decode(errors='replace')}")
    return response.headers, content


def _described(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "shape": tensor.shape, "datatype": tensor.datatype}


def _json_values(tensor: Tensor) -> list[Any]:
    values: list[Any] = tensor.array.ravel().tolist()
    if tensor.datatype == "BYTES":
        return [value.decode() for value in values]
    if tensor.array.dtype.kind == "f":
        # A float32 printed as a double has digits that mean nothing.
        return [float(str(value)) for value in tensor.array.ravel()]
    return values
