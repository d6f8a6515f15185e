"""From a body to an answer: the hot path, the same for every protocol.

An endpoint is one model version as the wire sees it: bytes in, bytes out. The
direct one decodes, waits for its batch and encodes, with nothing between. Code
of a user's own around a model makes another endpoint (`predictor.py`); REST and
gRPC know only what both promise.
"""

from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from serving import logs, long_json, model_config, payload_grpc, payload_v1, payload_v2
from serving.batching import Batcher
from serving.call import Call
from serving.errors import InvalidRequest, ModelFailed, ServingError
from serving.long_reads import LongReads
from serving.metrics import ModelMetrics
from serving.model_config import Batching
from serving.payload_grpc import InferMessage
from serving.reader_grpc import ReaderGrpc
from serving.reader_v2 import ReaderV2
from serving.request import Request
from serving.schedule import MOST_URGENT
from serving.signature import Signature, Tensors, TensorSpec
from serving.timeout import ENDLESS, Timeout
from serving.trace import Trace

if TYPE_CHECKING:
    from asyncio import Future

    from serving.id_issuer import IdIssuer

PREDICTION_ID = "prediction-id"
"""The header of an answer over V1, which has no other place for it."""

PLATFORM = "tensorflow_savedmodel"


class Endpoint(Protocol):
    """One model version, by every protocol. Each call may raise any ServingError."""

    name: str
    version: str
    metrics: ModelMetrics

    def metadata(self) -> dict[str, Any]:
        """The V2 model metadata, as JSON has it."""
        ...

    def config(self) -> dict[str, Any]:
        """Triton's model configuration, as its JSON has it."""
        ...

    async def predict_v1(self, body: bytes, call: Call) -> bytes: ...

    async def explain_v1(self, body: bytes, call: Call) -> bytes: ...

    async def infer_v2(self, body: bytes, head_bytes: int | None, call: Call) -> tuple[bytes, int | None]:
        """The lengths are those of the JSON heads, where binary tensors follow them."""
        ...

    async def infer_grpc(self, message: InferMessage, call: Call) -> bytes: ...


