import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from k8s.rollout import golden_request, smoke
from k8s.rollout.backends.backend import Refused
from k8s.rollout.side import Side

Json = dict[str, Any]

METADATA: Json = {
    "name": "mnist",
    "inputs": [
        {"name": "image", "datatype": "FP32", "shape": [-1, 2, 2]},
        {"name": "note", "datatype": "BYTES", "shape": [-1]},
        {"name": "flag", "datatype": "BOOL", "shape": [-1, 1]},
        {"name": "word", "datatype": "INT64", "shape": [-1, 3]},
    ],
    "outputs": [
        {"name": "digit", "datatype": "INT64", "shape": [-1]},
        {"name": "scores", "datatype": "FP32", "shape": [-1, 2]},
    ],
}
ANSWER: Json = {
    "outputs": [
        {"name": "digit", "datatype": "INT64", "shape": [1], "data": [7]},
        {"name": "scores", "datatype": "FP32", "shape": [1, 2], "data": [0.25, 0.75]},
    ]
}


def changed(what: Json, change: Callable[[Json], object]) -> Json:
    other: Json = json.loads(json.dumps(what))
    change(other)
    return other


class Versions:
    """Two servers that answer as they are told to."""

    def __init__(self, canary: Json | None = None, metadata: Json | None = None, status: int = 200) -> None:
        self.metadata = {Side.STABLE: METADATA, Side.CANARY: metadata or METADATA}
        self.answers = {Side.STABLE: ANSWER, Side.CANARY: canary or ANSWER}
        self.status = {Side.STABLE: 200, Side.CANARY: status}
        self.unready = False
        self.key = ""
        self.index: Any = [{"name": "mnist", "state": "READY"}, {"name": "old", "state": "UNAVAILABLE"}]
        self.requests: list[tuple[Side, Json]] = []

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        if path == "/v2/health/ready":
            return (503, b'{"error": "loading"}') if self.unready else (200, b"")
        if self.key and headers.get("X-API-Key") != self.key:
            return 401, b'{"error": "this server takes a key"}'
        if path == "/v2/repository/index":
            return 200, json.dumps(self.index).encode()
        if path == "/v2/models/mnist":
            return 200, json.dumps(self.metadata[side]).encode()
        if path == "/v2/models/mnist/infer" and body is not None:
            self.requests.append((side, json.loads(body)))
            if self.status[side] != 200:
                return self.status[side], b'{"error": "it broke"}'
            return 200, json.dumps(self.answers[side]).encode()
        return 404, b'{"error": "no such model"}'


def test_versions_that_answer_alike_pass_though_their_values_differ() -> None:
    other = changed(ANSWER, lambda answer: answer["outputs"][1].update(data=[0.5, 0.5]))
    assert smoke.smoke(Versions(other), "mnist", None) == ""


def test_both_versions_get_the_same_request_of_one_row_made_from_the_metadata() -> None:
    versions = Versions()
    smoke.smoke(versions, "mnist", None)
    (first, stable), (second, canary) = versions.requests
    assert {first, second} == {Side.STABLE, Side.CANARY}
    assert stable == canary
    assert [(each["name"], each["shape"], each["data"]) for each in canary["inputs"]] == [
        ("image", [1, 2, 2], [0, 1 / 16, 2 / 16, 3 / 16]),
        ("note", [1], [""]),
        ("flag", [1, 1], [False]),
        ("word", [1, 3], [0, 0, 0]),
    ]
    assert canary["outputs"] == [{"name": "digit"}, {"name": "scores"}]


def test_a_request_from_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text('{"inputs": [{"name": "image", "data": [7]}], "id": "mine"}')
    versions = Versions()
    assert smoke.smoke(versions, "mnist", golden_request.read(file)) == ""
    assert [each for _, each in versions.requests] == [json.loads(file.read_text())] * 2


