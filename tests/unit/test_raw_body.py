"""Bodies that are one tensor and nothing else."""

import numpy as np
import pytest

from serving import raw_body
from serving.errors import InvalidRequest
from serving.request import OutputChoice, Request
from serving.signature import Signature, TensorSpec


def read(body: bytes, datatype: str, shape: tuple[int, ...] | None, *, is_batched: bool = True) -> Request:
    signature = Signature("s", (TensorSpec("x", datatype, shape),), (TensorSpec("y", "FP32", (-1,)),), is_batched)
    return raw_body.decode(body, signature)


def test_a_body_is_one_row_and_every_output_is_binary() -> None:
    request = read(bytes(range(6)), "UINT8", (-1, 2, 3))
    assert request.tensors["x"].tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert request.rows == 1
    assert request.outputs == (OutputChoice("y", is_binary=True),)


def test_a_body_is_viewed_and_not_copied() -> None:
    body = bytes(4 * 1000)
    assert np.shares_memory(read(body, "FP32", (-1, 1000)).tensors["x"], np.frombuffer(body, np.uint8))


@pytest.mark.parametrize(
    ("shape", "is_batched", "expected"),
    [
        pytest.param((-1, -1), True, (1, 4), id="beside the rows"),
        pytest.param((-1, 2), False, (2, 2), id="where there are no rows"),
        pytest.param((2, -1, 1), False, (2, 2, 1), id="in the middle"),
        pytest.param((4,), False, (4,), id="nowhere"),
    ],
)
def test_one_dimension_may_follow_from_the_length(
    shape: tuple[int, ...], expected: tuple[int, ...], *, is_batched: bool
) -> None:
    assert read(bytes(16), "FP32", shape, is_batched=is_batched).tensors["x"].shape == expected


@pytest.mark.parametrize(("shape", "is_batched"), [((-1,), True), ((-1, 1), True), ((1,), False), ((), False)])
def test_a_body_of_bytes_is_one_element_without_a_length(shape: tuple[int, ...], *, is_batched: bool) -> None:
    assert (
        read(b"\xff\xd8 a picture", "BYTES", shape, is_batched=is_batched).tensors["x"].item() == b"\xff\xd8 a picture"
    )


@pytest.mark.parametrize(
    ("body", "datatype", "shape", "sentence"),
    [
        (bytes(16), "FP32", None, "needs a shape, and input 'x' may have any"),
        (bytes(16), "FP32", (-1, -1, -1), "at most one dimension open, and input 'x' takes [-1, -1, -1]"),
        (bytes(15), "FP32", (-1, 2, -1), "the body has 15 bytes, expected a multiple of 8 for input 'x'"),
        (bytes(15), "FP32", (-1, 4), "input 'x' has 15 bytes, expected 16"),
        (bytes(32), "FP32", (-1, 4), "input 'x' has 32 bytes, expected 16"),
        (b"ab", "BYTES", (-1, 2), "one element of BYTES, and input 'x' takes [-1, 2]"),
        (b"\x02", "BOOL", (-1, 1), "input 'x' is BOOL"),
        (b"", "FP32", (-1, 0, -1), "the body has 0 bytes"),
    ],
)
def test_a_body_whose_shape_is_not_certain_is_refused(
    body: bytes, datatype: str, shape: tuple[int, ...] | None, sentence: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read(body, datatype, shape)
    assert sentence in str(refusal.value)


def test_a_model_of_two_inputs_takes_no_raw_body() -> None:
    two = (TensorSpec("a", "FP32", (-1,)), TensorSpec("b", "FP32", (-1,)))
    with pytest.raises(InvalidRequest, match="needs a model of one input, this one has 2"):
        raw_body.decode(b"", Signature("s", two, (), is_batched=True))
