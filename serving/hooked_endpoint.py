"""A model with code of its user's around it, called as KServe calls it.

Speaks KServe's types to the code and ours to the wire. Promises that whatever
the code raises or gives is an answer with a status that fits.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import inf
from time import perf_counter
from typing import Any, TypeVar

import kserve
import orjson
from kserve.errors import InvalidInput, ModelNotReady
from kserve.model import InferenceVerb

from serving import logs, model_config, payload_grpc, payload_v2
from serving.answer_headers import passed_on
from serving.call import Call
from serving.classification import TopClasses
from serving.errors import (
    DeadlineExceeded,
    Draining,
    InvalidRequest,
    ModelFailed,
    NotReady,
    ServingError,
    Unimplemented,
)
from serving.kserve_tensors import as_array, to_infer_request
from serving.metrics import ModelMetrics
from serving.payload_grpc import InferMessage
from serving.request import OutputChoice, Request
from serving.signature import Tensors
from serving.steps import in_task
from serving.timeout import Timeout

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hooked:
    """Which version is behind the code."""

    name: str
    version: str
    platform: str
    about: Callable[[], AbstractContextManager[None]]
    """Entered around the code, so that what it asks of the model reaches this version."""
    labels: tuple[str, ...] = ()
    """What the classes of its outputs are called."""


class HookedEndpoint:
    """A `kserve.Model` called as KServe calls it: preprocess, predict, postprocess.

    KServe's own histograms are observed by KServe's own call.
    """

    def __init__(self, model: kserve.Model, hooked: Hooked, metrics: ModelMetrics) -> None:
        self.name = hooked.name
        self.version = hooked.version
        self.metrics = metrics
        self._hooked = hooked
        self._model = model
        self._calls: set[asyncio.Task[Any] | None] = set()
        self._is_closed = False

    def metadata(self) -> dict[str, Any]:
        with self._hooked.about():
            return {
                "name": self.name,
                "versions": [self.version],
                "platform": self._hooked.platform,
                "inputs": self._model.get_input_types(),
                "outputs": self._model.get_output_types(),
            }

    def config(self) -> dict[str, Any]:
        return model_config.describe_metadata(self.metadata())

    async def predict_v1(self, body: bytes, call: Call) -> bytes:
        began = perf_counter()
        payload = payload_v2.parse_object(body)
        self._decoded(_count_instances(payload), began, call)
        answer = await in_task(self._within(self._call(payload, call), call.timeout))
        began = perf_counter()
        return self._encoded(_dump(answer), began, call)

    async def explain_v1(self, body: bytes, call: Call) -> bytes:
        if type(self._model).explain is kserve.Model.explain and self._model.explainer_host is None:
            raise InvalidRequest(f"model {self.name!r} has no explainer")
        payload = payload_v2.parse_object(body)
        return _dump(await in_task(self._within(self._call(payload, call, InferenceVerb.EXPLAIN), call.timeout)))

    async def infer_v2(self, body: bytes, head_bytes: int | None, call: Call) -> tuple[bytes, int | None]:
        if head_bytes == 0:
            raise InvalidRequest(
                f"model {self.name!r} has code around it that needs JSON, so it takes no raw binary request"
            )
        began = perf_counter()
        message, tail = payload_v2.parse(body, head_bytes)
        try:
            # preprocess may change what the model's signature would be asked for, so it is not asked yet.
            request = payload_v2.decode(message, tail, payload_v2.declared_signature(message))
            self._decoded(request.rows, began, call)
            outputs, request = await in_task(self._infer(request, call))
            began = perf_counter()
            answer = payload_v2.encode(outputs, request, model_name=self.name, model_version=self.version)
            return self._encoded(answer, began, call)
        except ServingError as error:
            error.request_id = payload_v2.readable_id(message)
            raise

    async def infer_grpc(self, message: InferMessage, call: Call) -> bytes:
        began = perf_counter()
        request = payload_grpc.decode(message, payload_grpc.declared_signature(message.head))
        self._decoded(request.rows, began, call)
        outputs, request = await in_task(self._infer(request, call))
        began = perf_counter()
        answer = payload_grpc.encode(
            outputs, request, model_name=self.name, model_version=self.version, is_raw=bool(message.raw)
        )
        return self._encoded(answer, began, call)

    def close(self) -> None:
        """Refuse whatever still runs: nobody is left hanging."""
        self._is_closed = True
        for running in filter(None, list(self._calls)):
            running.cancel()

    def _decoded(self, rows: int, began: float, call: Call) -> None:
        ended = perf_counter()
        self.metrics.decoded_around_code(rows, ended - began)
        _mark(call, "decode", began, ended)

    def _encoded(self, answer: T, began: float, call: Call) -> T:
        ended = perf_counter()
        self.metrics.encoded_around_code(ended - began)
        _mark(call, "encode", began, ended)
        return answer

    async def _infer(self, request: Request, call: Call) -> tuple[Tensors, Request]:
        """Give the outputs, and the request with the names of those it gets."""
        timeout = min(call.timeout, Timeout.of(request.timeout_seconds))
        response = await self._within(self._call(to_infer_request(request, self.name), call), timeout)
        outputs = self._outputs(response)
        missing = [choice.name for choice in request.outputs if choice.name not in outputs]
        if missing:
            raise InvalidRequest(f"unknown output {missing[0]!r}, the model gave {sorted(outputs)}")
        choices = request.outputs or tuple(OutputChoice(name, request.is_binary) for name in outputs)
        choices = tuple([self._by_row(choice, request.tensors) if choice.top else choice for choice in choices])
        return outputs, replace(request, outputs=choices)

    def _by_row(self, choice: OutputChoice, tensors: Tensors) -> OutputChoice:
        """Say of an output whose classes are wanted how many rows it has: as many as every input, where they agree."""
        sizes = {array.shape[:1] for array in tensors.values()}
        (rows,) = next(iter(sizes)) if len(sizes) == 1 and () not in sizes else (None,)
        count = choice.top.count if choice.top is not None else 0
        return replace(choice, top=TopClasses(count, self._hooked.labels, rows))

    async def _within(self, work: Coroutine[Any, Any, Any], allowed: Timeout) -> Any:
        """Await user code until its deadline, or until this endpoint is closed; runs in a task of its own."""
        task = asyncio.current_task()
        self._calls.add(task)
        try:
            async with asyncio.timeout(None if allowed.left_seconds == inf else allowed.left_seconds):
                return await work
        except TimeoutError:
            raise DeadlineExceeded(f"no answer within {allowed}") from None
        except asyncio.CancelledError:
            if not self._is_closed:
                raise
            raise Draining("the server stopped before the request was answered") from None
        finally:
            self._calls.discard(task)

    async def _call(self, payload: Any, call: Call, verb: InferenceVerb = InferenceVerb.PREDICT) -> Any:
        """Run user code, whose failures are the model's and not ours."""
        began = perf_counter()
        try:
            with self._hooked.about():
                response, answer_headers = await self._model(payload, headers=call.headers, verb=verb)
        except ServingError:
            raise
        except InvalidInput as error:
            raise InvalidRequest(str(error.reason)) from error
        except ModelNotReady as error:
            raise NotReady(f"model {self.name!r} is not ready") from error
        except NotImplementedError as error:
            raise Unimplemented(f"model {self.name!r} does not {verb.name.lower()} this: {error}") from error
        except Exception as error:
            raise self._failed(error) from error
        ended = perf_counter()
        self.metrics.code_ran(ended - began)
        _mark(call, "user_code", began, ended)
        if answer_headers:
            call.answer_headers = (call.answer_headers or {}) | passed_on(answer_headers)
        return response

    def _outputs(self, response: Any) -> Tensors:
        """Read the answer of user code, which may be wrong in any way."""
        try:
            if isinstance(response, dict):
                response = kserve.InferResponse.from_rest(response)
            return {output.name: as_array(output) for output in response.outputs}
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ModelFailed:
        logs.event("model_failed", level=logs.ERROR, error=error, model_name=self.name)
        return ModelFailed(f"the model failed: {type(error).__name__}")


def _mark(call: Call, stage: str, began: float, ended: float) -> None:
    if call.trace is not None:
        call.trace.mark(stage, began, ended)


def _count_instances(payload: dict[str, Any]) -> int:
    """Count rows as V1 writes them; what the code makes of the body is its own affair."""
    instances = payload.get("instances")
    return len(instances) if isinstance(instances, list) else 1


def _dump(response: Any) -> bytes:
    try:
        return orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise ModelFailed(f"the model gave what JSON cannot say: {error}") from error
