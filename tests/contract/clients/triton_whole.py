"""All that Triton's clients offer, called once: `python triton_whole.py KIND ADDRESS` writes facts as JSON.

KIND is http, http.aio, grpc or grpc.aio. The facts are what each public method
gave or what it was refused with; a method that this script does not know is
listed as forgotten. Loads and unloads the model `image`.
"""

import asyncio
import importlib
import inspect
import json
import queue
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
from tritonclient.utils import InferenceServerException

KIND, ADDRESS = sys.argv[1:3]
IS_GRPC, IS_AIO = KIND.startswith("grpc"), KIND.endswith(".aio")
triton: Any = importlib.import_module(f"tritonclient.{KIND.removesuffix('.aio')}")
clients: Any = importlib.import_module(f"tritonclient.{KIND}")

IMAGE = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
STREAMED = 6
WRONG = 2
"""The place in the stream of the request that is wrong."""


class Plugin(importlib.import_module("tritonclient._plugin").InferenceServerClientPlugin):  # type: ignore[misc]
    """Sees each request of the client."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, request: Any) -> None:
        self.seen += 1
        request.headers["x-request-id"] = "from-the-plugin"


def image(array: Any = IMAGE, *, is_binary: bool = True) -> Any:
    entered = triton.InferInput("image", list(array.shape), "UINT8")
    if IS_GRPC:
        entered.set_data_from_numpy(array)
    else:
        entered.set_data_from_numpy(array, binary_data=is_binary)
    return entered


def described(result: Any) -> dict[str, Any]:
    response = result.get_response()
    id_ = response.id if IS_GRPC else response.get("id", "")
    return {"digit": result.as_numpy("digit").tolist(), "id": id_}


def asked(**others: Any) -> dict[str, Any]:
    return {"model_name": "image", "inputs": [image()], **others}


async def value(work: Any) -> Any:
    return await work if inspect.isawaitable(work) else work


async def outcome(call: Callable[[], Any]) -> Any:
    """What a call gave as JSON, or how it was refused."""
    try:
        given = await value(call())
    except InferenceServerException as error:
        return {"refused": str(error.status()).removeprefix("StatusCode."), "message": str(error.message())}
    if hasattr(given, "get_response"):
        return described(given)
    return json.loads(json.dumps(given, default=str))


async def in_many_ways(client: Any) -> dict[str, Any]:
    """Infer with each option that the client has for it."""
    output = triton.InferRequestedOutput
    ways: dict[str, dict[str, Any]] = {
        "plainly": asked(),
        "with an id": asked(request_id="a-42"),
        "a version": asked(model_version="1"),
        "chosen outputs": asked(outputs=[output("digit")]),
        "with a priority": asked(priority=1),
        "with a timeout": asked(timeout=20_000_000),
        "with parameters": asked(parameters={"mood": "good", "tries": 3, "is_odd": True}),
        "with headers": asked(headers={"x-request-id": "mine"}),
        "in a sequence": asked(sequence_id=7, sequence_start=True),
        "in a named sequence": asked(sequence_id="seven", sequence_end=True),
        "too late": asked(timeout=1),
    }
    if IS_GRPC:
        ways |= {
            "compressed": asked(compression_algorithm="gzip"),
            "deflated": asked(compression_algorithm="deflate"),
            "with a client's timeout": asked(client_timeout=20.0),
        }
    else:
        ways |= {
            "as JSON": asked(inputs=[image(is_binary=False)], outputs=[output("digit", binary_data=False)]),
            "as JSON for binary": asked(inputs=[image(is_binary=False)], outputs=[output("digit", binary_data=True)]),
            "compressed": asked(request_compression_algorithm="gzip"),
            "deflated": asked(request_compression_algorithm="deflate"),
            "compressed on its way back": asked(response_compression_algorithm="gzip"),
            "with a query": asked(query_params={"trace": 1}),
        }
    seen: dict[str, Any] = {}
    for way, options in ways.items():
        try:
            result = await value(client.infer(**options))
            seen[way] = described(result)
        except InferenceServerException as error:
            seen[way] = {"refused": str(error.status()).removeprefix("StatusCode."), "message": str(error.message())}
    labelled = asked(outputs=[output("probabilities", class_count=2)])
    best = (await value(client.infer(**labelled))).as_numpy("probabilities").tolist()
    seen["classes"] = [[one.decode() if isinstance(one, bytes) else one for one in row] for row in best]
    region = output("digit")
    region.set_shared_memory("region", 8)
    seen["in shared memory"] = await outcome(lambda: client.infer(**asked(outputs=[region])))
    return seen


def in_a_stream(client: Any) -> list[Any]:
    """Requests over one stream, one of them wrong."""
    came: queue.Queue[Any] = queue.Queue()
    client.start_stream(lambda result, error: came.put(described(result) if error is None else str(error.message())))
    for place in range(STREAMED):
        array = IMAGE[0] if place == WRONG else IMAGE
        client.async_stream_infer("image", [image(array)], request_id=str(place))
    answers = [came.get(timeout=30) for _ in range(STREAMED)]
    client.stop_stream()
    return answers


async def in_an_async_stream(client: Any) -> list[Any]:
    async def requests() -> AsyncIterator[dict[str, Any]]:
        for place in range(STREAMED):
            yield asked(inputs=[image(IMAGE[0] if place == WRONG else IMAGE)], request_id=str(place))

    answers = []
    async for result, error in client.stream_infer(requests()):
        answers.append(described(result) if error is None else str(error.message()))
    return answers


def begun(client: Any) -> Any:
    """Infer in the background."""
    if not IS_GRPC:
        return client.async_infer(**asked(request_id="7")).get_result()
    came: queue.Queue[Any] = queue.Queue()
    client.async_infer(**asked(request_id="7"), callback=lambda result, error: came.put(result or error))
    return came.get(timeout=30)


def by_hand() -> Any:
    """Make a body and read one with the client's own functions, without its connection."""
    body, head_length = triton.InferenceServerClient.generate_request_body([image()], request_id="7")
    import http.client

    connection = http.client.HTTPConnection(ADDRESS)
    connection.request("POST", "/v2/models/image/infer", body, {"Inference-Header-Content-Length": str(head_length)})
    response = connection.getresponse()
    length = int(response.headers["Inference-Header-Content-Length"])
    return triton.InferenceServerClient.parse_response_body(response.read(), header_length=length)


