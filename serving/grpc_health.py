"""grpc.health.v1 for the whole server: Check and Watch.

What is told follows the process's phase and is the same for the server (the
empty name) and for the inference service. Any number may watch, and one that
leaves takes no other along. Knows no transport.
"""

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.message import DecodeError
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from serving.call import Call
from serving.grpc_method import CallFailed, Methods, Streaming, Unary
from serving.lifecycle import Lifecycle, Phase

NAME = "grpc.health.v1.Health"


class Health:
    """Answers whoever asks, and tells whoever watches."""

    def __init__(self, lifecycle: Lifecycle, services: tuple[str, ...]) -> None:
        """Know the services, and the server itself by the empty name."""
        self._services = ("", *services)
        self._lifecycle = lifecycle
        self._changed = asyncio.Event()
        lifecycle.listen(self._tell)

    def methods(self) -> Methods:
        return {
            f"/{NAME}/Check": Unary(self._check),
            f"/{NAME}/Watch": Streaming(self._watch, is_endless=True),
        }

    def _tell(self, _phase: Phase) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _check(self, message: bytes, _call: Call) -> bytes:
        service = _service(message)
        if service not in self._services:
            raise CallFailed("NOT_FOUND", f"unknown service {service!r}")
        return self._status(service)

    async def _watch(self, messages: AsyncIterator[bytes], _call: Call) -> AsyncIterator[bytes]:
        service = _service(await anext(messages))
        while True:
            # Taken before the status is read, so that no change slips in between.
            changed = self._changed
            yield self._status(service)
            await changed.wait()

    def _status(self, service: str) -> bytes:
        if service not in self._services:
            status = HealthCheckResponse.SERVICE_UNKNOWN
        elif self._lifecycle.is_ready:
            status = HealthCheckResponse.SERVING
        else:
            status = HealthCheckResponse.NOT_SERVING
        answer: bytes = HealthCheckResponse(status=status).SerializeToString()
        return answer


def _service(message: bytes) -> str:
    try:
        request = HealthCheckRequest.FromString(message)
    except DecodeError:
        raise CallFailed("INVALID_ARGUMENT", "the message is not a HealthCheckRequest") from None
    return str(request.service)
