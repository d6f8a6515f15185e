"""The guard in front of a table of methods over gRPC."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from serving.api_keys import parse
from serving.call import Call
from serving.door import Door
from serving.grpc_guard import guarded
from serving.grpc_method import CallFailed, Methods, Streaming, Unary
from serving.guard import Guard
from serving.metrics import Metrics

SERVICE = "/inference.GRPCInferenceService/"
KEYS = parse(f"shop:{hashlib.sha256(b'sesame').hexdigest()}")


async def echo(message: bytes, _: Call) -> bytes:
    return message


async def echoes(messages: AsyncIterator[bytes], _: Call) -> AsyncIterator[bytes]:
    async for message in messages:
        yield message


METHODS: Methods = {
    SERVICE + "ServerLive": Unary(echo),
    SERVICE + "ModelInfer": Unary(echo),
    SERVICE + "ModelMetadata": Unary(echo),
    SERVICE + "RepositoryModelLoad": Unary(echo),
    SERVICE + "ModelStreamInfer": Streaming(echoes),
}


def shows(key: str | None) -> Call:
    return Call(lambda: {} if key is None else {"authorization": f"Bearer {key}", "x-request-id": "mine"})


async def two_messages() -> AsyncIterator[bytes]:
    yield b"1"
    yield b"2"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def keyed(metrics: Metrics) -> Methods:
    return guarded(METHODS, Door(guard=Guard(keys=lambda: KEYS)), metrics)


def counted(metrics: Metrics, code: str) -> float:
    return float(metrics.registry.get_sample_value("ecluse_requests_total", labels(code)) or 0)


def labels(code: str) -> dict[str, str]:
    return {"model_name": "", "model_version": "", "protocol": "grpc", "code": code}


def test_a_server_without_keys_wraps_nothing_but_what_is_switched_off(metrics: Metrics) -> None:
    methods = guarded(METHODS, Door(), metrics)
    assert [path for path in METHODS if methods[path] is not METHODS[path]] == [SERVICE + "RepositoryModelLoad"]


async def test_a_call_with_a_key_is_answered(keyed: Methods) -> None:
    infer, stream = keyed[SERVICE + "ModelInfer"], keyed[SERVICE + "ModelStreamInfer"]
    assert isinstance(infer, Unary)
    assert isinstance(stream, Streaming)
    assert await infer.answer(b"6", shows("sesame")) == b"6"
    assert [message async for message in stream.answer(two_messages(), shows("sesame"))] == [b"1", b"2"]


@pytest.mark.parametrize("key", [None, "wrong"])
@pytest.mark.parametrize(("method", "count"), [("ModelInfer", 1), ("ModelMetadata", 0)])
async def test_a_call_without_one_is_turned_away_and_an_inference_is_counted(
    keyed: Methods, metrics: Metrics, method: str, count: int, key: str | None
) -> None:
    unary = keyed[SERVICE + method]
    assert isinstance(unary, Unary)
    call = shows(key)
    with pytest.raises(CallFailed, match="takes a key") as refused:
        await unary.answer(b"6", call)
    assert (refused.value.status, refused.value.reason) == ("UNAUTHENTICATED", "unauthenticated")
    assert counted(metrics, "401") == count
    assert call.answer_headers == {"x-request-id": call.request_id}
    assert call.request_id


async def test_a_stream_without_one_is_turned_away_before_its_first_message(keyed: Methods, metrics: Metrics) -> None:
    stream = keyed[SERVICE + "ModelStreamInfer"]
    assert isinstance(stream, Streaming)
    with pytest.raises(CallFailed, match="takes a key"):
        _ = [message async for message in stream.answer(two_messages(), shows(None))]
    assert counted(metrics, "401") == 1


async def test_loading_is_off_unless_switched_on(keyed: Methods) -> None:
    load = keyed[SERVICE + "RepositoryModelLoad"]
    assert isinstance(load, Unary)
    with pytest.raises(CallFailed, match="ADMIN_ENABLED") as refused:
        await load.answer(b"", shows("sesame"))
    assert (refused.value.status, refused.value.reason) == ("PERMISSION_DENIED", "forbidden")
