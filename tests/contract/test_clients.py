"""Clients that are not ours get from a running server what they ask for.

Each is a script of its own in `clients/`, since two of them register the same
protobuf names and cannot share a process. A script runs once and prints what it
saw; the tests read that.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.wire import EXTENSIONS
from tests.servers import ROOT, RunningServer, environment

CLIENTS = Path(__file__).parent / "clients"
CLIENT_SECONDS = 60

Facts = dict[str, Any]

IMAGE = [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]]
IMAGE_METADATA = {
    "name": "image",
    "versions": ["1"],
    "platform": "tensorflow_savedmodel",
    "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 4, 4]}],
    "outputs": [
        {"name": "digit", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
    ],
}
WRONG_SHAPE = "input 'image' has shape [4, 4], expected [-1, 4, 4]"
WRONG_DATATYPE = "input 'image' has datatype INT32, expected UINT8"
OWN_ROWS = [[[2.0 * n, 2.0 * n]] for n in range(8)]
SHOUTED = {"shouted": [b"caf\xc3\xa9!".hex(), b"!".hex(), b"\xff\xfe!".hex()], "length": [5, 0, 2]}


def seen_by(script: str, *addresses: str) -> Facts:
    done = subprocess.run(
        [sys.executable, str(CLIENTS / script), *addresses],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    facts: Facts = json.loads(done.stdout)
    return facts


@pytest.fixture(scope="module")
def triton_http(zoo_server: RunningServer) -> Facts:
    return seen_by("triton_http.py", zoo_server.http_address)


@pytest.fixture(scope="module")
def triton_grpc(zoo_server: RunningServer) -> Facts:
    return seen_by("triton_grpc.py", zoo_server.grpc_address)


@pytest.fixture(scope="module")
def kserve(zoo_server: RunningServer) -> Facts:
    return seen_by("kserve_client.py", zoo_server.http_url, zoo_server.grpc_address)


@pytest.fixture(scope="module")
def standard_grpc(zoo_server: RunningServer) -> Facts:
    return seen_by("standard_grpc.py", zoo_server.grpc_address)


def curl(*arguments: str) -> tuple[int, Any]:
    """Give the status and the body of what curl asks for."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


class TestTritonOverHttp:
    def test_sees_a_live_and_ready_server(self, triton_http: Facts) -> None:
        assert triton_http["live"]
        assert triton_http["ready"]

    def test_sees_which_models_and_versions_are_ready(self, triton_http: Facts) -> None:
        assert triton_http["model_ready"]
        assert triton_http["version_ready"]
        assert not triton_http["other_version_ready"]
        assert not triton_http["unknown_model_ready"]

    def test_reads_the_metadata(self, triton_http: Facts) -> None:
        assert triton_http["server_metadata"]["name"] == "ecluse"
        assert triton_http["server_metadata"]["extensions"] == EXTENSIONS
        assert triton_http["model_metadata"] == triton_http["version_metadata"] == IMAGE_METADATA

    @pytest.mark.parametrize("form", ["json", "binary"])
    def test_gets_its_answer_and_its_id_back(self, triton_http: Facts, form: str) -> None:
        assert triton_http[form]["digit"] == [9]
        assert triton_http[form]["sum"] == pytest.approx(1.0)
        assert triton_http[form]["response"]["id"] == "a-42"
        assert triton_http[form]["response"]["model_name"] == "image"
        assert triton_http[form]["response"]["model_version"] == "1"

    def test_gets_tensors_in_the_form_it_asks_for(self, triton_http: Facts) -> None:
        assert all("data" in output for output in triton_http["json"]["response"]["outputs"])
        sizes = [output["parameters"]["binary_data_size"] for output in triton_http["binary"]["response"]["outputs"]]
        assert sizes == [40, 8]

    def test_gets_the_outputs_it_asks_for_in_its_order(self, triton_http: Facts) -> None:
        assert [output["name"] for output in triton_http["json"]["response"]["outputs"]] == ["probabilities", "digit"]
        assert triton_http["mixed"]["response"]["outputs"] == [
            {"name": "digit", "shape": [1], "datatype": "INT64", "data": [9]}
        ]

    def test_gets_every_output_where_it_asks_for_none(self, triton_http: Facts) -> None:
        assert triton_http["default_outputs"] == ["digit", "probabilities"]

    def test_gets_bytes_back_that_are_no_text(self, triton_http: Facts) -> None:
        assert triton_http["bytes"] == SHOUTED

    def test_gets_text_back_as_json(self, triton_http: Facts) -> None:
        assert triton_http["text"] == {
            "shouted": ["café!".encode().hex(), b"!".hex(), b"plain!".hex()],
            "length": [5, 0, 5],
        }

    def test_gets_every_datatype_back(self, triton_http: Facts) -> None:
        assert len(triton_http["every_datatype"]) == 13
        assert all(value == [[1.0, 0.0]] for value in triton_http["every_datatype"].values())

    def test_gets_each_of_many_requests_its_own_rows(self, triton_http: Facts) -> None:
        assert triton_http["many"] == OWN_ROWS

    def test_may_set_a_timeout(self, triton_http: Facts) -> None:
        assert triton_http["timeout"] == "image"

    @pytest.mark.parametrize(
        ("fault", "status", "sentence"),
        [
            ("wrong_shape", "400", WRONG_SHAPE),
            ("wrong_datatype", "400", WRONG_DATATYPE),
            ("unknown_model", "404", "model 'nobody' is not served here"),
        ],
    )
    def test_reads_what_is_wrong(self, triton_http: Facts, fault: str, status: str, sentence: str) -> None:
        assert triton_http[fault]["status"] == status
        assert sentence in triton_http[fault]["message"]

    def test_may_compress_its_bodies(self, triton_http: Facts) -> None:
        assert triton_http["compressed"] == {"gzip": [9], "deflate": [9]}

    def test_is_served_on_after_its_mistakes(self, triton_http: Facts) -> None:
        assert triton_http["after_all"] == [9]


