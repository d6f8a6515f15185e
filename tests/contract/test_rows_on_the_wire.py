"""What a live server counts of rows is what numpy counts of the traffic sent, by every protocol."""

import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.baseline import PLACE, Baseline
from monitoring.features import ImageInput
from serving.oip_pb2 import ModelInferRequest
from tests.baselines import counted_by_hand, described_answers, described_features, opened, sealed
from tests.contract.mistakes import INFER, PREDICT, tensor
from tests.contract.wire import Caller, Rpc
from tests.contract.zoo import LABELS
from tests.servers import RunningServer

COUNTED_SECONDS = 20.0
IMAGE = ImageInput(name="image", shape=(4, 4), height=4, width=4)
HELD_OUT = np.random.default_rng(1).integers(0, 256, (500, 4, 4)).astype(np.uint8)

Counts = dict[tuple[str, ...], float]


def images(rows: int, seed: int) -> np.ndarray:
    """Darker than those held out."""
    return np.random.default_rng(seed).integers(0, 200, (rows, 4, 4)).astype(np.uint8)


def probabilities(pixels: np.ndarray) -> np.ndarray:
    """What the zoo's model of pictures answers."""
    scores = np.exp(pixels.reshape(-1, 16)[:, :10].astype(np.float32) / np.float32(255))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def content(held_out: np.ndarray = HELD_OUT) -> dict[str, Any]:
    answers = described_answers("probabilities", probabilities(held_out), LABELS)
    return sealed(described_features({"image": held_out}, IMAGE), answers)


BASELINE: Baseline = opened(content())


