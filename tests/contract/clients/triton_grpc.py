"""What Triton's gRPC client sees: `python triton_grpc.py ADDRESS` writes facts as JSON."""

import json
import sys
from concurrent.futures import Future
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

DTYPES = {
    **{name: np.dtype(name) for name in ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32")},
    **{name: np.dtype(name) for name in ("int64", "float16", "float32", "float64")},
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
IMAGE = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)


def tensor(name: str, array: Any, datatype: str) -> InferInput:
    entered = InferInput(name, list(array.shape), datatype)
    entered.set_data_from_numpy(array)
    return entered


def image() -> InferInput:
    return tensor("image", IMAGE, "UINT8")


def facts(client: InferenceServerClient) -> dict[str, Any]:
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model_ready": client.is_model_ready("image"),
        "version_ready": client.is_model_ready("image", "1"),
        "server_metadata": client.get_server_metadata(as_json=True),
        "model_metadata": client.get_model_metadata("image", as_json=True),
        "raw": raw(client),
        "chosen_output": chosen_output(client),
        "bytes": words(client),
        "every_datatype": every_datatype(client),
        "many": many(client),
        "in_time": described(client.infer("image", [image()], client_timeout=20.0)),
        "compressed": described(client.infer("image", [image()], compression_algorithm="gzip")),
        "too_late": refused(client, "slow", tensor("x", np.zeros(1, dtype=np.float32), "FP32"), client_timeout=0.005),
        "wrong_shape": refused(client, "image", tensor("image", IMAGE[0], "UINT8")),
        "wrong_datatype": refused(client, "image", tensor("image", IMAGE.astype(np.int32), "INT32")),
        "unknown_model": refused(client, "nobody", image()),
        "unknown_version": refused(client, "image", image(), model_version="7"),
        "after_all": described(client.infer("image", [image()])),
    }


def described(result: InferResult) -> dict[str, Any]:
    return {"digit": result.as_numpy("digit").tolist(), "sum": float(result.as_numpy("probabilities").sum())}


def raw(client: InferenceServerClient) -> dict[str, Any]:
    result = client.infer("image", [image()], request_id="a-42")
    response = result.get_response()
    return {
        **described(result),
        "id": response.id,
        "model_name": response.model_name,
        "model_version": response.model_version,
        "raw_outputs": len(response.raw_output_contents),
    }


def chosen_output(client: InferenceServerClient) -> list[str]:
    response = client.infer("image", [image()], outputs=[InferRequestedOutput("digit")]).get_response()
    return [output.name for output in response.outputs]


def words(client: InferenceServerClient) -> dict[str, Any]:
    array = np.array([b"caf\xc3\xa9", b"", b"\xff\xfe"], dtype=np.object_)
    result = client.infer("text", [tensor("text", array, "BYTES")])
    return {
        "shouted": [word.hex() for word in result.as_numpy("shouted").tolist()],
        "length": result.as_numpy("length").tolist(),
    }


def every_datatype(client: InferenceServerClient) -> dict[str, Any]:
    arrays = {name: np.array([[1, 0]], dtype=dtype) for name, dtype in DTYPES.items()}
    inputs = [tensor(name, array, np_to_triton_dtype(array.dtype)) for name, array in arrays.items()]
    result = client.infer("echo", inputs)
    return {name: result.as_numpy(f"{name}_too").astype(np.float64).tolist() for name in arrays}


def many(client: InferenceServerClient) -> list[list[float]]:
    """Requests in flight together get their own rows."""
    answers: list[Future[InferResult]] = [Future() for _ in range(8)]
    for n, answer in enumerate(answers):
        x = tensor("x", np.full((1, 3), n, dtype=np.float32), "FP32")
        client.async_infer("dense", [x], callback=partial(settle, answer))
    return [answer.result(timeout=30).as_numpy("y").tolist() for answer in answers]


def settle(answer: "Future[InferResult]", result: InferResult, error: InferenceServerException) -> None:
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)


def refused(client: InferenceServerClient, model: str, entered: InferInput, **options: Any) -> dict[str, str]:
    try:
        client.infer(model, [entered], **options)
    except InferenceServerException as error:
        return {"status": str(error.status()), "message": str(error.message())}
    return {}


if __name__ == "__main__":
    client = InferenceServerClient(sys.argv[1])
    json.dump(facts(client), sys.stdout)
    client.close()
