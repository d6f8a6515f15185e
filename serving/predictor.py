"""The custom KServe predictor, and KServe's model server around our own.

The only file that imports kserve. `Predictor` is a `kserve.Model` and keeps its
contract: load, preprocess, predict, postprocess. `Server` is a
`kserve.ModelServer` that takes any `kserve.Model`. A predictor whose hooks are
KServe's own is served directly; one with hooks of its user's goes through
`HookedEndpoint`, which speaks KServe's types.
"""

import asyncio
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from math import inf
from typing import Any

import kserve
import numpy as np
import orjson
import uvloop
from kserve.errors import InvalidInput, ModelNotReady
from kserve.metrics import EXPLAIN_HIST_TIME, POST_HIST_TIME, PRE_HIST_TIME, PREDICT_HIST_TIME
from kserve.model import InferenceVerb

from serving import VERSION, logs, payload_grpc, payload_v1, payload_v2, saved_model
from serving.batched_model import BatchedModel
from serving.datatypes import DTYPES, NAMES
from serving.endpoint import PLATFORM, DirectEndpoint, Endpoint, Headers
from serving.errors import DeadlineExceeded, InvalidRequest, ModelFailed, NotReady, ServingError, StartupError
from serving.metrics import Metrics, ModelMetrics
from serving.oip_pb2 import ModelInferRequest
from serving.process import Process, leave
from serving.request import OutputChoice, Request, all_outputs
from serving.settings import Settings
from serving.signature import Signature, Tensors
from serving.steps import in_task


