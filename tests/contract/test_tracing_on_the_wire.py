"""Spans as a collector of OpenTelemetry's gets them, and a collector that is gone."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from serving.oip_pb2 import ModelInferRequest
from tests.contract.mistakes import GOOD, GOOD_ANSWER, INFER, PREDICT
from tests.contract.wire import SERVICE, Caller, Rpc
from tests.servers import RunningServer

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = f"00-{TRACE_ID}-{SPAN_ID}-01"
SECONDS = 20.0


class Collector:
    """Takes OTLP over HTTP on loopback."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.paths: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.paths.add(self.path)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    collector.spans += (span for scope in resource.scope_spans for span in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def wait_for(self, is_there: Callable[[list[Any]], bool]) -> list[Any]:
        deadline = time.monotonic() + SECONDS
        while not is_there(self.spans):
            assert time.monotonic() < deadline, [span.name for span in self.spans]
            time.sleep(0.02)
        return self.spans


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


@pytest.fixture(scope="module")
def server(zoo: Path, collector: Collector) -> Iterator[RunningServer]:
    options = ("--tracing_endpoint", collector.address, "--tracing_sample_ratio", "0")
    with RunningServer(zoo / "dense", "--model_name", "dense", *options) as server:
        yield server


def of_trace(spans: list[Any], trace_id: str) -> dict[str, Any]:
    return {span.name: span for span in spans if span.trace_id.hex() == trace_id}


STAGES = {"decode", "queue", "run", "encode"}


def test_a_request_of_a_traced_caller_is_told_with_its_stages_and_its_batch(
    server: RunningServer, collector: Collector
) -> None:
    headers = {"Content-Type": "application/json", "traceparent": TRACED, "X-Request-Id": "mine"}
    with Caller(server.http_address) as caller:
        assert caller.post(INFER.format("dense"), GOOD).status == 200  # is not traced
        assert caller.post(INFER.format("dense"), GOOD, headers).json["outputs"][0]["data"] == GOOD_ANSWER
    spans = collector.wait_for(lambda spans: len(of_trace(spans, TRACE_ID)) == 5)
    mine = of_trace(spans, TRACE_ID)
    root = mine["infer v2"]
    assert mine.keys() == {"infer v2", *STAGES}
    assert root.parent_span_id.hex() == SPAN_ID
    assert {child.parent_span_id for name, child in mine.items() if name in STAGES} == {root.span_id}
    order = [moment for name in ("decode", "queue", "run", "encode") for moment in edges(mine[name])]
    assert order == sorted(order)
    assert root.start_time_unix_nano <= order[0]
    assert order[-1] <= root.end_time_unix_nano
    batch = next(span for span in spans if span.span_id == mine["run"].links[0].span_id)
    assert batch.name == "batch"
    assert [link.span_id for link in batch.links] == [root.span_id]
    assert collector.paths == {"/v1/traces"}


def edges(span: Any) -> tuple[int, int]:
    return span.start_time_unix_nano, span.end_time_unix_nano


def test_so_is_a_call_over_grpc(server: RunningServer, collector: Collector) -> None:
    trace_id = "a" * 32
    request = ModelInferRequest(model_name="dense")
    request.inputs.add(name="x", datatype="FP32", shape=[1, 3]).contents.fp32_contents.extend([1, 2, 3])
    with Rpc(server.grpc_address) as rpc:
        call: Any = rpc.channel.unary_unary(f"/{SERVICE}/ModelInfer")
        metadata = (("traceparent", f"00-{trace_id}-{SPAN_ID}-01"),)
        call(request.SerializeToString(), timeout=30, metadata=metadata)
    spans = collector.wait_for(lambda spans: len(of_trace(spans, trace_id)) == 5)
    assert of_trace(spans, trace_id).keys() == {"infer grpc", *STAGES}


def test_a_model_with_code_around_it_is_told_with_the_time_of_its_code(
    zoo: Path, collector: Collector, tmp_path: Path
) -> None:
    trace_id = "c" * 32
    (tmp_path / "open").touch()
    headers = {"Content-Type": "application/json", "traceparent": f"00-{trace_id}-{SPAN_ID}-01"}
    options = ("--tracing_endpoint", collector.address, "--tracing_sample_ratio", "0")
    command = (sys.executable, "-m", "tests.contract.serve_users_models")
    with (
        RunningServer(zoo, *options, command=command, env={"GATE": str(tmp_path / "open")}) as server,
        Caller(server.http_address) as caller,
    ):
        assert caller.post(PREDICT.format("shifted"), {"instances": [[1, 2, 3]]}, headers).status == 200
        spans = collector.wait_for(lambda spans: len(of_trace(spans, trace_id)) == 4)
    mine = of_trace(spans, trace_id)
    assert mine.keys() == {"infer v1", "decode", "user_code", "encode"}
    order = [moment for name in ("decode", "user_code", "encode") for moment in edges(mine[name])]
    assert order == sorted(order)


def test_a_refusal_is_told_with_its_reason(server: RunningServer, collector: Collector) -> None:
    trace_id = "b" * 32
    headers = {"Content-Type": "application/json", "traceparent": f"00-{trace_id}-{SPAN_ID}-01"}
    with Caller(server.http_address) as caller:
        assert caller.post(INFER.format("nobody"), GOOD, headers).status == 404
    spans = collector.wait_for(lambda spans: len(of_trace(spans, trace_id)) == 1)
    attributes = {each.key: each.value for each in of_trace(spans, trace_id)["infer v2"].attributes}
    assert attributes["error.type"].string_value == "unknown_model"
    assert attributes["http.response.status_code"].int_value == 404


def test_a_collector_that_is_gone_costs_spans_and_no_request(zoo: Path) -> None:
    options = ("--tracing_endpoint", "http://127.0.0.1:9", "--tracing_sample_ratio", "1")
    with RunningServer(zoo / "dense", "--model_name", "dense", *options) as server:
        with Caller(server.http_address) as caller:
            for _ in range(200):
                assert caller.post(INFER.format("dense"), GOOD).status == 200
        assert server.stop() == 0
