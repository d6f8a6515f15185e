"""All that Triton's four clients offer is called on a running server, and no method of theirs is forgotten.

What we do not serve must be refused by what it is, in each client's own words.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.wire import EXTENSIONS
from tests.servers import ROOT, RunningServer, environment

CLIENTS = Path(__file__).parent / "clients"
CLIENT_SECONDS = 100
KINDS = ("http", "http.aio", "grpc", "grpc.aio")

Facts = dict[str, Any]

REFUSED = {
    "logs are not set by request": ("get_log_settings", "update_log_settings"),
    "traces are not set by request": ("get_trace_settings", "a model's trace settings", "update_trace_settings"),
    "not exchanged in shared memory": (
        *("get_system_shared_memory_status", "register_system_shared_memory", "unregister_system_shared_memory"),
    ),
    "not exchanged in a GPU's memory": (
        *("get_cuda_shared_memory_status", "register_cuda_shared_memory", "unregister_cuda_shared_memory"),
    ),
}
"""Calls that are refused, and what their callers hear."""


def written_by(script: str, *arguments: str) -> Facts:
    done = subprocess.run(
        [sys.executable, str(CLIENTS / script), *arguments],
        cwd=ROOT,
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    facts: Facts = json.loads(done.stdout)
    return facts


@pytest.fixture(scope="module")
def admin_server(zoo: Path) -> Iterator[RunningServer]:
    """A server of its own, because its model is unloaded under way."""
    with RunningServer(zoo / "image", "--model_name", "image", "--admin_enabled", "true") as server:
        yield server


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def seen(kind: str, admin_server: RunningServer) -> Facts:
    address = admin_server.grpc_address if kind.startswith("grpc") else admin_server.http_address
    return written_by("triton_whole.py", kind, address)


@pytest.fixture(scope="module")
def ours() -> Facts:
    return written_by("triton_messages.py", "ours")


@pytest.fixture(scope="module")
def triton() -> Facts:
    return written_by("triton_messages.py", "triton")


@pytest.fixture(scope="module")
def kserve() -> Facts:
    return written_by("triton_messages.py", "kserve")


def status(kind: str, rest: int, grpc: str) -> str:
    return grpc if kind.startswith("grpc") else str(rest)


class TestTritonsClients:
    def test_no_method_is_forgotten(self, seen: Facts) -> None:
        assert seen["forgotten"] == []

    def test_health_and_metadata_are_read(self, seen: Facts) -> None:
        assert [seen[f"is_{what}"] for what in ("server_live", "server_ready", "model_ready")] == [True] * 3
        assert seen["get_server_metadata"]["extensions"] == EXTENSIONS
        assert seen["get_model_metadata"]["platform"] == "tensorflow_savedmodel"

    @pytest.mark.parametrize(
        "way",
        [
            *("plainly", "with an id", "a version", "chosen outputs", "with a priority", "with a timeout"),
            *("with parameters", "with headers"),
        ],
    )
    def test_an_inference_is_answered(self, seen: Facts, way: str) -> None:
        assert seen["ways"][way] == {"digit": [9], "id": "a-42" if way == "with an id" else ""}

    def test_an_inference_is_answered_in_the_ways_of_its_protocol(self, seen: Facts, kind: str) -> None:
        of_http = ("as JSON", "as JSON for binary", "compressed on its way back", "with a query")
        of_grpc = ("with a client's timeout",)
        ways = ("compressed", "deflated", *(of_grpc if kind.startswith("grpc") else of_http))
        assert all(seen["ways"][way]["digit"] == [9] for way in ways), seen["ways"]

    def test_classes_come_with_their_labels(self, seen: Facts) -> None:
        assert seen["ways"]["classes"] == [["0.101774:9:nine", "0.101376:8:eight"]]

    @pytest.mark.parametrize("way", ["in a sequence", "in a named sequence", "in shared memory"])
    def test_what_would_change_the_answer_is_refused(self, seen: Facts, kind: str, way: str) -> None:
        assert seen["ways"][way]["refused"] == status(kind, 400, "INVALID_ARGUMENT")

    def test_a_timeout_that_has_passed_is_told(self, seen: Facts, kind: str) -> None:
        assert seen["ways"]["too late"]["refused"] == status(kind, 504, "DEADLINE_EXCEEDED")

    def test_requests_in_the_background_are_answered(self, seen: Facts, kind: str) -> None:
        assert kind.endswith(".aio") or seen["async_infer"] == {"digit": [9], "id": "7"}

    def test_each_request_of_a_stream_is_answered_and_a_wrong_one_does_not_end_it(self, seen: Facts, kind: str) -> None:
        if not kind.startswith("grpc"):
            assert not {"stream_infer", "async_stream_infer"} & seen.keys()
            return
        answers = seen["stream_infer" if kind.endswith(".aio") else "async_stream_infer"]
        assert answers.pop(2) == "input 'image' has shape [4, 4], expected [-1, 4, 4]"
        assert answers == [{"digit": [9], "id": str(place)} for place in (0, 1, 3, 4, 5)]

    def test_a_body_made_by_hand_is_answered(self, seen: Facts, kind: str) -> None:
        assert kind != "http" or seen["generate_request_body"] == {"digit": [9], "id": "7"}

    def test_a_plug_in_sees_its_requests(self, seen: Facts) -> None:
        assert seen["register_plugin"] == [True, True, 1]

    def test_the_configuration_is_read(self, seen: Facts, kind: str) -> None:
        config = seen["get_model_config"]["config"] if kind.startswith("grpc") else seen["get_model_config"]
        assert (config["name"], config["backend"], config["max_batch_size"]) == ("image", "tensorflow", 64)
        assert [int(size) for size in config["input"][0]["dims"]] == [4, 4]
        assert config["output"][1]["label_filename"] == "labels.txt"

    def test_statistics_count_what_was_asked(self, seen: Facts) -> None:
        for call in ("get_inference_statistics", "every model's statistics"):
            (model,) = seen[call]["model_stats"]
            assert (model["name"], model["version"]) == ("image", "1")
            # JSON of protobuf writes 64-bit numbers as strings.
            assert int(model["inference_count"]) >= int(model["execution_count"]) >= 8
            assert int(model["inference_stats"]["success"]["count"]) >= 8
            assert int(model["inference_stats"]["fail"]["count"]) >= 3
            assert int(model["batch_stats"][0]["compute_infer"]["ns"]) > 0
            assert int(model["last_inference"]) > 1_700_000_000_000

    def test_the_repository_lists_loads_and_unloads(self, seen: Facts, kind: str) -> None:
        index = seen["get_model_repository_index"]
        (model,) = index["models"] if kind.startswith("grpc") else index
        assert (model["name"], model["version"], model["state"]) == ("image", "1", "READY")
        for done in ("load_model", "unload_model", "loaded again"):
            assert seen[done] is None
        assert seen["unloaded"]["refused"] == status(kind, 404, "NOT_FOUND")
        assert seen["answered again"]["digit"] == [9]
        assert seen["load_model of nobody"]["refused"] == status(kind, 404, "NOT_FOUND")

    def test_a_model_comes_from_its_folder_alone(self, seen: Facts, kind: str) -> None:
        assert seen["load_model with a configuration"]["refused"] == status(kind, 400, "INVALID_ARGUMENT")
        assert "folder alone" in seen["load_model with a configuration"]["message"]
        if kind.startswith("grpc"):
            assert seen["load_model with files"]["refused"] == "INVALID_ARGUMENT"

    @pytest.mark.parametrize("sentence", REFUSED)
    def test_what_is_not_served_is_refused_by_what_it_is(self, seen: Facts, kind: str, sentence: str) -> None:
        for call in REFUSED[sentence]:
            assert seen[call]["refused"] == status(kind, 404, "UNIMPLEMENTED")
            assert sentence in seen[call]["message"]


class TestMessages:
    """Ours against the descriptors that Triton's and KServe's clients carry."""

    @pytest.mark.parametrize("whose", ["triton", "kserve"])
    def test_a_field_that_both_have_is_the_same(self, ours: Facts, whose: str, request: pytest.FixtureRequest) -> None:
        theirs: Facts = request.getfixturevalue(whose)
        compared = 0
        for name in ours["messages"].keys() & theirs["messages"].keys():
            for number, field in ours["messages"][name].items():
                other = theirs["messages"][name].get(number)
                if other is None or (whose == "kserve" and "RepositoryModel" in name):
                    continue
                assert field == other, (name, number)
                compared += 1
        assert compared > 40

    def test_kserves_repository_messages_differ_in_a_name_alone(self, ours: Facts, kserve: Facts) -> None:
        """Field 1 is a string in both, so that one message reads either."""
        for verb in ("Load", "Unload"):
            name = f"inference.RepositoryModel{verb}"
            assert kserve["messages"][f"{name}Request"]["1"] == ["model_name", 9, False, ""]
            assert ours["messages"][f"{name}Request"]["1"] == ["repository_name", 9, False, ""]
            assert ours["messages"][f"{name}Response"] == kserve["messages"][f"{name}Response"]

    def test_every_message_of_ours_is_tritons_too(self, ours: Facts, triton: Facts) -> None:
        assert ours["messages"].keys() - triton["messages"].keys() == {
            "inference.ModelMetadataResponse.PropertiesEntry"
        }

    def test_enumerations_are_the_same(self, ours: Facts, triton: Facts) -> None:
        assert ours["enums"]["inference.DataType"] == triton["enums"]["inference.DataType"]

    def test_methods_are_the_same_and_the_others_are_refused(self, ours: Facts, triton: Facts) -> None:
        from serving.grpc_extensions import REFUSED as REFUSED_METHODS

        assert ours["methods"].items() <= triton["methods"].items()
        assert triton["methods"].keys() - ours["methods"].keys() == REFUSED_METHODS.keys()
