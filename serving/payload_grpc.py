"""V2 gRPC messages to requests and outputs to V2 gRPC messages.

Tensors come either all raw, one buffer an input, or all typed. The answer is
raw where the request was, and where the datatype has no typed field. Knows
the messages, not the transport.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from serving import binary_tensor
from serving.datatypes import BYTES, NAMES
from serving.errors import InvalidRequest
from serving.oip_pb2 import InferTensorContents, ModelInferRequest, ModelInferResponse
from serving.payload_v2 import check_size, declared_spec, timeout_seconds
from serving.request import OutputChoice, Request, all_outputs
from serving.signature import Signature, Tensors, TensorSpec

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


def parse(message: bytes) -> ModelInferRequest:
    try:
        return ModelInferRequest.FromString(message)
    except DecodeError:
        raise InvalidRequest("the message is not a ModelInferRequest") from None


def declared_signature(message: ModelInferRequest) -> Signature:
    """Take a request at its word, for a model that declares no signature of its own."""
    inputs = [declared_spec(entry.name, entry.datatype) for entry in message.inputs]
    outputs = [TensorSpec(entry.name, BYTES, None) for entry in message.outputs]
    return Signature(name="", inputs=tuple(inputs), outputs=tuple(outputs), is_batched=False)


def decode(message: ModelInferRequest, signature: Signature) -> Request:
    raw = message.raw_input_contents
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
        shape = list(entry.shape)
        if any(size < 0 for size in shape):
            raise InvalidRequest(f"input {spec.name!r} has shape {shape}, expected whole numbers")
        check_size(spec.name, shape)
        spec.check(entry.datatype, shape)
        if raw:
            if entry.HasField("contents"):
                raise InvalidRequest(f"input {spec.name!r} has both contents and raw_input_contents")
            tensors[spec.name] = binary_tensor.to_array(spec, raw[index], shape)
        else:
            tensors[spec.name] = _typed(spec, entry.contents, shape)
    signature.check_complete(tensors)
    return Request(
        tensors=tensors,
        rows=signature.rows(tensors),
        outputs=_outputs(message, signature),
        id=message.id,
        timeout_seconds=_timeout_seconds(message),
    )


def encode(
    outputs: Tensors, request: Request, *, model_name: str, model_version: str, is_raw: bool
) -> ModelInferResponse:
    answer = ModelInferResponse(model_name=model_name, model_version=model_version, id=request.id)
    # Raw contents count for every output or for none.
    is_raw = is_raw or any(NAMES[outputs[choice.name].dtype] not in TYPED_FIELD for choice in request.outputs)
    for choice in request.outputs:
        array = outputs[choice.name]
        datatype = NAMES[array.dtype]
        entry = answer.outputs.add(name=choice.name, datatype=datatype, shape=array.shape)
        if is_raw:
            answer.raw_output_contents.append(binary_tensor.to_bytes(array))
        else:
            getattr(entry.contents, TYPED_FIELD[datatype]).extend(array.ravel().tolist())
    return answer


def _timeout_seconds(message: ModelInferRequest) -> float:
    if "timeout" not in message.parameters:
        return inf
    parameter = message.parameters["timeout"]
    choice = parameter.WhichOneof("parameter_choice")
    return timeout_seconds(getattr(parameter, choice) if choice else None)


def _outputs(message: ModelInferRequest, signature: Signature) -> tuple[OutputChoice, ...]:
    if not message.outputs:
        return all_outputs(signature)
    names = [signature.output(entry.name).name for entry in message.outputs]
    if len(set(names)) != len(names):
        raise InvalidRequest("an output is asked for twice")
    return tuple(OutputChoice(name) for name in names)


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
