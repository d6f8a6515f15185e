"""Whatever a caller sends, it hears what was wrong, keeps its connection and harms nobody.

Mistakes over REST are the table of `mistakes.py`; those over gRPC are here. Each
is answered with a sentence that says what came and what was expected.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from serving.forecast import IDLE_RUNS_TO_DOUBT
from serving.oip_pb2 import ModelInferRequest, ModelMetadataRequest, ModelReadyRequest
from tests.contract.mistakes import DEEP, GOOD, GOOD_ANSWER, INFER, MISTAKES, Mistake, tensor
from tests.contract.serve_zoo import PATIENT_ROWS, PAYLOAD_BYTES, SLOW_QUEUE_ROWS
from tests.contract.wire import Caller, Reply, Rpc
from tests.contract.zoo import SLOW_SECONDS
from tests.servers import RunningServer

SLOW = {"inputs": [tensor("x", "FP32", [1], [5])]}


def hurried() -> ModelInferRequest:
    """A call of the slow model that allows it less than a run takes."""
    request = ModelInferRequest(model_name="slow")
    request.parameters["timeout"].int64_param = 20_000
    fp32(request, 5, shape=(1,))
    return request


def leave_in_doubt() -> None:
    """Let the slow model rest until what is known of it is doubted, so that it is tried whatever the timeout."""
    # It may be known for slower than it is: a machine that is busy with something else made it wait.
    time.sleep(3 * IDLE_RUNS_TO_DOUBT * SLOW_SECONDS)


def words(mistake: Mistake) -> str:
    return mistake.name


@pytest.fixture(scope="module")
def kept(zoo_server: RunningServer) -> Iterator[Caller]:
    """One connection for every mistake of this file: none of them may cost it."""
    with Caller(zoo_server.http_address) as caller:
        yield caller


def assert_is_served(caller: Caller) -> None:
    reply = caller.post(INFER.format("dense"), GOOD)
    assert reply.status == 200
    assert reply.json["outputs"][0]["data"] == GOOD_ANSWER


def assert_is_refused(reply: Reply, status: int, reason: str, expected: tuple[str, ...]) -> None:
    assert reply.status == status, reply.body[:300]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers.get("connection") != "close"
    assert reply.json.keys() == {"error", "reason"}
    sentence = reply.json["error"]
    assert isinstance(sentence, str)
    assert sentence
    assert [word for word in expected if word not in sentence] == [], sentence
    assert reply.json["reason"] == reason


class TestOverRest:
    @pytest.mark.parametrize("mistake", MISTAKES, ids=words)
    def test_a_mistake_is_told_in_a_sentence_and_costs_no_connection(self, kept: Caller, mistake: Mistake) -> None:
        body = None if mistake.body is None else mistake.body
        if not isinstance(body, bytes | None):
            body = json.dumps(body).encode()
        reply = kept.ask(mistake.method, mistake.path, body, mistake.headers)
        assert_is_refused(reply, mistake.status, mistake.reason, mistake.words)
        assert_is_served(kept)

    def test_every_mistake_has_a_name_of_its_own(self) -> None:
        assert len({mistake.name for mistake in MISTAKES}) > 120

    def test_a_sentence_repeats_no_more_than_a_little_of_what_came(self, kept: Caller) -> None:
        """A long value must not come back whole, or a mistake would double the traffic."""
        data = ["a" * 100_000, 2, 3]
        reply = kept.post(INFER.format("dense"), {"inputs": [tensor("x", "FP32", [1, 3], data)]})
        assert reply.status == 400
        assert len(reply.body) < 1000

    @pytest.mark.parametrize("where", ["the model", "an input", "an output", "a datatype", "a shape", "a parameter"])
    def test_a_long_name_does_not_come_back_whole(self, kept: Caller, where: str) -> None:
        long = "n" * 50_000
        path, body = INFER.format("dense"), json.loads(json.dumps(GOOD))
        match where:
            case "the model":
                path = INFER.format(long)
            case "an input":
                body["inputs"][0]["name"] = long
            case "an output":
                body["outputs"] = [{"name": long}]
            case "a datatype":
                body["inputs"][0]["datatype"] = long
            case "a shape":
                body["inputs"][0]["shape"] = [1] * 20_000
            case "a parameter":
                body["parameters"] = {long: {}}
        reply = kept.post(path, body)
        assert 400 <= reply.status < 500
        assert len(reply.body) < 2000
        assert_is_served(kept)

    def test_a_body_in_chunks_is_refused_once_it_passes_the_limit(self, zoo_server: RunningServer) -> None:
        chunk = b" " * 65536
        with Caller(zoo_server.http_address) as caller:
            reply = caller.send_in_chunks(INFER.format("dense"), [chunk] * (PAYLOAD_BYTES // len(chunk) + 1))
            assert_is_refused(reply, 413, "too_large", (str(PAYLOAD_BYTES), "LIMIT_PAYLOAD_BYTES"))
            assert_is_served(caller)

    def test_a_body_as_large_as_the_limit_is_read(self, kept: Caller) -> None:
        body = json.dumps(GOOD).encode()
        reply = kept.post(INFER.format("dense"), body + b" " * (PAYLOAD_BYTES - len(body)))
        assert reply.status == 200

    def test_a_wrong_method_is_told_the_right_one(self, kept: Caller) -> None:
        assert kept.get(INFER.format("dense")).headers["allow"] == "POST"
        assert kept.post("/v2", {}).headers["allow"] == "GET"

    def test_a_head_that_never_ends_is_cut_off(self, zoo_server: RunningServer) -> None:
        answer = exchange(zoo_server.http_port, b"GET /v2 HTTP/1.1\r\nX-Long: " + b"a" * (64 * 1024 + 1))
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"longer than 65536 bytes (LIMIT_HEAD_BYTES)" in answer

    def test_a_caller_who_asks_for_another_protocol_is_answered_over_this_one(self, zoo_server: RunningServer) -> None:
        body = json.dumps(GOOD).encode()
        plain = f"POST {INFER.format('dense')} HTTP/1.1\r\nHost: x\r\n"
        upgrade = plain + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        whole = f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        chunks = f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        sent = [(upgrade, whole), (upgrade, chunks), (upgrade, whole), (plain + "Connection: close\r\n", whole)]
        together = b"".join(head.encode() + rest for head, rest in sent)
        assert exchange(zoo_server.http_port, together).count(json.dumps(GOOD_ANSWER).encode().replace(b" ", b"")) == 4

    def test_a_body_that_comes_after_its_head_is_read_whatever_protocol_was_asked_for(self, caller: Caller) -> None:
        upgrade = {"Connection": "Upgrade", "Upgrade": "h2c", "Content-Type": "application/json"}
        for _ in range(2):
            assert caller.post(INFER.format("dense"), GOOD, upgrade).json["outputs"][0]["data"] == GOOD_ANSWER

    def test_what_is_no_http_is_refused_and_the_server_lives_on(self, zoo_server: RunningServer) -> None:
        answer = exchange(zoo_server.http_port, b"\x16\x03\x01\x00 hello\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        with Caller(zoo_server.http_address) as caller:
            assert_is_served(caller)

    def test_a_caller_that_leaves_in_the_middle_of_its_body_harms_nobody(self, zoo_server: RunningServer) -> None:
        head = f"POST {INFER.format('dense')} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        send_and_leave(zoo_server.http_port, head.encode() + b'{"inputs":')
        with Caller(zoo_server.http_address) as caller:
            assert_is_served(caller)

    def test_a_request_that_waits_too_long_is_told_so(self, kept: Caller) -> None:
        leave_in_doubt()
        reply = kept.post(INFER.format("slow"), {**SLOW, "parameters": {"timeout": 20_000}})
        assert_is_refused(reply, 504, "late", ("timeout", "0.02 s"))
        assert_is_served(kept)

    def test_a_request_that_would_wait_too_long_is_turned_away(self, kept: Caller) -> None:
        assert kept.post(INFER.format("slow"), SLOW).status == 200
        reply = kept.post(INFER.format("slow"), {**SLOW, "parameters": {"timeout": 20_000}})
        assert_is_refused(reply, 503, "late", ("timeout", "0.02 s", "expected in 0.05"))
        assert_is_served(kept)

    def test_a_full_queue_turns_callers_away_and_answers_the_rest(self, zoo_server: RunningServer) -> None:
        callers = 8 * SLOW_QUEUE_ROWS
        replies = at_once([zoo_server] * callers, lambda caller: caller.post(INFER.format("slow"), SLOW))
        answered = [reply for reply in replies if reply.status == 200]
        refused = [reply for reply in replies if reply.status != 200]
        assert answered
        assert refused
        assert all(reply.json["outputs"][0]["data"] == [5.0] for reply in answered)
        for reply in refused:
            assert_is_refused(reply, 503, "queue_full", ("queue is full", "BATCH_QUEUE_ROWS"))
            assert reply.headers["retry-after"] == "1"


class TestNeighbours:
    """Requests of one batch: its size says when it leaves, so all of them are in it."""

    def test_a_request_that_the_graph_refuses_fails_alone(self, zoo_server: RunningServer) -> None:
        values = [float(n * n) for n in range(PATIENT_ROWS)]
        values[3] = -1.0
        before = batches(zoo_server, "patient")
        replies = at_once([zoo_server] * PATIENT_ROWS, *(asks_for_root(value) for value in values))
        assert batches(zoo_server, "patient") == before + 1
        assert_is_refused(replies.pop(3), 400, "bad_input", ("refused", "no root"))
        assert [reply.json["outputs"][0]["data"] for reply in replies] == [[float(n)] for n in (0, 1, 2, 4, 5, 6, 7)]

    def test_a_request_that_does_not_fit_never_joins_the_batch(self, zoo_server: RunningServer) -> None:
        bad = Mistake("text", {"inputs": [tensor("x", "FP32", [1], ["four"])]}, ())
        before = batches(zoo_server, "patient")
        replies = at_once(
            [zoo_server] * (PATIENT_ROWS + 1),
            lambda caller: caller.post(INFER.format("patient"), bad.body),
            *(asks_for_root(float(n * n)) for n in range(PATIENT_ROWS)),
        )
        assert batches(zoo_server, "patient") == before + 1
        assert_is_refused(replies[0], 400, "bad_input", ("'x'", "'four'"))
        assert [reply.json["outputs"][0]["data"] for reply in replies[1:]] == [[float(n)] for n in range(PATIENT_ROWS)]

    def test_a_bad_message_over_grpc_does_not_harm_callers_over_rest(self, zoo_server: RunningServer) -> None:
        with Rpc(zoo_server.grpc_address) as rpc, ThreadPoolExecutor(1) as pool:
            request = ModelInferRequest(model_name="patient")
            fp32(request, -1, shape=(1,))
            refused = pool.submit(rpc.infer, request)
            replies = at_once(
                [zoo_server] * (PATIENT_ROWS - 1), *(asks_for_root(float(n * n)) for n in range(PATIENT_ROWS - 1))
            )
            with pytest.raises(grpc.RpcError, match="no root"):
                refused.result(30)
        assert [reply.json["outputs"][0]["data"] for reply in replies] == [[float(n)] for n in range(PATIENT_ROWS - 1)]


@dataclass(frozen=True)
class BadMessage:
    """A message over gRPC, and what its sender hears."""

    name: str
    build: Callable[[ModelInferRequest], object]
    words: tuple[str, ...]
    status: str = "INVALID_ARGUMENT"
    reason: str = "bad_input"


def fp32(request: ModelInferRequest, *values: float, name: str = "x", shape: tuple[int, ...] = (1, 3)) -> Any:
    request.model_name = request.model_name or "dense"
    entry = request.inputs.add(name=name, datatype="FP32", shape=shape)
    entry.contents.fp32_contents.extend(values)
    return entry


def raw(request: ModelInferRequest, *buffers: bytes, shape: tuple[int, ...] = (1, 3)) -> None:
    request.model_name = "dense"
    request.inputs.add(name="x", datatype="FP32", shape=shape)
    request.raw_input_contents.extend(buffers)


def of_model(name: str, build: Callable[[ModelInferRequest], object]) -> Callable[[ModelInferRequest], object]:
    def built(request: ModelInferRequest) -> None:
        request.model_name = name
        build(request)

    return built


def wrong_field(request: ModelInferRequest) -> None:
    fp32(request).contents.int_contents.extend([1, 2, 3])


def out_of_range(request: ModelInferRequest) -> None:
    request.model_name = "echo"
    request.inputs.add(name="uint8", datatype="UINT8", shape=[1, 2]).contents.uint_contents.extend([256, 0])


def typed_half(request: ModelInferRequest) -> None:
    request.model_name = "echo"
    request.inputs.add(name="float16", datatype="FP16", shape=[1, 2]).contents.fp32_contents.extend([1, 2])


def raw_and_typed(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.raw_input_contents.append(bytes(12))


def unknown_output(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.outputs.add(name="z")


def output_twice(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.outputs.add(name="y")
    request.outputs.add(name="y")


def input_twice(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    fp32(request, 1, 2, 3)


def another_datatype(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3).datatype = "INT32"


def unknown_version(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.model_version = "7"


def negative_timeout(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.parameters["timeout"].int64_param = -1


def timeout_in_words(request: ModelInferRequest) -> None:
    fp32(request, 1, 2, 3)
    request.parameters["timeout"].string_param = "soon"


BAD_MESSAGES = [
    BadMessage("no model", lambda _: None, ("''", "'dense'"), "NOT_FOUND", "unknown_model"),
    BadMessage("an unknown model", of_model("nobody", fp32), ("'nobody'",), "NOT_FOUND", "unknown_model"),
    BadMessage("an unknown version", unknown_version, ("'7'", "'1'"), "NOT_FOUND", "unknown_model"),
    BadMessage("no inputs", of_model("dense", lambda _: None), ("'x'", "missing")),
    BadMessage("an unknown input", lambda request: fp32(request, name="y"), ("'y'", "'x'")),
    BadMessage("an input twice", input_twice, ("'x'", "twice")),
    BadMessage(
        "one input of two", of_model("two_inputs", lambda r: fp32(r, 1, name="price", shape=(1,))), ("'count'",)
    ),
    BadMessage("another datatype", another_datatype, ("'x'", "INT32", "FP32")),
    BadMessage("too few values", lambda request: fp32(request, 1, 2), ("'x'", "2 values", "expected 3")),
    BadMessage("too many values", lambda request: fp32(request, 1, 2, 3, 4), ("'x'", "4 values", "expected 3")),
    BadMessage("no values", lambda request: fp32(request), ("'x'", "0 values", "expected 3")),
    BadMessage("another field", wrong_field, ("'x'", "fp32_contents", "int_contents")),
    BadMessage("too many dimensions", lambda r: fp32(r, 1, shape=(1, 1, 1)), ("'x'", "[1, 1, 1]", "[-1, 3]")),
    BadMessage("a size below zero", lambda r: fp32(r, 1, shape=(-1, 3)), ("'x'", "[-1, 3]", "whole numbers")),
    BadMessage("a shape beyond memory", lambda r: fp32(r, 1, shape=(2**62, 2**62)), ("'x'", "no request can fill")),
    BadMessage("65 dimensions", of_model("any_rank_in", lambda r: fp32(r, 1, shape=(1,) * 65)), ("'x'", "can fill")),
    BadMessage("no rows", lambda request: fp32(request, shape=(0, 3)), ("no rows", "at least one")),
    BadMessage("a value out of range", out_of_range, ("'uint8'", "0 to 255")),
    BadMessage("typed halves", typed_half, ("'float16'", "FP16", "raw_input_contents")),
    BadMessage("both raw and typed", raw_and_typed, ("'x'", "both")),
    BadMessage("a raw buffer too many", lambda r: raw(r, bytes(12), bytes(12)), ("raw_input_contents", "2", "1")),
    BadMessage("raw bytes too short", lambda request: raw(request, bytes(8)), ("'x'", "8 bytes", "12")),
    BadMessage("raw bytes too long", lambda request: raw(request, bytes(16)), ("'x'", "16 bytes", "12")),
    BadMessage("an unknown output", unknown_output, ("'z'", "'y'")),
    BadMessage("an output twice", output_twice, ("twice",)),
    BadMessage("a timeout below zero", negative_timeout, ("'timeout'", "-1", "microseconds")),
    BadMessage("a timeout in words", timeout_in_words, ("'timeout'", "microseconds")),
    BadMessage("a value that the graph refuses", of_model("root", lambda r: fp32(r, -1, shape=(1,))), ("no root",)),
    BadMessage(
        "more rows than the queue holds",
        of_model("slow", lambda r: fp32(r, *[0] * (SLOW_QUEUE_ROWS + 1), shape=(SLOW_QUEUE_ROWS + 1,))),
        (f"{SLOW_QUEUE_ROWS + 1} rows",),
        "RESOURCE_EXHAUSTED",
        "too_large",
    ),
]


def case(message: BadMessage) -> str:
    return message.name


@pytest.fixture(scope="module")
def channel(zoo_server: RunningServer) -> Iterator[Rpc]:
    """One channel for every bad message of this file."""
    with Rpc(zoo_server.grpc_address) as rpc:
        yield rpc


def assert_grpc_is_served(rpc: Rpc) -> None:
    request = ModelInferRequest()
    fp32(request, 1, 2, 3)
    assert list(rpc.infer(request).outputs[0].contents.fp32_contents) == GOOD_ANSWER


class TestOverGrpc:
    @pytest.mark.parametrize("message", BAD_MESSAGES, ids=case)
    def test_a_mistake_is_told_in_a_sentence_and_costs_no_channel(self, channel: Rpc, message: BadMessage) -> None:
        request = ModelInferRequest()
        message.build(request)
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(request)
        assert_is_status(refused.value, message.status, message.reason, message.words)
        assert_grpc_is_served(channel)

    @pytest.mark.parametrize("noise", [b"\xff" * 10, b"\x0a\xff", b"hello", b"\x2a\x05abc"], ids=repr)
    @pytest.mark.parametrize("method", ["ModelInfer", "ModelReady", "ModelMetadata"])
    def test_bytes_that_are_no_message_are_refused(self, channel: Rpc, method: str, noise: bytes) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            channel.send(method, noise)
        assert_is_status(refused.value, "INVALID_ARGUMENT", "bad_input", (f"{method}Request",))
        assert_grpc_is_served(channel)

    def test_groups_a_hundred_thousand_deep_are_refused(self, channel: Rpc) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            channel.send("ModelInfer", b"\x4b" * DEEP)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert_grpc_is_served(channel)

    @pytest.mark.parametrize("long", ["n" * 50_000, "\N{GRINNING FACE}" * 50_000], ids=["in letters", "in pictures"])
    def test_a_long_name_fits_into_the_header_that_tells_of_it(self, channel: Rpc, long: str) -> None:
        request = ModelInferRequest()
        fp32(request, 1, 2, 3, name=long)
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(request)
        assert_is_status(refused.value, "INVALID_ARGUMENT", "bad_input", ("unknown input", "expected 'x'"))

    def test_an_unknown_method_is_unimplemented(self, channel: Rpc) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            channel.send("ModelExplain", b"")
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED

    @pytest.mark.parametrize("method", ["ModelReady", "ModelMetadata"])
    def test_an_unknown_model_is_not_found(self, channel: Rpc, method: str) -> None:
        request = ModelReadyRequest(name="nobody") if method == "ModelReady" else ModelMetadataRequest(name="nobody")
        with pytest.raises(grpc.RpcError) as refused:
            channel.call(method, request)
        assert_is_status(refused.value, "NOT_FOUND", "unknown_model", ("'nobody'",))

    def test_a_message_above_the_limit_is_refused(self, channel: Rpc) -> None:
        request = ModelInferRequest()
        raw(request, bytes(2 * PAYLOAD_BYTES), shape=(PAYLOAD_BYTES // 6, 3))
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(request)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert_grpc_is_served(channel)

    def test_a_deadline_that_passes_is_told_so(self, channel: Rpc) -> None:
        leave_in_doubt()
        request = ModelInferRequest(model_name="slow")
        fp32(request, 5, shape=(1,))
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(request, seconds=0.005)
        assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    def test_a_timeout_in_microseconds_is_kept(self, channel: Rpc) -> None:
        leave_in_doubt()
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(hurried())
        assert_is_status(refused.value, "DEADLINE_EXCEEDED", "late", ("0.02 s",))

    def test_a_timeout_that_cannot_be_kept_turns_the_call_away(self, channel: Rpc) -> None:
        patient = hurried()
        del patient.parameters["timeout"]
        channel.infer(patient)
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(hurried())
        assert_is_status(refused.value, "UNAVAILABLE", "late", ("0.02 s", "expected in 0.05"))

    def test_a_full_queue_turns_callers_away_and_answers_the_rest(self, channel: Rpc) -> None:
        request = ModelInferRequest(model_name="slow")
        fp32(request, 5, shape=(1,))
        call: Any = channel.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        calls = [call.future(request.SerializeToString(), timeout=30) for _ in range(8 * SLOW_QUEUE_ROWS)]
        errors = [call.exception() for call in calls]
        assert None in errors
        refused = [error for error in errors if error is not None]
        assert refused
        for error in refused:
            assert_is_status(error, "UNAVAILABLE", "queue_full", ("queue is full", "BATCH_QUEUE_ROWS"))


class TestAFaultOfTheModels:
    """`broken` reads a file that is not there."""

    ASKED: Mapping[str, object] = {"inputs": [tensor("x", "FP32", [1], [1])]}

    def test_is_a_500_of_its_own_kind_and_costs_no_connection(self, kept: Caller) -> None:
        assert_is_refused(kept.post(INFER.format("broken"), self.ASKED), 500, "model_failed", ("the model failed",))
        assert_is_served(kept)

    def test_is_internal_over_grpc(self, channel: Rpc) -> None:
        request = ModelInferRequest(model_name="broken")
        fp32(request, 1, shape=(1,))
        with pytest.raises(grpc.RpcError) as refused:
            channel.infer(request)
        assert_is_status(refused.value, "INTERNAL", "model_failed", ("the model failed",))

    def test_tells_its_cause_to_the_operator_alone(self, zoo_server: RunningServer, kept: Caller) -> None:
        assert b"vocabulary" not in kept.post(INFER.format("broken"), self.ASKED).body
        event = zoo_server.wait_for("model_failed", seconds=10, model_name="broken")
        assert "vocabulary.txt" in event["traceback"]

    def test_harms_no_later_request(self, kept: Caller) -> None:
        reply = kept.post(INFER.format("broken"), {"inputs": [tensor("x", "FP32", [1], [0])]})
        assert reply.json["outputs"][0]["data"] == [0.0]


def test_no_mistake_of_a_callers_was_worth_an_error_in_the_log(zoo_server: RunningServer) -> None:
    assert [event for event in zoo_server.errors() if event.get("model_name") != "broken"] == []
    assert zoo_server.process.poll() is None


def assert_is_status(error: Any, status: str, reason: str, expected: tuple[str, ...]) -> None:
    assert error.code().name == status, error.details()
    sentence = error.details()
    assert [word for word in expected if word not in sentence] == [], sentence
    assert dict(error.trailing_metadata())["reason"] == reason


def asks_for_root(value: float) -> Callable[[Caller], Reply]:
    return lambda caller: caller.post(INFER.format("patient"), {"inputs": [tensor("x", "FP32", [1], [value])]})


def at_once(servers: list[RunningServer], *asks: Callable[[Caller], Reply]) -> list[Reply]:
    """Ask on as many connections, opened beforehand, at the same moment; one question given is asked on all."""
    questions = asks if len(asks) == len(servers) else asks * len(servers)
    together = threading.Barrier(len(servers))

    def ask(caller: Caller, question: Callable[[Caller], Reply]) -> Reply:
        together.wait(30)
        return question(caller)

    with ExitStack() as stack, ThreadPoolExecutor(len(servers)) as pool:
        callers = [stack.enter_context(Caller(server.http_address)) for server in servers]
        return list(pool.map(ask, callers, questions))


def batches(server: RunningServer, model: str) -> float:
    """Count the batches that a model has run."""
    with Caller(server.http_address) as caller:
        lines = caller.get("/metrics").body.decode().splitlines()
    series = f'ecluse_batches_total{{model_name="{model}",'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def send_and_leave(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
