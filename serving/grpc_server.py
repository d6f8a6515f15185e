"""The gRPC half of the server: its services, put on the transport that the settings choose."""

from typing import Any, Protocol

from grpc_health.v1 import health_pb2

from serving import grpc_health, grpc_service, oip_pb2
from serving.catalogue import Catalogue
from serving.door import Door
from serving.extensions import Extensions
from serving.grpc_guard import guarded
from serving.grpc_health import Health
from serving.grpc_method import Methods
from serving.grpc_reflection import Reflection
from serving.grpc_service import GrpcService
from serving.grpcio_listener import GrpcioListener
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.settings import Settings


class GrpcListener(Protocol):
    """A port that is bound when it is made, and serves a table of methods from start to stop."""

    port: int

    async def start(self) -> None: ...

    async def stop(self, timeout_seconds: float) -> None:
        """Take no more calls, and give those in flight so long to end."""
        ...


def grpc_listener(
    settings: Settings,
    catalogue: Catalogue,
    lifecycle: Lifecycle,
    metrics: Metrics,
    server_metadata: dict[str, Any],
    door: Door,
    extensions: Extensions,
) -> GrpcListener:
    """Bind the gRPC port; raises StartupError where it cannot be had."""
    service = GrpcService(
        catalogue,
        lifecycle,
        metrics,
        server_metadata,
        shed_status=settings.shed.status,
        door=door,
        extensions=extensions,
    )
    return GrpcioListener(
        guarded(_methods(service, lifecycle), door, metrics),
        settings.bind_address,
        settings.grpc_port,
        payload_bytes=settings.limit.payload_bytes,
    )


def _methods(service: GrpcService, lifecycle: Lifecycle) -> Methods:
    health = Health(lifecycle, (grpc_service.NAME,))
    files = (oip_pb2.DESCRIPTOR.serialized_pb, health_pb2.DESCRIPTOR.serialized_pb)
    reflection = Reflection((grpc_service.NAME, grpc_health.NAME), files)
    return {**service.methods(), **health.methods(), **reflection.methods()}
