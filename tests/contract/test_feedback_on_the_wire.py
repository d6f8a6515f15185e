"""Late labels on live servers: ids of every protocol are counted by any replica, and nothing that is sent harms one."""

import base64
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_reflection.v1alpha import reflection_pb2
from prometheus_client.parser import text_string_to_metric_families
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from monitoring.contract.values import FEEDBACK_RESULTS
from serving.feedback_pb2 import Label, SendRequest, SendResponse
from serving.oip_pb2 import ModelInferRequest, ModelInferResponse, ModelStreamInferResponse
from tests.baselines import described_answers, sealed
from tests.contract.mistakes import INFER, PREDICT, tensor
from tests.contract.wire import JSON, SERVICE, Caller, Rpc
from tests.contract.zoo import LABELS
from tests.servers import ROOT, RunningServer, environment

FEEDBACK = "/v1/feedback"
SEND = "/ecluse.v1.Feedback/Send"
FIRST, SECOND = "0123456789abcdef" * 4, "fedcba9876543210" * 4
WAIT_SECONDS = 30.0
FLOOD_SECONDS = 4.0
MOST_GROWTH_BYTES = 200 * 1024 * 1024
"""What a server may take more while it is flooded: bodies in flight, and what the allocator keeps of them."""


def picture(brightest: int, brightness: int = 255) -> list[list[int]]:
    """A picture of which the model says class `brightest`, the surer the brighter."""
    pixels = np.zeros(16, int)
    pixels[brightest] = brightness
    rows: list[list[int]] = pixels.reshape(4, 4).tolist()
    return rows


@dataclass(frozen=True)
class Replicas:
    """Two servers with the same model and keys, one on each transport of gRPC."""

    servers: Sequence[RunningServer]
    keys: Path


