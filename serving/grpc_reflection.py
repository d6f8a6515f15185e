"""grpc.reflection, v1 and v1alpha: tells grpcurl and its like what is served.

Describes our own services out of a pool of their own; kserve's edition of the
protocol stays out of it. Both versions have the same messages on the wire, so
one servicer answers for both. Knows no transport.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2 import (
    ErrorResponse,
    ExtensionNumberResponse,
    FileDescriptorResponse,
    ListServiceResponse,
    ServerReflectionRequest,
    ServerReflectionResponse,
    ServiceResponse,
)

from serving.call import Call
from serving.grpc_method import CallFailed, Methods, Streaming

NAMES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")

INVALID_ARGUMENT = 3
NOT_FOUND = 5


class Reflection:
    """Answers questions about the descriptors of what is served."""

    def __init__(self, services: Iterable[str], files: Iterable[bytes]) -> None:
        """`files` are serialized descriptors, each after those it imports."""
        self._services = sorted((*services, *NAMES))
        self._pool = DescriptorPool()
        alpha = reflection_pb2.DESCRIPTOR.serialized_pb
        for file in (*files, alpha, _as_v1(alpha)):
            self._pool.AddSerializedFile(file)

    def methods(self) -> Methods:
        return {f"/{name}/ServerReflectionInfo": Streaming(self._answer) for name in NAMES}

    async def _answer(self, messages: AsyncIterator[bytes], _call: Call) -> AsyncIterator[bytes]:
        async for message in messages:
            try:
                request = ServerReflectionRequest.FromString(message)
            except DecodeError:
                raise CallFailed("INVALID_ARGUMENT", "the message is not a ServerReflectionRequest") from None
            answer = self._found(request)
            answer.original_request.CopyFrom(request)
            yield answer.SerializeToString()

    def _found(self, request: Any) -> Any:
        try:
            match request.WhichOneof("message_request"):
                case "list_services":
                    services = [ServiceResponse(name=name) for name in self._services]
                    return ServerReflectionResponse(list_services_response=ListServiceResponse(service=services))
                case "file_by_filename":
                    return _described(self._pool.FindFileByName(request.file_by_filename))
                case "file_containing_symbol":
                    return _described(self._file_of(request.file_containing_symbol))
                case "file_containing_extension":
                    asked = request.file_containing_extension
                    extended = self._pool.FindMessageTypeByName(asked.containing_type)
                    extension: Any = self._pool.FindExtensionByNumber(extended, asked.extension_number)
                    return _described(extension.file)
                case "all_extension_numbers_of_type":
                    name = request.all_extension_numbers_of_type
                    extended = self._pool.FindMessageTypeByName(name)
                    numbers = sorted(extension.number for extension in self._pool.FindAllExtensions(extended))
                    found = ExtensionNumberResponse(base_type_name=name, extension_number=numbers)
                    return ServerReflectionResponse(all_extension_numbers_response=found)
                case _:
                    return _error(INVALID_ARGUMENT, "the request asks for nothing that is known here")
        except KeyError:
            return _error(NOT_FOUND, "no such symbol, file or extension is served here")

    def _file_of(self, symbol: str) -> Any:
        """Raises KeyError."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            # The pool knows services, and not their methods.
            service: Any = self._pool.FindServiceByName(symbol.rpartition(".")[0])
            return service.methods_by_name[symbol.rpartition(".")[2]].containing_service.file


def _described(file: Any) -> Any:
    """Give the file and all that it imports."""
    found: dict[str, bytes] = {}
    waiting = [file]
    while waiting:
        file = waiting.pop()
        if file.name not in found:
            found[file.name] = file.serialized_pb
            waiting.extend(file.dependencies)
    described = FileDescriptorResponse(file_descriptor_proto=found.values())
    return ServerReflectionResponse(file_descriptor_response=described)


def _error(code: int, told: str) -> Any:
    return ServerReflectionResponse(error_response=ErrorResponse(error_code=code, error_message=told))


def _as_v1(alpha: bytes) -> bytes:
    """Rename the package: nothing else tells the two versions apart."""
    file = FileDescriptorProto.FromString(alpha)
    file.name = file.name.replace("v1alpha", "v1")
    file.package = "grpc.reflection.v1"
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = field.type_name.replace(".v1alpha.", ".v1.")
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(".v1alpha.", ".v1.")
            method.output_type = method.output_type.replace(".v1alpha.", ".v1.")
    return file.SerializeToString()