@pytest.fixture(scope="module")
def watched(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a baseline beside it."""
    folder = tmp_path_factory.mktemp("watched") / "image"
    with_baseline(zoo, folder, json.dumps(content()))
    return folder


def with_baseline(zoo: Path, folder: Path, text: str) -> None:
    shutil.copytree(zoo / "image", folder)
    (folder / PLACE).parent.mkdir(exist_ok=True)
    (folder / PLACE).write_text(text)


@pytest.fixture(scope="module", params=[(), ("--grpc_transport", "grpcio")], ids=["nghttp2", "grpcio"])
def server(watched: Path, request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    with RunningServer(watched, "--model_name", "image", *request.param) as server:
        yield server


def counts(server: RunningServer, version: str = "1") -> Counts:
    """Series of one version by name and by the values of the other labels."""
    with Caller(server.http_address) as caller:
        text = caller.get("/metrics").body.decode()
    found: Counts = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop("model_version", version) == version:
                labels.pop("model_name", None)
                found[sample.name, *(value for _, value in sorted(labels.items()))] = sample.value
    return found


def rows(found: Counts) -> float:
    return sum(value for series, value in found.items() if series[0] == "ecluse_predictions_total")


def once_counted(server: RunningServer, expected: float, version: str = "1") -> Counts:
    """Wait until so many rows are counted: it is done in its own time."""
    deadline = time.monotonic() + COUNTED_SECONDS
    while rows(found := counts(server, version)) < expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def added(after: Counts, before: Counts, of: Counts) -> Any:
    return pytest.approx({series: after[series] - before[series] for series in of}, rel=1e-5, abs=1e-3)


def send(server: RunningServer, protocol: str, pixels: np.ndarray) -> None:
    """Ask for some rows in one request; fails unless they are answered."""
    if protocol == "grpc":
        asked = ModelInferRequest(model_name="image")
        asked.inputs.add(name="image", datatype="UINT8", shape=pixels.shape)
        asked.raw_input_contents.append(pixels.tobytes())
        with Rpc(server.grpc_address) as rpc:
            assert rpc.infer(asked).outputs
        return
    with Caller(server.http_address) as caller:
        if protocol == "v1":
            reply = caller.post(PREDICT.format("image"), {"instances": pixels.tolist()})
        elif protocol == "v2":
            given = tensor("image", "UINT8", pixels.shape, pixels.tolist())
            reply = caller.post(INFER.format("image"), {"inputs": [given]})
        else:
            size = {"binary_data_size": pixels.nbytes}
            given = {"name": "image", "datatype": "UINT8", "shape": pixels.shape, "parameters": size}
            head = json.dumps({"inputs": [given]}).encode()
            headers = {"Inference-Header-Content-Length": str(len(head))}
            reply = caller.post(INFER.format("image"), head + pixels.tobytes(), headers)
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("protocol", ["v1", "v2", "v2 binary", "grpc"])
def test_what_is_counted_of_rows_is_what_numpy_counts(server: RunningServer, protocol: str) -> None:
    before = counts(server)
    # One alone, some that are padded, and more than a batch holds.
    batches = [images(size, seed) for seed, size in enumerate((1, 3, 7, 150))]
    for pixels in batches:
        send(server, protocol, pixels)
    pixels = np.concatenate(batches)
    by_hand = counted_by_hand(BASELINE, IMAGE, {"image": pixels}, probabilities(pixels))
    after = once_counted(server, rows(before) + len(pixels))
    assert by_hand == added(after, before, by_hand)
    assert after["ecluse_monitor_dropped_rows_total", "predictions"] == 0


def test_what_was_refused_is_not_counted(server: RunningServer) -> None:
    before = counts(server)
    with Caller(server.http_address) as caller:
        assert caller.post(PREDICT.format("image"), {"instances": [[1, 2]]}).status == 400
        assert (
            caller.post(INFER.format("image"), {"inputs": [tensor("image", "FP32", [1, 4, 4], [0.0] * 16)]}).status
            == 400
        )
    send(server, "v1", images(5, 1))
    assert rows(once_counted(server, rows(before) + 5)) == rows(before) + 5


def test_the_baseline_is_told_beside_the_counts(server: RunningServer) -> None:
    told = counts(server)
    digits = BASELINE.digest.removeprefix("sha256:")[:12]
    assert told["ecluse_model_info", digits, "serving_default"] == 1
    for feature in BASELINE.features:
        assert told["ecluse_baseline_feature_mean", feature.name] == feature.mean
    assert told["ecluse_baseline_accuracy_ratio",] == 0.9


def test_of_a_model_with_code_around_it_is_counted_what_the_model_itself_saw(watched: Path) -> None:
    command = (sys.executable, "-m", "tests.contract.serve_negatives")
    with RunningServer(watched, "--model_name", "image", command=command) as server:
        pixels = images(40, 1)
        for protocol in ("v1", "v2"):
            send(server, protocol, pixels)
        negatives = np.concatenate([255 - pixels] * 2)
        by_hand = counted_by_hand(BASELINE, IMAGE, {"image": negatives}, probabilities(negatives))
        found = once_counted(server, 80)
        assert by_hand == added(found, dict.fromkeys(found, 0.0), by_hand)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "baseline is no JSON ("),
        (
            '{"schema_version": 1}',
            "baseline has schema_version 1, expected 2: make it anew with python -m model.baseline (",
        ),
        (json.dumps(content() | {"rows": 1}), "baseline is not valid: "),
    ],
    ids=["half a file", "an old one", "a changed one"],
)
def test_a_broken_baseline_is_told_in_a_sentence_and_the_model_is_served_without(
    zoo: Path, tmp_path: Path, text: str, reason: str
) -> None:
    with_baseline(zoo, tmp_path / "image", text)
    with RunningServer(tmp_path / "image", "--model_name", "image") as server:
        (told,) = server.events("rows_known")
        assert (told["level"], told.get("baseline")) == ("warning", None)
        assert told["reason"].startswith(reason)
        send(server, "v1", images(9, 1))
        found = once_counted(server, 9)
        assert rows(found) == 9
        assert found["ecluse_model_info", "", "serving_default"] == 1
        assert not [series for series in found if "drift" in series[0] or "baseline" in series[0]]


def test_a_baseline_comes_and_goes_with_its_version(zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "image"
    with_baseline(zoo, folder / "1", json.dumps(content()))
    with RunningServer(folder, "--model_name", "image", "--versions_poll_seconds", "0.1") as server:
        send(server, "v1", images(9, 1))
        assert rows(once_counted(server, 9)) == 9
        other = HELD_OUT // 2
        with_baseline(zoo, tmp_path / "coming", json.dumps(content(other)))
        (tmp_path / "coming").rename(folder / "2")
        server.wait_for("model_unloaded", model_version="1", is_clean=True)
        send(server, "v1", images(5, 1))
        assert rows(once_counted(server, 5, "2")) == 5
        first, second = counts(server, "1"), counts(server, "2")
        # What was counted stays for a while; what is told of now does not.
        assert rows(first) == 9
        assert not [series for series in first if series[0].startswith(("ecluse_baseline", "ecluse_drift_baseline"))]
        expected = {feature.name: feature.mean for feature in opened(content(other)).features}
        assert {name: second["ecluse_baseline_feature_mean", name] for name in expected} == expected


def test_rows_that_cannot_be_held_are_dropped_and_counted_and_every_request_is_answered(watched: Path) -> None:
    with RunningServer(watched, "--model_name", "image", "--monitor_queue_bytes", "1024") as server:
        for seed in range(5):
            send(server, "v2 binary", images(300, seed))
        deadline = time.monotonic() + COUNTED_SECONDS
        while not (dropped := counts(server)["ecluse_monitor_dropped_rows_total", "predictions"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        found = once_counted(server, 1500 - dropped)
        assert rows(found) + dropped == 1500
        assert server.errors() == []


def test_what_is_switched_off_is_neither_counted_nor_told(watched: Path) -> None:
    with RunningServer(watched, "--model_name", "image", "--monitor_enabled", "false") as server:
        send(server, "v1", images(9, 1))
        names: Mapping[str, None] = dict.fromkeys(series[0] for series in counts(server))
        assert not [name for name in names if "prediction" in name or "drift" in name or "baseline" in name]


def test_inputs_are_looked_at_no_faster_than_is_allowed(watched: Path) -> None:
    with RunningServer(watched, "--model_name", "image", "--monitor_input_rows_per_second", "20") as server:
        began = time.monotonic()
        for seed in range(10):
            send(server, "v2 binary", images(60, seed))
        found = once_counted(server, 600)
        assert rows(found) == 600
        assert 20 <= found["ecluse_input_rows_total",] <= 20 + 20 * (time.monotonic() - began) + 1
