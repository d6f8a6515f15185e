"""The custom KServe predictor, and KServe's model server around our own.

`Predictor` is a `kserve.Model` and keeps its contract: load, preprocess,
predict, postprocess. `Server` is a `kserve.ModelServer` that takes any
`kserve.Model`. A predictor whose hooks are KServe's own is served directly; one
with hooks of its user's goes through `HookedEndpoint`, which speaks KServe's types.
"""

import platform
import sys
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import kserve
import orjson
import uvloop
from kserve.metrics import EXPLAIN_HIST_TIME, POST_HIST_TIME, PRE_HIST_TIME, PREDICT_HIST_TIME

from serving import VERSION, payload_v1, saved_model
from serving.batched_model import BatchedModel
from serving.device import Device
from serving.endpoint import PLATFORM, DirectEndpoint, Endpoint
from serving.errors import ModelFailed, NotReady, StartupError
from serving.hooked_endpoint import Hooked, HookedEndpoint
from serving.kserve_tensors import from_infer_request, to_infer_response
from serving.metrics import Metrics, ModelMetrics
from serving.model_folder import ModelVersion, find_versions
from serving.observation import Monitor
from serving.prediction_ids import PredictionIds, prediction_ids_of
from serving.process import Process, leave
from serving.repository import ModelsFolder
from serving.settings import Settings
from serving.versions import by_number

SERVING: ContextVar[DirectEndpoint] = ContextVar("serving")
"""The version that a call of a user's code is about: one predictor stands for all of its versions."""


