"""Stand-ins for what a unit test cannot have: a model, a caller, a wire.

Small classes, passed in by hand where the real thing would be. A run takes
simulated time and no thread, so that a test can tell to the millisecond when
what happened.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from serving import model_config
from serving.call import Call
from serving.device import Run
from serving.errors import InvalidRequest
from serving.metrics import Metrics, ModelMetrics
from serving.payload_grpc import InferMessage
from serving.schedule import Trigger
from serving.signature import Tensors

# Models


def double(tensors: Tensors) -> Tensors:
    """A model that is never wrong: each output is twice its input."""
    return {name: tensor * 2 for name, tensor in tensors.items()}


class Poisonable:
    """Refuses a batch that holds a number below zero, as a graph does with input it cannot take."""

    def __call__(self, tensors: Tensors) -> Tensors:
        for name, tensor in tensors.items():
            if (tensor < 0).any():
                raise InvalidRequest(f"the model refused the input: {name!r} is negative")
        return double(tensors)


class OutOfMemory:
    """Cannot hold more than so many rows."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows

    def __call__(self, tensors: Tensors) -> Tensors:
        rows = next(iter(tensors.values())).shape[0]
        if rows > self._max_rows:
            raise MemoryError(f"{rows} rows need more than there is")
        return double(tensors)


class Broken:
    """Fails whatever it is given."""

    def __call__(self, tensors: Tensors) -> Tensors:
        raise OSError("the disk is on fire")


class Miscounting:
    """Loses the last row of every batch of more than `bearable_rows`."""

    def __init__(self, bearable_rows: int = 0) -> None:
        self._bearable_rows = bearable_rows

    def __call__(self, tensors: Tensors) -> Tensors:
        return {
            name: tensor[:-1] if tensor.shape[0] > self._bearable_rows else tensor * 2
            for name, tensor in tensors.items()
        }


class SimulatedLane:
    """Runs one batch at a time, each for `seconds` of the event loop's time; zero is at once."""

    def __init__(self, run: Run = double, seconds: float = 0.0) -> None:
        self._run = run
        self._seconds = seconds
        self.batches: list[Tensors] = []
        """What was run, padding included, in order."""

    @property
    def bucket_sizes(self) -> list[int]:
        return [next(iter(batch.values())).shape[0] for batch in self.batches]

    def start(self, tensors: Tensors, bucket: int) -> Tensors | asyncio.Future[Tensors]:
        self.batches.append(tensors)
        if not self._seconds:
            return self._run(tensors)
        return asyncio.ensure_future(self._run_slowly(tensors))

    async def _run_slowly(self, tensors: Tensors) -> Tensors:
        await asyncio.sleep(self._seconds)
        return self._run(tensors)


# Observers


@dataclass(frozen=True)
class Left:
    """A batch that left the queue."""

    rows: int
    padding_rows: int
    requests: int
    trigger: Trigger


@dataclass
class RecordingObserver:
    """Remembers what it was told."""

    left: list[Left] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    run_seconds: list[float] = field(default_factory=list)

    def batch_left(self, *, rows: int, padding_rows: int, waits: Sequence[float], trigger: Trigger) -> None:
        self.left.append(Left(rows, padding_rows, len(waits), trigger))
        self.waits.extend(waits)

    def batch_ran(self, *, rows: int, has_answer: bool, assemble_seconds: float, run_seconds: float) -> None:
        self.run_seconds.append(run_seconds)


class Tally:
    """A histogram's child that keeps what it observed."""

    def __init__(self) -> None:
        self.observed: list[float] = []

    def observe(self, amount: float) -> None:
        self.observed.append(amount)


def model_metrics(metrics: Metrics, name: str = "mnist", version: str = "1") -> ModelMetrics:
    return ModelMetrics(metrics, name, version, preprocess=Tally(), predict=Tally(), postprocess=Tally())


# REST


class ScriptedEndpoint:
    """Answers every request alike: with bytes, or by raising; remembers what it was asked."""

    def __init__(
        self,
        metrics: Metrics,
        answer: bytes | BaseException = b"{}",
        *,
        name: str = "mnist",
        version: str = "1",
        head_bytes: int | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.name = name
        self.version = version
        self.metrics = model_metrics(metrics, name, version)
        self.asked: list[tuple[str, bytes]] = []
        """The call and the body of each request, in order."""
        self.head_bytes_asked: list[int | None] = []
        self.headers_asked: list[dict[str, str]] = []
        self._answer = answer
        self._head_bytes = head_bytes
        self._seconds = seconds

    def metadata(self) -> dict[str, Any]:
        return {"name": self.name, "versions": [self.version], "platform": "none", "inputs": [], "outputs": []}

    def config(self) -> dict[str, Any]:
        return model_config.describe_metadata(self.metadata())

    async def predict_v1(self, body: bytes, call: Call) -> bytes:
        return await self._respond("predict", body, call)

    async def explain_v1(self, body: bytes, call: Call) -> bytes:
        return await self._respond("explain", body, call)

    async def infer_v2(self, body: bytes, head_bytes: int | None, call: Call) -> tuple[bytes, int | None]:
        self.head_bytes_asked.append(head_bytes)
        return await self._respond("infer", body, call), self._head_bytes

    async def infer_grpc(self, message: InferMessage, call: Call) -> bytes:
        return await self._respond("grpc", message.head.SerializeToString(), call)

    async def _respond(self, action: str, body: bytes, call: Call) -> bytes:
        self.asked.append((action, body))
        self.headers_asked.append(call.headers)
        if self._seconds:
            await asyncio.sleep(self._seconds)
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@dataclass
class Answered:
    """What a caller got back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


# Numbers


def rows(*values: float, width: int = 1) -> np.ndarray:
    """One row for each value, filled with it."""
    return np.repeat(np.array(values, dtype=np.float32)[:, np.newaxis], width, axis=1)
