"""The dashboards of a live server under load, scraped by a real Prometheus that evaluates the shipped rules.

What a simulated history cannot show: that the server exports what panels ask
for, under the labels that they sum by.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from monitoring import generate
from monitoring.baseline import PLACE
from monitoring.features import ImageInput
from serving.oip_pb2 import ModelInferRequest
from tests.baselines import described_answers, described_features, sealed
from tests.contract.mistakes import INFER, PREDICT
from tests.contract.wire import Caller, Rpc
from tests.contract.zoo import LABELS
from tests.monitoring.asking import ALL, Question, ask, questions, wrong
from tests.monitoring.prometheus import Prometheus
from tests.servers import RunningServer

pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(240)]

RULES = sorted((generate.GENERATED / "rules").glob("*.yaml"))
TARGET = {
    "namespace": "models",
    "pod": "ecluse-0",
    "container": "kserve-container",
    "endpoint": "http",
    "variant": "ecluse",
    "revision": "6d8f9c7b54",
}
"""What the chart's monitors say of a target."""
CHOSEN = ALL | {"model": "image", "feature": "mean_intensity", "__rate_interval": "1m"}
SEEN_SECONDS = 90.0
NEEDS_KUBERNETES = ("container_", "kube_", "DCGM_")


def slow_rules() -> set[str]:
    """What is recorded so seldom that a test does not wait for it, and what is made of that."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    slow = {rule["record"] for group in groups if "interval" in group for rule in group["rules"] if "record" in rule}
    records = {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
    while more := {name for name, expr in records.items() if any(each in expr for each in slow)} - slow:
        slow |= more
    return slow


def probabilities(pixels: np.ndarray) -> np.ndarray:
    scores = np.exp(pixels.reshape(-1, 16)[:, :10].astype(np.float32) / np.float32(255))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def server(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("live") / "image"
    shutil.copytree(zoo / "image", folder)
    held_out = np.random.default_rng(1).integers(0, 256, (500, 4, 4)).astype(np.uint8)
    features = described_features({"image": held_out}, ImageInput(name="image", shape=(4, 4), height=4, width=4))
    (folder / PLACE).parent.mkdir(exist_ok=True)
    (folder / PLACE).write_text(
        json.dumps(sealed(features, described_answers("probabilities", probabilities(held_out), LABELS)))
    )
    keys = folder.parent / "keys"
    keys.write_text(f"first:{'0123456789abcdef' * 4}\n")
    with RunningServer(folder, "--model_name", "image", "--feedback_keys_file", str(keys)) as running:
        yield running


def traffic(server: RunningServer, ended: threading.Event) -> None:
    """Every protocol, now and then a mistake, and late labels, most of them right."""
    random = np.random.default_rng(2)
    with Caller(server.http_address) as caller, Rpc(server.grpc_address) as rpc:
        while not ended.wait(0.02):
            pixels = random.integers(0, 256, (3, 4, 4)).astype(np.uint8)
            answer = caller.post(PREDICT.format("image"), {"instances": pixels.tolist()})
            right = probabilities(pixels).argmax(axis=1)
            labels = [
                {
                    "id": answer.headers["prediction-id"],
                    "row": row,
                    "label": LABELS[best if random.random() < 0.9 else 0],
                }
                for row, best in enumerate(right)
            ]
            caller.post("/v1/feedback", {"labels": labels})
            tensor = {
                "name": "image",
                "datatype": "UINT8",
                "shape": list(pixels.shape),
                "data": pixels.ravel().tolist(),
            }
            caller.post(INFER.format("image"), {"inputs": [tensor]})
            caller.post(PREDICT.format("image"), {"instances": "none"})
            asked = ModelInferRequest(model_name="image")
            asked.inputs.add(name="image", datatype="UINT8", shape=pixels.shape)
            asked.raw_input_contents.append(pixels.tobytes())
            rpc.infer(asked)


@pytest.fixture(scope="module")
def scraped(server: RunningServer) -> Iterator[Prometheus]:
    ended = threading.Event()
    caller = threading.Thread(target=traffic, args=(server, ended))
    targets = {"models/ecluse": [server.http_address]}
    with Prometheus(rules=RULES, targets=targets, labels=TARGET) as prometheus:
        caller.start()
        try:
            yield prometheus
        finally:
            ended.set()
            caller.join()


def now(prometheus: Prometheus) -> float:
    return prometheus.query("time()")[0].value


def expected() -> list[Question]:
    """Queries that a server under load has an answer for: nothing of Kubernetes', of an alert, or recorded seldom.

    Nor of a load test, which tells of itself and not of a server.
    """
    beyond = (*NEEDS_KUBERNETES, *slow_rules(), "ALERTS{alertname", "loadtest_")
    return [question for question in questions() if not any(name in question.query.expr for name in beyond)]


def test_an_idle_server_shows_nothing_that_is_no_number(server: RunningServer) -> None:
    """Comes first: nobody has asked the server anything yet."""
    with Prometheus(rules=RULES, targets={"models/ecluse": [server.http_address]}, labels=TARGET) as prometheus:
        recorded = "count(model:ecluse_requests:rate5m) and count(rate(ecluse_draining[5m]))"
        prometheus.wait_for(lambda: prometheus.query(recorded), "rates are recorded")
        at = now(prometheus)
        asked = {str(question): ask(prometheus, question, at, CHOSEN, seconds=60.0) for question in questions()}
        found = [sentence for question in questions() for sentence in wrong(question, asked[str(question)])]
        assert found == []
        shares = [question for question in questions() if question.panel.title in ("Server errors", "p95", "Latency")]
        assert shares
        assert [str(question) for question in shares if asked[str(question)]] == []


def test_every_panel_of_a_live_server_shows_something(scraped: Prometheus) -> None:
    missing: list[Question] = expected()
    assert len(missing) > 150

    def all_there() -> bool:
        at = now(scraped)
        missing[:] = [question for question in missing if not ask(scraped, question, at, CHOSEN, seconds=60.0)]
        return not missing

    try:
        scraped.wait_for(all_there, "every panel shows something", SEEN_SECONDS)
    except Exception as fault:
        raise AssertionError("\n".join(map(str, missing))) from fault


def test_every_value_of_a_live_server_makes_sense(scraped: Prometheus) -> None:
    at = now(scraped)
    found = []
    for question in questions():
        found += list(wrong(question, ask(scraped, question, at, CHOSEN, seconds=60.0)))
    assert found == []
