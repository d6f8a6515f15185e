"""V2 gRPC messages to requests and outputs to V2 gRPC messages.

Tensors come either all raw, one buffer an input, or all typed. The answer is
raw where the request was, and where the datatype has no typed field. A large
raw tensor is a view of the message it came in, and is copied once into the
message it leaves with. Knows the messages, not the transport.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from serving import binary_tensor, parameters, raw_contents, value_limit
from serving.datatypes import BYTES, NAMES
from serving.errors import InvalidRequest
from serving.oip_pb2 import InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse
from serving.parameters import NO_WISHES, Parameters
from serving.payload_v2 import MOST_DIMENSIONS, UNKNOWN, check_size, choose, declared_spec, unfillable
from serving.request import OutputChoice, Request, all_outputs
from serving.signature import Signature, Tensors, TensorSpec
from serving.wire_format import BadWire

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
"""FP16 and BF16 have none: the protocol sends them raw."""


Described = tuple[tuple[str, str, tuple[int, ...]], ...]
"""Name, datatype and shape of each output."""

RAW_INPUT = ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER
RAW_OUTPUT = ModelInferResponse.RAW_OUTPUT_CONTENTS_FIELD_NUMBER
PREDICTION_ID_KEY = raw_contents.field_head(1, len(parameters.PREDICTION_ID)) + parameters.PREDICTION_ID.encode()


@dataclass(frozen=True, slots=True)
class InferMessage:
    """A request as it came, its raw tensors apart."""

    head: ModelInferRequest
    """Not to be changed: the next message may share it."""
    raw: Sequence[bytes | memoryview]
    words: bytes | None = None
    """The bytes that `head` was read from, where they have come before."""


def parse(message: bytes) -> InferMessage:
    try:
        if len(message) <= raw_contents.LARGE_BYTES:
            head = ModelInferRequest.FromString(message)
            return InferMessage(head, head.raw_input_contents)
        parted = raw_contents.part(message, RAW_INPUT)
        if parted is None:
            raise _no_message()
        if len(parted[0]) > raw_contents.LARGE_BYTES:
            value_limit.check_inputs(parted[0])
        return InferMessage(ModelInferRequest.FromString(parted[0]), parted[1])
    except (BadWire, DecodeError):
        raise _no_message() from None


def declared_signature(message: ModelInferRequest) -> Signature:
    """Take a request at its word, for a model that declares no signature of its own."""
    inputs = [declared_spec(entry.name, entry.datatype) for entry in message.inputs]
    outputs = [TensorSpec(entry.name, UNKNOWN, None) for entry in message.outputs]
    return Signature(name="", inputs=tuple(inputs), outputs=tuple(outputs), is_batched=False)


def decode(came: InferMessage, signature: Signature) -> Request:
    message, raw = came.head, came.raw
    wishes = parameters.of_request(_read(message.parameters, "the request")) if message.parameters else NO_WISHES
    if raw and len(raw) != len(message.inputs):
        raise InvalidRequest(
            f"raw_input_contents has {len(raw)} entries for {len(message.inputs)} inputs, "
            "expected one for each, or none"
        )
    tensors: Tensors = {}
    for index, entry in enumerate(message.inputs):
        spec = signature.input(entry.name)
        if spec.name in tensors:
            raise InvalidRequest(f"input {spec.name!r} is given twice")
        if len(entry.shape) > MOST_DIMENSIONS:
            raise unfillable(spec.name)
        shape = list(entry.shape)
        if any(size < 0 for size in shape):
            raise InvalidRequest(f"input {spec.name!r} has shape {shape}, expected whole numbers")
        check_size(spec.name, shape)
        spec.check(entry.datatype, shape)
        if entry.parameters:
            parameters.check_input(spec.name, _read(entry.parameters, f"input {spec.name!r}"))
        if raw:
            if entry.HasField("contents"):
                raise InvalidRequest(f"input {spec.name!r} has both contents and raw_input_contents")
            tensors[spec.name] = binary_tensor.to_array(spec, raw[index], shape)
        else:
            tensors[spec.name] = _typed(spec, entry.contents, shape)
    signature.check_complete(tensors)
    rows = signature.rows(tensors)
    return Request(
        tensors=tensors,
        rows=rows,
        outputs=_outputs(message, signature, rows),
        id=message.id,
        timeout_seconds=wishes.timeout_seconds,
        priority=wishes.priority,
    )


def encode(
    outputs: Tensors,
    request: Request,
    *,
    model_name: str,
    model_version: str,
    is_raw: bool,
    prediction_id: str | None = None,
) -> bytes:
    """Write a ModelInferResponse."""
    # Raw contents count for every output or for none.
    is_raw = is_raw or any(NAMES[outputs[choice.name].dtype] not in TYPED_FIELD for choice in request.outputs)
    arrays = [
        outputs[choice.name] if choice.top is None else choice.top.of(choice.name, outputs[choice.name])
        for choice in request.outputs
    ]
    described = tuple(
        [(choice.name, NAMES[array.dtype], array.shape) for choice, array in zip(request.outputs, arrays, strict=True)]
    )
    if not is_raw:
        answer = _head(model_name, model_version, request.id, described)
        if prediction_id is not None:
            answer.parameters[parameters.PREDICTION_ID].string_param = prediction_id
        for entry, array in zip(answer.outputs, arrays, strict=True):
            getattr(entry.contents, TYPED_FIELD[entry.datatype]).extend(array.ravel().tolist())
        return answer.SerializeToString()
    if request.id:
        head = _head(model_name, model_version, request.id, described).SerializeToString()
    else:
        head = _anonymous_head(model_name, model_version, described)
    if prediction_id is not None:
        head += _parameter(prediction_id)
    return raw_contents.join(head, RAW_OUTPUT, map(binary_tensor.to_buffer, arrays))


def _head(model_name: str, model_version: str, request_id: str, described: Described) -> ModelInferResponse:
    answer = ModelInferResponse(model_name=model_name, model_version=model_version, id=request_id)
    for name, datatype, shape in described:
        answer.outputs.add(name=name, datatype=datatype, shape=shape)
    return answer


@lru_cache(maxsize=256)
def _anonymous_head(model_name: str, model_version: str, described: Described) -> bytes:
    """Write what answers have in common whose requests have no id: all but the tensors."""
    return _head(model_name, model_version, "", described).SerializeToString()


def _parameter(prediction_id: str) -> bytes:
    """Write the one parameter of an answer as protobuf would: an entry of a map, whose value is a string."""
    text = prediction_id.encode()
    value = raw_contents.field_head(InferParameter.STRING_PARAM_FIELD_NUMBER, len(text)) + text
    entry = PREDICTION_ID_KEY + raw_contents.field_head(2, len(value)) + value
    return raw_contents.field_head(ModelInferResponse.PARAMETERS_FIELD_NUMBER, len(entry)) + entry


def _no_message() -> InvalidRequest:
    return InvalidRequest("the message is not a ModelInferRequest")


def _read(given: Mapping[str, InferParameter], who: str) -> Parameters:
    """Read parameters as JSON would have them."""
    values: dict[str, object] = {}
    for name, parameter in given.items():
        choice = parameter.WhichOneof("parameter_choice")
        if choice is None:
            raise InvalidRequest(f"parameter {name!r} of {who} has no value")
        values[name] = getattr(parameter, choice)
    return values


def _outputs(message: ModelInferRequest, signature: Signature, rows: int) -> tuple[OutputChoice, ...]:
    if not message.outputs:
        return all_outputs(signature)
    chosen: dict[str, OutputChoice] = {}
    for entry in message.outputs:
        spec = signature.output(entry.name)
        if spec.name in chosen:
            raise InvalidRequest(f"output {spec.name!r} is asked for twice")
        given = _read(entry.parameters, f"output {spec.name!r}") if entry.parameters else {}
        chosen[spec.name] = choose(spec, given, signature, rows, is_binary=False)
    return tuple(chosen.values())


def _typed(spec: TensorSpec, contents: InferTensorContents, shape: Sequence[int]) -> np.ndarray:
    field = TYPED_FIELD.get(spec.datatype)
    if field is None:
        raise InvalidRequest(f"input {spec.name!r} is {spec.datatype}, which only raw_input_contents can carry")
    strange = [other.name for other, _ in contents.ListFields() if other.name != field]
    if strange:
        raise InvalidRequest(f"input {spec.name!r} is {spec.datatype} and takes {field}, {strange[0]} came")
    values: Any = getattr(contents, field)
    count = int(np.prod(shape, dtype=np.int64))
    if len(values) != count:
        raise InvalidRequest(f"input {spec.name!r} has {len(values)} values in {field}, expected {count}")
    value_limit.check_count(spec.name, count)
    if spec.datatype == BYTES:
        array = np.empty(count, dtype=np.object_)
        array[:] = list(values)
        return array.reshape(shape)
    try:
        return np.array(values, dtype=spec.dtype).reshape(shape)
    except OverflowError:
        bounds = np.iinfo(spec.dtype)
        raise InvalidRequest(
            f"input {spec.name!r} is {spec.datatype} and takes {bounds.min} to {bounds.max}, another number came"
        ) from None