class Predictor(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """A SavedModel as a KServe model, whose requests are batched; its versions are served side by side."""

    def __init__(self, settings: Settings, *, return_response_headers: bool = False) -> None:
        super().__init__(settings.model_name, return_response_headers)
        self.settings = settings
        self.folder = settings.model_dir
        self.device: Device | None = None
        """Where its batches run: the server's, which all models share."""
        self.monitor: Monitor | None = None
        """What looks at its rows: the server's as well."""
        self.ids: PredictionIds | None = None
        """What gives its answers ids, where late labels are taken; the server's too."""
        # Weak: a version is given up once nobody has its endpoint in hand.
        self._open: WeakValueDictionary[str, DirectEndpoint] = WeakValueDictionary()
        self._loading: PredictorVersion | None = None
        self._loaded_early: PredictorVersion | None = None

    # KServe's contract

    def load(self) -> bool:
        """Read and warm up the version being loaded; called by hand, the newest in the folder."""
        version = self._loading
        if version is None:
            version = self._loaded_early = PredictorVersion(self, find_versions(self.folder)[-1])
        version.read()
        self.ready = True
        return True

    async def predict(
        self,
        payload: Any,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - KServe's signature
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> Any:
        """Take what KServe's `preprocess` gives: a dict (V1) or an InferRequest (V2)."""
        direct = self._direct()
        if direct is None:
            raise NotReady(f"model {self.name!r} is not loaded")
        signature = direct.signature
        if isinstance(payload, dict):
            asked = payload_v1.decode(payload, signature)
            return orjson.loads(payload_v1.encode(await direct.run(asked.request), asked, signature))
        if isinstance(payload, kserve.InferRequest):
            request = from_infer_request(payload, signature)
            return to_infer_response(await direct.run(request), self.name, request.id)
        raise ModelFailed(f"preprocess gave a {type(payload).__name__}, expected a dict or an InferRequest")

    def get_input_types(self) -> list[dict[str, Any]]:
        direct = self._direct()
        return list(direct.metadata()["inputs"]) if direct else []

    def get_output_types(self) -> list[dict[str, Any]]:
        direct = self._direct()
        return list(direct.metadata()["outputs"]) if direct else []

    # The repository's contract

    def version(self, found: ModelVersion) -> "PredictorVersion":
        early, self._loaded_early = self._loaded_early, None
        return early if early is not None and early.found == found else PredictorVersion(self, found)

    def load_version(self, version: "PredictorVersion") -> None:
        """Run `load`, which may be a user's own, for this version."""
        self._loading = version
        try:
            self.load()
        finally:
            self._loading = None

    def opened(self, direct: DirectEndpoint) -> None:
        self._open[direct.version] = direct

    def closed(self) -> None:
        self.ready = bool(self._open)

    def _direct(self) -> DirectEndpoint | None:
        """The version this call is about, or the newest there is."""
        return SERVING.get(None) or (self._open.get(max(self._open, key=by_number)) if self._open else None)


class PredictorVersion:
    """One version of a predictor's model, on its way to an endpoint."""

    def __init__(self, predictor: Predictor, found: ModelVersion) -> None:
        self.found = found
        self._predictor = predictor
        self._model = BatchedModel(predictor.name, found, predictor.settings)
        self._is_read = self._is_warm = False
        self._hooked: weakref.ref[HookedEndpoint] | None = None

    def load_graph(self) -> None:
        if self._is_read:
            return
        if type(self._predictor).load is not Predictor.load:
            self._predictor.load_version(self)
        if not self._is_read:
            self._model.load_graph()
            self._is_read = True

    def warm_up(self) -> None:
        if not self._is_warm:
            self._model.warm_up()
            self._is_warm = True
        self._predictor.ready = True

    def read(self) -> None:
        """Load and warm up at once, as KServe's `load` promises."""
        self._model.load_graph()
        self._is_read = True
        self._model.warm_up()
        self._is_warm = True

    def open(self, metrics: Metrics) -> Endpoint:
        model_metrics = _model_metrics(metrics, self._predictor.name, self.found.version)
        direct = self._model.open(model_metrics, self._predictor.device or Device(), self._predictor.monitor)
        self._predictor.opened(direct)
        if not _has_hooks(type(self._predictor)):
            # Code around the model may change rows and classes: an id would say what its caller was never told.
            if self._predictor.ids is not None:
                rows = self._model.rows
                direct.ids = self._predictor.ids.issuer(
                    self._predictor.name, self.found.version, rows.classifier, rows.calibration
                )
            return direct
        version = Hooked(
            self._predictor.name, self.found.version, PLATFORM, partial(_about, direct), direct.signature.labels
        )
        hooked = HookedEndpoint(self._predictor, version, model_metrics)
        self._hooked = weakref.ref(hooked)
        return hooked

    @property
    def is_idle(self) -> bool:
        return self._model.is_idle

    def drain(self) -> None:
        self._model.drain()

    def close(self) -> None:
        self._model.close()
        hooked = self._hooked() if self._hooked is not None else None
        if hooked is not None:
            hooked.close()
        self._predictor.closed()


class Foreign:
    """Any other `kserve.Model`: it loads itself, has one version and batches nothing."""

    folder: Path | None = None

    def __init__(self, model: kserve.Model) -> None:
        self.name: str = model.name
        self._model = model
        self._endpoint: weakref.ref[HookedEndpoint] | None = None

    def version(self, found: ModelVersion) -> "Foreign":  # noqa: ARG002 - it has but one
        return Foreign(self._model)

    def load_graph(self) -> None:
        if not self._model.ready:
            self._model.load()

    def warm_up(self) -> None:
        if not self._model.ready:
            raise StartupError(f"model {self.name!r} is not ready after load()")

    def open(self, metrics: Metrics) -> Endpoint:
        version = Hooked(self.name, "1", "kserve", nullcontext)
        metrics.describe_model(self.name, "1", signature="", baseline="")
        endpoint = HookedEndpoint(self._model, version, _model_metrics(metrics, self.name, "1"))
        self._endpoint = weakref.ref(endpoint)
        return endpoint

    @property
    def is_idle(self) -> bool:
        return True  # nothing is queued, and its calls hold the endpoint

    def drain(self) -> None:
        """Nothing is queued here."""

    def close(self) -> None:
        endpoint = self._endpoint() if self._endpoint is not None else None
        if endpoint is not None:
            endpoint.close()
        self._model.stop()
        self._model.ready = False


@contextmanager
def _about(direct: DirectEndpoint) -> Iterator[None]:
    """Whatever asks the predictor inside asks this version."""
    token = SERVING.set(direct)
    try:
        yield
    finally:
        SERVING.reset(token)


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
        """Serve the models until a signal, and those of `models_dir` where it is set; exits with the status."""
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
        device = Device(self.settings.device.lanes)
        wanted = self.settings.monitor
        busy_seconds = metrics["ecluse_monitor_busy_seconds_total"].labels()
        monitor = Monitor(busy_seconds, most_bytes=wanted.queue_bytes) if wanted.enabled else None
        try:
            ids = prediction_ids_of(self.settings, metrics)
            on = partial(_on, device, monitor, ids)
            sources = [on(model) if isinstance(model, Predictor) else Foreign(model) for model in models]
            folder = self.settings.models_dir
            models_folder = (
                ModelsFolder(folder, lambda name: on(self._predictor(folder, name))) if folder is not None else None
            )
            leave(uvloop.run(Process(self.settings, sources, models_folder, metrics, device, monitor, ids).run()))
        except StartupError as error:
            sys.exit(f"ecluse: {error}")

    def _predictor(self, folder: Path, name: str) -> Predictor:
        return Predictor(self.settings.model_copy(update={"model_name": name, "model_dir": folder / name}))


def _model_metrics(metrics: Metrics, name: str, version: str) -> ModelMetrics:
    return ModelMetrics(
        metrics,
        name,
        version,
        preprocess=metrics.share(PRE_HIST_TIME).labels(model_name=name),
        predict=metrics.share(PREDICT_HIST_TIME).labels(model_name=name),
        postprocess=metrics.share(POST_HIST_TIME).labels(model_name=name),
    )


def _on(device: Device, monitor: Monitor | None, ids: PredictionIds | None, predictor: Predictor) -> Predictor:
    """Give a predictor what it shares with the others."""
    predictor.device = device
    predictor.monitor = monitor
    predictor.ids = ids
    return predictor


def _has_hooks(predictor: type[Predictor]) -> bool:
    hooks = ("__call__", "preprocess", "predict", "postprocess", "explain")
    return any(getattr(predictor, hook) is not getattr(Predictor, hook) for hook in hooks)
