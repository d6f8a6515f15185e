"""What makes this a predictor of KServe's: its options, its model class, its metrics.

And what we rely on in KServe beyond its manual, so that an
upgrade which moves it fails here and not in production.
"""

import inspect
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.errors import StartupError
from serving.oip_pb2 import ModelInferRequest, ModelReadyRequest, ServerReadyRequest
from serving.options import load
from serving.settings import Settings
from tests.contract.mistakes import HEAD_LENGTH, INFER, PREDICT, tensor
from tests.contract.wire import JSON, Caller, Reply, Rpc
from tests.servers import RunningServer


@dataclass(frozen=True)
class Loading:
    """What a server that still loads a model says."""

    live: Reply
    ready: Reply
    model: Reply
    v2: Reply
    v1: Reply
    grpc_infer: Any
    grpc_ready: bool
    grpc_model_ready: bool


@dataclass(frozen=True)
class UsersServer:
    server: RunningServer
    loading: Loading
    gate: Path


@pytest.fixture(scope="module")
def users(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsersServer]:
    """A server of a user's own models; asked while one of them was still loading."""
    gate = tmp_path_factory.mktemp("gate") / "open"
    command = (sys.executable, "-m", "tests.contract.serve_users_models")
    options = ("--versions_policy", "all", "--versions_labels", "versioned/canary=2", "--drain_timeout_seconds", "2")
    with RunningServer(zoo, *options, command=command, env={"GATE": str(gate)}, until="listening") as server:
        with Caller(server.http_address) as caller, Rpc(server.grpc_address) as rpc:
            seen = look(caller, rpc)
        gate.touch()
        server.wait_for("ready")
        yield UsersServer(server, seen, gate)


def look(caller: Caller, rpc: Rpc) -> Loading:
    infer: Any = rpc.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    call = infer.future(ModelInferRequest(model_name="gated").SerializeToString(), timeout=30)
    return Loading(
        live=caller.get("/v2/health/live"),
        ready=caller.get("/v2/health/ready"),
        model=caller.get("/v1/models/gated"),
        v2=caller.post(INFER.format("gated"), {"inputs": []}),
        v1=caller.post(PREDICT.format("gated"), {"instances": [1]}),
        grpc_infer=call.exception(),
        grpc_ready=rpc.call("ServerReady", ServerReadyRequest()).ready,
        grpc_model_ready=rpc.call("ModelReady", ModelReadyRequest(name="gated")).ready,
    )


@pytest.fixture
def user(users: UsersServer) -> Iterator[Caller]:
    with Caller(users.server.http_address) as caller:
        yield caller


@pytest.fixture
def user_rpc(users: UsersServer) -> Iterator[Rpc]:
    with Rpc(users.server.grpc_address) as rpc:
        yield rpc


def numbers(*values: float, name: str = "x") -> dict[str, object]:
    return {"inputs": [tensor(name, "FP32", [1, len(values)], list(values))]}


class TestOptions:
    @staticmethod
    def options() -> list[Any]:
        from kserve.model_server import parser

        return [action for action in parser._actions if action.option_strings and action.dest != "help"]  # noqa: SLF001

    def test_every_option_of_kserves_parser_is_taken(self) -> None:
        refused = {}
        for action in self.options():
            value = EXAMPLES.get(action.dest, default(action))
            for option in action.option_strings:
                arguments = [option] if action.nargs == 0 else [option, value]
                try:
                    load(arguments, {})
                except StartupError as error:
                    refused[option] = str(error)
        assert refused == {}

    def test_options_that_both_have_mean_the_same(self) -> None:
        settings = load(
            [
                *("--model_name", "a", "--http_port", "1234", "--grpc_port", "1235", "--enable_grpc", "false"),
                *("--timeout-keep-alive", "70", "--grpc_max_receive_message_length", "4096"),
                *("--ssl_certfile", "tls.crt", "--ssl_keyfile", "tls.key"),
            ],
            {},
        )
        assert (settings.model_name, settings.http_port, settings.grpc_port) == ("a", 1234, 1235)
        assert not settings.enable_grpc
        assert settings.http.keep_alive_seconds == 70
        assert settings.limit.payload_bytes == 4096
        assert (settings.tls.certificate, settings.tls.key) == (Path("tls.crt"), Path("tls.key"))

    def test_defaults_that_both_have_are_the_same(self) -> None:
        defaults = {action.dest: action.default for action in self.options()}
        ours = Settings()
        assert (ours.http_port, ours.grpc_port) == (defaults["http_port"], defaults["grpc_port"])
        assert ours.enable_grpc == defaults["enable_grpc"]
        assert ours.http.keep_alive_seconds == defaults["timeout_keep_alive"]