class DirectEndpoint:
    """A SavedModel with nothing of its user's around it."""

    def __init__(
        self,
        name: str,
        version: str,
        signature: Signature,
        batcher: Batcher,
        metrics: ModelMetrics,
        *,
        batching: Batching | None = None,
        long_json_bytes: int = 1 << 62,
    ) -> None:
        """`batching` is told to those who ask for the configuration; None where requests run alone.

        JSON longer than `long_json_bytes` is decoded beside the event loop.
        """
        self.name = name
        self.version = version
        self.metrics = metrics
        self.signature = signature
        self.ids: IdIssuer | None = None
        """Gives answers their ids, where late labels are taken."""
        self._batcher = batcher
        self._batching = batching
        self._long_json_bytes = long_json_bytes
        self._long_reads = LongReads(batcher)
        self._reader_v2 = ReaderV2(signature)
        self._reader_grpc = ReaderGrpc(signature)

    def metadata(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": PLATFORM,
            "inputs": [describe(spec) for spec in self.signature.inputs],
            "outputs": [describe(spec) for spec in self.signature.outputs],
        }

    def config(self) -> dict[str, Any]:
        return model_config.describe(self.name, PLATFORM, self.signature, self._batching)

    async def predict_v1(self, body: bytes, call: Call) -> bytes:
        began = perf_counter()
        self._knock(call)
        if len(body) > self._long_json_bytes:
            asked = await self._long_reads.read(long_json.read_v1, body, self.signature, rows=1, call=call)
        else:
            asked = long_json.read_v1(body, self.signature)
        outputs, began = await self._run(asked.request, began, call)
        answer = payload_v1.encode(outputs, asked, self.signature)
        prediction_id = self._identify(outputs)
        if prediction_id is not None:
            call.answer_headers = {**(call.answer_headers or {}), PREDICTION_ID: prediction_id}
        self._encoded(began, call)
        return answer

    async def explain_v1(self, body: bytes, call: Call) -> bytes:  # noqa: ARG002
        raise InvalidRequest(f"model {self.name!r} has no explainer")

    async def infer_v2(
        self,
        body: bytes,
        head_bytes: int | None,
        call: Call,
    ) -> tuple[bytes, int | None]:
        began = perf_counter()
        self._knock(call)
        if (len(body) if head_bytes is None else head_bytes) > self._long_json_bytes:
            rows = long_json.declared_rows(body, self.signature)
            request = await self._long_reads.read(
                long_json.read_v2, body, head_bytes, self.signature, rows=rows, call=call
            )
        else:
            request = self._reader_v2.read(body, head_bytes)
        try:
            outputs, began = await self._run(request, began, call)
            answer = payload_v2.encode(
                outputs,
                request,
                model_name=self.name,
                model_version=self.version,
                prediction_id=self._identify(outputs),
            )
        except ServingError as error:
            error.request_id = request.id
            raise
        self._encoded(began, call)
        return answer

    async def infer_grpc(self, message: InferMessage, call: Call) -> bytes:
        began = perf_counter()
        self._knock(call)
        request = self._reader_grpc.read(message)
        outputs, began = await self._run(request, began, call)
        answer = payload_grpc.encode(
            outputs,
            request,
            model_name=self.name,
            model_version=self.version,
            is_raw=bool(message.raw),
            prediction_id=self._identify(outputs),
        )
        self._encoded(began, call)
        return answer

    def run(
        self,
        request: Request,
        allowed: Timeout = ENDLESS,
        *,
        extra_settle_turns: int = 0,
        trace: Trace | None = None,
    ) -> "Future[Tensors]":
        """Put the request into the queue; every output by name comes with its batch."""
        return self._batcher.submit(
            request.tensors,
            request.rows,
            allowed if request.timeout_seconds == inf else min(Timeout.of(request.timeout_seconds), allowed),
            priority=request.priority,
            extra_settle_turns=extra_settle_turns,
            trace=trace,
        )

    def _knock(self, call: Call) -> None:
        """Turn a request away that not even one row and the most urgent level would save, before it is decoded."""
        self._batcher.admit(1, 0, call.timeout, priority=MOST_URGENT)

    async def _run(self, request: Request, began: float, call: Call) -> tuple[Tensors, float]:
        decoded = perf_counter()
        self.metrics.decoded(request.rows, decoded - began)
        try:
            # What a payload says of its timeout counts from the request's arrival.
            timeout = call.timeout
            if request.timeout_seconds != inf:
                timeout = min(timeout, Timeout.of(request.timeout_seconds, decoded - began))
            outputs = await self.run(request, timeout, extra_settle_turns=call.extra_settle_turns, trace=call.trace)
        except ModelFailed as error:
            logs.event(
                "model_failed", level=logs.ERROR, error=error, model_name=self.name, request_id=call.request_id or None
            )
            raise
        answered = perf_counter()
        self.metrics.predicted(answered - decoded)
        if call.trace is not None:
            call.trace.mark("decode", began, decoded)
            if call.trace.run is not None:
                call.trace.mark("queue", decoded, call.trace.run.began)
        return outputs, answered

    def _identify(self, outputs: Tensors) -> str | None:
        return None if self.ids is None else self.ids.id_of(outputs)

    def _encoded(self, began: float, call: Call) -> None:
        ended = perf_counter()
        self.metrics.encoded(ended - began)
        if call.trace is not None:
            call.trace.mark("encode", began, ended)


def describe(spec: TensorSpec) -> dict[str, Any]:
    # V2 has no word for a tensor of any rank; one open dimension is the nearest.
    return {
        "name": spec.name,
        "datatype": spec.datatype,
        "shape": list(spec.shape) if spec.shape is not None else [-1],
    }
