"""inference.GRPCInferenceService: messages of the protocol around the endpoints; and ecluse.v1.Feedback beside it.

Knows the catalogue and the messages, no transport. Messages arrive as bytes and
are parsed here, so that one which is none is refused like any other bad input.
Counts how each inference ends, once. The last border before the wire: whatever
is raised below leaves as a status.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from math import inf
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote

from google.protobuf.message import Message

from serving import grpc_extensions, grpc_feedback, logs, oip_pb2
from serving.call import Call
from serving.catalogue import Catalogue
from serving.door import Door
from serving.errors import DeadlineExceeded, Refused, ServingError
from serving.extensions import Extensions
from serving.feedback import Feedback
from serving.grpc_method import CallFailed, Methods, Streaming, Unary
from serving.infer_stream import answer_stream
from serving.inference import INTERNAL, Inference
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.reader_grpc import MessageReader

T = TypeVar("T", bound=Message)

NAME = "inference.GRPCInferenceService"

REQUEST_ID = "request-id"
"""The trailing metadata of a failed call that holds the id inside its request, percent-encoded."""
LONGEST_ID = 1024
PRINTABLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"

DEADLINE_MARGIN_SECONDS = 0.01
DEADLINE_MARGIN_PART = 0.1
"""Of the time that a caller allowed: a server that has much to do reads a call late, and counts from then."""


def has_met_deadline(left_seconds: float, elapsed_seconds: float) -> bool:
    """Whether who hangs up now does so because of its deadline, which its clock reaches before ours."""
    if left_seconds == inf:
        return False
    allowed_seconds = left_seconds + elapsed_seconds
    return left_seconds < max(DEADLINE_MARGIN_SECONDS, DEADLINE_MARGIN_PART * allowed_seconds)


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
        door: Door | None = None,
        extensions: Extensions | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._lifecycle = lifecycle
        self._messages = MessageReader()
        self._metrics = metrics
        self._server_metadata = server_metadata
        self._shed_statuses = ("RESOURCE_EXHAUSTED" if shed_status == 429 else "UNAVAILABLE", HTTPStatus(shed_status))
        self._door = door if door is not None else Door()
        self._extensions = extensions if extensions is not None else Extensions(catalogue, None)
        self._feedback = feedback

    def methods(self) -> Methods:
        extended = grpc_extensions.methods(self._extensions)
        return {
            **{f"/{NAME}/{name}": self._extension(answer) for name, answer in extended.items()},
            f"/{NAME}/ModelStreamInfer": Streaming(partial(answer_stream, infer=self._infer)),
            f"/{NAME}/ServerLive": self._question(oip_pb2.ServerLiveRequest, self._server_live),
            f"/{NAME}/ServerReady": self._question(oip_pb2.ServerReadyRequest, self._server_ready),
            f"/{NAME}/ModelReady": self._question(oip_pb2.ModelReadyRequest, self._model_ready),
            f"/{NAME}/ServerMetadata": self._question(oip_pb2.ServerMetadataRequest, self._describe_server),
            f"/{NAME}/ModelMetadata": self._question(oip_pb2.ModelMetadataRequest, self._describe_model),
            f"/{NAME}/ModelInfer": Unary(self._infer),
            f"/{grpc_feedback.NAME}/Send": self._extension(partial(grpc_feedback.send, self._feedback)),
        }

    def refused(self, error: ServingError | CallFailed) -> CallFailed:
        """Count what a transport refuses before it reaches a method, and say how to."""
        if isinstance(error, ServingError):
            error = CallFailed(self._statuses(error)[0], str(error), error.reason)
        self._metrics.strangers.rejected(error.reason)
        return error

    # Questions

    def _question(self, request_type: type[T], answer: Callable[[T], Message]) -> Unary:
        async def parse_and_answer(message: bytes, _: Call) -> bytes:
            return answer(grpc_extensions.parse(request_type, message)).SerializeToString()

        return self._extension(parse_and_answer)

    def _extension(self, answer: grpc_extensions.Answer) -> Unary:
        async def handle(message: bytes, call: Call) -> bytes:
            self._door.name(call)
            return await self._guarded(answer(message, call), call, None)

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
        self._door.name(call)
        inference = Inference(
            self._door, self._metrics, "grpc", call.traceparent if self._door.tracing is not None else None
        )
        call.trace = inference.trace
        answer = b""
        try:
            answer = await self._guarded(self._run(message, call, inference), call, inference)
            inference.succeeded()
        except asyncio.CancelledError:
            if has_met_deadline(call.timeout.left_seconds, perf_counter() - inference.began):
                inference.is_refused(DeadlineExceeded.http_status.value, DeadlineExceeded.reason)
            raise
        finally:
            inference.end(call.request_id, message, answer)
        return answer

    async def _run(self, message: bytes, call: Call, inference: Inference) -> bytes:
        request = self._messages.parse(message)
        head = request.head
        inference.asks_for(head.model_name, head.model_version)
        try:
            endpoint = self._catalogue.find(head.model_name, head.model_version)
            inference.is_answered_by(endpoint)
            return await endpoint.infer_grpc(request, call)
        except ServingError as error:
            error.request_id = head.id
            raise

    def _statuses(self, error: ServingError) -> tuple[str, HTTPStatus]:
        if isinstance(error, Refused) and error.is_shed:
            return self._shed_statuses
        return error.grpc_status, error.http_status

    async def _guarded(self, answer: Awaitable[bytes], call: Call, inference: Inference | None) -> bytes:
        """Await the answer, and turn whatever else comes into a status."""
        try:
            return await answer
        except ServingError as error:
            status, code = self._statuses(error)
            if inference is not None:
                inference.is_refused(code.value, error.reason)
            # Requests of one batch may be refused with one error: none must find the id of another in it.
            named, error.request_id = error.request_id or "", None
            if named:
                call.answer_headers = {**(call.answer_headers or {}), **_named(named)}
            raise CallFailed(status, str(error), error.reason, named) from error
        # A bug of ours is one answer, not a lost call.
        except Exception as error:
            logs.event("request_failed", level=logs.ERROR, error=error, request_id=call.request_id)
            if inference is not None:
                inference.is_faulty()
            raise CallFailed("INTERNAL", f"internal error of request {call.request_id}", INTERNAL) from error


def _named(request_id: str) -> dict[str, str]:
    """Say an id in metadata, which takes printable ASCII alone and not much of it."""
    said = quote(request_id, safe=PRINTABLE)
    return {REQUEST_ID: said} if len(said) <= LONGEST_ID else {}
