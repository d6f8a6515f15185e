"""What KServe's own clients see: `python kserve_client.py HTTP GRPC` writes facts as JSON.

Both clients run on one event loop, as a transformer of KServe's runs them.
"""

import asyncio
import json
import sys
from typing import Any

import grpc
import httpx
import numpy as np
from kserve import (
    InferenceGRPCClient,
    InferenceRESTClient,
    InferInput,
    InferOutput,
    InferRequest,
    InferResponse,
    RESTConfig,
)

IMAGE = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)


def request(*, is_binary: bool, array: Any = IMAGE, datatype: str = "UINT8") -> InferRequest:
    tensor = InferInput("image", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=is_binary)
    return InferRequest("image", [tensor], request_id="a-42")


def described(response: InferResponse) -> dict[str, Any]:
    outputs: dict[str, InferOutput] = {output.name: output for output in response.outputs}
    return {
        "id": response.id,
        "model_name": response.model_name,
        "model_version": response.model_version,
        "shapes": {name: list(output.shape) for name, output in outputs.items()},
        "digit": outputs["digit"].as_numpy().tolist(),
        "sum": float(outputs["probabilities"].as_numpy().sum()),
    }


async def v1(url: str) -> dict[str, Any]:
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        return {
            "live": await client.is_server_live(url),
            "model_ready": await client.is_model_ready(url, "image"),
            "rows": await client.infer(url, {"instances": IMAGE.tolist()}, model_name="image"),
            "columns": await client.infer(url, {"inputs": IMAGE.tolist()}, model_name="image"),
            "refused": await refused(client.infer(url, {"instances": [[1, 2]]}, model_name="image")),
            "explain": await refused(client.explain(url, "image", {"instances": IMAGE.tolist()})),
            "unknown_model": await refused(client.is_model_ready(url, "nobody")),
        }


async def v2(url: str) -> dict[str, Any]:
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        wrong = request(is_binary=True, array=IMAGE[0])
        return {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "model_ready": await client.is_model_ready(url, "image"),
            "unknown_model_ready": await client.is_model_ready(url, "nobody"),
            "json": described(await client.infer(url, request(is_binary=False), model_name="image")),
            "binary": described(await client.infer(url, request(is_binary=True), model_name="image")),
            "refused": await refused(client.infer(url, wrong, model_name="image")),
        }


async def over_grpc(address: str) -> dict[str, Any]:
    async with InferenceGRPCClient(address) as client:
        return {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("image"),
            "typed": described(await client.infer(request(is_binary=False))),
            "raw": described(await client.infer(request(is_binary=True))),
            "refused": await refused(client.infer(request(is_binary=True, array=IMAGE[0]))),
            "unknown_model": await refused(client.is_model_ready("nobody")),
        }


async def refused(call: Any) -> dict[str, str]:
    try:
        await call
    except httpx.HTTPStatusError as error:
        return {"status": str(error.response.status_code), "message": error.response.json()["error"]}
    except grpc.RpcError as error:
        return {"status": error.code().name, "message": error.details() or ""}
    return {}


async def facts(http_url: str, grpc_address: str) -> dict[str, Any]:
    return {"v1": await v1(http_url), "v2": await v2(http_url), "grpc": await over_grpc(grpc_address)}


if __name__ == "__main__":
    json.dump(asyncio.run(facts(*sys.argv[1:])), sys.stdout)
