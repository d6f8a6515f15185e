"""The methods of Triton's extensions over gRPC.

KServe and Triton give load and unload other fields: where the field of Triton's
model name is empty, the field before it holds KServe's. Methods that are not
served end with UNIMPLEMENTED and a sentence, not with grpc's bare one.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from google.protobuf.json_format import ParseDict
from google.protobuf.message import DecodeError, Message

from serving import extensions, oip_pb2
from serving.call import Call
from serving.errors import InvalidRequest
from serving.extensions import Extensions
from serving.steps import in_task

T = TypeVar("T", bound=Message)

Answer = Callable[[bytes, Call], Awaitable[bytes]]
"""May raise any ServingError."""

REFUSED = {
    "TraceSetting": "trace",
    "LogSettings": "logging",
    **{f"SystemSharedMemory{verb}": "system_shared_memory" for verb in ("Status", "Register", "Unregister")},
    **{f"CudaSharedMemory{verb}": "cuda_shared_memory" for verb in ("Status", "Register", "Unregister")},
}
"""Triton's methods that are not served, by the extension they belong to."""


def methods(served: Extensions) -> dict[str, Answer]:
    """Give the extensions' methods by name."""
    return {
        "ModelConfig": partial(_config, served),
        "ModelStatistics": partial(_statistics, served),
        "RepositoryIndex": partial(_index, served),
        "RepositoryModelLoad": partial(_load, served),
        "RepositoryModelUnload": partial(_unload, served),
        **{name: partial(_refuse, extension) for name, extension in REFUSED.items()},
    }


def parse(request_type: type[T], message: bytes) -> T:
    try:
        return request_type.FromString(message)
    except DecodeError:
        raise InvalidRequest(f"the message is not a {request_type.DESCRIPTOR.name}") from None


async def _config(served: Extensions, message: bytes, _: Call) -> bytes:
    request = parse(oip_pb2.ModelConfigRequest, message)
    config = served.config(request.name, request.version)
    return ParseDict({"config": config}, oip_pb2.ModelConfigResponse()).SerializeToString()


async def _statistics(served: Extensions, message: bytes, _: Call) -> bytes:
    request = parse(oip_pb2.ModelStatisticsRequest, message)
    statistics = served.statistics(request.name, request.version)
    return ParseDict(statistics, oip_pb2.ModelStatisticsResponse()).SerializeToString()


async def _index(served: Extensions, message: bytes, _: Call) -> bytes:
    request = parse(oip_pb2.RepositoryIndexRequest, message)
    models = served.index(only_ready=request.ready)
    return ParseDict({"models": models}, oip_pb2.RepositoryIndexResponse()).SerializeToString()


async def _load(served: Extensions, message: bytes, _: Call) -> bytes:
    request = parse(oip_pb2.RepositoryModelLoadRequest, message)
    name = request.model_name or request.repository_name
    await in_task(served.load(name, list(request.parameters)))
    return oip_pb2.RepositoryModelLoadResponse(model_name=name, isLoaded=True).SerializeToString()


async def _unload(served: Extensions, message: bytes, _: Call) -> bytes:
    request = parse(oip_pb2.RepositoryModelUnloadRequest, message)
    name = request.model_name or request.repository_name
    await in_task(served.unload(name))
    return oip_pb2.RepositoryModelUnloadResponse(model_name=name, isUnloaded=True).SerializeToString()


async def _refuse(extension: str, message: bytes, _: Call) -> bytes:  # noqa: ARG001
    raise extensions.refuse(extension)
