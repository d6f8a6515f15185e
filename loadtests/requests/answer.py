"""Answers as they are read, whatever the protocol, and how each protocol's are.

Readers run for every answer of a load, so they take the shortest way: JSON's
lists stay lists, raw tensors are views. Whatever is no answer raises one of
FAULTS, of which BadAnswer says why in a sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError

from loadtests.requests.datatypes import BYTES, Array, from_raw
from loadtests.requests.encoding import HEAD_BYTES, TYPED_FIELD
from loadtests.requests.question import Reply
from loadtests.requests.target import Target
from serving.oip_pb2 import ModelInferResponse


class BadAnswer(Exception):
    """What came is no answer; the message says why, in a sentence."""


FAULTS = (
    BadAnswer,
    AttributeError,
    DecodeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading an answer of any form may raise."""


WHOLE = frozenset({int})


class Output(NamedTuple):
    """One tensor of an answer."""

    name: str
    datatype: str
    """Empty where the protocol does not tell it."""
    shape: tuple[int, ...]
    values: Sequence[Any] | Array
    """Its elements in row-major order."""


class Answer(NamedTuple):
    outputs: tuple[Output, ...]
    model: str = ""
    version: str = ""
    id: str = ""


Read = Callable[[Reply], Answer]


def read_v2(reply: Reply) -> Answer:
    """Read V2 over REST, with or without binary tensors."""
    head_bytes = reply.headers.get(HEAD_BYTES)
    if head_bytes is None:
        return _v2(_json(reply.body), b"")
    size = int(head_bytes)
    if not 0 < size <= len(reply.body):
        raise BadAnswer(f"{HEAD_BYTES} is {size}, and the body has {len(reply.body)} bytes")
    view = memoryview(reply.body)
    return _v2(_json(view[:size]), view[size:])


def read_grpc(reply: Reply) -> Answer:
    message = ModelInferResponse.FromString(reply.body)
    raw = message.raw_output_contents
    outputs = message.outputs
    if raw:
        if len(raw) != len(outputs):
            raise BadAnswer(f"raw_output_contents has {len(raw)} entries for {len(outputs)} outputs")
        read = [
            Output(each.name, each.datatype, tuple(each.shape), from_raw(each.datatype, content))
            for each, content in zip(outputs, raw, strict=True)
        ]
    else:
        read = [
            Output(
                each.name,
                each.datatype,
                tuple(each.shape),
                getattr(each.contents, TYPED_FIELD[each.datatype])[:],
            )
            for each in outputs
        ]
    return Answer(tuple(read), message.model_name, message.model_version, message.id)


def v1_reader(target: Target) -> Read:
    """Give what reads V1, which does not tell the names of a single output, nor any datatype."""
    only = target.outputs[0].name if len(target.outputs) == 1 else ""
    is_batched = target.is_batched
    datatypes = {form.name: form.datatype for form in target.outputs}

    def read(reply: Reply) -> Answer:
        rows = _json(reply.body)["predictions"]
        if type(rows) is not list:
            raise BadAnswer("its 'predictions' are not a list")
        if not is_batched:
            if len(rows) != 1:
                raise BadAnswer(f"it has {len(rows)} predictions, expected 1")
            named = rows[0] if type(rows[0]) is dict and rows[0].keys() != {"b64"} else {only: rows[0]}
        elif rows and type(rows[0]) is dict and rows[0].keys() != {"b64"}:
            names = rows[0].keys()
            if any(row.keys() != names for row in rows):
                raise BadAnswer("its predictions do not have the same outputs")
            named = {name: [row[name] for row in rows] for name in names}
        else:
            named = {only: rows}
        return Answer(tuple([_v1_output(name, datatypes.get(name, ""), value) for name, value in named.items()]))

    return read


def _v1_output(name: str, datatype: str, value: Any) -> Output:
    shape, values = _flat(value)
    if datatype == BYTES:
        # Bytes that are no text, as TensorFlow Serving writes them.
        values = [each["b64"] if type(each) is dict else each for each in values]
    return Output(name, datatype, shape, values)


def _json(body: bytes | memoryview) -> dict[str, Any]:
    if not body:
        raise BadAnswer("its body is empty")
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadAnswer(f"its body is not JSON: {bytes(body[:60])!r}") from None
    if type(message) is not dict:
        raise BadAnswer("its body is JSON, but not an object")
    return message


def _v2(message: Mapping[str, Any], tail: bytes | memoryview) -> Answer:
    outputs = []
    used = 0
    for entry in message["outputs"]:
        name, datatype, shape = entry["name"], entry["datatype"], tuple(entry["shape"])
        values: Any
        if "data" in entry:
            values = entry["data"]
            if type(values) is not list:
                raise BadAnswer(f"output {name!r} has data that is not a list")
            if values and type(values[0]) is list:
                # The protocol lets data be nested as the shape is.
                _, values = _flat(values)
        else:
            size = entry["parameters"]["binary_data_size"]
            if type(size) is not int or not 0 <= size <= len(tail) - used:
                raise BadAnswer(f"output {name!r} has binary_data_size {size!r}, and {len(tail) - used} bytes are left")
            values = from_raw(datatype, tail[used : used + size])
            used += size
        if not WHOLE.issuperset(map(type, shape)):
            raise BadAnswer(f"output {name!r} has shape {entry['shape']!r}, which is no list of whole numbers")
        outputs.append(Output(name, datatype, shape, values))
    if used != len(tail):
        raise BadAnswer(f"{len(tail) - used} bytes follow the last binary output")
    return Answer(
        tuple(outputs), message.get("model_name") or "", message.get("model_version") or "", message.get("id") or ""
    )


def _flat(value: Any) -> tuple[tuple[int, ...], list[Any]]:
    """Read shape and elements off the nesting."""
    shape: list[int] = []
    flat: list[Any] = [value]
    while flat and type(flat[0]) is list:
        shape.append(len(flat[0]))
        flat = list(chain.from_iterable(flat))
        if len(flat) != prod(shape):
            raise BadAnswer("its lists are of different lengths")
    return tuple(shape), flat
