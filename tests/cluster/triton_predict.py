"""What Triton's clients, which are not ours, are answered: `triton_predict.py REST GRPC MODEL` prints facts as JSON.

A program of its own, since tritonclient and kserve cannot share a process.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tritonclient import grpc, http

SEVEN = Path(__file__).parents[2] / "docs" / "examples" / "seven.json"


def picture() -> Any:
    (image,) = json.loads(SEVEN.read_text())["inputs"]
    return np.array(image["data"], dtype=np.uint8).reshape(image["shape"])


def asked(protocol: Any, address: str, model: str) -> dict[str, Any]:
    image = picture()
    client = protocol.InferenceServerClient(address)
    try:
        entered = protocol.InferInput("image", list(image.shape), "UINT8")
        entered.set_data_from_numpy(image)
        ready = client.is_server_ready()
        answer = client.infer(model, [entered])
    finally:
        client.close()
    return {"ready": ready, "digit": answer.as_numpy("digit").tolist()}


if __name__ == "__main__":
    rest, rpc, model = sys.argv[1:]
    json.dump({"rest": asked(http, rest, model), "grpc": asked(grpc, rpc, model)}, sys.stdout)