EXAMPLES = {"model_name": "a", "ssl_certfile": "cert.pem", "ssl_keyfile": "key.pem"}
"""Values of options whose default says nothing of what they take."""


def default(action: Any) -> str:
    if action.choices:
        return str(next(iter(action.choices)))
    return "1" if action.default is None else str(action.default)


class TestHooksOfAUsersOwn:
    """(x + 1) through the graph, times two: [1, 2, 3] gives [(2 + 4) * 2, (3 + 4) * 2]."""

    def test_by_v1(self, user: Caller) -> None:
        assert user.post(PREDICT.format("shifted"), {"instances": [[1, 2, 3]]}).json == {"predictions": [[12, 14]]}

    def test_classes_of_what_the_hooks_give_come_row_by_row(self, user: Caller) -> None:
        x = {"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [1, 2, 3, 3, 2, 1]}
        wanted = {"name": "y", "parameters": {"classification": 1}}
        answer = user.post(INFER.format("shifted"), {"inputs": [x], "outputs": [wanted]}).json
        assert answer["outputs"] == [
            {"name": "y", "shape": [2, 1], "datatype": "BYTES", "data": ["14.000000:1", "12.000000:0"]}
        ]

    def test_extensions_speak_of_models_with_hooks_too(self, user: Caller) -> None:
        config = user.get("/v2/models/shifted/config").json
        assert (config["max_batch_size"], config["input"][0]["dims"]) == (0, [-1, 3])
        (statistics,) = user.get("/v2/models/shifted/stats").json["model_stats"]
        assert statistics["inference_count"] >= 1
        raw = user.ask("POST", INFER.format("shifted"), bytes(12), {"Inference-Header-Content-Length": "0"})
        assert (raw.status, raw.json["reason"]) == (400, "bad_input")

    def test_by_v2(self, user: Caller) -> None:
        answer = user.post(INFER.format("shifted"), {**numbers(1, 2, 3), "id": "42"}).json
        assert (answer["id"], answer["model_name"], answer["model_version"]) == ("42", "shifted", "1")
        assert answer["outputs"] == [{"name": "y", "shape": [1, 2], "datatype": "FP32", "data": [12, 14]}]

    def test_by_grpc(self, user_rpc: Rpc) -> None:
        request = ModelInferRequest(model_name="shifted", id="42")
        request.inputs.add(name="x", datatype="FP32", shape=[1, 3]).contents.fp32_contents.extend([1, 2, 3])
        answer = user_rpc.infer(request)
        assert answer.id == "42"
        assert list(answer.outputs[0].contents.fp32_contents) == [12, 14]

    def test_a_hook_may_take_what_the_graph_does_not_know(self, user: Caller) -> None:
        answer = user.post(INFER.format("renamed"), numbers(1, 2, 3, name="numbers")).json
        assert answer["outputs"][0]["data"] == [4, 5]
        answer = user.post(PREDICT.format("renamed"), {"inputs": {"numbers": [[1, 2, 3]]}}).json
        assert answer == {"outputs": [[4, 5]]}

    def test_what_the_graph_cannot_take_is_still_the_callers_mistake(self, user: Caller) -> None:
        reply = user.post(INFER.format("renamed"), numbers(1, 2, name="numbers"))
        assert reply.status == 400
        assert reply.json["error"] == "input 'x' has shape [1, 2], expected [-1, 3]"

    def test_the_graphs_metadata_is_told(self, user: Caller) -> None:
        assert user.get("/v2/models/shifted").json["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}]

    def test_an_output_may_be_asked_for_as_bytes(self, user: Caller) -> None:
        body = {**numbers(1, 2, 3), "outputs": [{"name": "y", "parameters": {"binary_data": True}}]}
        reply = user.post(INFER.format("shifted"), body)
        assert reply.status == 200
        assert len(reply.body) == int(reply.headers[HEAD_LENGTH.lower()]) + 8


class TestVersionsBehindHooks:
    """One predictor of a user's stands for versions 1, 2 and 10, each of which answers with its number."""

    @pytest.mark.parametrize(
        ("place", "version"),
        [("", 10), ("/versions/1", 1), ("/versions/2", 2), ("/versions/10", 10), ("/labels/canary", 2)],
    )
    def test_a_call_reaches_the_version_it_names(self, user: Caller, place: str, version: int) -> None:
        v1 = user.post(f"/v1/models/versioned{place}:predict", {"instances": [0, 0]})
        assert v1.json == {"predictions": [version, version]}
        body = {"inputs": [tensor("x", "FP32", [1], [0])]}
        v2 = user.post(f"/v2/models/versioned{place}/infer", body).json
        assert (v2["model_version"], v2["outputs"][0]["data"]) == (str(version), [version])

    @pytest.mark.parametrize(("asked", "version"), [("", 10), ("1", 1), ("canary", 2)])
    def test_a_call_over_grpc_reaches_it_too(self, user_rpc: Rpc, asked: str, version: int) -> None:
        request = ModelInferRequest(model_name="versioned", model_version=asked)
        request.inputs.add(name="x", datatype="FP32", shape=[1]).contents.fp32_contents.append(0)
        answer = user_rpc.infer(request)
        assert (answer.model_version, list(answer.outputs[0].contents.fp32_contents)) == (str(version), [version])

    def test_metadata_lists_them(self, user: Caller) -> None:
        assert user.get("/v2/models/versioned").json["versions"] == ["1", "2", "10"]
        assert user.get("/v2/models/versioned/labels/canary/ready").status == 200

    @pytest.mark.parametrize("place", ["/versions/3", "/labels/beta"])
    def test_one_that_is_not_there_is_told(self, user: Caller, place: str) -> None:
        reply = user.post(f"/v1/models/versioned{place}:predict", {"instances": [0]})
        assert (reply.status, reply.json["reason"]) == (404, "unknown_model")
        assert "served as '1', '2', '10'" in reply.json["error"]

    def test_a_users_load_is_called_for_each_version(self, users: UsersServer) -> None:
        assert (users.gate.parent / "loads").read_text().count("a load") == 3

    def test_headers_of_the_code_go_out_and_those_of_the_message_stay_ours(self, user: Caller, user_rpc: Rpc) -> None:
        reply = user.post("/v1/models/versioned:predict", {"instances": [0]})
        assert (reply.status, reply.headers["x-thanks"]) == (200, "to all")
        assert int(reply.headers["content-length"]) == len(reply.body)
        request = ModelInferRequest(model_name="versioned")
        request.inputs.add(name="x", datatype="FP32", shape=[1]).contents.fp32_contents.append(0)
        infer: Any = user_rpc.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        _, call = infer.with_call(request.SerializeToString(), timeout=30)
        assert dict(call.trailing_metadata())["x-thanks"] == "to all"


class TestAnOrdinaryModel:
    def test_answers_v1_from_a_coroutine(self, user: Caller) -> None:
        assert user.post(PREDICT.format("asynchronous"), {"instances": [[1, 2], [3, 4]]}).json == {
            "predictions": [3, 7]
        }

    def test_answers_v2_with_kserves_type(self, user: Caller) -> None:
        answer = user.post(INFER.format("asynchronous"), {**numbers(1, 2, 3), "id": "42"}).json
        assert answer["id"] == "42"
        assert answer["outputs"] == [{"name": "total", "shape": [1], "datatype": "FP32", "data": [6]}]

    def test_answers_grpc_raw_and_typed(self, user_rpc: Rpc) -> None:
        request = ModelInferRequest(model_name="asynchronous")
        request.inputs.add(name="x", datatype="FP32", shape=[1, 2]).contents.fp32_contents.extend([1, 2])
        assert list(user_rpc.infer(request).outputs[0].contents.fp32_contents) == [3]
        request.inputs[0].ClearField("contents")
        request.raw_input_contents.append(bytes(8))
        assert list(user_rpc.infer(request).raw_output_contents) == [bytes(4)]

    def test_answers_v2_with_a_dict_from_a_plain_function(self, user: Caller) -> None:
        answer = user.post(INFER.format("synchronous"), {"inputs": [tensor("word", "BYTES", [2], ["abc", "é"])]}).json
        assert answer["outputs"] == [{"name": "word", "shape": [2], "datatype": "BYTES", "data": ["cba", "é"]}]

    def test_reads_its_callers_headers(self, user: Caller) -> None:
        reply = user.post(PREDICT.format("synchronous"), {"instances": []}, {**JSON, "X-Tenant": "a"})
        assert reply.json == {"predictions": ["a"]}

    def test_explains(self, user: Caller) -> None:
        reply = user.post("/v1/models/asynchronous:explain", {"instances": [[1, 2]]})
        assert reply.json == {"explanations": ["it is the sum of [1, 2]"]}

    def test_says_what_it_takes(self, user: Caller) -> None:
        metadata = user.get("/v2/models/asynchronous").json
        assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, -1]}]
        assert metadata["outputs"] == []

    def test_is_asked_for_an_output_that_it_does_not_give(self, user: Caller) -> None:
        reply = user.post(INFER.format("asynchronous"), {**numbers(1), "outputs": [{"name": "mean"}]})
        assert reply.status == 400
        assert "'mean'" in reply.json["error"]
        assert "'total'" in reply.json["error"]

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"inputs": 1}', b'{"inputs": [{"name": "x"}]}'])
    def test_is_spared_what_is_no_request(self, user: Caller, body: bytes) -> None:
        assert user.post(INFER.format("asynchronous"), body).status == 400

    @pytest.mark.parametrize(
        "answer",
        [
            *(
                "nothing",
                "a number",
                "another protocol",
                "an unknown datatype",
                "a wrong shape",
                "what json cannot say",
            ),
        ],
    )
    def test_that_answers_nonsense_has_failed(self, user: Caller, answer: str) -> None:
        reply = user.post(INFER.format("nonsense"), numbers(1), {**JSON, "answer": answer})
        assert (reply.status, reply.json["reason"]) == (500, "model_failed")
        assert user.get("/v2/health/live").status == 200


