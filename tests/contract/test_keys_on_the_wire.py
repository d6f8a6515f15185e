"""A server with files of keys: who is served, over both protocols, and what renewing a file does."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from serving.oip_pb2 import (
    ModelInferRequest,
    ModelReadyRequest,
    RepositoryModelLoadRequest,
    ServerLiveRequest,
    ServerMetadataRequest,
    ServerReadyRequest,
)
from tests.contract.mistakes import GOOD, GOOD_ANSWER, INFER
from tests.contract.wire import SERVICE, Caller
from tests.servers import RunningServer

RENEWAL_SECONDS = 20.0
"""A file is looked at every two seconds; a busy machine takes its time."""


def line(name: str, key: str) -> str:
    return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}\n"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@dataclass(frozen=True)
class Keyed:
    server: RunningServer
    keys: Path
    captured: Path


@pytest.fixture(scope="module")
def keyed(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    folder = tmp_path_factory.mktemp("keys")
    keys, admins = folder / "keys", folder / "admins"
    keys.write_text("# who may call\n" + line("shop", "sesame"))
    admins.write_text(line("root", "crowbar"))
    captured = folder / "captured" / "requests.jsonl"
    kept = ("--capture_path", str(captured), "--capture_sample_ratio", "1")
    options = (*kept, "--auth_keys_file", str(keys), "--admin_enabled", "true", "--admin_keys_file", str(admins))
    with RunningServer(zoo / "dense", "--model_name", "dense", *options, "--log_sample_ratio", "1") as server:
        yield Keyed(server, keys, captured)


@pytest.fixture
def caller(keyed: Keyed) -> Iterator[Caller]:
    with Caller(keyed.server.http_address) as caller:
        yield caller


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", "/v2/models/dense/ready", "/metrics"])
def test_probes_and_scrapers_need_no_key(caller: Caller, path: str) -> None:
    assert caller.get(path).status == 200


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"X-API-Key": "wrong"}], ids=str)
@pytest.mark.parametrize("path", [INFER.format("dense"), "/v1/models/dense:predict", "/v2", "/nowhere"])
def test_without_a_known_key_there_is_a_sentence_and_the_connection_is_kept(
    caller: Caller, path: str, headers: Mapping[str, str]
) -> None:
    for _ in range(2):
        reply = caller.post(path, GOOD, {"Content-Type": "application/json", **headers})
        assert (reply.status, reply.json["reason"]) == (401, "unauthenticated")
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert "X-API-Key" in reply.json["error"]


@pytest.mark.parametrize("headers", [bearer("sesame"), {"X-API-Key": "sesame"}, bearer("crowbar")], ids=str)
def test_with_a_known_key_a_request_is_served(caller: Caller, headers: Mapping[str, str]) -> None:
    reply = caller.post(INFER.format("dense"), GOOD, {"Content-Type": "application/json", **headers})
    assert reply.json["outputs"][0]["data"] == GOOD_ANSWER


class TestOverGrpc:
    OPEN: Mapping[str, Any] = {
        "ServerLive": ServerLiveRequest(),
        "ServerReady": ServerReadyRequest(),
        "ModelReady": ModelReadyRequest(name="dense"),
    }

    @pytest.fixture
    def call(self, keyed: Keyed) -> Iterator[Callable[..., Any]]:
        with grpc.insecure_channel(keyed.server.grpc_address) as channel:

            def call(method: str, message: Any, *metadata: tuple[str, str]) -> Any:
                return channel.unary_unary(f"/{SERVICE}/{method}").with_call(
                    message.SerializeToString(), timeout=30, metadata=metadata
                )

            yield call

    @pytest.mark.parametrize("method", OPEN)
    def test_probes_need_no_key(self, call: Callable[..., Any], method: str) -> None:
        answer, _ = call(method, self.OPEN[method])
        assert answer == b"\x08\x01", "the field `live` or `ready`, which is true"

    @pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer wrong"),), (("x-api-key", ""),)], ids=str)
    @pytest.mark.parametrize("message", [ModelInferRequest(model_name="dense"), ServerMetadataRequest()])
    def test_without_a_known_key_a_call_is_unauthenticated(
        self, call: Callable[..., Any], message: Any, metadata: tuple[tuple[str, str], ...]
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            call(type(message).__name__.removesuffix("Request"), message, *metadata)
        error: Any = refused.value
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        told = dict(error.trailing_metadata())
        assert told["reason"] == "unauthenticated"
        assert told["x-request-id"]

    @pytest.mark.parametrize("metadata", [("authorization", "Bearer sesame"), ("x-api-key", "crowbar")], ids=str)
    def test_with_a_known_key_a_call_is_served(self, call: Callable[..., Any], metadata: tuple[str, str]) -> None:
        _, made = call("ServerMetadata", ServerMetadataRequest(), metadata, ("x-request-id", "mine"))
        assert dict(made.trailing_metadata())["x-request-id"] == "mine"

    def test_loading_takes_a_key_of_its_own(self, call: Callable[..., Any]) -> None:
        message = RepositoryModelLoadRequest(model_name="dense")
        with pytest.raises(grpc.RpcError) as refused:
            call("RepositoryModelLoad", message, ("x-api-key", "sesame"))
        error: Any = refused.value
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "ADMIN_KEYS_FILE" in error.details()


def test_loading_takes_a_key_of_its_own(caller: Caller) -> None:
    path = "/v2/repository/models/dense/load"
    refused = caller.post(path, {}, bearer("sesame"))
    assert refused.status == 401
    assert "ADMIN_KEYS_FILE" in refused.json["error"]


def test_loading_is_off_by_default(zoo_server: RunningServer) -> None:
    with Caller(zoo_server.http_address) as caller:
        refused = caller.post("/v2/repository/models/dense/unload", {})
        assert (refused.status, refused.json["reason"]) == (403, "forbidden")
        assert "ADMIN_ENABLED" in refused.json["error"]


def test_a_key_is_in_no_line_of_the_log_and_the_requests_name_is(keyed: Keyed, caller: Caller) -> None:
    reply = caller.post(
        INFER.format("dense"), GOOD, {"Content-Type": "application/json", "X-Request-Id": "mine/1", **bearer("sesame")}
    )
    assert (reply.status, reply.headers["x-request-id"]) == (200, "mine/1")
    event = keyed.server.wait_for("request", seconds=10, request_id="mine/1")
    assert (event["protocol"], event["model_name"], event["code"]) == ("v2", "dense", 200)
    text = json.dumps(keyed.server.events())
    assert "sesame" not in text
    assert hashlib.sha256(b"sesame").hexdigest() not in text


def test_a_captured_request_is_there_whole_without_its_key(keyed: Keyed, caller: Caller) -> None:
    headers = {"Content-Type": "application/json", "X-Request-Id": "captured/1", **bearer("sesame")}
    answered = caller.post(INFER.format("dense"), GOOD, headers)
    record = wait_for_record(keyed, "captured/1")
    assert record["request"]["json"] == GOOD
    assert record["answer"]["json"] == answered.json
    assert (record["protocol"], record["model_name"], record["model_version"]) == ("v2", "dense", "1")
    assert record["code"] == 200
    assert "sesame" not in keyed.captured.read_text()
    assert b'ecluse_capture_records_total{fate="dropped"} 0.0' in caller.get("/metrics").body


def test_a_captured_refusal_says_why(keyed: Keyed, caller: Caller) -> None:
    headers = {"Content-Type": "application/json", "X-Request-Id": "captured/2", **bearer("sesame")}
    caller.post(INFER.format("dense"), b"no JSON", headers)
    record = wait_for_record(keyed, "captured/2")
    assert (record["code"], record["reason"]) == (400, "bad_input")
    assert record["answer"]["json"]["reason"] == "bad_input"


def wait_for_record(keyed: Keyed, request_id: str) -> Any:
    deadline = time.monotonic() + RENEWAL_SECONDS
    while time.monotonic() < deadline:
        lines = keyed.captured.read_text().splitlines() if keyed.captured.exists() else []
        for record in map(json.loads, lines):
            if record["request_id"] == request_id:
                return record
        time.sleep(0.05)
    raise AssertionError(f"request {request_id} was not captured: {lines}")


def test_a_renewed_file_counts_and_a_broken_one_does_not(keyed: Keyed, caller: Caller) -> None:
    def status(key: str) -> int:
        return caller.post(INFER.format("dense"), GOOD, {"Content-Type": "application/json", **bearer(key)}).status

    keyed.keys.write_text("this is no file of keys")
    keyed.server.wait_for("keys_kept", seconds=RENEWAL_SECONDS)
    assert status("sesame") == 200
    keyed.keys.write_text(line("shop", "another") + line("lab", "sesame-2"))
    keyed.server.wait_for("keys_read", seconds=RENEWAL_SECONDS, names=["shop", "lab"])
    assert [status(key) for key in ("sesame", "another", "sesame-2")] == [401, 200, 200]
    keyed.keys.write_text(line("shop", "sesame"))
    keyed.server.wait_for("keys_read", seconds=RENEWAL_SECONDS, names=["shop"])
    assert status("sesame") == 200
