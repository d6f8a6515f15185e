"""What a model of the reference's form answers: rows of pixels in, labels out, right or wrong as asked.

Labels are looked up by the picture, so that an answer costs next to nothing. A
picture that is not known gets the label of its sum, which is the same each time.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.oip_pb2 import ModelInferRequest, ModelInferResponse

Pixels = NDArray[np.uint8]
MODEL = "mnist"
METADATA: Mapping[str, Any] = {
    "name": MODEL,
    "versions": ["1"],
    "platform": "tensorflow_savedmodel",
    "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]}],
    "outputs": [
        {"name": "digit", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
    ],
}
PIXELS = 784
GARBAGE = b'{"model_name":"mnist","outputs":[{"name":"digit","sha'


class Answers:
    """Answers requests of one protocol each; `wrong` is what faults call `how`."""

    def __init__(self, labels: Mapping[bytes, int]) -> None:
        self._labels = labels

    def v1(self, body: bytes, wrong: str) -> bytes:
        rows = _pixels(orjson.loads(body)["instances"])
        digits, probabilities = self._outputs(rows, wrong)
        if wrong == "garbage":
            return GARBAGE
        key = "number" if wrong == "name" else "digit"
        predictions = [
            {key: int(digit), "probabilities": row.tolist()} for digit, row in zip(digits, probabilities, strict=True)
        ]
        return json.dumps({"predictions": predictions}).encode()

    def v2(self, body: bytes, head_bytes: int | None, version: str, wrong: str) -> tuple[bytes, int | None]:
        """Give the answer, and how long its JSON is where tensors follow it."""
        message = orjson.loads(body[:head_bytes] if head_bytes is not None else body)
        data = message["inputs"][0].get("data")
        rows = _pixels(data) if data is not None else _pixels(np.frombuffer(body[head_bytes:], np.uint8))
        digits, probabilities = self._outputs(rows, wrong)
        if wrong == "garbage":
            return GARBAGE, None
        answer: dict[str, Any] = {"model_name": MODEL, "model_version": version, "outputs": []}
        if "id" in message:
            answer["id"] = "of-another" if wrong == "id" else message["id"]
        wants_binary = bool(message.get("parameters", {}).get("binary_data_output"))
        chosen = {each["name"]: each.get("parameters", {}) for each in message.get("outputs", [])}
        tail = b""
        for tensor, values in (("digit", digits), ("probabilities", probabilities)):
            if chosen and tensor not in chosen:
                continue
            output: dict[str, Any] = {
                "name": f"no_{tensor}" if wrong == "name" else tensor,
                "shape": list(values.shape),
                "datatype": "INT64" if tensor == "digit" else "FP32",
            }
            if chosen.get(tensor, {}).get("binary_data", wants_binary):
                raw = values.tobytes()
                output["parameters"] = {"binary_data_size": len(raw)}
                tail += raw
            else:
                output["data"] = values.ravel().tolist()
            answer["outputs"].append(output)
        # json and not orjson, which writes NaN as null.
        head = json.dumps(answer).encode()
        return head + tail, len(head) if tail else None

    def grpc(self, request: ModelInferRequest, version: str, wrong: str) -> bytes:
        if wrong == "garbage":
            return GARBAGE
        raw = request.raw_input_contents
        rows = _pixels(np.frombuffer(raw[0], np.uint8) if raw else request.inputs[0].contents.uint_contents)
        digits, probabilities = self._outputs(rows, wrong)
        answer = ModelInferResponse(model_name=MODEL, model_version=version, id=request.id)
        if wrong == "id":
            answer.id = "of-another"
        for name, values in (("digit", digits), ("probabilities", probabilities)):
            output = answer.outputs.add(
                name=f"no_{name}" if wrong == "name" else name,
                datatype="INT64" if name == "digit" else "FP32",
                shape=values.shape,
            )
            if raw:
                answer.raw_output_contents.append(values.tobytes())
            elif name == "digit":
                output.contents.int64_contents.extend(values.tolist())
            else:
                output.contents.fp32_contents.extend(values.ravel().tolist())
        return answer.SerializeToString()

    def _outputs(self, rows: Pixels, wrong: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        labels = [self._label(row.tobytes()) for row in rows]
        if wrong == "label":
            labels = [(label + 1) % 10 for label in labels]
        elif wrong == "rows":
            labels.append(labels[-1])
        digits = np.array(labels, np.int64)
        probabilities = np.full((len(labels), 9 if wrong == "shape" else 10), 0.01, np.float32)
        probabilities[np.arange(len(labels)), np.minimum(digits, 8 if wrong == "shape" else 9)] = 0.91
        if wrong == "nan":
            probabilities[:] = np.nan
        return digits, probabilities

    def _label(self, picture: bytes) -> int:
        label = self._labels.get(picture)
        return sum(picture) % 10 if label is None else label


def _pixels(data: Sequence[Any] | Pixels) -> Pixels:
    return np.asarray(data, np.uint8).reshape(-1, PIXELS)
