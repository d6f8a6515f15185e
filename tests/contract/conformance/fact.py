"""What a fact of the protocol is: a request, and what of the answer must be so.

Expectations are parts: an answer may say more than a fact speaks of.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serving import oip_pb2

HEAD_LENGTH = "Inference-Header-Content-Length"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Rest:
    """A request over REST; a body that is not bytes is sent as JSON."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RestAnswer:
    """What is expected: a status, and parts of the rest."""

    status: int
    json: Any = None
    """A part of the JSON: of an object some keys, of a list every element."""
    lacks: Sequence[str] = ()
    """Keys that the outermost object does not have."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """In lower case; an empty value is that of a header which must not be there."""
    tail: bytes | None = None
    """The tensors behind the JSON."""
    error: Sequence[str] = ()
    """Words that the sentence under `error` has."""


@dataclass(frozen=True)
class Grpc:
    """A call by the name of its method."""

    method: str
    request: Any


@dataclass(frozen=True)
class GrpcAnswer:
    """A status, and a part of the message as JSON with the names of its fields."""

    code: str = "OK"
    message: Any = None
    lacks: Sequence[str] = ()
    error: Sequence[str] = ()
    raw: Sequence[bytes] | None = None
    """What `raw_output_contents` holds."""


@dataclass(frozen=True)
class Fact:
    """One row: where it comes from, what it says, how to ask and what to hear."""

    section: str
    """OIP REST, binary tensors, Triton's extensions, OIP gRPC or V1."""
    words: str
    ask: Rest | Grpc
    expect: RestAnswer | GrpcAnswer

    def __str__(self) -> str:
        return f"{self.section}: {self.words}"


def post(path: str, body: Any, headers: Mapping[str, str] = JSON) -> Rest:
    return Rest("POST", path, body, headers)


def get(path: str) -> Rest:
    return Rest("GET", path)


def binary(path: str, message: Any, tail: bytes) -> Rest:
    """JSON with tensors behind it."""
    head = json.dumps(message).encode()
    return Rest("POST", path, head + tail, {HEAD_LENGTH: str(len(head))})


def tensor(name: str, datatype: str, shape: Sequence[int], data: Any = None, **others: Any) -> dict[str, Any]:
    described = {"name": name, "datatype": datatype, "shape": list(shape), **others}
    return described if data is None else {**described, "data": data}


def infer(model: str, *inputs: Callable[[oip_pb2.ModelInferRequest], None], **fields: Any) -> Grpc:
    """A ModelInfer whose inputs are added by the functions given."""
    request = oip_pb2.ModelInferRequest(model_name=model, **fields)
    for add in inputs:
        add(request)
    return Grpc("ModelInfer", request)
