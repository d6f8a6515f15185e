"""Reflection, asked as grpcurl asks: what is served, and the files that describe it."""

from collections.abc import AsyncIterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.reflection_pb2 import (
    ExtensionRequest,
    ServerReflectionRequest,
    ServerReflectionResponse,
)

from serving import oip_pb2
from serving.call import Call
from serving.grpc_method import CallFailed, Streaming
from serving.grpc_reflection import NAMES, Reflection

SERVICE = "inference.GRPCInferenceService"
INVALID_ARGUMENT, NOT_FOUND = 3, 5


async def told(version: str, *requests: bytes) -> list[ServerReflectionResponse]:
    files = (oip_pb2.DESCRIPTOR.serialized_pb, health_pb2.DESCRIPTOR.serialized_pb)
    method = Reflection((SERVICE, "grpc.health.v1.Health"), files).methods()[f"/{version}/ServerReflectionInfo"]
    assert isinstance(method, Streaming)

    async def messages() -> AsyncIterator[bytes]:
        for request in requests:
            yield request

    return [ServerReflectionResponse.FromString(answer) async for answer in method.answer(messages(), Call())]


each_version = pytest.mark.parametrize("version", NAMES)


@each_version
async def test_every_service_is_listed(version: str) -> None:
    request = ServerReflectionRequest(list_services="*", host="a")
    (answer,) = await told(version, request.SerializeToString())
    assert [service.name for service in answer.list_services_response.service] == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        SERVICE,
    ]
    assert answer.original_request == request


@each_version
@pytest.mark.parametrize(
    "request_",
    [
        ServerReflectionRequest(file_containing_symbol=SERVICE),
        ServerReflectionRequest(file_containing_symbol=f"{SERVICE}.ModelInfer"),
        ServerReflectionRequest(file_containing_symbol="grpc.reflection.v1.ServerReflection"),
        ServerReflectionRequest(file_by_filename=oip_pb2.DESCRIPTOR.name),
    ],
    ids=["a service", "a method", "reflection itself", "a file"],
)
async def test_files_are_given_with_all_that_they_import(version: str, request_: ServerReflectionRequest) -> None:
    (answer,) = await told(version, request_.SerializeToString())
    pool = DescriptorPool()
    files = [FileDescriptorProto.FromString(file) for file in answer.file_descriptor_response.file_descriptor_proto]
    assert files
    for file in reversed(files):
        pool.Add(file)
    for file in files:
        pool.FindFileByName(file.name)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ServerReflectionRequest(file_containing_symbol="inference.Nothing"), NOT_FOUND),
        (ServerReflectionRequest(file_by_filename="nothing.proto"), NOT_FOUND),
        (ServerReflectionRequest(all_extension_numbers_of_type="inference.Nothing"), NOT_FOUND),
        (
            ServerReflectionRequest(
                file_containing_extension=ExtensionRequest(containing_type="inference.Nothing", extension_number=1)
            ),
            NOT_FOUND,
        ),
        (ServerReflectionRequest(), INVALID_ARGUMENT),
    ],
)
async def test_what_is_not_there_is_said_and_the_stream_goes_on(request_: ServerReflectionRequest, code: int) -> None:
    listing = ServerReflectionRequest(list_services="")
    missing, listed = await told(NAMES[0], request_.SerializeToString(), listing.SerializeToString())
    assert missing.error_response.error_code == code
    assert listed.list_services_response.service


async def test_a_message_without_extensions_has_none() -> None:
    request = ServerReflectionRequest(all_extension_numbers_of_type="inference.ModelInferRequest")
    (answer,) = await told(NAMES[0], request.SerializeToString())
    assert list(answer.all_extension_numbers_response.extension_number) == []


async def test_what_is_no_request_ends_the_stream() -> None:
    with pytest.raises(CallFailed, match="not a ServerReflectionRequest"):
        await told(NAMES[0], b"\xff\xff")
