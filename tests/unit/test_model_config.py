"""Models in the words of Triton's configuration, which gRPC's message takes as they are."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from serving import model_config, oip_pb2
from serving.datatypes import DTYPES
from serving.model_config import Batching
from serving.signature import Signature, TensorSpec

BATCHING = Batching(8, (1, 2, 4, 8), 0.002)


def described(*inputs: TensorSpec, batching: Batching | None = None, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    outputs = (TensorSpec("y", "FP32", (-1, 10)),)
    signature = Signature("s", inputs, outputs, is_batched=batching is not None, labels=labels)
    config = model_config.describe("m", "tensorflow_savedmodel", signature, batching)
    ParseDict(config, oip_pb2.ModelConfig())
    return config


def test_a_batched_model_has_a_largest_batch_and_dimensions_without_it() -> None:
    config = described(TensorSpec("x", "UINT8", (-1, 28, 28)), batching=BATCHING)
    assert config["max_batch_size"] == 8
    assert config["input"] == [{"name": "x", "data_type": "TYPE_UINT8", "dims": [28, 28]}]
    assert config["output"][0]["dims"] == [10]
    assert config["dynamic_batching"] == {
        "preferred_batch_size": [1, 2, 4, 8],
        "max_queue_delay_microseconds": 2000,
    }
    assert (config["platform"], config["backend"]) == ("tensorflow_savedmodel", "tensorflow")


def test_a_model_without_rows_has_no_largest_batch_and_all_its_dimensions() -> None:
    config = described(TensorSpec("x", "FP32", (2, -1)))
    assert config["max_batch_size"] == 0
    assert config["input"][0]["dims"] == [2, -1]
    assert "dynamic_batching" not in config


@pytest.mark.parametrize(
    ("shape", "batching", "dims"), [((-1,), BATCHING, [1]), ((), None, [1]), (None, None, [-1]), (None, BATCHING, [1])]
)
def test_no_tensor_is_without_a_dimension(shape: Any, batching: Batching | None, dims: list[int]) -> None:
    assert described(TensorSpec("x", "FP32", shape), batching=batching)["input"][0]["dims"] == dims


@pytest.mark.parametrize("datatype", DTYPES)
def test_every_datatype_has_triton_s_name(datatype: str) -> None:
    name = described(TensorSpec("x", datatype, (1,)))["input"][0]["data_type"]
    assert name == ("TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}")


def test_a_model_with_labels_says_so() -> None:
    assert described(TensorSpec("x", "FP32", (1,)), labels=("a",))["output"][0]["label_filename"] == "labels.txt"


def test_a_model_of_a_user_s_own_is_described_by_its_metadata() -> None:
    x = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}
    config = model_config.describe_metadata({"name": "m", "platform": "kserve", "inputs": [x], "outputs": []})
    assert config["backend"] == "python"
    assert config["input"] == [{"name": "x", "data_type": "TYPE_FP32", "dims": [-1, 2]}]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("latest", {"latest": {"num_versions": 1}}),
        ("latest:3", {"latest": {"num_versions": 3}}),
        ("all", {"all": {}}),
        ("specific:3,5", {"specific": {"versions": [3, 5]}}),
    ],
)
def test_the_policy_of_versions_is_said(policy: str, said: dict[str, Any]) -> None:
    assert model_config.version_policy(policy) == said
    ParseDict({"version_policy": said}, oip_pb2.ModelConfig())
