"""The gRPC half of the server: its services, put on the transport that the settings choose.

Where libnghttp2 cannot be imported, grpcio takes its place behind the same
seam, and the log says so.
"""

import importlib.util
from math import inf
from typing import Any, Protocol

from grpc_health.v1 import health_pb2

from serving import feedback_pb2, grpc_feedback, grpc_health, grpc_service, logs, oip_pb2, tls
from serving.catalogue import Catalogue
from serving.door import Door
from serving.errors import StartupError
from serving.extensions import Extensions
from serving.feedback import Feedback
from serving.grpc_guard import guarded
from serving.grpc_health import Health
from serving.grpc_method import Methods
from serving.grpc_reflection import Reflection
from serving.grpc_service import GrpcService
from serving.inflight_bytes import InflightBytes
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.settings import Settings

FIELD_OVERHEAD_BYTES = 64 * 1024
"""What names and shapes may add to the tensors of a message."""


class GrpcListener(Protocol):
    """A port that is bound when it is made, and serves a table of methods from start to stop."""

    port: int

    @property
    def connections(self) -> int:
        """How many are open, where the transport tells."""
        ...

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
    inflight: InflightBytes,
    feedback: Feedback | None = None,
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
        feedback=feedback,
    )
    methods = guarded(_methods(service, lifecycle), door, metrics)
    transport = _transport(settings.grpc.transport)
    logs.event("grpc_transport", transport=transport)
    if transport == "nghttp2":
        return _on_nghttp2(settings, service, methods, inflight)
    return _on_grpcio(settings, methods)


def _transport(asked: str) -> str:
    has_nghttp2 = importlib.util.find_spec("ngh2") is not None
    if asked == "nghttp2" and not has_nghttp2:
        raise StartupError("grpc_transport is 'nghttp2' and the package ngh2 is not installed: take 'grpcio'")
    if asked == "auto":
        return "nghttp2" if has_nghttp2 else "grpcio"
    return asked


# Each of the two is imported where it is chosen: the other's library may be missing, and grpcio starts threads.


def _on_nghttp2(settings: Settings, service: GrpcService, methods: Methods, inflight: InflightBytes) -> GrpcListener:
    from serving.grpc_limits import Limits
    from serving.grpc_listener import NghttpListener

    limits = Limits(
        message_bytes=settings.limit.payload_bytes + FIELD_OVERHEAD_BYTES,
        answer_bytes=settings.grpc.answer_bytes,
        inflight=inflight,
        refused=service.refused,
        streams=settings.grpc.streams,
        age_grace_seconds=settings.grpc.age_grace_seconds,
        keepalive_seconds=settings.grpc.keepalive_seconds or inf,
        body_seconds=settings.grpc.body_seconds,
        write_seconds=settings.grpc.write_seconds,
    )
    files = tls.files_of(settings.tls.certificate, settings.tls.key, settings.tls.client_ca)
    return NghttpListener(
        methods,
        settings.bind_address,
        settings.grpc_port,
        limits,
        max_connections=settings.grpc.connections,
        age_seconds=settings.grpc.age_seconds or inf,
        server_tls=tls.ServerTls(files, ("h2",)) if files is not None else None,
    )


def _on_grpcio(settings: Settings, methods: Methods) -> GrpcListener:
    from serving.grpcio_listener import GrpcioListener

    return GrpcioListener(
        methods,
        settings.bind_address,
        settings.grpc_port,
        settings.grpc,
        message_bytes=settings.limit.payload_bytes + FIELD_OVERHEAD_BYTES,
        extra_settle_turns=settings.batch.grpc_extra_settle_turns,
        tls=tls.files_of(settings.tls.certificate, settings.tls.key, settings.tls.client_ca),
    )


def _methods(service: GrpcService, lifecycle: Lifecycle) -> Methods:
    health = Health(lifecycle, (grpc_service.NAME,))
    files = [file.DESCRIPTOR.serialized_pb for file in (oip_pb2, feedback_pb2, health_pb2)]
    reflection = Reflection((grpc_service.NAME, grpc_feedback.NAME, grpc_health.NAME), files)
    return {**service.methods(), **health.methods(), **reflection.methods()}