class Predictor(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """A SavedModel as a KServe model, whose requests are batched."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.model_name)
        self._model = BatchedModel(settings.model_name, settings)
        self._direct: DirectEndpoint | None = None

    # KServe's contract

    def load(self) -> bool:
        self.load_graph()
        self.warm_up()
        return bool(self.ready)

    async def predict(
        self,
        payload: Any,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - KServe's signature
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> Any:
        """Take what KServe's `preprocess` gives: a dict (V1) or an InferRequest (V2)."""
        if self._direct is None:
            raise NotReady(f"model {self.name!r} is not loaded")
        signature = self._direct.signature
        if isinstance(payload, dict):
            asked = payload_v1.decode(payload, signature)
            return orjson.loads(payload_v1.encode(await self._direct.run(asked.request), asked, signature))
        if isinstance(payload, kserve.InferRequest):
            request = _from_infer_request(payload, signature)
            return _to_infer_response(await self._direct.run(request), self.name, request.id)
        raise ModelFailed(f"preprocess gave a {type(payload).__name__}, expected a dict or an InferRequest")

    def get_input_types(self) -> list[dict[str, Any]]:
        return list(self._direct.metadata()["inputs"]) if self._direct else []

    def get_output_types(self) -> list[dict[str, Any]]:
        return list(self._direct.metadata()["outputs"]) if self._direct else []

    # The process's contract

    def load_graph(self) -> None:
        self._model.load_graph()

    def warm_up(self) -> None:
        self._model.warm_up()
        self.ready = True

    def open(self, metrics: Metrics) -> Endpoint:
        model_metrics = _model_metrics(metrics, self.name, self._model.version)
        self._direct = self._model.open(model_metrics)
        if _has_hooks(type(self)):
            return HookedEndpoint(self, self._model.version, PLATFORM, model_metrics)
        return self._direct

    def drain(self) -> None:
        if self._direct is not None:
            self._model.drain()

    def close(self) -> None:
        self.ready = False
        if self._direct is not None:
            self._model.close()


class Foreign:
    """Any other `kserve.Model`: it loads itself and batches nothing."""

    def __init__(self, model: kserve.Model) -> None:
        self.name: str = model.name
        self._model = model

    def load_graph(self) -> None:
        if not self._model.ready:
            self._model.load()

    def warm_up(self) -> None:
        if not self._model.ready:
            raise StartupError(f"model {self.name!r} is not ready after load()")

    def open(self, metrics: Metrics) -> Endpoint:
        model_metrics = _model_metrics(metrics, self.name, "1")
        return HookedEndpoint(self._model, "1", "kserve", model_metrics)

    def drain(self) -> None:
        """Nothing is queued here."""

    def close(self) -> None:
        self._model.stop()


class HookedEndpoint:
    """A `kserve.Model` called as KServe calls it: preprocess, predict, postprocess.

    KServe's own histograms are observed by KServe's own call.
    """

    def __init__(self, model: kserve.Model, version: str, platform: str, metrics: ModelMetrics) -> None:
        self.name: str = model.name
        self.version = version
        self.metrics = metrics
        self._platform = platform
        self._model = model

    def metadata(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": self._platform,
            "inputs": self._model.get_input_types(),
            "outputs": self._model.get_output_types(),
        }

    async def predict_v1(self, body: bytes, headers: Headers) -> bytes:
        return _dump(await in_task(self._call(payload_v2.parse_object(body), headers)))

    async def explain_v1(self, body: bytes, headers: Headers) -> bytes:
        if type(self._model).explain is kserve.Model.explain and self._model.explainer_host is None:
            raise InvalidRequest(f"model {self.name!r} has no explainer")
        return _dump(await in_task(self._call(payload_v2.parse_object(body), headers, InferenceVerb.EXPLAIN)))

    async def infer_v2(self, body: bytes, head_bytes: int | None, headers: Headers) -> tuple[bytes, int | None]:
        message, tail = payload_v2.parse(body, head_bytes)
        # preprocess may change what the model's signature would be asked for, so it is not asked yet.
        request = payload_v2.decode(message, tail, payload_v2.declared_signature(message))
        outputs, request = await in_task(self._infer(request, headers, request.timeout_seconds))
        return payload_v2.encode(outputs, request, model_name=self.name, model_version=self.version)

    async def infer_grpc(self, message: ModelInferRequest, timeout_seconds: float, headers: Headers) -> bytes:
        request = payload_grpc.decode(message, payload_grpc.declared_signature(message))
        outputs, request = await in_task(self._infer(request, headers, min(timeout_seconds, request.timeout_seconds)))
        return payload_grpc.encode(
            outputs,
            request,
            model_name=self.name,
            model_version=self.version,
            is_raw=bool(message.raw_input_contents),
        ).SerializeToString()

    async def _infer(self, request: Request, headers: Headers, timeout_seconds: float) -> tuple[Tensors, Request]:
        """Give the outputs, and the request with the names of those it gets."""
        try:
            async with asyncio.timeout(None if timeout_seconds == inf else timeout_seconds):
                response = await self._call(_to_infer_request(request, self.name), headers)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer within the request's timeout of {timeout_seconds:g} s") from None
        outputs = self._outputs(response)
        missing = [choice.name for choice in request.outputs if choice.name not in outputs]
        if missing:
            raise InvalidRequest(f"unknown output {missing[0]!r}, the model gave {sorted(outputs)}")
        choices = request.outputs or tuple(OutputChoice(name, request.is_binary) for name in outputs)
        return outputs, replace(request, outputs=choices)

    async def _call(self, payload: Any, headers: Headers, verb: InferenceVerb = InferenceVerb.PREDICT) -> Any:
        """Run user code, whose failures are the model's and not ours."""
        try:
            response, _ = await self._model(payload, headers=headers(), verb=verb)
        except ServingError:
            raise
        except InvalidInput as error:
            raise InvalidRequest(str(error.reason)) from error
        except ModelNotReady as error:
            raise NotReady(f"model {self.name!r} is not ready") from error
        except Exception as error:
            raise self._failed(error) from error
        return response

    def _outputs(self, response: Any) -> Tensors:
        """Read the answer of user code, which may be wrong in any way."""
        try:
            if isinstance(response, dict):
                response = kserve.InferResponse.from_rest(response)
            return {output.name: _as_array(output) for output in response.outputs}
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ModelFailed:
        logs.event("model_failed", level=logs.ERROR, error=error, model_name=self.name)
        return ModelFailed(f"the model failed: {type(error).__name__}")


class Server(kserve.ModelServer):  # type: ignore[misc]  # kserve ships no types
    """KServe's model server with another hot path, another run loop and another shutdown."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            http_port=settings.http_port,
            grpc_port=settings.grpc_port,
            enable_grpc=settings.enable_grpc,
            workers=1,
        )
        self.settings = settings

    def start(self, models: Sequence[kserve.Model]) -> None:
        """Serve the models until a signal; exits the process with its status."""
        for model in models:
            self.register_model(model)
        metrics = Metrics()
        metrics.adopt((PRE_HIST_TIME, PREDICT_HIST_TIME, POST_HIST_TIME, EXPLAIN_HIST_TIME))
        metrics.describe_build(
            version=VERSION,
            python=platform.python_version(),
            tensorflow=saved_model.VERSION,
            kserve=metadata.version("kserve"),
        )
        served = [model if isinstance(model, Predictor) else Foreign(model) for model in models]
        try:
            leave(uvloop.run(Process(self.settings, served, metrics).run()))
        except StartupError as error:
            sys.exit(f"ecluse: {error}")


def _model_metrics(metrics: Metrics, name: str, version: str) -> ModelMetrics:
    return ModelMetrics(
        metrics,
        name,
        version,
        preprocess=PRE_HIST_TIME.labels(name),
        predict=PREDICT_HIST_TIME.labels(name),
        postprocess=POST_HIST_TIME.labels(name),
    )


def _has_hooks(predictor: type[Predictor]) -> bool:
    hooks = ("__call__", "preprocess", "predict", "postprocess", "explain")
    return any(getattr(predictor, hook) is not getattr(Predictor, hook) for hook in hooks)


def _to_infer_request(request: Request, model_name: str) -> kserve.InferRequest:
    inputs = [
        kserve.InferInput(name, list(array.shape), _datatype(array), data=_elements(array))
        for name, array in request.tensors.items()
    ]
    return kserve.InferRequest(model_name, inputs, request_id=request.id or None)


def _from_infer_request(payload: kserve.InferRequest, signature: Signature) -> Request:
    tensors: Tensors = {}
    for entry in payload.inputs:
        spec = signature.input(entry.name)
        spec.check(entry.datatype, entry.shape)
        tensors[spec.name] = _as_array(entry)
    signature.check_complete(tensors)
    return Request(tensors, signature.rows(tensors), all_outputs(signature), id=payload.id or "")


def _to_infer_response(outputs: Tensors, model_name: str, request_id: str) -> kserve.InferResponse:
    described = [
        kserve.InferOutput(name, list(array.shape), _datatype(array), data=_elements(array))
        for name, array in outputs.items()
    ]
    return kserve.InferResponse(response_id=request_id, model_name=model_name, infer_outputs=described)


def _datatype(array: np.ndarray) -> str:
    datatype = NAMES[array.dtype]
    if datatype == "BF16":
        raise InvalidRequest("kserve's types have no BF16, so a model with code of its user's around it takes none")
    return datatype


def _elements(array: np.ndarray) -> list[Any]:
    """List the elements as KServe does: text as str, bytes that are no text as they are."""
    elements: list[Any] = array.ravel().tolist()
    if array.dtype != np.object_:
        return elements
    try:
        return [element.decode() for element in elements]
    except UnicodeDecodeError:
        return elements


def _as_array(tensor: Any) -> np.ndarray:
    """Read a tensor of KServe's, whose text elements may be str."""
    array: np.ndarray = np.asarray(tensor.as_numpy())
    if tensor.datatype == "BYTES":
        elements = [value.encode() if isinstance(value, str) else bytes(value) for value in array.ravel().tolist()]
        array = np.empty(len(elements), dtype=np.object_)
        array[:] = elements
        return array.reshape(tensor.shape)
    return array.astype(DTYPES[tensor.datatype], copy=False).reshape(tensor.shape)


def _dump(response: Any) -> bytes:
    try:
        return orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise ModelFailed(f"the model gave what JSON cannot say: {error}") from error
