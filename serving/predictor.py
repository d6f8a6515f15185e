"""The custom KServe predictor, and KServe's model server around our own.

`Predictor` is a `kserve.Model` and keeps its contract: load, preprocess,
predict, postprocess. `Server` is a `kserve.ModelServer` that takes any
`kserve.Model`. A predictor whose hooks are KServe's own is served directly; one
with hooks of its user's goes through `HookedEndpoint`, which speaks KServe's types.
"""

import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import kserve
import orjson
import uvloop
from kserve.metrics import EXPLAIN_HIST_TIME, POST_HIST_TIME, PRE_HIST_TIME, PREDICT_HIST_TIME

from serving import VERSION, payload_v1, saved_model
from serving.batched_model import BatchedModel
from serving.device import Device
from serving.endpoint import PLATFORM, DirectEndpoint, Endpoint
from serving.errors import ModelFailed, NotReady, StartupError
from serving.hooked_endpoint import HookedEndpoint
from serving.kserve_tensors import from_infer_request, to_infer_response
from serving.metrics import Metrics, ModelMetrics
from serving.process import Process, leave
from serving.settings import Settings


class Predictor(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """A SavedModel as a KServe model, whose requests are batched."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.model_name)
        self._device = Device(settings.device.lanes)
        self._model = BatchedModel(settings.model_name, settings, self._device)
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
            request = from_infer_request(payload, signature)
            return to_infer_response(await self._direct.run(request), self.name, request.id)
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
        self._device.close()


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
        for histogram in (PRE_HIST_TIME, PREDICT_HIST_TIME, POST_HIST_TIME, EXPLAIN_HIST_TIME):
            metrics.share(histogram)
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
        preprocess=metrics.share(PRE_HIST_TIME).labels(model_name=name),
        predict=metrics.share(PREDICT_HIST_TIME).labels(model_name=name),
        postprocess=metrics.share(POST_HIST_TIME).labels(model_name=name),
    )


def _has_hooks(predictor: type[Predictor]) -> bool:
    hooks = ("__call__", "preprocess", "predict", "postprocess", "explain")
    return any(getattr(predictor, hook) is not getattr(Predictor, hook) for hook in hooks)
