"""V2 over gRPC: the transport around an endpoint.

The only file that knows grpcio, so that another transport can take its place.
Messages arrive as bytes and are parsed here, so that one which is none is
refused like any other bad input.
Serves grpc.health.v1 and reflection beside the protocol.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import inf
from time import perf_counter
from typing import Any, TypeAlias

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from serving import logs, oip_pb2, payload_grpc, ports
from serving.catalogue import Catalogue
from serving.errors import DeadlineExceeded, InvalidRequest, Overloaded, ServingError, StartupError
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import CALLER_LEFT, Metrics, RequestMetrics

SERVICE = "inference.GRPCInferenceService"
SERVICES = ("", SERVICE)
"""What grpc.health knows; the empty name stands for the server."""

DEADLINE_MARGIN_SECONDS = 0.01
"""A call that is cancelled so shortly before its deadline is taken to have met it."""

LINGER_SECONDS = 0.5
"""How long nothing must be in flight before the last connections are cut; answers are on the wire by then."""
POLL_SECONDS = 0.05

FIELD_OVERHEAD_BYTES = 64 * 1024
"""What names and shapes may add to the tensors of a message."""

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class GrpcListener:
    """The gRPC half of the server."""

    def __init__(
        self,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
        metrics: Metrics,
        server_metadata: dict[str, Any],
        address: str,
        port: int,
        *,
        payload_bytes: int,
        shed_status: int,
    ) -> None:
        """Bind the port; raises StartupError where it cannot be had."""
        self._catalogue = catalogue
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._server_metadata = server_metadata
        self._shed_statuses = ("RESOURCE_EXHAUSTED" if shed_status == 429 else "UNAVAILABLE", HTTPStatus(shed_status))
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", payload_bytes + FIELD_OVERHEAD_BYTES),
                ("grpc.max_send_message_length", -1),
                # Two processes on one port would share its callers unseen.
                ("grpc.so_reuseport", 0),
                # A caller's connection outlives no rollout by long: new pods get their share.
                ("grpc.max_connection_age_ms", 300_000),
                ("grpc.max_connection_age_grace_ms", 60_000),
            ]
        )
        self._server.add_generic_rpc_handlers((self._handlers(),))
        self._health = Health()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        _add_reflection(self._server)
        # grpcio does not say why it cannot have a port.
        ports.check(address, port, "gRPC")
        try:
            self.port = self._server.add_insecure_port(f"{_host(address)}:{port}")
        except RuntimeError as error:
            raise StartupError(f"cannot listen for gRPC on {address} port {port}") from error

    async def start(self) -> None:
        await self._server.start()
        self._lifecycle.listen(self._tell_health)

    async def stop(self, timeout_seconds: float) -> None:
        """Send GOAWAY, take no more calls, let those in flight end."""
        stopping = asyncio.create_task(self._server.stop(timeout_seconds))
        idle_seconds = 0.0
        while not stopping.done() and idle_seconds < LINGER_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            idle_seconds = 0.0 if self._metrics.inflight["grpc"] else idle_seconds + POLL_SECONDS
        # What is left has no end of its own: callers who watch our health, or keep reflection open.
        await self._server.stop(None)
        await stopping

    def _tell_health(self, phase: Phase) -> None:  # noqa: ARG002 - the phase is not all there is to it
        self._health.tell(is_serving=self._lifecycle.is_ready)

    def _handlers(self) -> grpc.GenericRpcHandler:
        handlers = {
            "ServerLive": self._handler(oip_pb2.ServerLiveRequest, self._server_live),
            "ServerReady": self._handler(oip_pb2.ServerReadyRequest, self._server_ready),
            "ModelReady": self._handler(oip_pb2.ModelReadyRequest, self._model_ready),
            "ServerMetadata": self._handler(oip_pb2.ServerMetadataRequest, self._describe_server),
            "ModelMetadata": self._handler(oip_pb2.ModelMetadataRequest, self._describe_model),
            "ModelInfer": grpc.unary_unary_rpc_method_handler(self._infer),
        }
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    def _handler(
        self, request_type: type[Message], answer: Callable[[Any], Message]
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def handle(message: bytes, context: Context) -> bytes:
            async def parse_and_answer() -> bytes:
                try:
                    request = request_type.FromString(message)
                except DecodeError:
                    raise InvalidRequest(f"the message is not a {request_type.DESCRIPTOR.name}") from None
                return answer(request).SerializeToString()

            return await self._guarded(parse_and_answer(), context, None)

        return grpc.unary_unary_rpc_method_handler(handle)

    def _server_live(self, _: oip_pb2.ServerLiveRequest) -> Message:
        return oip_pb2.ServerLiveResponse(live=True)

    def _server_ready(self, _: oip_pb2.ServerReadyRequest) -> Message:
        return oip_pb2.ServerReadyResponse(ready=self._lifecycle.is_ready)

    def _model_ready(self, request: oip_pb2.ModelReadyRequest) -> Message:
        return oip_pb2.ModelReadyResponse(ready=self._catalogue.is_ready(request.name, request.version))

    def _describe_server(self, _: oip_pb2.ServerMetadataRequest) -> Message:
        return oip_pb2.ServerMetadataResponse(**self._server_metadata)

    def _describe_model(self, request: oip_pb2.ModelMetadataRequest) -> Message:
        return oip_pb2.ModelMetadataResponse(**self._catalogue.metadata(request.name, request.version))

    async def _infer(self, message: bytes, context: Context) -> bytes:
        began = perf_counter()
        self._metrics.inflight["grpc"] += 1
        ending = _Ending(self._metrics.strangers)
        try:
            return await self._guarded(self._run(message, context, ending), context, ending)
        except asyncio.CancelledError:
            # A caller hangs up at its deadline, which its clock reaches before ours.
            left = context.time_remaining()
            if left is not None and left < DEADLINE_MARGIN_SECONDS:  # type: ignore[redundant-expr]  # as in _run
                ending.code = DeadlineExceeded.http_status.value
                ending.series.rejected(DeadlineExceeded.reason)
            raise
        finally:
            self._metrics.inflight["grpc"] -= 1
            ending.series.answered("grpc", ending.code, perf_counter() - began)

    async def _run(self, message: bytes, context: Context, ending: "_Ending") -> bytes:
        request = payload_grpc.parse(message)
        endpoint = self._catalogue.find(request.model_name, request.model_version)
        ending.series = endpoint.metrics
        left = context.time_remaining()
        # grpcio gives None where the caller set no deadline, whatever its stubs say.
        timeout_seconds = inf if left is None else max(0.0, left)  # type: ignore[redundant-expr]
        answer = await endpoint.infer_grpc(request, timeout_seconds, lambda: _headers(context))
        ending.code = 200
        return answer

    async def _guarded(self, answer: Awaitable[bytes], context: Context, ending: "_Ending | None") -> bytes:
        """Await the answer, and turn whatever else comes into a status."""
        try:
            return await answer
        except ServingError as error:
            status, code = error.grpc_status, error.http_status
            if isinstance(error, Overloaded):
                status, code = self._shed_statuses
            if ending is not None:
                ending.code = code.value
                ending.series.rejected(error.reason)
            reason, told = error.reason, str(error)
        # The last border before the wire: a bug of ours is one answer, not a lost call.
        except Exception as error:  # noqa: BLE001
            error_id = uuid.uuid4().hex
            logs.event("request_failed", level=logs.ERROR, error=error, error_id=error_id)
            if ending is not None:
                ending.code = 500
            status, reason, told = "INTERNAL", "internal", f"internal error {error_id}"
        return await context.abort(grpc.StatusCode[status], told, (("reason", reason),))


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # ships no types
    """grpc.health.v1 for the whole server.

    grpcio's own forgets every other watcher of a service when one of them leaves.
    """

    def __init__(self) -> None:
        self._is_serving = False
        self._changed = asyncio.Event()

    def tell(self, *, is_serving: bool) -> None:
        self._is_serving = is_serving
        self._changed.set()
        self._changed = asyncio.Event()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> health_pb2.HealthCheckResponse:  # noqa: N802
        if request.service not in SERVICES:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"unknown service {request.service!r}")
        return self._response(request)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:  # noqa: N802
        while True:
            # Taken before the status is read, so that no change slips in between.
            changed = self._changed
            await context.write(self._response(request))
            await changed.wait()

    def _response(self, request: health_pb2.HealthCheckRequest) -> health_pb2.HealthCheckResponse:
        if request.service not in SERVICES:
            status = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        elif self._is_serving:
            status = health_pb2.HealthCheckResponse.SERVING
        else:
            status = health_pb2.HealthCheckResponse.NOT_SERVING
        return health_pb2.HealthCheckResponse(status=status)


class _Ending:
    """How a call ended, to be counted once; a call that is cancelled stays as it began."""

    __slots__ = ("code", "series")

    def __init__(self, series: RequestMetrics) -> None:
        self.series = series
        self.code = CALLER_LEFT


def _headers(context: Context) -> dict[str, str]:
    metadata = context.invocation_metadata() or ()
    return {name: value for name, value in metadata if isinstance(value, str)}


def _add_reflection(server: grpc.aio.Server) -> None:
    """Describe our own services; kserve's edition of the protocol stays out of it."""
    pool = DescriptorPool()
    for file in (oip_pb2.DESCRIPTOR, health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR):
        pool.AddSerializedFile(file.serialized_pb)
    names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
    servicer = reflection.aio.ReflectionServicer(names, pool)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