class TestTritonOverGrpc:
    def test_sees_a_live_and_ready_server(self, triton_grpc: Facts) -> None:
        assert triton_grpc["live"]
        assert triton_grpc["ready"]
        assert triton_grpc["model_ready"]
        assert triton_grpc["version_ready"]

    def test_reads_the_metadata(self, triton_grpc: Facts) -> None:
        assert triton_grpc["server_metadata"]["extensions"] == EXTENSIONS
        metadata = triton_grpc["model_metadata"]
        assert {**metadata, "inputs": None, "outputs": None} == {**IMAGE_METADATA, "inputs": None, "outputs": None}
        # JSON of protobuf writes 64-bit numbers as strings.
        assert metadata["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": ["-1", "4", "4"]}]

    def test_gets_raw_tensors_for_raw_tensors(self, triton_grpc: Facts) -> None:
        assert triton_grpc["raw"]["digit"] == [9]
        assert triton_grpc["raw"]["sum"] == pytest.approx(1.0)
        assert triton_grpc["raw"]["raw_outputs"] == 2

    def test_gets_its_id_and_the_model_back(self, triton_grpc: Facts) -> None:
        raw = triton_grpc["raw"]
        assert (raw["id"], raw["model_name"], raw["model_version"]) == ("a-42", "image", "1")

    def test_gets_the_output_it_asks_for(self, triton_grpc: Facts) -> None:
        assert triton_grpc["chosen_output"] == ["digit"]

    def test_gets_bytes_back_that_are_no_text(self, triton_grpc: Facts) -> None:
        assert triton_grpc["bytes"] == SHOUTED

    def test_gets_every_datatype_back(self, triton_grpc: Facts) -> None:
        assert len(triton_grpc["every_datatype"]) == 13
        assert all(value == [[1.0, 0.0]] for value in triton_grpc["every_datatype"].values())

    def test_gets_each_of_many_requests_its_own_rows(self, triton_grpc: Facts) -> None:
        assert triton_grpc["many"] == OWN_ROWS

    @pytest.mark.parametrize("how", ["in_time", "compressed", "after_all"])
    def test_is_answered(self, triton_grpc: Facts, how: str) -> None:
        assert triton_grpc[how]["digit"] == [9]

    @pytest.mark.parametrize(
        ("fault", "status", "sentence"),
        [
            ("too_late", "DEADLINE_EXCEEDED", ""),
            ("wrong_shape", "INVALID_ARGUMENT", WRONG_SHAPE),
            ("wrong_datatype", "INVALID_ARGUMENT", WRONG_DATATYPE),
            ("unknown_model", "NOT_FOUND", "model 'nobody' is not served here"),
            ("unknown_version", "NOT_FOUND", "model 'image' has no version '7' here, it is served as '1'"),
        ],
    )
    def test_reads_what_is_wrong(self, triton_grpc: Facts, fault: str, status: str, sentence: str) -> None:
        assert triton_grpc[fault]["status"] == f"StatusCode.{status}"
        assert sentence in triton_grpc[fault]["message"]


