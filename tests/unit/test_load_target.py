"""What is read of a model's metadata, whoever's it is, and which mistakes are told."""

from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.requests.target import BadTarget, Target, TensorForm, read_target
from serving.oip_pb2 import ModelMetadataResponse

OURS = {
    "name": "mnist",
    "versions": ["1", "2"],
    "platform": "tensorflow_savedmodel",
    "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]}],
    "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}],
}
IMAGE = TensorForm("image", "UINT8", (-1, 28, 28))
PROBABILITIES = TensorForm("probabilities", "FP32", (-1, 10))


def test_our_own_metadata_is_read_whole() -> None:
    assert read_target(OURS) == Target(
        "mnist", (IMAGE,), (PROBABILITIES,), "tensorflow_savedmodel", ("1", "2"), is_batched=True
    )


def test_a_message_of_grpc_is_read_like_json() -> None:
    message = ModelMetadataResponse(name="mnist", versions=["1", "2"], platform="tensorflow_savedmodel")
    message.inputs.add(name="image", datatype="UINT8", shape=[-1, 28, 28])
    message.outputs.add(name="probabilities", datatype="FP32", shape=[-1, 10])
    assert read_target(MessageToDict(message)) == read_target(OURS)


def test_a_lone_number_is_read_where_grpc_leaves_its_empty_shape_out() -> None:
    target = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32"}]})
    assert target.inputs == (TensorForm("x", "FP32", ()),)
    assert not target.has_rows


def test_a_server_that_tells_no_outputs_can_be_asked() -> None:
    assert read_target({**OURS, "outputs": None}).outputs == ()


@pytest.mark.parametrize("largest", [0, "0"])
def test_the_configuration_says_that_rows_are_not_put_together(largest: object) -> None:
    target = read_target(OURS, {"max_batch_size": largest})
    assert target.has_rows
    assert not target.is_batched


@pytest.mark.parametrize("config", [None, {}, {"max_batch_size": 64}, {"error": "unknown"}])
def test_without_such_a_word_the_shapes_say_it(config: object) -> None:
    assert read_target(OURS, config).is_batched


def test_an_output_without_rows_is_of_all_rows_together() -> None:
    mean = {**OURS, "outputs": [{"name": "mean", "datatype": "FP32", "shape": [2]}]}
    assert not read_target(mean).is_batched
    assert read_target(mean).has_rows


def one_input(**changes: object) -> dict[str, Any]:
    return {"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1], **changes}]}


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ([], "is not a JSON object"),
        ({"error": "model 'm' is not served here"}, "has no name: model 'm' is not served here"),
        ({"name": "m", "inputs": "x"}, "inputs that are not a list"),
        ({"name": "m", "inputs": [3]}, "an input without a name"),
        (one_input(datatype="STRING"), "datatype 'STRING', expected BOOL, "),
        (one_input(datatype=["FP32"]), "datatype ['FP32'], expected BOOL, "),
        (one_input(shape=[0, 2]), "shape [0, 2], expected"),
        (one_input(shape=[-2]), "shape [-2], expected"),
        (one_input(shape=["wide"]), "shape ['wide'], expected"),
        (one_input(shape=[True]), "shape [True], expected"),
        (one_input(shape=[1.5]), "shape [1.5], expected"),
        (one_input(shape=3), "shape 3, expected"),
        (one_input(shape=None), "shape None, expected"),
        (one_input(shape=[2**30, 2**30]), "no request can fill"),
        (one_input(shape=[1] * 65), "no request can fill"),
        ({"name": "m", "inputs": [*one_input()["inputs"]] * 2}, "tells input 'x' twice"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(metadata: object, words: str) -> None:
    with pytest.raises(BadTarget) as told:
        read_target(metadata)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["FP32", "m"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "inputs", "outputs", "shape", "datatype"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40)
@given(anything)
def test_whatever_is_told_is_a_target_or_a_mistake(metadata: object) -> None:
    with suppress(BadTarget):
        assert read_target(metadata, metadata).name