async def plugged_in(client: Any) -> list[Any]:
    """Register a plug-in, ask, and take it away."""
    plugin = Plugin()
    client.register_plugin(plugin)
    is_live = await value(client.is_server_live())
    is_known = client.plugin() is plugin
    client.unregister_plugin()
    return [is_live, is_known, plugin.seen]


async def facts(client: Any) -> dict[str, Any]:
    json_too: dict[str, Any] = {"as_json": True} if IS_GRPC else {}
    with_file: dict[str, Any] = {"files": {"file:1/model.savedmodel": b"x"}, "config": "{}"}
    calls: dict[str, Callable[[], Any]] = {
        "is_server_live": lambda: client.is_server_live(),
        "is_server_ready": lambda: client.is_server_ready(),
        "is_model_ready": lambda: client.is_model_ready("image", "1"),
        "get_server_metadata": lambda: client.get_server_metadata(**json_too),
        "get_model_metadata": lambda: client.get_model_metadata("image", "1", **json_too),
        "get_model_config": lambda: client.get_model_config("image", **json_too),
        "get_inference_statistics": lambda: client.get_inference_statistics("image", **json_too),
        "every model's statistics": lambda: client.get_inference_statistics(**json_too),
        "get_model_repository_index": lambda: client.get_model_repository_index(**json_too),
        "load_model with a configuration": lambda: client.load_model("image", config="{}"),
        "load_model of nobody": lambda: client.load_model("nobody"),
        "load_model": lambda: client.load_model("image"),
        "get_trace_settings": lambda: client.get_trace_settings(),
        "a model's trace settings": lambda: client.get_trace_settings("image"),
        "update_trace_settings": lambda: client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]}),
        "get_log_settings": lambda: client.get_log_settings(),
        "update_log_settings": lambda: client.update_log_settings({"log_verbose_level": 1}),
        "get_system_shared_memory_status": lambda: client.get_system_shared_memory_status(),
        "register_system_shared_memory": lambda: client.register_system_shared_memory("r", "/r", 16),
        "unregister_system_shared_memory": lambda: client.unregister_system_shared_memory("r"),
        "get_cuda_shared_memory_status": lambda: client.get_cuda_shared_memory_status(),
        "register_cuda_shared_memory": lambda: client.register_cuda_shared_memory("r", b"aGFuZGxl", 0, 16),
        "unregister_cuda_shared_memory": lambda: client.unregister_cuda_shared_memory("r"),
        "register_plugin": lambda: plugged_in(client),
        "infer": lambda: client.infer(**asked()),
    }
    if IS_GRPC and IS_AIO:
        calls["stream_infer"] = lambda: in_an_async_stream(client)
    elif IS_GRPC:
        calls["async_stream_infer"] = lambda: in_a_stream(client)
    if not IS_AIO:
        calls["async_infer"] = lambda: begun(client)
    if IS_GRPC:
        calls["load_model with files"] = lambda: client.load_model("image", **with_file)
    elif not IS_AIO:
        calls["generate_request_body"] = by_hand
    seen: dict[str, Any] = {"ways": await in_many_ways(client)}
    for name, call in calls.items():
        seen[name] = await outcome(call)
    seen["unload_model"] = await outcome(lambda: client.unload_model("image"))
    seen["unloaded"] = await outcome(lambda: client.infer(**asked()))
    seen["loaded again"] = await outcome(lambda: client.load_model("image"))
    seen["answered again"] = await outcome(lambda: client.infer(**asked()))
    await value(client.close())
    # Called by those that stand in this list.
    within = {"plugin", "unregister_plugin", "start_stream", "stop_stream", "parse_response_body", "close"}
    if IS_AIO and not IS_GRPC:
        within.add("generate_request_body")  # the same function as the other client's
    public = {name for name, _ in inspect.getmembers(type(client), callable) if not name.startswith("_")}
    seen["forgotten"] = sorted(public - seen.keys() - within)
    return seen


async def main() -> None:
    json.dump(await facts(clients.InferenceServerClient(ADDRESS)), sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
