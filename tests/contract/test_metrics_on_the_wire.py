"""A scrape of a live server is what `monitoring/contract/` says, and counts each outcome once."""

import gzip
import json
import math
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import grpc
import numpy as np
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from monitoring.baseline import PLACE
from monitoring.contract import CONTRACT
from monitoring.contract.labels import closed
from monitoring.contract.metric import Kind
from monitoring.contract.metric import Metric as Described
from monitoring.contract.values import (
    CODES,
    FEEDBACK_RESULTS,
    MONITORED,
    OUTCOMES,
    PROTOCOLS,
    REJECTIONS,
    STAGES,
    TRIGGERS,
)
from monitoring.features import ImageInput
from serving.oip_pb2 import ModelInferRequest
from tests.baselines import described_answers, described_features, sealed
from tests.contract.mistakes import INFER, PREDICT, tensor
from tests.contract.wire import JSON, Caller, Rpc
from tests.contract.zoo import LABELS
from tests.servers import RunningServer

OTHERS = ("process_", "python_", "request_")
"""Families that come from the process, from Python and from KServe."""
IMAGE = [[[0] * 4] * 4]
MODEL = {"model_name": "image", "model_version": "1"}
STRANGER = {"model_name": "", "model_version": ""}
NO_VERSION = {"model_name": "image", "model_version": ""}
"""Of a model that is served, what reached no version of it."""
"""What a request to no model of ours is counted under."""
COUNTED_SECONDS = 10.0

NO_TOKEN = {ord(character): None for character in 'é"\\ '}
"""What no name of a header may hold."""

Series = tuple[str, tuple[tuple[str, str], ...]]


def families(text: str) -> dict[str, Metric]:
    """Metric families under the names of the contract, where a counter ends in `_total`."""
    found = {}
    for family in text_string_to_metric_families(text):
        found[f"{family.name}_total" if family.type == "counter" else family.name] = family
    return found