@dataclass(frozen=True)
class Status:
    rest: int
    grpc: str
    reason: str


STATUSES: Mapping[str, Status] = {
    "InvalidRequest": Status(400, "INVALID_ARGUMENT", "bad_input"),
    "UnknownModel": Status(404, "NOT_FOUND", "unknown_model"),
    "UnknownRoute": Status(404, "UNIMPLEMENTED", "unknown_route"),
    "Unauthenticated": Status(401, "UNAUTHENTICATED", "unauthenticated"),
    "Forbidden": Status(403, "PERMISSION_DENIED", "forbidden"),
    "SlowCaller": Status(408, "DEADLINE_EXCEEDED", "slow_caller"),
    "TooManyBytes": Status(503, "UNAVAILABLE", "overloaded_bytes"),
    "Unsupported": Status(404, "UNIMPLEMENTED", "unsupported"),
    "WrongMethod": Status(405, "UNIMPLEMENTED", "wrong_method"),
    "PayloadTooLarge": Status(413, "RESOURCE_EXHAUSTED", "too_large"),
    "WrongContentType": Status(415, "INVALID_ARGUMENT", "bad_input"),
    "DeadlineExceeded": Status(504, "DEADLINE_EXCEEDED", "late"),
    "Overloaded": Status(503, "UNAVAILABLE", "queue_full"),
    "TooManyConnections": Status(503, "UNAVAILABLE", "too_many_connections"),
    "HeadTooLarge": Status(431, "RESOURCE_EXHAUSTED", "head_too_large"),
    "PredictedLate": Status(503, "UNAVAILABLE", "late"),
    "NotReady": Status(503, "UNAVAILABLE", "loading"),
    "Draining": Status(503, "UNAVAILABLE", "draining"),
    "ModelFailed": Status(500, "INTERNAL", "model_failed"),
    "ModelExhausted": Status(500, "INTERNAL", "model_exhausted"),
    "Unimplemented": Status(501, "UNIMPLEMENTED", "unimplemented"),
    "NotImplementedError": Status(501, "UNIMPLEMENTED", "unimplemented"),
    "LoadFailed": Status(500, "INTERNAL", "load_failed"),
    "ValueError": Status(500, "INTERNAL", "model_failed"),
    "InvalidInput": Status(400, "INVALID_ARGUMENT", "bad_input"),
    "ModelNotReady": Status(503, "UNAVAILABLE", "loading"),
}


