"""A V2 gRPC request with raw tensors, and what its answer says.

The first call to each server is made here with grpcio, which checks status,
trailers and framing as any caller's client would; the connection that measures
checks none of that (`grpc_connection.py`).
"""

from collections.abc import Sequence

import grpc

from loadtests.bench.closed_loop import HOST
from loadtests.bench.errors import Refused
from loadtests.bench.protobuf_wire import decode_fields, decode_varint, encode_field, encode_varint
from loadtests.bench.raw_tensor import decode_raw, encode_raw
from loadtests.bench.tensors import Answer, Array, Tensor

INFER_PATH = "/inference.GRPCInferenceService/ModelInfer"

_TIMEOUT_SECONDS = 30.0

# Field numbers of ModelInferRequest, ModelInferResponse and their tensors.
_MODEL_NAME = 1
_REQUEST_INPUTS = 5
_REQUEST_RAW = 7
_RESPONSE_OUTPUTS = 5
_RESPONSE_RAW = 6
_TENSOR_NAME = 1
_TENSOR_DATATYPE = 2
_TENSOR_SHAPE = 3


def encode_request(model_name: str, tensors: Sequence[Tensor]) -> bytes:
    """Encode a ModelInferRequest with raw_input_contents."""
    message = encode_field(_MODEL_NAME, model_name.encode())
    for tensor in tensors:
        shape = b"".join(encode_varint(size) for size in tensor.shape)
        described = encode_field(_TENSOR_NAME, tensor.name.encode())
        described += encode_field(_TENSOR_DATATYPE, tensor.datatype.encode())
        described += encode_field(_TENSOR_SHAPE, shape)
        message += encode_field(_REQUEST_INPUTS, described)
    return message + b"".join(encode_field(_REQUEST_RAW, encode_raw(tensor.array)) for tensor in tensors)


def decode_answer(message: bytes) -> Answer:
    """Decode a ModelInferResponse whose tensors are raw, as the request's were."""
    described: list[tuple[str, str, list[int]]] = []
    raw: list[bytes] = []
    for number, content in decode_fields(message):
        if number == _RESPONSE_OUTPUTS and isinstance(content, bytes):
            described.append(_decode_description(content))
        elif number == _RESPONSE_RAW and isinstance(content, bytes):
            raw.append(content)
    if len(raw) != len(described):
        raise Refused(f"{len(described)} outputs came with {len(raw)} raw_output_contents")
    outputs: dict[str, Array] = {}
    for (name, datatype, shape), data in zip(described, raw, strict=True):
        outputs[name] = decode_raw(data, datatype, shape)
    return outputs


def ask(message: bytes, port: int) -> Answer:
    """Make one call and read what the answer says."""
    with grpc.insecure_channel(f"{HOST}:{port}") as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(INFER_PATH)
        try:
            # The REST port may be ready a moment before the gRPC port is open.
            answer = call(message, timeout=_TIMEOUT_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            raise Refused(f"{error.code().name} {error.details()}") from error
    return decode_answer(answer)


def _decode_description(message: bytes) -> tuple[str, str, list[int]]:
    name = datatype = ""
    shape: list[int] = []
    for number, content in decode_fields(message):
        if isinstance(content, int):
            # A shape may also come unpacked, one number a field.
            shape += [content] if number == _TENSOR_SHAPE else []
        elif number == _TENSOR_NAME:
            name = content.decode()
        elif number == _TENSOR_DATATYPE:
            datatype = content.decode()
        elif number == _TENSOR_SHAPE:
            start = 0
            while start < len(content):
                size, start = decode_varint(content, start)
                shape.append(size)
    return name, datatype, shape