def scrape(server: RunningServer) -> str:
    with Caller(server.http_address) as caller:
        reply = caller.get("/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return reply.body.decode()


@pytest.fixture(scope="module")
def everything(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with everything on: a model of classes with a baseline, and late labels."""
    folder = tmp_path_factory.mktemp("everything")
    held_out = np.random.default_rng(1).integers(0, 256, (200, 4, 4)).astype(np.uint8)
    scores = np.exp(held_out.reshape(-1, 16)[:, :10].astype(np.float32) / np.float32(255))
    told = described_features({"image": held_out}, ImageInput(name="image", shape=(4, 4), height=4, width=4))
    answers = described_answers("probabilities", scores / scores.sum(axis=1, keepdims=True), LABELS)
    shutil.copytree(zoo / "image", folder / "image")
    (folder / "image" / PLACE).parent.mkdir(exist_ok=True)
    (folder / "image" / PLACE).write_text(json.dumps(sealed(told, answers)))
    (folder / "keys").write_text(f"first:{'0123456789abcdef' * 4}\n")
    options = ("--model_name", "image", "--feedback_keys_file", str(folder / "keys"))
    with RunningServer(folder / "image", *options) as server:
        yield server


@pytest.fixture(scope="module")
def scraped(everything: RunningServer) -> dict[str, Metric]:
    with Caller(everything.http_address) as caller:
        assert caller.post(PREDICT.format("image"), {"instances": IMAGE}).status == 200
    return families(scrape(everything))


def name(described: Described) -> str:
    return described.name


class TestContract:
    def test_nothing_is_exported_that_is_not_in_the_contract(self, scraped: Mapping[str, Metric]) -> None:
        ours = {name for name in scraped if not name.startswith(OTHERS)}
        assert ours - {described.name for described in CONTRACT} == set()

    @pytest.mark.parametrize("described", CONTRACT, ids=name)
    def test_a_family_of_the_contract_is_exported_as_described(
        self, scraped: Mapping[str, Metric], described: Described
    ) -> None:
        family = scraped[described.name]
        assert family.type == described.kind
        assert family.documentation == described.help
        assert family.samples
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(described.labels)
            assert not math.isnan(sample.value)

    @pytest.mark.parametrize("described", [each for each in CONTRACT if each.kind is Kind.HISTOGRAM], ids=name)
    def test_a_histogram_has_the_buckets_of_the_contract(
        self, scraped: Mapping[str, Metric], described: Described
    ) -> None:
        bounds = {float(sample.labels["le"]) for sample in scraped[described.name].samples if "le" in sample.labels}
        assert bounds == {*described.buckets, math.inf}

    @pytest.mark.parametrize("described", CONTRACT, ids=name)
    def test_a_label_has_no_value_beyond_its_closed_list(
        self, scraped: Mapping[str, Metric], described: Described
    ) -> None:
        for label in described.labels:
            values = closed(described, label)
            if values is not None:
                assert {sample.labels[label] for sample in scraped[described.name].samples} <= set(values)

    @pytest.mark.parametrize(
        ("family", "labels"),
        [
            ("ecluse_requests_total", {"protocol": PROTOCOLS, "code": [str(code) for code in CODES]}),
            ("ecluse_request_duration_seconds", {"protocol": PROTOCOLS, "outcome": OUTCOMES}),
            ("ecluse_rejected_total", {"reason": REJECTIONS}),
            ("ecluse_stage_duration_seconds", {"stage": STAGES}),
            ("ecluse_batches_total", {"trigger": TRIGGERS}),
            ("ecluse_predictions_total", {"class": LABELS}),
            ("ecluse_feedback_labels_total", {"result": FEEDBACK_RESULTS}),
            ("ecluse_monitor_dropped_rows_total", {"part": MONITORED}),
        ],
    )
    def test_every_series_that_can_exist_is_there_from_the_start(
        self, scraped: Mapping[str, Metric], family: str, labels: Mapping[str, list[str]]
    ) -> None:
        there = {
            tuple(sample.labels[label] for label in labels)
            for sample in scraped[family].samples
            if sample.labels["model_name"] == "image"
        }
        assert there == set(product(*labels.values()))

    def test_no_family_is_exported_twice(self, everything: RunningServer) -> None:
        declared = Counter(line.split()[2] for line in scrape(everything).splitlines() if line.startswith("# TYPE"))
        assert [name for name, count in declared.items() if count > 1] == []

    @pytest.mark.needs("promtool")
    def test_promtool_finds_no_fault(self, everything: RunningServer) -> None:
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=scrape(everything), capture_output=True, text=True, timeout=60
        )
        # It also reads KServe's and Python's own families, which are not ours to name.
        faults = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(OTHERS)]
        assert faults == []

    def test_the_state_of_a_server_that_serves_is_told(self, scraped: Mapping[str, Metric]) -> None:
        assert value(scraped, "ecluse_model_ready", MODEL) == 1
        assert value(scraped, "ecluse_draining", {}) == 0
        phases = {sample.labels["phase"]: sample.value for sample in scraped["ecluse_phase"].samples}
        assert phases == {"loading": 0, "warming": 0, "ready": 1, "draining": 0, "stopped": 0}
        assert value(scraped, "ecluse_model_load_duration_seconds", MODEL) > 0
        assert value(scraped, "ecluse_warmup_duration_seconds", MODEL) > 0
        assert abs(value(scraped, "ecluse_start_time_seconds", {}) - time.time()) < 3600
        assert value(scraped, "ecluse_queue_limit_rows", MODEL) == 4096
        assert value(scraped, "ecluse_queue_rows", MODEL) == 0
        (build,) = scraped["ecluse_build_info"].samples
        assert all(build.labels.values())
        assert value(scraped, "ecluse_device_lanes", {}) >= 1
        assert value(scraped, "ecluse_model_loaded_timestamp_seconds", MODEL) == pytest.approx(time.time(), abs=3600)
        (info,) = scraped["ecluse_model_info"].samples
        assert info.labels["signature"] == "serving_default"
        assert len(info.labels["baseline"]) == 12
        assert value(scraped, "ecluse_tls_certificate_expiry_timestamp_seconds", {}) == 0


def value(scraped: Mapping[str, Metric], family: str, labels: Mapping[str, str], suffix: str = "") -> float:
    (found,) = [
        sample.value
        for sample in scraped[family].samples
        if sample.name == family + suffix and sample.labels == dict(labels)
    ]
    return float(found)


@dataclass(frozen=True)
class Counted:
    """A request, and how it is counted."""

    fact: str
    ask: Callable[[RunningServer], object]
    protocol: str
    code: int
    reason: str | None = None
    model: Mapping[str, str] | None = None


def rest(path: str, body: object, method: str = "POST", headers: Mapping[str, str] = JSON) -> Callable[..., object]:
    def ask(server: RunningServer) -> object:
        with Caller(server.http_address) as caller:
            return caller.post(path, body, headers) if method == "POST" else caller.ask(method, path)

    return ask


def message(model: str = "image", *, size: int = 16, version: str = "") -> Callable[[RunningServer], object]:
    def ask(server: RunningServer) -> object:
        request = ModelInferRequest(model_name=model, model_version=version, raw_input_contents=[bytes(size)])
        request.inputs.add(name="image", datatype="UINT8", shape=[1, 4, 4])
        with Rpc(server.grpc_address) as rpc:
            try:
                return rpc.infer(request)
            except grpc.RpcError as error:
                return error

    return ask


def announce_too_much(server: RunningServer) -> object:
    """Say that a body of a hundred million bytes follows; the answer comes without waiting for it."""
    head = f"POST {INFER.format('image')} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=30) as connection:
        connection.sendall(head.encode())
        return connection.recv(65536)


def noise(server: RunningServer) -> object:
    with Rpc(server.grpc_address) as rpc:
        try:
            return rpc.send("ModelInfer", b"\xff")
        except grpc.RpcError as error:
            return error


V2_IMAGE = {"inputs": [tensor("image", "UINT8", [1, 4, 4], IMAGE)]}
V2_WRONG = {"inputs": [tensor("image", "UINT8", [1, 4], [0] * 4)]}

COUNTED = [
    Counted("an answer by v1", rest(PREDICT.format("image"), {"instances": IMAGE}), "v1", 200),
    Counted("an answer by v2", rest(INFER.format("image"), V2_IMAGE), "v2", 200),
    Counted("an answer by gRPC", message(), "grpc", 200),
    Counted("a mistake by v1", rest(PREDICT.format("image"), {}), "v1", 400, "bad_input"),
    Counted("a mistake by v2", rest(INFER.format("image"), V2_WRONG), "v2", 400, "bad_input"),
    Counted("a mistake by gRPC", message(size=15), "grpc", 400, "bad_input"),
    Counted("no JSON", rest(INFER.format("image"), b"{"), "v2", 400, "bad_input"),
    Counted("no message", noise, "grpc", 400, "bad_input", STRANGER),
    Counted("an unknown model by v1", rest(PREDICT.format("other"), {}), "v1", 404, None, STRANGER),
    Counted("an unknown model by v2", rest(INFER.format("other"), {}), "v2", 404, None, STRANGER),
    Counted("an unknown model by gRPC", message("other"), "grpc", 404, None, STRANGER),
    Counted("an unknown version", message(version="7"), "grpc", 404, None, NO_VERSION),
    Counted("a wrong method", rest(INFER.format("image"), None, "GET"), "v2", 405, None, NO_VERSION),
    Counted("too large a body", announce_too_much, "v2", 413, "too_large"),
    Counted(
        "a wrong content type", rest(INFER.format("image"), {}, headers={"Content-Type": "a/b"}), "v2", 415, "bad_input"
    ),
]


def fact(counted: Counted) -> str:
    return counted.fact


WATCHED = ("ecluse_requests_total", "ecluse_request_duration_seconds_count", "ecluse_rejected_total")


def counts(server: RunningServer) -> Counter[Series]:
    return Counter(
        {
            (sample.name, tuple(sorted(sample.labels.items()))): int(sample.value)
            for family in families(scrape(server)).values()
            for sample in family.samples
            if sample.name in WATCHED
        }
    )


def series(name: str, model: Mapping[str, str], **labels: str) -> Series:
    return name, tuple(sorted({**model, **labels}.items()))


def expected(counted: Counted) -> Counter[Series]:
    model = counted.model or MODEL
    outcome = OUTCOMES[0 if counted.code < 400 else 1 if counted.code < 500 else 2]
    labels = {"protocol": counted.protocol}
    found = Counter(
        [
            series("ecluse_requests_total", model, code=str(counted.code), **labels),
            series("ecluse_request_duration_seconds_count", model, outcome=outcome, **labels),
        ]
    )
    if counted.reason is not None:
        found[series("ecluse_rejected_total", model, reason=counted.reason)] += 1
    return found


def assert_is_counted(server: RunningServer, before: Counter[Series], wanted: Counter[Series]) -> None:
    """A call's status may reach its caller a moment before it is counted."""
    deadline = time.monotonic() + COUNTED_SECONDS
    while (found := counts(server) - before) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


@pytest.mark.parametrize("counted", COUNTED, ids=fact)
def test_an_outcome_is_counted_once(image_server: RunningServer, counted: Counted) -> None:
    before = counts(image_server)
    counted.ask(image_server)
    assert_is_counted(image_server, before, expected(counted))


def test_the_bytes_of_a_request_and_of_its_answer_are_counted_before_they_are_compressed(
    image_server: RunningServer,
) -> None:
    names = ("ecluse_request_size_bytes", "ecluse_response_size_bytes")

    def sums() -> list[float]:
        scraped = families(scrape(image_server))
        return [value(scraped, name, MODEL, suffix="_sum") for name in names]

    body = json.dumps(V2_IMAGE).encode()
    before = sums()
    with Caller(image_server.http_address) as caller:
        plain = caller.post(INFER.format("image"), body)
        packed = caller.post(INFER.format("image"), gzip.compress(body), {**JSON, "Content-Encoding": "gzip"})
    assert [plain.status, packed.status] == [200, 200]
    expected = [2 * len(body), len(plain.body) + len(packed.body)]
    deadline = time.monotonic() + COUNTED_SECONDS
    while (seen := [after - earlier for after, earlier in zip(sums(), before, strict=True)]) != expected:
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)


def test_open_connections_are_told(image_server: RunningServer) -> None:
    with Rpc(image_server.grpc_address) as rpc:
        rpc.send("ServerLive", b"")
        scraped = families(scrape(image_server))
    assert value(scraped, "ecluse_grpc_connections", {}) >= 1
    assert value(scraped, "ecluse_http_connections", {}) >= 1


def test_how_late_the_event_loop_comes_is_observed(image_server: RunningServer) -> None:
    wait_until(lambda: value(families(scrape(image_server)), "ecluse_event_loop_lag_seconds", {}, "_count") > 0)
    assert value(families(scrape(image_server)), "ecluse_metrics_render_seconds", {}) > 0


@pytest.mark.parametrize("path", ["/", "/metrics", "/v2", "/v2/health/ready", "/v1/models/image", "/nowhere"])
def test_questions_are_no_inference_requests(image_server: RunningServer, path: str) -> None:
    before = counts(image_server)
    with Caller(image_server.http_address) as caller:
        caller.get(path)
    assert counts(image_server) == before


def junk(random: Random) -> str:
    return "".join(random.choices('aZ09_-.~é"\\ ', k=random.randint(1, 30)))


def all_series(server: RunningServer) -> set[Series]:
    """Those that the server keeps; what KServe and Python keep is theirs to bound."""
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in families(scrape(server)).values()
        for sample in family.samples
    }