class TestErrors:
    """Every class of `errors.py`, and what KServe's own mean, on each protocol."""

    def test_every_class_is_here(self) -> None:
        from tests.contract.serve_users_models import RAISED

        assert set(STATUSES) == set(RAISED)

    @pytest.mark.parametrize("raised", STATUSES)
    @pytest.mark.parametrize("path", [PREDICT, INFER], ids=["v1", "v2"])
    def test_a_class_has_one_status_over_rest(self, user: Caller, path: str, raised: str) -> None:
        body = {"instances": [1]} if path == PREDICT else numbers(1)
        reply = user.post(path.format("raising"), body, {**JSON, "raise": raised})
        status = STATUSES[raised]
        assert (reply.status, reply.json["reason"]) == (status.rest, status.reason)
        assert reply.json.keys() == {"error", "reason"}
        assert ("retry-after" in reply.headers) == (status.rest == 503)
        assert "secret" not in reply.json["error"]
        assert user.get("/v2/health/live").status == 200

    @pytest.mark.parametrize("raised", STATUSES)
    def test_a_class_has_one_status_over_grpc(self, user_rpc: Rpc, raised: str) -> None:
        request = ModelInferRequest(model_name="raising")
        request.inputs.add(name="x", datatype="FP32", shape=[1]).contents.fp32_contents.append(1)
        infer: Any = user_rpc.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        with pytest.raises(grpc.RpcError) as refused:
            infer(request.SerializeToString(), timeout=30, metadata=[("raise", raised)])
        error: Any = refused.value
        status = STATUSES[raised]
        assert (error.code().name, dict(error.trailing_metadata())["reason"]) == (status.grpc, status.reason)
        assert "secret" not in error.details()

    def test_what_a_model_raises_is_logged_with_its_traceback(self, users: UsersServer, user: Caller) -> None:
        user.post(PREDICT.format("raising"), {"instances": [1]}, {**JSON, "raise": "ValueError"})
        event = users.server.wait_for("model_failed", seconds=10, model_name="raising")
        assert event["level"] == "error"
        assert "a secret of the model's" in event["traceback"]

    def test_a_mistake_of_a_callers_is_not_logged(self, users: UsersServer, user: Caller) -> None:
        before = len(users.server.events())
        user.post(PREDICT.format("raising"), {"instances": [1]}, {**JSON, "raise": "InvalidInput"})
        assert user.get("/v2/health/live").status == 200
        assert len(users.server.events()) == before


