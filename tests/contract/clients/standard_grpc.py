"""What the standard gRPC services say: `python standard_grpc.py ADDRESS` writes facts as JSON.

Health as Kubernetes' probe asks for it, reflection as grpcurl does, and a call
through messages that are known from reflection alone.
"""

import json
import sys
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "inference.GRPCInferenceService"


def facts(channel: grpc.Channel) -> dict[str, Any]:
    reflection = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(reflection)
    service = pool.FindServiceByName(SERVICE)
    return {
        "health": {name: health(channel, name) for name in ("", SERVICE, "nobody")},
        "watch": watched(channel),
        "services": sorted(reflection.get_services()),
        "methods": sorted(method.name for method in service.methods),
        "answer": infer(channel, pool),
    }


def health(channel: grpc.Channel, service: str) -> str:
    try:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    except grpc.RpcError as error:
        return str(error.code().name)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def watched(channel: grpc.Channel) -> str:
    """The first message of a watch is the state it starts in."""
    stream = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""), timeout=10)
    first = next(stream)
    stream.cancel()
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(first.status))


def infer(channel: grpc.Channel, pool: DescriptorPool) -> list[float]:
    request_type = GetMessageClass(pool.FindMessageTypeByName("inference.ModelInferRequest"))
    answer_type = GetMessageClass(pool.FindMessageTypeByName("inference.ModelInferResponse"))
    request: Any = request_type(model_name="dense")
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[1, 3])
    tensor.contents.fp32_contents.extend([1.0, 2.0, 3.0])
    call = channel.unary_unary(
        f"/{SERVICE}/ModelInfer",
        request_serializer=request_type.SerializeToString,
        response_deserializer=answer_type.FromString,
    )
    answer: Any = call(request, timeout=10)
    return list(answer.outputs[0].contents.fp32_contents)


if __name__ == "__main__":
    with grpc.insecure_channel(sys.argv[1]) as channel:
        json.dump(facts(channel), sys.stdout)
