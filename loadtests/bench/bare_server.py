"""Our server with nothing counted and nothing checked: what the difference costs.

The same transports, batches and graph, with series that count nothing and a
decoder that believes every byte: it takes the numbers from where the benchmark
puts them, for a model of one input and one row a request. Good for nothing but
the comparison, so it is here and no setting of the server. Started by
`servers.py`; beside `scrape.py` the only file here that imports the server.
"""

import sys
from typing import Any

import numpy as np
import simdjson

from serving import payload_grpc, payload_v2
from serving.call import Call
from serving.device import Device
from serving.endpoint import DirectEndpoint, Endpoint
from serving.metrics import Metrics, ModelMetrics
from serving.model_folder import ModelVersion
from serving.options import load
from serving.payload_grpc import InferMessage
from serving.predictor import Predictor, PredictorVersion, Server
from serving.request import Request, all_outputs


class Deaf:
    """A series that hears of everything and keeps nothing."""

    def observe(self, amount: float) -> None:
        """Forget it."""


class NoMetrics(ModelMetrics):
    """The reports of a model's batcher and endpoint, all unheard."""

    def answered(self, *_: Any, **__: Any) -> None: ...

    def decoded(self, *_: Any, **__: Any) -> None: ...

    def predicted(self, *_: Any, **__: Any) -> None: ...

    def encoded(self, *_: Any, **__: Any) -> None: ...

    def batch_left(self, *_: Any, **__: Any) -> None: ...

    def batch_ran(self, *_: Any, **__: Any) -> None: ...


class BareEndpoint:
    """Takes the tensor out of a request unseen; everything else is the direct endpoint's."""

    def __init__(self, direct: DirectEndpoint) -> None:
        self._direct = direct
        self.name, self.version, self.metrics = direct.name, direct.version, direct.metrics
        self._spec = direct.signature.inputs[0]
        self._shape = (1, *(self._spec.shape or ())[1:])
        self._outputs = [all_outputs(direct.signature, is_binary=is_binary) for is_binary in (False, True)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._direct, name)

    async def infer_v2(self, body: bytes, head_bytes: int | None, call: Call) -> tuple[bytes, int | None]:  # noqa: ARG002
        if head_bytes is None:
            start = body.index(b"[", body.index(b'"data"'))
            numbers: Any = simdjson.Parser().parse(body[start : body.index(b"]", start) + 1])
            is_float = self._spec.dtype.kind == "f"
            wide = np.frombuffer(numbers.as_buffer(of_type="d" if is_float else "i"), "f8" if is_float else "i8")
            array = wide.astype(self._spec.dtype)
        else:
            array = np.frombuffer(body, self._spec.dtype, offset=head_bytes)
        request = self._request(array, is_binary=head_bytes is not None)
        outputs = await self._direct.run(request)
        return payload_v2.encode(outputs, request, model_name=self.name, model_version=self.version)

    async def infer_grpc(self, message: InferMessage, call: Call) -> bytes:
        request = self._request(np.frombuffer(message.raw[0], self._spec.dtype), is_binary=True)
        outputs = await self._direct.run(request, extra_settle_turns=call.extra_settle_turns)
        return payload_grpc.encode(outputs, request, model_name=self.name, model_version=self.version, is_raw=True)

    def _request(self, array: np.ndarray, *, is_binary: bool) -> Request:
        return Request({self._spec.name: array.reshape(self._shape)}, 1, self._outputs[is_binary])


class BareVersion(PredictorVersion):
    """A version behind a bare endpoint."""

    def open(self, metrics: Metrics) -> Endpoint:
        deaf = NoMetrics(
            metrics, self._predictor.name, self.found.version, preprocess=Deaf(), predict=Deaf(), postprocess=Deaf()
        )
        return BareEndpoint(self._model.open(deaf, self._predictor.device or Device()))


class BarePredictor(Predictor):
    """A predictor whose versions are bare."""

    def version(self, found: ModelVersion) -> PredictorVersion:
        return BareVersion(self, found)


if __name__ == "__main__":
    settings = load(sys.argv[1:])
    Server(settings).start([BarePredictor(settings)])