def test_nothing_that_callers_send_makes_a_series(everything: RunningServer) -> None:
    before = all_series(everything)
    random = Random(20)
    for _ in range(30):
        name, version, request_id = (quote(junk(random)) for _ in range(3))
        headers = {**JSON, "X-Request-Id": request_id, junk(random).translate(NO_TOKEN) or "x": "1"}
        at = f"/v2/models/{name}"
        for path in (f"{at}/infer", f"{at}/versions/{version}/infer", f"/v1/models/{name}:predict"):
            rest(path, {"id": request_id, "inputs": []}, headers=headers)(everything)
        rest(INFER.format("image"), {**V2_IMAGE, "id": request_id}, headers=headers)(everything)
        rest(f"/v2/models/image/versions/{version}/infer", V2_IMAGE, headers=headers)(everything)
        rest(f"/{name}", None, random.choice(["GET", "PUT", "DELETE", "PATCH", "BREW"]))(everything)
        label = {"id": junk(random), "row": random.randrange(9), "label": junk(random)}
        rest("/v1/feedback", {"labels": [label]})(everything)
    for _ in range(10):
        message(junk(random), version=junk(random))(everything)
        message(version=junk(random))(everything)
    assert all_series(everything) == before


class TestASlowModel:
    """Outcomes that take time to come about."""

    SLOW: Mapping[str, str] = {"model_name": "slow", "model_version": "1"}
    BODY: Mapping[str, Any] = {"inputs": [tensor("x", "FP32", [1], [5])]}

    @pytest.fixture
    def before(self, zoo_server: RunningServer) -> Counter[Series]:
        return counts(zoo_server)

    def test_a_timeout_is_counted_once(self, zoo_server: RunningServer, before: Counter[Series]) -> None:
        rest(INFER.format("slow"), {**self.BODY, "parameters": {"timeout": 1000}})(zoo_server)
        wanted = expected(Counted("", rest("", None), "v2", 504, "late", self.SLOW))
        assert_is_counted(zoo_server, before, wanted)

    def test_a_caller_that_leaves_is_counted_once(self, zoo_server: RunningServer, before: Counter[Series]) -> None:
        """`patient` keeps a lone request until its caller has had time to leave."""
        body = b'{"instances": [4]}'
        head = f"POST {PREDICT.format('patient')} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        address = ("127.0.0.1", zoo_server.http_port)
        with Caller(zoo_server.http_address) as other, socket.create_connection(address) as connection:
            connection.sendall(head.encode() + body)
            wait_until(lambda: b'ecluse_inflight_requests{protocol="v1"} 1.0' in other.get("/metrics").body)
        model = {"model_name": "patient", "model_version": "1"}
        assert_is_counted(zoo_server, before, expected(Counted("", rest("", None), "v1", 499, None, model)))

    def test_a_full_queue_is_counted_for_each_that_was_turned_away(
        self, zoo_server: RunningServer, before: Counter[Series]
    ) -> None:
        request = ModelInferRequest(model_name="slow")
        request.inputs.add(name="x", datatype="FP32", shape=[1]).contents.fp32_contents.append(5)
        with Rpc(zoo_server.grpc_address) as rpc:
            infer: Any = rpc.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            calls = [infer.future(request.SerializeToString(), timeout=30) for _ in range(20)]
            refused = sum(call.exception() is not None for call in calls)
        assert 0 < refused < len(calls)
        wanted: Counter[Series] = Counter()
        for code, reason, count in ((200, None, len(calls) - refused), (503, "queue_full", refused)):
            for each in expected(Counted("", rest("", None), "grpc", code, reason, self.SLOW)):
                wanted[each] += count
        assert_is_counted(zoo_server, before, wanted)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + COUNTED_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
