"""What a user of KServe would write: `python -m tests.contract.serve_users_models --model_dir ZOO`.

A predictor of ours with hooks of its user's, and plain `kserve.Model`s that know
nothing of us, served by one process. GATE in the environment names a file that
the last of them waits for while it loads.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kserve
from kserve.errors import InvalidInput, ModelNotReady

from serving import errors, logs
from serving.options import load
from serving.predictor import Predictor, Server

Headers = dict[str, str]


class Shifted(Predictor):
    """Adds one to what comes in, and doubles what goes out."""

    async def preprocess(self, payload: Any, headers: Headers | None = None) -> Any:
        if isinstance(payload, dict):
            return {"instances": [[value + 1 for value in row] for row in payload["instances"]]}
        for tensor in payload.inputs:
            tensor.set_data_from_numpy(tensor.as_numpy() + 1, binary_data=False)
        return payload

    async def postprocess(
        self, result: Any, headers: Headers | None = None, response_headers: Headers | None = None
    ) -> Any:
        if isinstance(result, dict):
            return {"predictions": [[value * 2 for value in row] for row in result["predictions"]]}
        for output in result.outputs:
            output.set_data_from_numpy(output.as_numpy() * 2, binary_data=False)
        return result


class Renamed(Predictor):
    """Takes an input that its graph does not know."""

    def preprocess(self, payload: Any, headers: Headers | None = None) -> Any:
        if isinstance(payload, dict):
            return {"inputs": {"x": payload["inputs"]["numbers"]}}
        (numbers,) = payload.inputs
        x = kserve.InferInput("x", numbers.shape, numbers.datatype, data=numbers.data)
        return kserve.InferRequest(payload.model_name, [x], request_id=payload.id)


class Versioned(Predictor):
    """Says which version answered, and in a header who is to thank."""

    def load(self) -> bool:
        Path(os.environ["GATE"]).with_name("loads").open("a").write("a load\n")
        return bool(super().load())

    def postprocess(self, result: Any, headers: Headers | None = None, response_headers: Headers | None = None) -> Any:
        if response_headers is not None:
            response_headers["X-Thanks"] = "to all"
            response_headers["Content-Length"] = "1000000"
        return result


class Endless(kserve.Model):  # type: ignore[misc]
    """Never answers."""

    async def predict(
        self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None
    ) -> Any:
        await asyncio.Event().wait()


class Asynchronous(kserve.Model):  # type: ignore[misc]  # kserve ships no types
    """Answers with KServe's own types, from a coroutine."""

    async def predict(
        self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None
    ) -> Any:
        await asyncio.sleep(0)
        if isinstance(payload, dict):
            return {"predictions": [sum(row) for row in payload["instances"]]}
        total = payload.inputs[0].as_numpy().sum(axis=1)
        output = kserve.InferOutput("total", list(total.shape), "FP32", data=total.tolist())
        return kserve.InferResponse(payload.id, self.name, [output])

    async def explain(self, payload: Any, headers: Headers | None = None) -> Any:
        return {"explanations": [f"it is the sum of {row}" for row in payload["instances"]]}

    def get_input_types(self) -> list[dict[str, Any]]:
        return [{"name": "x", "datatype": "FP32", "shape": [-1, -1]}]


class Synchronous(kserve.Model):  # type: ignore[misc]
    """Answers with dicts, from a plain function; knows its caller's headers."""

    def predict(self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None) -> Any:
        if isinstance(payload, dict):
            return {"predictions": [(headers or {}).get("x-tenant")]}
        words = payload.inputs[0].as_numpy().ravel().tolist()
        backwards = [str(word)[::-1] for word in words]
        return {
            "id": payload.id,
            "model_name": self.name,
            "outputs": [{"name": "word", "shape": [len(backwards)], "datatype": "BYTES", "data": backwards}],
        }


class Raising(kserve.Model):  # type: ignore[misc]
    """Raises what the header `raise` names."""

    async def predict(
        self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None
    ) -> Any:
        raise RAISED[(headers or {})["raise"]]


class Nonsense(kserve.Model):  # type: ignore[misc]
    """Answers what is no answer."""

    def predict(self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None) -> Any:
        return NONSENSE[(headers or {})["answer"]]


class Gated(kserve.Model):  # type: ignore[misc]
    """Loads for as long as its gate is shut."""

    def load(self) -> bool:
        gate = Path(os.environ["GATE"])
        while not gate.exists():
            time.sleep(0.01)
        self.ready = True
        return True

    def predict(self, payload: Any, headers: Headers | None = None, response_headers: Headers | None = None) -> Any:
        return {"predictions": ["open"]}


def leaves(error: type[errors.ServingError]) -> Iterator[type[errors.ServingError]]:
    below = error.__subclasses__()
    if "reason" in vars(error):
        yield error
    for each in below:
        yield from leaves(each)


def example(error: type[errors.ServingError]) -> errors.ServingError:
    if issubclass(error, errors.WrongMethod):
        return error("GET", "/there", allowed="POST")
    return error(f"a sentence about {error.__name__}")


RAISED: dict[str, Exception] = {
    **{error.__name__: example(error) for error in leaves(errors.ServingError)},
    "ValueError": ValueError("a secret of the model's"),
    "NotImplementedError": NotImplementedError("only digits"),
    "InvalidInput": InvalidInput("a sentence of KServe's"),
    "ModelNotReady": ModelNotReady("raising"),
}

NONSENSE: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "another protocol": {"predictions": [1]},
    "an unknown datatype": {"outputs": [{"name": "y", "shape": [1], "datatype": "FLOAT", "data": [1]}]},
    "a wrong shape": {"outputs": [{"name": "y", "shape": [2, 2], "datatype": "FP32", "data": [1]}]},
    "what json cannot say": {"outputs": [{"name": "y", "shape": [1], "datatype": "FP32", "data": [object()]}]},
}


def main() -> None:
    settings = load(sys.argv[1:])
    logs.configure()
    dense = settings.model_copy(update={"model_dir": settings.model_dir / "dense"})
    Server(settings).start(
        [
            Shifted(dense.model_copy(update={"model_name": "shifted"})),
            Renamed(dense.model_copy(update={"model_name": "renamed"})),
            Versioned(
                settings.model_copy(update={"model_name": "versioned", "model_dir": settings.model_dir / "versions"}),
                return_response_headers=True,
            ),
            Endless("endless"),
            Asynchronous("asynchronous"),
            Synchronous("synchronous"),
            Raising("raising"),
            Nonsense("nonsense"),
            Gated("gated"),
        ]
    )


if __name__ == "__main__":
    main()
