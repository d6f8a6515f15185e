"""The rival: the custom predictor of KServe's documentation, around a SavedModel.

Written as a KServe user who knows both libraries would write it: `predict` is a
coroutine, tensors pass as arrays and never as lists, and outputs are set in the
way that answers JSON, binary and gRPC alike. Server, event loop, logging and
limits are KServe's defaults; there is no batching because KServe's server has
none. Started by `servers.py`; imported by nothing.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.utils.numpy_codec import from_np_dtype
from kserve.utils.utils import generate_uuid

from loadtests.bench.model_folder import newest_version


class SavedModelPredictor(Model):  # type: ignore[misc]  # kserve has no types
    """Answers V2 requests with the outputs of a SavedModel's `serving_default`."""

    def __init__(self, name: str, model_dir: Path) -> None:
        super().__init__(name)
        self._model_dir = model_dir
        self.load()

    def load(self) -> bool:
        # The signature does not keep the object it came from alive.
        self._loaded = tf.saved_model.load(str(newest_version(self._model_dir)))
        self._signature = self._loaded.signatures["serving_default"]
        self.ready = True
        return True

    def get_input_types(self) -> list[dict[str, Any]]:
        return [describe(name, spec) for name, spec in self._signature.structured_input_signature[1].items()]

    def get_output_types(self) -> list[dict[str, Any]]:
        return [describe(name, spec) for name, spec in self._signature.structured_outputs.items()]

    async def predict(
        self,
        payload: InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> InferResponse:
        inputs = {each.name: tf.constant(each.as_numpy()) for each in payload.inputs}
        outputs = []
        for name, tensor in self._signature(**inputs).items():
            array = tensor.numpy()
            output = InferOutput(name=name, shape=list(array.shape), datatype=from_np_dtype(array.dtype))
            output.set_data_from_numpy(array, binary_data=True)
            outputs.append(output)
        return InferResponse(
            response_id=payload.id or generate_uuid(),
            model_name=self.name,
            infer_outputs=outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )


def describe(name: str, spec: Any) -> dict[str, Any]:
    """Describe a tensor in the words of V2's metadata."""
    shape = [-1 if size is None else size for size in spec.shape.as_list()]
    return {"name": name, "datatype": from_np_dtype(np.dtype(spec.dtype.as_numpy_dtype)), "shape": shape}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--model_dir", type=Path, required=True)
    arguments = parser.parse_args()
    ModelServer().start([SavedModelPredictor(arguments.model_name, arguments.model_dir)])