class TestKServe:
    @pytest.mark.parametrize(
        ("protocol", "questions"),
        [
            ("v1", ["live", "model_ready"]),
            ("v2", ["live", "ready", "model_ready"]),
            ("grpc", ["live", "ready", "model_ready"]),
        ],
    )
    def test_sees_a_live_and_ready_server(self, kserve: Facts, protocol: str, questions: list[str]) -> None:
        assert all(kserve[protocol][question] for question in questions)

    def test_sees_that_an_unknown_model_is_not_ready(self, kserve: Facts) -> None:
        assert kserve["v1"]["unknown_model"]["status"] == "404"
        assert not kserve["v2"]["unknown_model_ready"]
        assert kserve["grpc"]["unknown_model"]["status"] == "NOT_FOUND"

    def test_gets_rows_for_rows_and_columns_for_columns(self, kserve: Facts) -> None:
        (row,) = kserve["v1"]["rows"]["predictions"]
        columns = kserve["v1"]["columns"]["outputs"]
        assert row["digit"] == 9
        assert columns == {"digit": [row["digit"]], "probabilities": [row["probabilities"]]}

    @pytest.mark.parametrize(
        ("protocol", "form"), [("v2", "json"), ("v2", "binary"), ("grpc", "typed"), ("grpc", "raw")]
    )
    def test_gets_its_answer_in_the_form_of_the_question(self, kserve: Facts, protocol: str, form: str) -> None:
        answer = kserve[protocol][form]
        assert answer["digit"] == [9]
        assert answer["sum"] == pytest.approx(1.0)
        assert answer["shapes"] == {"digit": [1], "probabilities": [1, 10]}
        assert (answer["id"], answer["model_name"]) == ("a-42", "image")

    @pytest.mark.parametrize(
        ("protocol", "status", "sentence"),
        [
            ("v1", "400", "input 'image' has shape [1, 2], expected [-1, 4, 4]"),
            ("v2", "400", WRONG_SHAPE),
            ("grpc", "INVALID_ARGUMENT", WRONG_SHAPE),
        ],
    )
    def test_reads_what_is_wrong(self, kserve: Facts, protocol: str, status: str, sentence: str) -> None:
        assert kserve[protocol]["refused"] == {"status": status, "message": sentence}

    def test_reads_that_there_is_no_explainer(self, kserve: Facts) -> None:
        assert kserve["v1"]["explain"] == {"status": "400", "message": "model 'image' has no explainer"}


class TestStandardGrpcServices:
    def test_health_is_told_for_the_server_and_for_its_service(self, standard_grpc: Facts) -> None:
        assert standard_grpc["health"] == {
            "": "SERVING",
            "inference.GRPCInferenceService": "SERVING",
            "nobody": "NOT_FOUND",
        }
        assert standard_grpc["watch"] == "SERVING"

    def test_reflection_lists_every_service(self, standard_grpc: Facts) -> None:
        assert standard_grpc["services"] == [
            "ecluse.v1.Feedback",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "inference.GRPCInferenceService",
        ]
        assert standard_grpc["methods"] == [
            *("ModelConfig", "ModelInfer", "ModelMetadata", "ModelReady", "ModelStatistics", "ModelStreamInfer"),
            *("RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"),
            *("ServerLive", "ServerMetadata", "ServerReady"),
        ]

    def test_a_client_that_knows_only_reflection_is_answered(self, standard_grpc: Facts) -> None:
        assert standard_grpc["answer"] == [4.0, 5.0]


@pytest.mark.needs("curl")
class TestCurl:
    """The lines that a person copies, against the command that a person starts."""

    def test_asks_by_v2(self, image_server: RunningServer) -> None:
        question = {"inputs": [{"name": "image", "shape": [1, 4, 4], "datatype": "UINT8", "data": IMAGE}]}
        status, answer = curl(
            *("-H", "Content-Type: application/json", "-d", json.dumps(question)),
            f"{image_server.http_url}/v2/models/image/infer",
        )
        assert status == 200
        assert answer["outputs"][0] == {"name": "digit", "shape": [1], "datatype": "INT64", "data": [9]}

    @pytest.mark.parametrize("colon", [":", "%3A", "%3a"])
    def test_asks_by_v1_however_it_writes_the_colon(self, image_server: RunningServer, colon: str) -> None:
        status, answer = curl(
            *("-H", "Content-Type: application/json", "-d", json.dumps({"instances": IMAGE})),
            f"{image_server.http_url}/v1/models/image{colon}predict",
        )
        assert status == 200
        assert answer["predictions"][0]["digit"] == 9

    def test_sends_a_form_by_default_and_is_told_so(self, image_server: RunningServer) -> None:
        status, answer = curl(
            "-d", json.dumps({"instances": IMAGE}), f"{image_server.http_url}/v1/models/image:predict"
        )
        assert status == 415
        assert "'application/x-www-form-urlencoded'" in answer["error"]

    def test_sends_a_body_in_chunks(self, image_server: RunningServer) -> None:
        status, answer = curl(
            *("-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked"),
            *("-d", json.dumps({"instances": IMAGE}), f"{image_server.http_url}/v1/models/image:predict"),
        )
        assert status == 200
        assert answer["predictions"][0]["digit"] == 9

    @pytest.mark.parametrize(
        "path", ["/", "/v2/health/live", "/v2/health/ready", "/v1/models/image", "/v2/models/image"]
    )
    def test_reads_whatever_a_probe_or_a_person_looks_at(self, image_server: RunningServer, path: str) -> None:
        status, answer = curl(f"{image_server.http_url}{path}")
        assert status == 200
        assert isinstance(answer, dict)

    def test_asks_for_the_head_alone(self, image_server: RunningServer) -> None:
        done = subprocess.run(
            ["curl", "--silent", "--head", "--max-time", "20", f"{image_server.http_url}/v2/health/ready"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith("HTTP/1.1 200")
