"""What the smoke test asks over gRPC: the request that went over REST, and the answer in the same words.

Tensors go raw, which is how most clients send them.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import grpc

from serving import binary_tensor, json_tensor
from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.oip_pb2 import ModelInferRequest, ModelInferResponse
from serving.sample import Json, Outputs, Tensor
from serving.signature import TensorSpec
from serving.smoke_target import TIMEOUT_SECONDS, SmokeFailure, Target

METHOD = "/inference.GRPCInferenceService/ModelInfer"


def infer(target: Target, request: Json, certificate_names: Sequence[str] = ()) -> Outputs:
    """Send a request in JSON as a message; raises SmokeFailure.

    gRPC insists on a name of the server's certificate: those that it has are given.
    """
    message = _message(target.model_name, request)
    with _channel(target, certificate_names) as channel:
        call: Any = channel.unary_unary(METHOD)
        try:
            answer = call(message, timeout=TIMEOUT_SECONDS, metadata=tuple(target.headers.items()), wait_for_ready=True)
        except grpc.RpcError as error:
            fault: Any = error
            raise SmokeFailure(f"ModelInfer was answered with {fault.code().name}: {fault.details()}") from None
    return _outputs(ModelInferResponse.FromString(answer))


def _channel(target: Target, certificate_names: Sequence[str]) -> grpc.Channel:
    address = f"{target.host}:{target.grpc_port}"
    if target.trust is None:
        return grpc.insecure_channel(address)
    own = {}
    if target.certificate is not None and target.key is not None:
        own = {"private_key": target.key.read_bytes(), "certificate_chain": target.certificate.read_bytes()}
    credentials = grpc.ssl_channel_credentials(target.trust.read_bytes(), **own)
    options = []
    if certificate_names and not is_named(target.host, certificate_names):
        options = [("grpc.ssl_target_name_override", certificate_names[0].replace("*", "any"))]
    return grpc.secure_channel(address, credentials, options)


def is_named(host: str, certificate_names: Sequence[str]) -> bool:
    """Say whether a certificate of these names is for a host."""
    return any(fnmatchcase(host.lower(), name.lower()) for name in certificate_names)


def _message(model_name: str, request: Json) -> bytes:
    message = ModelInferRequest(model_name=model_name)
    for tensor in request["inputs"]:
        name, datatype, shape = tensor["name"], tensor["datatype"], tensor["shape"]
        message.inputs.add(name=name, datatype=datatype, shape=shape)
        spec = TensorSpec(name, datatype, tuple(shape))
        try:
            array = json_tensor.to_array(spec, tensor["data"], shape)
        except InvalidRequest as fault:
            raise SmokeFailure(f"the request cannot be sent over gRPC: {fault}") from None
        message.raw_input_contents.append(bytes(binary_tensor.to_buffer(array)))
    return message.SerializeToString()


def _outputs(answer: ModelInferResponse) -> Outputs:
    outputs = {}
    for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True):
        spec = TensorSpec(output.name, output.datatype, None)
        flat = binary_tensor.to_array(spec, raw, tuple(output.shape)).ravel()
        data = json_tensor.to_json(flat) if output.datatype == BYTES else flat.tolist()
        outputs[output.name] = Tensor(output.datatype, tuple(output.shape), data)
    return outputs
