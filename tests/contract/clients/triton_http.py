"""What Triton's HTTP client sees: `python triton_http.py ADDRESS` writes facts as JSON."""

import json
import sys
from typing import Any

import ml_dtypes
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

DTYPES = {
    **{name: np.dtype(name) for name in ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32")},
    **{name: np.dtype(name) for name in ("int64", "float16", "float32", "float64")},
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
IMAGE = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)


def tensor(name: str, array: Any, datatype: str, *, is_binary: bool) -> InferInput:
    entered = InferInput(name, list(array.shape), datatype)
    entered.set_data_from_numpy(array, binary_data=is_binary)
    return entered


def image(*, is_binary: bool) -> InferInput:
    return tensor("image", IMAGE, "UINT8", is_binary=is_binary)


def facts(client: InferenceServerClient) -> dict[str, Any]:
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model_ready": client.is_model_ready("image"),
        "version_ready": client.is_model_ready("image", "1"),
        "other_version_ready": client.is_model_ready("image", "7"),
        "unknown_model_ready": client.is_model_ready("nobody"),
        "server_metadata": client.get_server_metadata(),
        "model_metadata": client.get_model_metadata("image"),
        "version_metadata": client.get_model_metadata("image", "1"),
        "json": images(client, is_binary=False),
        "binary": images(client, is_binary=True),
        "mixed": mixed(client),
        "default_outputs": default_outputs(client),
        "bytes": words(client, is_binary=True),
        "text": words(client, is_binary=False),
        "every_datatype": every_datatype(client),
        "many": many(client),
        "timeout": client.infer("image", [image(is_binary=True)], timeout=60_000_000).get_response()["model_name"],
        "wrong_shape": refused(client, "image", tensor("image", IMAGE[0], "UINT8", is_binary=True)),
        "wrong_datatype": refused(client, "image", tensor("image", IMAGE.astype(np.int32), "INT32", is_binary=True)),
        "unknown_model": refused(client, "nobody", image(is_binary=True)),
        "compressed": compressed(client),
        "after_all": client.infer("image", [image(is_binary=True)]).as_numpy("digit").tolist(),
    }


def images(client: InferenceServerClient, *, is_binary: bool) -> dict[str, Any]:
    outputs = [InferRequestedOutput(name, binary_data=is_binary) for name in ("probabilities", "digit")]
    result = client.infer("image", [image(is_binary=is_binary)], outputs=outputs, request_id="a-42")
    return {
        "response": result.get_response(),
        "digit": result.as_numpy("digit").tolist(),
        "sum": float(result.as_numpy("probabilities").sum()),
    }


def mixed(client: InferenceServerClient) -> dict[str, Any]:
    """One output asked for, as JSON, of a binary request."""
    result = client.infer("image", [image(is_binary=True)], outputs=[InferRequestedOutput("digit", binary_data=False)])
    return {"response": result.get_response(), "digit": result.as_numpy("digit").tolist()}


def default_outputs(client: InferenceServerClient) -> list[str]:
    """Ask for no output by name: the client then asks for all as binary."""
    return [output["name"] for output in client.infer("image", [image(is_binary=True)]).get_response()["outputs"]]


def words(client: InferenceServerClient, *, is_binary: bool) -> dict[str, Any]:
    said = [b"caf\xc3\xa9", b"", b"\xff\xfe" if is_binary else b"plain"]
    array = np.array(said, dtype=np.object_)
    outputs = [InferRequestedOutput(name, binary_data=is_binary) for name in ("shouted", "length")]
    result = client.infer("text", [tensor("text", array, "BYTES", is_binary=is_binary)], outputs=outputs)
    shouted = [word if isinstance(word, bytes) else word.encode() for word in result.as_numpy("shouted").tolist()]
    return {"shouted": [word.hex() for word in shouted], "length": result.as_numpy("length").tolist()}


def every_datatype(client: InferenceServerClient) -> dict[str, Any]:
    arrays = {name: np.array([[1, 0]], dtype=dtype) for name, dtype in DTYPES.items()}
    inputs = [tensor(name, array, np_to_triton_dtype(array.dtype), is_binary=True) for name, array in arrays.items()]
    result = client.infer("echo", inputs)
    return {name: result.as_numpy(f"{name}_too").astype(np.float64).tolist() for name in arrays}


def many(client: InferenceServerClient) -> list[list[float]]:
    """Requests in flight together get their own rows."""
    started = [
        client.async_infer("dense", [tensor("x", np.full((1, 3), n, dtype=np.float32), "FP32", is_binary=True)])
        for n in range(8)
    ]
    return [one.get_result().as_numpy("y").tolist() for one in started]


def refused(client: InferenceServerClient, model: str, entered: InferInput) -> dict[str, str]:
    try:
        client.infer(model, [entered])
    except InferenceServerException as error:
        return {"status": str(error.status()), "message": str(error.message())}
    return {}


def compressed(client: InferenceServerClient) -> dict[str, Any]:
    """Compress each body on its way, and ask for the answer to be so too."""
    return {
        coding: client.infer(
            "image",
            [image(is_binary=True)],
            request_compression_algorithm=coding,
            response_compression_algorithm=coding,
        )
        .as_numpy("digit")
        .tolist()
        for coding in ("gzip", "deflate")
    }


if __name__ == "__main__":
    client = InferenceServerClient(sys.argv[1], concurrency=4)
    json.dump(facts(client), sys.stdout)
    client.close()
