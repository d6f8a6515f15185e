"""Requests of zeros, and what is found wrong with answers to them."""

from typing import Any

import pytest

from serving.sample import Outputs, Tensor, faults, outputs_of, request_of_zeros

METADATA: dict[str, Any] = {
    "inputs": [
        {"name": "image", "datatype": "UINT8", "shape": [-1, 2, 2]},
        {"name": "word", "datatype": "BYTES", "shape": [-1]},
    ],
    "outputs": [{"name": "digit", "datatype": "INT64", "shape": [-1]}],
}


def of(**outputs: Tensor) -> Outputs:
    return outputs


def test_an_open_dimension_becomes_one_row() -> None:
    image, word = request_of_zeros(METADATA)["inputs"]
    assert image == {"name": "image", "shape": [1, 2, 2], "datatype": "UINT8", "data": [0, 0, 0, 0]}
    assert word == {"name": "word", "shape": [1], "datatype": "BYTES", "data": [""]}


def test_nested_data_are_read_in_row_major_order() -> None:
    answer = {"outputs": [{"name": "y", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]}
    assert outputs_of(answer)["y"].data == [1, 2, 3, 4]


def test_an_answer_as_promised_and_expected_has_no_fault() -> None:
    assert list(faults(of(digit=Tensor("INT64", (1,), [7])), METADATA, {"digit": [7]})) == []


@pytest.mark.parametrize(
    ("outputs", "expected", "fault"),
    [
        (of(digit=Tensor("INT64", (1,), [3])), {"digit": [7]}, "output 'digit' is [3], expected [7]"),
        (of(digit=Tensor("INT64", (1,), [7])), {"word": [7]}, "output 'word' was expected, and the answer has digit"),
        (of(digit=Tensor("INT32", (1,), [7])), {}, "output 'digit' is INT32, and the model promises INT64"),
        (of(digit=Tensor("INT64", (2,), [7])), {}, "output 'digit' has 1 elements, and its shape is [2]"),
        (of(), {}, "the answer has the outputs nothing, and the model promises digit"),
    ],
)
def test_what_is_not_as_promised_is_told(outputs: Outputs, expected: dict[str, object], fault: str) -> None:
    assert list(faults(outputs, METADATA, expected)) == [fault]


def test_another_shape_than_was_promised_is_told() -> None:
    metadata = {**METADATA, "outputs": [{"name": "digit", "datatype": "INT64", "shape": [-1, 3]}]}
    outputs = of(digit=Tensor("INT64", (1, 2), [7, 7]))
    assert list(faults(outputs, metadata, {})) == ["output 'digit' has shape [1, 2], and the model promises [-1, 3]"]


def test_a_tensor_of_any_rank_is_promised_as_one_open_dimension() -> None:
    assert list(faults(of(digit=Tensor("INT64", (1, 1), [7])), METADATA, {})) == []