@pytest.mark.parametrize(
    ("canary", "told"),
    [
        (lambda answer: answer["outputs"].pop(), "output 'scores' is missing: expected digit, scores"),
        (lambda answer: answer["outputs"].append({"name": "x"}), "output 'x' was not expected"),
        (lambda answer: answer["outputs"][0].update(datatype="INT32"), "output 'digit' is INT32, expected INT64"),
        (lambda answer: answer["outputs"][1].update(shape=[1, 3]), "output 'scores' has shape [1, 3], expected [1, 2]"),
        (lambda answer: answer["outputs"][1].update(data=[1.0]), "output 'scores' has 1 values, and its shape"),
        (lambda answer: answer["outputs"][1].update(data=[None, 1.0]), "1 values of 2 that are no numbers"),
        (lambda answer: answer["outputs"][1].update(data=[[float("nan"), 1.0]]), "1 values of 2 that are no numbers"),
        (lambda answer: answer["outputs"][1].pop("data"), "output 'scores' came without values"),
        (lambda answer: answer.update(outputs={}), "answers /v2/models/mnist/infer with something else than V2 has"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(canary: Callable[[Json], object], told: str) -> None:
    assert told in smoke.smoke(Versions(changed(ANSWER, canary)), "mnist", None)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (lambda of: of["inputs"].pop(0), "the canary takes no input 'image'"),
        (
            lambda of: of["inputs"].append({"name": "mask", "datatype": "BOOL", "shape": [-1]}),
            "the canary wants an input 'mask' that the stable version does not take",
        ),
        (lambda of: of["inputs"][0].update(datatype="FP16"), "input 'image' of the canary is FP16, expected FP32"),
        (lambda of: of["inputs"][0].update(shape=[1, 2, 2]), "shape [1, 2, 2], expected [-1, 2, 2]"),
        (lambda of: of["outputs"].pop(0), "the canary has no output 'digit' any more"),
        (lambda of: of.pop("outputs"), "answers /v2/models/mnist with something else than V2 has there"),
    ],
)
def test_what_a_caller_of_today_would_stumble_on_is_told(metadata: Callable[[Json], object], told: str) -> None:
    assert told in smoke.smoke(Versions(metadata=changed(METADATA, metadata)), "mnist", None)


def test_a_new_output_and_a_wider_input_hurt_no_caller_and_the_output_is_told() -> None:
    def change(metadata: Json) -> None:
        metadata["outputs"].append({"name": "why", "datatype": "BYTES", "shape": [-1]})
        metadata["inputs"][3]["shape"] = [-1, -1]

    tried = smoke.tried(Versions(metadata=changed(METADATA, change)), "mnist", None)
    assert tried.wrong == ()
    assert tried.notes == ("the canary has a new output 'why'",)


def test_sizes_that_the_metadata_leaves_open_may_differ_but_for_the_rows() -> None:
    open_sizes = changed(METADATA, lambda of: of["outputs"][1].update(shape=[-1, -1]))
    longer = changed(ANSWER, lambda of: of["outputs"][1].update(shape=[1, 3], data=[1, 2, 3]))
    rows = changed(ANSWER, lambda of: of["outputs"][1].update(shape=[2, 2], data=[1, 2, 3, 4]))
    assert smoke.smoke(Versions(longer, open_sizes), "mnist", None) == ""
    assert "has shape [2, 2], expected [1, 2]" in smoke.smoke(Versions(rows, open_sizes), "mnist", None)


def test_values_that_are_no_numbers_of_the_stable_version_either_are_no_fault_of_the_canarys() -> None:
    versions = Versions(changed(ANSWER, lambda of: of["outputs"][1].update(data=[None, None])))
    versions.answers[Side.STABLE] = versions.answers[Side.CANARY]
    assert smoke.smoke(versions, "mnist", None) == ""


def test_an_error_of_the_canary_is_told_with_its_words() -> None:
    told = smoke.smoke(Versions(status=500), "mnist", None)
    assert told == "the canary version answers 500 (it broke) at /v2/models/mnist/infer, expected 200"


def test_a_request_that_the_stable_version_refuses_too_says_nothing() -> None:
    versions = Versions(status=400)
    versions.status[Side.STABLE] = 400
    told = smoke.smoke(versions, "mnist", None)
    assert told.startswith("the smoke request says nothing, since the stable version answers it with 400 (it broke)")
    assert "--smoke FILE" in told


def test_a_canary_that_is_not_ready_is_asked_nothing_more() -> None:
    versions = Versions()
    versions.unready = True
    assert smoke.smoke(versions, "mnist", None) == (
        "the canary answers 503 (loading) at /v2/health/ready, expected 200"
    )
    assert versions.requests == []


def test_a_side_that_cannot_be_asked_is_told() -> None:
    class Nowhere(Versions):
        def ask(
            self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
        ) -> tuple[int, bytes]:
            raise Refused("there is no service/blue")

    assert smoke.smoke(Nowhere(), "mnist", None) == "there is no service/blue"


def test_a_model_that_is_not_there_is_told() -> None:
    assert "answers 404 (no such model) at /v2/models/other" in smoke.smoke(Versions(), "other", None)


def test_without_a_name_every_model_that_is_ready_is_tried() -> None:
    versions = Versions(status=500)
    assert "at /v2/models/mnist/infer" in smoke.smoke(versions, "", None)
    versions.index = []
    assert smoke.smoke(versions, "", None) == (
        "the stable version has no model that is ready: there is nothing to compare with"
    )
    versions.index = [{"name": "a"}, {"name": "b"}]
    assert "for one model alone, and there are a, b" in smoke.smoke(versions, "", b'{"inputs": []}')


def test_a_key_is_shown_where_the_server_asks_for_one(tmp_path: Path) -> None:
    versions = Versions()
    versions.key = "secret"
    assert "asks for a key: name the file that holds it (401" in smoke.smoke(versions, "mnist", None)
    assert "takes no such key (401" in smoke.smoke(versions, "mnist", None, "other")
    file = tmp_path / "key"
    file.write_text("secret\n")
    assert smoke.smoke(versions, "mnist", None, smoke.read_key(file)) == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is no request of V2"),
        (b'{"inputs": [1]}', "is no request of V2"),
        (b'{"inputs": {}}', 'expected an object with "inputs"'),
    ],
)
def test_a_file_that_holds_no_request_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(content)
    with pytest.raises(golden_request.BadRequest, match=told) as raised:
        golden_request.read(file)
    assert str(file) in str(raised.value)
    assert told in smoke.smoke(Versions(), "mnist", content)


def test_a_file_of_a_request_or_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(golden_request.BadRequest, match="cannot be read: No such file"):
        golden_request.read(tmp_path / "none")
    with pytest.raises(smoke.NoKey, match="cannot be read"):
        smoke.read_key(tmp_path / "none")
    (tmp_path / "two").write_text("one\ntwo\n")
    with pytest.raises(smoke.NoKey, match="must hold one key"):
        smoke.read_key(tmp_path / "two")