@pytest.fixture(scope="module")
def model(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of pictures, with a baseline that halves its confidence."""
    folder = tmp_path_factory.mktemp("model") / "1"
    shutil.copytree(zoo / "image", folder)
    scores = np.random.default_rng(1).dirichlet(np.ones(10), 200)
    (folder / "assets.extra").mkdir(exist_ok=True)
    content = sealed(described_answers("probabilities", scores, LABELS))
    (folder / "assets.extra" / "baseline.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def replicas(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(f"first:{FIRST}\n")
    options = ("--model_name", "image", "--feedback_keys_file", str(keys))
    with (
        RunningServer(model, *options, "--grpc_transport", "nghttp2") as one,
        RunningServer(model, *options, "--grpc_transport", "grpcio") as other,
    ):
        yield Replicas((one, other), keys)


@pytest.fixture
def caller(replicas: Replicas) -> Iterator[Caller]:
    with Caller(replicas.servers[0].http_address) as caller:
        yield caller


# Asking for predictions, and for their ids


def infer(caller: Caller, pictures: Sequence[Any], **more: object) -> str:
    entry = tensor("image", "UINT8", [len(pictures), 4, 4], np.ravel(pictures).tolist())
    reply = caller.post(INFER.format("image"), {"inputs": [entry], **more})
    assert reply.status == 200, reply.body
    head_bytes = int(reply.headers.get("inference-header-content-length", len(reply.body)))
    return str(json.loads(reply.body[:head_bytes])["parameters"]["prediction_id"])


def infer_raw_output(caller: Caller, pictures: Sequence[Any]) -> str:
    return infer(caller, pictures, parameters={"binary_data_output": True})


def infer_one_output(caller: Caller, pictures: Sequence[Any]) -> str:
    return infer(caller, pictures, outputs=[{"name": "digit"}])


def predict(caller: Caller, pictures: Sequence[Any]) -> str:
    reply = caller.post(PREDICT.format("image"), {"instances": pictures})
    assert reply.status == 200
    return reply.headers["prediction-id"]


def message(pictures: Sequence[Any], *, is_raw: bool) -> ModelInferRequest:
    request = ModelInferRequest(model_name="image")
    entry = request.inputs.add(name="image", datatype="UINT8", shape=[len(pictures), 4, 4])
    if is_raw:
        request.raw_input_contents.append(np.array(pictures, np.uint8).tobytes())
    else:
        entry.contents.uint_contents.extend(np.ravel(pictures).tolist())
    return request


def infer_grpc(rpc: Rpc, pictures: Sequence[Any], *, is_raw: bool) -> str:
    answer: ModelInferResponse = rpc.infer(message(pictures, is_raw=is_raw))
    assert len(answer.outputs) == 2
    return answer.parameters["prediction_id"].string_param


def infer_stream(rpc: Rpc, pictures: Sequence[Any]) -> str:
    call: Any = rpc.channel.stream_stream(
        f"/{SERVICE}/ModelStreamInfer", response_deserializer=ModelStreamInferResponse.FromString
    )
    (answer,) = call(iter([message(pictures, is_raw=True).SerializeToString()]), timeout=30)
    return str(answer.infer_response.parameters["prediction_id"].string_param)


# Sending labels


def send(caller: Caller, *labels: Mapping[str, object]) -> Any:
    reply = caller.post(FEEDBACK, {"labels": labels})
    assert reply.status == 200, reply.body
    return reply.json


def result(caller: Caller, prediction: str, label: object, row: int = 0) -> str:
    counts = send(caller, {"id": prediction, "row": row, "label": label})["counts"]
    (found,) = [name for name, count in counts.items() if count]
    return str(found)


def send_grpc(server: RunningServer, *labels: Label, metadata: Sequence[tuple[str, str]] = ()) -> SendResponse:
    with grpc.insecure_channel(server.grpc_address) as channel:
        call: Any = channel.unary_unary(SEND, response_deserializer=SendResponse.FromString)
        answer: SendResponse = call(SendRequest(labels=labels).SerializeToString(), timeout=30, metadata=metadata)
        return answer


def counted(server: RunningServer, name: str, *labels: str) -> Counter[tuple[str, ...]]:
    """What a server has counted for the model, by some labels."""
    with Caller(server.http_address) as caller:
        text = caller.get("/metrics").body.decode()
    found: Counter[tuple[str, ...]] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels["model_name"] == "image":
                found[tuple(sample.labels[label] for label in labels)] += sample.value  # type: ignore[assignment]
    return found


@pytest.mark.parametrize("ask", [infer, infer_raw_output, infer_one_output, predict])
def test_an_id_of_an_answer_over_rest_is_counted_by_the_other_replica(replicas: Replicas, ask: Any) -> None:
    one, other = replicas.servers
    with Caller(one.http_address) as caller:
        prediction = ask(caller, [picture(3), picture(4)])
    with Caller(other.http_address) as caller:
        assert send(caller, {"id": prediction, "label": LABELS[3]}, {"id": prediction, "row": 1, "label": 4}) == {
            "counts": dict.fromkeys(FEEDBACK_RESULTS, 0) | {"accepted": 2},
            "refused": [],
        }


@pytest.mark.parametrize("at", [0, 1], ids=["nghttp2", "grpcio"])
@pytest.mark.parametrize("is_raw", [True, False], ids=["raw", "typed"])
def test_an_id_of_an_answer_over_grpc_is_counted_over_grpc(replicas: Replicas, at: int, *, is_raw: bool) -> None:
    with Rpc(replicas.servers[at].grpc_address) as rpc:
        prediction = infer_grpc(rpc, [picture(3), picture(4)], is_raw=is_raw)
        streamed = infer_stream(rpc, [picture(5)])
    answer = send_grpc(
        replicas.servers[1 - at],
        Label(id=prediction, row=0, number=3),
        Label(id=prediction, row=1, name=LABELS[4]),
        Label(id=streamed, number=5),
        Label(id=streamed, row=7, number=5),
    )
    assert answer.counts == dict.fromkeys(FEEDBACK_RESULTS, 0) | {"accepted": 3, "invalid_label": 1}
    (refused,) = answer.refused
    assert (refused.index, refused.result) == (3, "invalid_label")
    assert refused.reason == "the id has no row 7: it stands for row 0 alone"


def test_ids_of_one_row_are_short(caller: Caller) -> None:
    assert len(infer(caller, [picture(1)])) <= 60


def test_an_id_holds_nothing_of_the_input(caller: Caller) -> None:
    bright = base64.urlsafe_b64decode(infer(caller, [picture(1, 255)]) + "==")
    again = base64.urlsafe_b64decode(infer(caller, [picture(1, 255)]) + "==")
    assert len(bright) == len(again) == 39
    # Of one second's two alike predictions, random bits and signatures differ and nothing else.
    assert bright[:6] + bright[18:-12] == again[:6] + again[18:-12]


def test_counts_of_all_replicas_give_what_scikit_learn_says_of_the_same_stream(replicas: Replicas) -> None:
    before = [
        {what: counted(server, f"ecluse_feedback_{what}_total", "class") for what in ("actual", "predicted", "correct")}
        for server in replicas.servers
    ]
    expected_before = [counted(server, "ecluse_feedback_expected_correct_total")[()] for server in replicas.servers]
    random = np.random.default_rng(7)
    predicted = random.integers(0, 10, 400)
    actual = np.where(random.random(400) < 0.8, predicted, random.integers(0, 10, 400))
    labels: list[dict[str, object]] = []
    for at in range(0, 400, 40):
        with Caller(replicas.servers[at // 40 % 2].http_address) as caller:
            prediction = infer(caller, [picture(int(number)) for number in predicted[at : at + 40]])
        labels += [{"id": prediction, "row": row, "label": int(actual[at + row])} for row in range(40)]
    random.shuffle(labels)
    for at, server in enumerate(replicas.servers):
        with Caller(server.http_address) as caller:
            assert send(caller, *labels[at::2])["counts"]["accepted"] == 200

    def of(what: str) -> np.ndarray:
        total: Counter[tuple[str, ...]] = Counter()
        for at, server in enumerate(replicas.servers):
            total += counted(server, f"ecluse_feedback_{what}_total", "class")
            total.subtract(before[at][what])
        return np.array([total[name,] for name in LABELS])

    assert of("correct").sum() / of("actual").sum() == pytest.approx(accuracy_score(actual, predicted))
    assert of("correct") / of("predicted") == pytest.approx(precision_score(actual, predicted, average=None))
    assert of("correct") / of("actual") == pytest.approx(recall_score(actual, predicted, average=None))
    f1 = 2 * of("correct") / (of("actual") + of("predicted"))
    assert f1 == pytest.approx(f1_score(actual, predicted, average=None))
    assert f1.mean() == pytest.approx(f1_score(actual, predicted, average="macro"))
    # One pixel of ten is one, the others nought; the baseline's calibration halves what softmax makes of that.
    chance = np.e / (np.e + 9) / 2
    told = sum(
        counted(server, "ecluse_feedback_expected_correct_total")[()] - expected_before[at]
        for at, server in enumerate(replicas.servers)
    )
    assert told / 400 == pytest.approx(chance, abs=0.5 / 255)


def test_a_thousand_labels_are_counted_in_one_call_and_no_more(caller: Caller) -> None:
    ids = [infer(caller, [picture(1)] * 500) for _ in range(2)]
    labels = [{"id": prediction, "row": row, "label": 1} for prediction in ids for row in range(500)]
    assert send(caller, *labels)["counts"]["accepted"] == 1000
    assert send(caller, *labels)["counts"]["duplicate"] == 1000
    reply = caller.post(FEEDBACK, {"labels": [*labels, labels[0]]})
    assert (reply.status, reply.json["reason"]) == (413, "too_large")
    assert "1001 labels, and the limit is 1000 (feedback_labels)" in reply.json["error"]


def test_what_is_wrong_with_a_label_is_told_beside_those_that_count(caller: Caller) -> None:
    prediction = infer(caller, [picture(1)])
    answer = send(
        caller,
        {"id": prediction, "label": 1},
        {"id": prediction, "label": 1},
        {"id": prediction[:-4], "label": 1},
        {"id": prediction[:-4] + "AAAA", "label": 1},
        {"id": infer(caller, [picture(1)]), "label": "no such class"},
        {"id": infer(caller, [picture(1)]), "label": 10},
    )
    assert [refused["result"] for refused in answer["refused"]] == [
        *("duplicate", "invalid_token", "invalid_token", "invalid_label", "invalid_label"),
    ]
    assert [refused["index"] for refused in answer["refused"]] == [1, 2, 3, 4, 5]
    assert answer["counts"]["accepted"] == 1


def test_a_label_of_a_prediction_that_is_too_old_is_refused(model: Path, replicas: Replicas) -> None:
    options = ("--model_name", "image", "--feedback_keys_file", str(replicas.keys))
    strict = RunningServer(model, *options, "--feedback_max_age_seconds", "0.000001")
    with strict as server, Caller(server.http_address) as caller:
        assert result(caller, infer(caller, [picture(1)]), 1) == "expired"


def test_a_foreign_model_is_refused(zoo: Path, replicas: Replicas, caller: Caller) -> None:
    options = ("--model_name", "other", "--feedback_keys_file", str(replicas.keys))
    with RunningServer(zoo / "image", *options) as server, Caller(server.http_address) as foreign:
        reply = foreign.post(PREDICT.format("other"), {"instances": [picture(1)]})
    assert result(caller, reply.headers["prediction-id"], 1) == "unknown_model"


def wait_for_keys(server: RunningServer, names: list[str]) -> None:
    server.wait_for("keys_read", seconds=WAIT_SECONDS, names=names)


def test_keys_are_rotated_while_labels_come(replicas: Replicas) -> None:
    one = replicas.servers[0]
    try:
        with Caller(one.http_address) as caller:
            before = infer(caller, [picture(1)] * 3)
            assert result(caller, before, 1, row=0) == "accepted"
            replicas.keys.write_text(f"second:{SECOND}\nfirst:{FIRST}\n")
            wait_for_keys(one, ["second", "first"])
            after = infer(caller, [picture(1)] * 3)
            assert result(caller, before, 1, row=1) == "accepted"
            assert result(caller, after, 1, row=1) == "accepted"
            replicas.keys.write_text(f"second:{SECOND}\n")
            wait_for_keys(one, ["second"])
            assert result(caller, before, 1, row=2) == "invalid_token"
            assert result(caller, after, 1, row=2) == "accepted"
            replicas.keys.write_text("second:short\n")
            one.wait_for("keys_kept", seconds=WAIT_SECONDS)
            assert result(caller, after, 1, row=0) == "accepted"
    finally:
        replicas.keys.write_text(f"first:{FIRST}\n")
        for server in replicas.servers:
            deadline = time.monotonic() + WAIT_SECONDS
            while server.events("keys_read")[-1:] and server.events("keys_read")[-1]["names"] != ["first"]:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_without_keys_answers_have_no_ids_and_labels_are_refused(image_server: RunningServer) -> None:
    with Caller(image_server.http_address) as caller:
        reply = caller.post(PREDICT.format("image"), {"instances": [picture(1)]})
        assert "prediction-id" not in reply.headers
        entry = tensor("image", "UINT8", [1, 4, 4], [0] * 16)
        assert "parameters" not in caller.post(INFER.format("image"), {"inputs": [entry]}).json
        refused = caller.post(FEEDBACK, {"labels": [{"id": "x", "label": 1}]})
    assert (refused.status, refused.json["reason"]) == (403, "forbidden")
    assert "--feedback_keys_file (FEEDBACK_KEYS_FILE)" in refused.json["error"]
    with pytest.raises(grpc.RpcError) as failed:
        send_grpc(image_server, Label(id="x", number=1))
    assert failed.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_labels_take_the_key_that_predictions_take(model: Path, replicas: Replicas, tmp_path: Path) -> None:
    # SHA-256 of "sesame".
    (tmp_path / "keys").write_text("shop:d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272\n")
    options = ("--model_name", "image", "--feedback_keys_file", str(replicas.keys))
    with RunningServer(model, *options, "--auth_keys_file", str(tmp_path / "keys")) as server:
        body = {"labels": [{"id": "x", "label": 1}]}
        with Caller(server.http_address) as caller:
            assert caller.post(FEEDBACK, body).status == 401
            assert caller.post(FEEDBACK, body, {**JSON, "X-API-Key": "sesame"}).status == 200
        with pytest.raises(grpc.RpcError) as failed:
            send_grpc(server, Label(id="x", number=1))
        assert failed.value.code() is grpc.StatusCode.UNAUTHENTICATED
        answer = send_grpc(server, Label(id="x", number=1), metadata=[("x-api-key", "sesame")])
        assert answer.counts["invalid_token"] == 1


@pytest.mark.parametrize("at", [0, 1], ids=["nghttp2", "grpcio"])
def test_reflection_tells_of_the_service_and_its_messages(replicas: Replicas, at: int) -> None:
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="ecluse.v1.Feedback.Send"),
    ]
    with grpc.insecure_channel(replicas.servers[at].grpc_address) as channel:
        call: Any = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        services, described = call(iter(asked), timeout=30)
    assert "ecluse.v1.Feedback" in {service.name for service in services.list_services_response.service}
    assert b"SendRequest" in described.file_descriptor_response.file_descriptor_proto[0]


def test_a_nightly_job_sends_a_file_and_says_what_became_of_it(
    caller: Caller, replicas: Replicas, tmp_path: Path
) -> None:
    prediction = infer(caller, [picture(number % 10) for number in range(500)])
    lines = [f"{prediction},{row},{LABELS[row % 10]}" for row in range(500)]
    path = tmp_path / "labels.csv"

    def job(*lines: str) -> tuple[int, str]:
        path.write_text("\n".join(["id,row,label", *lines, ""]))
        command = [sys.executable, "-m", "monitoring.feedback", str(path), "--to", replicas.servers[0].http_url]
        done = subprocess.run(
            [*command, "--at-once", "200"], cwd=ROOT, env=environment({}), capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    assert job(*lines) == (0, "accepted               500  counted\n")
    assert job(*lines) == (0, "duplicate              500  counted before\n")
    status, told = job(*lines[:200], f"{prediction},900,1", "nonsense,0,1", f"{prediction},x,1")
    assert status == 1
    assert told.splitlines() == [
        "duplicate              200  counted before",
        "invalid_token            1  the id is not one of this server's",
        "invalid_label            1  there is no such row or class",
        "not_sent                 1  the line has no label that could be sent",
        "",
        "line 202: invalid_label: the id has no row 900: it stands for rows 0 to 499",
        "line 203: invalid_token: the id has 8 characters, which is too short: it was cut off",
        "line 204: not_sent: row is 'x', expected a number from 0",
    ]


def resident_bytes(server: RunningServer) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def test_a_flood_leaves_predictions_as_they_were_and_memory_within_bounds(model: Path, replicas: Replicas) -> None:
    options = ("--model_name", "image", "--feedback_keys_file", str(replicas.keys), "--feedback_remembered", "1000")
    with RunningServer(model, *options) as server:
        with Caller(server.http_address) as caller:
            valid = infer(caller, [picture(1)] * 500)
        bodies = [
            json.dumps({"labels": [{"id": "A" * 2000, "row": row, "label": 1} for row in range(1000)]}).encode(),
            json.dumps({"labels": [{"id": valid, "row": row, "label": "x" * 100} for row in range(1000)]}).encode(),
            b'{"labels": [' + b"[" * 100_000,
            b"\0" * 3_000_000,
            b"\0" * 30_000_000,
            json.dumps({"labels": [{"id": valid, "label": 1}]}).encode(),
        ]
        ends = threading.Event()
        statuses: Counter[int] = Counter()
        before = resident_bytes(server)

        def flood(number: int) -> None:
            body = bodies[number % len(bodies)]
            while not ends.is_set():
                try:
                    with Caller(server.http_address) as caller:
                        for _ in range(20):
                            statuses[caller.post(FEEDBACK, body).status] += 1
                # A body that is refused from its head on is not read, and its connection closed.
                except (OSError, HTTPException):
                    statuses[0] += 1

        with ThreadPoolExecutor(18) as pool:
            for number in range(18):
                pool.submit(flood, number)
            try:
                asked = 0
                deadline = time.monotonic() + FLOOD_SECONDS
                with Caller(server.http_address) as caller:
                    while time.monotonic() < deadline or asked < 20:
                        reply = caller.post(PREDICT.format("image"), {"instances": [picture(asked % 10)]})
                        assert reply.json["predictions"][0]["digit"] == asked % 10
                        asked += 1
                grown = resident_bytes(server) - before
            finally:
                ends.set()
        assert set(statuses) <= {0, 200, 400, 413, 503}
        assert statuses[200]
        assert grown < MOST_GROWTH_BYTES
        assert server.errors() == []
        with Caller(server.http_address) as caller:
            assert result(caller, infer(caller, [picture(1)]), 1) == "accepted"
