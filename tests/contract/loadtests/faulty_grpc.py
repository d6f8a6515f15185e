"""gRPC of the faulty server, frame by frame, so that it can break the protocol's rules as well as its promises."""

import asyncio
import time
from typing import cast

import ngh2

from serving.oip_pb2 import (
    ModelInferRequest,
    ModelMetadataResponse,
    ModelReadyResponse,
    ServerLiveResponse,
    ServerMetadataResponse,
    ServerReadyResponse,
)
from tests.contract.loadtests.faults import Deed
from tests.contract.loadtests.faulty_answers import METADATA, MODEL
from tests.contract.loadtests.faulty_rest import Host

SERVICE = "/inference.GRPCInferenceService/"
STATUSES = {400: 3, 404: 5, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
NOT_FOUND = 5
UNIMPLEMENTED = 12
BEGUN = ((b":status", b"200"), (b"content-type", b"application/grpc"))
STREAM_RESET = 2
"""INTERNAL_ERROR: nothing that a client may ask again by itself."""


class GrpcConnection(asyncio.Protocol):
    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._http2 = ngh2.Connection(ngh2.Role.SERVER)
        self._has_left = False
        self._last = 0
        self._calls: dict[int, tuple[str, bytearray]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._host.takes():
            self._transport.abort()
            return
        self._http2.initiate_connection({ngh2.Setting.MAX_CONCURRENT_STREAMS: 1000})
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            self._http2.receive_data(data)
        except ngh2.NGH2Error:
            self._transport.abort()
            return
        for event in self._http2.events():
            self._handle(event)
        self._flush()

    def _handle(self, event: ngh2.Event) -> None:
        if isinstance(event, ngh2.RequestReceived) and self._has_left:
            return  # above the last stream that GOAWAY named
        if isinstance(event, ngh2.RequestReceived):
            self._last = event.stream_id
            named = dict(event.headers)
            self._calls[event.stream_id] = named[b":path"].decode(), bytearray()
        elif isinstance(event, ngh2.DataReceived) and event.stream_id in self._calls:
            self._calls[event.stream_id][1].extend(event.data)
        elif isinstance(event, ngh2.StreamClosed):
            self._calls.pop(event.stream_id, None)
        if getattr(event, "end_stream", False) and event.stream_id in self._calls:  # type: ignore[attr-defined]
            path, body = self._calls[event.stream_id]  # type: ignore[attr-defined]
            self._serve(event.stream_id, path, bytes(body[5:]))  # type: ignore[attr-defined]

    def _serve(self, stream: int, path: str, message: bytes) -> None:
        ready = self._host.is_ready()
        method = path.removeprefix(SERVICE)
        if method == "ModelInfer":
            request = ModelInferRequest.FromString(message)
            if request.model_name == MODEL:
                self._infer(stream, request)
            else:
                self._fail(stream, NOT_FOUND, f"model {request.model_name!r} is not served here", "unknown_model")
        elif method == "ServerLive":
            self._answer(stream, ServerLiveResponse(live=True).SerializeToString())
        elif method == "ServerReady":
            self._answer(stream, ServerReadyResponse(ready=ready).SerializeToString())
        elif method == "ModelReady":
            self._answer(stream, ModelReadyResponse(ready=ready).SerializeToString())
        elif method == "ServerMetadata":
            self._answer(stream, ServerMetadataResponse(name="faulty", version="1").SerializeToString())
        elif method == "ModelMetadata":
            self._answer(stream, _metadata().SerializeToString())
        else:
            self._fail(stream, UNIMPLEMENTED, f"no method {path} is served here", "unknown_route")

    def _infer(self, stream: int, request: ModelInferRequest) -> None:
        deed = self._host.begin("grpc")
        began = time.monotonic()
        self._loop.call_later(deed.delay, self._done, stream, request, deed, began)

    def _done(self, stream: int, request: ModelInferRequest, deed: Deed, began: float) -> None:
        if self._transport.is_closing() or stream not in self._calls:
            self._host.end("left", began)
            return
        self._host.end("cut" if deed.cut else str(deed.code), began)
        if deed.cut == "reset":
            self._http2.reset_stream(stream, STREAM_RESET)
        elif deed.cut == "before":
            self._transport.abort()
            return
        elif deed.cut == "goaway":
            # All that were looked at are lost with the connection, and what comes now was not.
            self._has_left = True
            self._http2.send_goaway(last_stream_id=self._last)
            self._flush()
            self._transport.close()
            return
        elif deed.code != 200:
            self._fail(stream, STATUSES[deed.code], f"a fault of {deed.code}", deed.reason)
        else:
            self._answer(
                stream, self._host.answers.grpc(request, deed.version, deed.wrong), is_cut=deed.cut == "within"
            )
        self._flush()

    def _answer(self, stream: int, message: bytes, *, is_cut: bool = False) -> None:
        self._http2.send_response(stream, BEGUN)
        framed = b"\x00" + len(message).to_bytes(4, "big") + message
        if is_cut:
            self._http2.send_data(stream, framed[: len(framed) // 2])
            self._flush()
            self._transport.close()
            return
        self._http2.send_data(stream, framed)
        self._http2.send_trailers(stream, ((b"grpc-status", b"0"),))

    def _fail(self, stream: int, status: int, words: str, reason: str) -> None:
        fields = [*BEGUN, (b"grpc-status", b"%d" % status), (b"grpc-message", words.encode())]
        if reason:
            fields.append((b"reason", reason.encode()))
        self._http2.send_response(stream, fields, end_stream=True)

    def _flush(self) -> None:
        data = self._http2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)


def _metadata() -> ModelMetadataResponse:
    metadata = ModelMetadataResponse(name=MODEL, versions=["1"], platform=METADATA["platform"])
    for given, kept in ((METADATA["inputs"], metadata.inputs), (METADATA["outputs"], metadata.outputs)):
        for tensor in given:
            kept.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
    return metadata
