"""inference.GRPCInferenceService: messages of the protocol around the endpoints.

Knows the catalogue and the messages, no transport. Messages arrive as bytes and
are parsed here, so that one which is none is refused like any other bad input.
Counts how each inference ends, once. The last border before the wire: whatever
is raised below leaves as a status.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from serving import logs, oip_pb2, payload_grpc
from serving.call import Call
from serving.catalogue import Catalogue
from serving.errors import DeadlineExceeded, InvalidRequest, Refused, ServingError
from serving.grpc_method import CallFailed, Methods, Unary
from serving.lifecycle import Lifecycle
from serving.metrics import CALLER_LEFT, Metrics, RequestMetrics

T = TypeVar("T", bound=Message)

NAME = "inference.GRPCInferenceService"

DEADLINE_MARGIN_SECONDS = 0.01
"""A call that is cancelled so shortly before its deadline is taken to have met it."""


class GrpcService:
    """The gRPC half of the server."""

    def __init__(
        self,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
        metrics: Metrics,
        server_metadata: dict[str, Any],
        *,
        shed_status: int,
    ) -> None:
        self._catalogue = catalogue
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._server_metadata = server_metadata
        self._shed_statuses = ("RESOURCE_EXHAUSTED" if shed_status == 429 else "UNAVAILABLE", HTTPStatus(shed_status))

    def methods(self) -> Methods:
        return {
            f"/{NAME}/ServerLive": self._question(oip_pb2.ServerLiveRequest, self._server_live),
            f"/{NAME}/ServerReady": self._question(oip_pb2.ServerReadyRequest, self._server_ready),
            f"/{NAME}/ModelReady": self._question(oip_pb2.ModelReadyRequest, self._model_ready),
            f"/{NAME}/ServerMetadata": self._question(oip_pb2.ServerMetadataRequest, self._describe_server),
            f"/{NAME}/ModelMetadata": self._question(oip_pb2.ModelMetadataRequest, self._describe_model),
            f"/{NAME}/ModelInfer": Unary(self._infer),
        }

    # Questions

    def _question(self, request_type: type[T], answer: Callable[[T], Message]) -> Unary:
        async def parse_and_answer(message: bytes) -> bytes:
            try:
                request = request_type.FromString(message)
            except DecodeError:
                raise InvalidRequest(f"the message is not a {request_type.DESCRIPTOR.name}") from None
            return answer(request).SerializeToString()

        async def handle(message: bytes, _call: Call) -> bytes:
            return await self._guarded(parse_and_answer(message), None)

        return Unary(handle)

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

    # Inference

    async def _infer(self, message: bytes, call: Call) -> bytes:
        began = perf_counter()
        self._metrics.inflight["grpc"] += 1
        ending = _Ending(self._metrics.strangers)
        try:
            return await self._guarded(self._run(message, call, ending), ending)
        except asyncio.CancelledError:
            # A caller hangs up at its deadline, which its clock reaches before ours.
            if call.timeout_seconds < DEADLINE_MARGIN_SECONDS:
                ending.code = DeadlineExceeded.http_status.value
                ending.series.rejected(DeadlineExceeded.reason)
            raise
        finally:
            self._metrics.inflight["grpc"] -= 1
            ending.series.answered("grpc", ending.code, perf_counter() - began)

    async def _run(self, message: bytes, call: Call, ending: "_Ending") -> bytes:
        request = payload_grpc.parse(message)
        endpoint = self._catalogue.find(request.head.model_name, request.head.model_version)
        ending.series = endpoint.metrics
        answer = await endpoint.infer_grpc(request, call)
        ending.code = 200
        return answer

    async def _guarded(self, answer: Awaitable[bytes], ending: "_Ending | None") -> bytes:
        """Await the answer, and turn whatever else comes into a status."""
        try:
            return await answer
        except ServingError as error:
            status, code = error.grpc_status, error.http_status
            if isinstance(error, Refused) and error.is_shed:
                status, code = self._shed_statuses
            if ending is not None:
                ending.code = code.value
                ending.series.rejected(error.reason)
            raise CallFailed(status, str(error), error.reason) from error
        # A bug of ours is one answer, not a lost call.
        except Exception as error:
            error_id = uuid.uuid4().hex
            logs.event("request_failed", level=logs.ERROR, error=error, error_id=error_id)
            if ending is not None:
                ending.code = 500
            raise CallFailed("INTERNAL", f"internal error {error_id}", "internal") from error


class _Ending:
    """How a call ended, to be counted once; a call that is cancelled stays as it began."""

    __slots__ = ("code", "series")

    def __init__(self, series: RequestMetrics) -> None:
        self.series = series
        self.code = CALLER_LEFT