class TestWhileAModelLoads:
    def test_the_process_is_live_and_not_ready(self, users: UsersServer) -> None:
        seen = users.loading
        assert seen.live.status == 200
        assert seen.ready.status == 503
        assert seen.ready.json["ready"] is False
        assert not seen.grpc_ready

    def test_the_model_is_known_and_not_ready(self, users: UsersServer) -> None:
        assert users.loading.model.status == 503
        assert not users.loading.grpc_model_ready

    def test_a_request_is_told_to_come_back(self, users: UsersServer) -> None:
        for reply in (users.loading.v1, users.loading.v2):
            assert (reply.status, reply.json["reason"]) == (503, "loading")
            assert "'gated'" in reply.json["error"]
            assert int(reply.headers["retry-after"]) > 0
        assert users.loading.grpc_infer.code() is grpc.StatusCode.UNAVAILABLE

    def test_it_is_ready_afterwards(self, user: Caller) -> None:
        assert user.get("/v2/health/ready").status == 200
        assert user.post(PREDICT.format("gated"), {"instances": [1]}).json == {"predictions": ["open"]}


class TestMetrics:
    @pytest.mark.parametrize("model", ["shifted", "asynchronous"])
    def test_the_histograms_that_kserves_dashboards_know_count(self, user: Caller, model: str) -> None:
        names = [f"request_{stage}_seconds_count" for stage in ("preprocess", "predict", "postprocess")]
        before = samples(user, model)
        user.post(PREDICT.format(model), {"instances": [[1, 2, 3]]})
        after = samples(user, model)
        assert {name: after[name] - before.get(name, 0) for name in names} == dict.fromkeys(names, 1)

    @pytest.mark.parametrize("model", ["shifted", "asynchronous"])
    def test_rows_and_stages_are_counted_around_a_users_code(self, user: Caller, model: str) -> None:
        before = ours(user, model)
        user.post(PREDICT.format(model), {"instances": [[1, 2, 3], [4, 5, 6]]})
        after = ours(user, model)
        grown = {name: after[name] - before[name] for name in after}
        assert grown["rows"] == 2
        assert {stage: grown[stage] for stage in ("decode", "user_code", "encode")} == {
            "decode": 1,
            "user_code": 1,
            "encode": 1,
        }

    def test_a_request_that_came_too_early_counts_under_its_model(self, user: Caller) -> None:
        page = user.get("/metrics").body.decode()
        line = 'ecluse_rejected_total{model_name="gated",model_version="",reason="loading"} '
        assert [each for each in page.splitlines() if each.startswith(line)] == [line + "3.0"]

    def test_an_explanation_counts_as_one(self, user: Caller) -> None:
        before = samples(user, "asynchronous").get("request_explain_seconds_count", 0)
        user.post("/v1/models/asynchronous:explain", {"instances": [[1, 2]]})
        assert samples(user, "asynchronous")["request_explain_seconds_count"] == before + 1


