"""One V2 request that both versions are asked: made from a model's metadata, or read from a file.

What is made is one row of values that are the same each time: a ramp where the
model takes fractions, zeros and empty strings elsewhere, since any other number
may be no class and no word of the model's. It names the outputs that it wants.
Pure, and knows nothing of who carries it.
"""

import json
from math import prod
from pathlib import Path
from typing import Any

from k8s.json_object import Json

ROWS = 1
"""What stands where a model leaves a dimension open."""
RAMP = 16
"""After so many steps a ramp begins anew; sixteenths are exact in every floating-point type."""


class BadRequest(Exception):
    """No request for a smoke test; the message says what was expected."""


def made(metadata: Json) -> Json:
    """Make the smallest request that the metadata allows, for all the outputs that it promises."""
    return {
        "inputs": [_tensor(each) for each in metadata["inputs"]],
        "outputs": [{"name": each["name"]} for each in metadata["outputs"]],
    }


def read(file: Path) -> bytes:
    """Read a request from a file. Raises BadRequest."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadRequest(f"the smoke request {file} cannot be read: {error.strerror}") from None
    parse(content, str(file))
    return content


def parse(content: bytes, name: str = "the smoke request") -> Json:
    """Give a request's JSON, as far as it must be understood here. Raises BadRequest."""
    try:
        told = json.loads(content)
    except ValueError as error:
        raise BadRequest(f"{name} is not JSON: {error}") from None
    inputs = told.get("inputs") if isinstance(told, dict) else None
    if not isinstance(inputs, list) or not all(isinstance(each, dict) and "name" in each for each in inputs):
        raise BadRequest(f'{name} is no request of V2: expected an object with "inputs", each with a "name"')
    return dict(told)


def _tensor(tensor: Json) -> Json:
    shape = [ROWS if size < 0 else size for size in tensor["shape"]]
    datatype = tensor["datatype"]
    return {"name": tensor["name"], "shape": shape, "datatype": datatype, "data": _values(datatype, prod(shape))}


def _values(datatype: str, count: int) -> list[Any]:
    if datatype in ("FP16", "FP32", "FP64", "BF16"):
        return [index % RAMP / RAMP for index in range(count)]
    nothing: object = {"BOOL": False, "BYTES": ""}.get(datatype, 0)
    return [nothing] * count