def samples(caller: Caller, model: str) -> dict[str, float]:
    """Values of KServe's own histograms, by name."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(caller.get("/metrics").body.decode())
        if family.name.startswith("request_")
        for sample in family.samples
        if sample.name.endswith("_count") and sample.labels["model_name"] == model
    }


def ours(caller: Caller, model: str) -> dict[str, float]:
    """Rows and stages of one model."""
    found = {}
    for family in text_string_to_metric_families(caller.get("/metrics").body.decode()):
        for sample in family.samples:
            if sample.labels.get("model_name") != model or sample.labels.get("model_version") != "1":
                continue
            if sample.name == "ecluse_request_rows_sum":
                found["rows"] = sample.value
            if sample.name == "ecluse_stage_duration_seconds_count":
                found[sample.labels["stage"]] = sample.value
    return found


class TestTouchPoints:
    """What is not in a manual, and what we use."""

    def test_kserves_server_registers_models_without_serving_them(self) -> None:
        from kserve import ModelServer

        assert list(inspect.signature(ModelServer.register_model).parameters)[1] == "model"
        assert {"http_port", "grpc_port", "enable_grpc", "workers"} <= set(inspect.signature(ModelServer).parameters)

    def test_kserves_model_is_called_with_body_headers_and_verb(self) -> None:
        from kserve import Model

        assert list(inspect.signature(Model.__call__).parameters) == ["self", "body", "headers", "verb"]
        assert {"preprocess", "predict", "postprocess", "explain", "load", "stop"} <= set(dir(Model))
        assert {"get_input_types", "get_output_types"} <= set(dir(Model))

    def test_kserves_protobuf_and_ours_live_in_one_process(self) -> None:
        from kserve.protocol.grpc import grpc_predict_v2_pb2

        from serving import oip_pb2

        theirs = grpc_predict_v2_pb2.ModelInferRequest(model_name="dense", id="7").SerializeToString()
        assert oip_pb2.ModelInferRequest.FromString(theirs).model_name == "dense"


class TestTheEnd:
    """Last in this file: it ends the server."""

    def test_what_a_users_code_does_not_finish_in_time_is_refused_as_everything_else_is(
        self, users: UsersServer
    ) -> None:
        with Caller(users.server.http_address) as caller, ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(caller.post, PREDICT.format("endless"), {"instances": [1]})
            with Caller(users.server.http_address) as other:
                deadline = time.monotonic() + 10
                while b'ecluse_inflight_requests{protocol="v1"} 1.0' not in other.get("/metrics").body:
                    assert time.monotonic() < deadline
            users.server.signal(SIGTERM)
            reply = waiting.result()
        assert (reply.status, reply.json["reason"]) == (503, "draining")
        assert users.server.wait_for_end() == 1
