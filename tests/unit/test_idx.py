"""The four files of MNIST: what passes for them, and what does not."""

import hashlib

import numpy as np
import numpy.typing as npt
import pytest

from model import idx
from model.errors import DamagedData
from model.idx import PARTS, Part

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
PAYLOAD = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]) + bytes(range(24))
PART = Part("small-images", (2, 3, 4), hashlib.sha256(PAYLOAD).hexdigest())


def test_a_file_is_read_as_it_was_written() -> None:
    assert idx.encode(PART, IMAGES) == PAYLOAD
    np.testing.assert_array_equal(IMAGES, idx.decode(PART, PAYLOAD))


def test_the_pinned_sizes_are_those_of_the_published_files() -> None:
    assert {part.file: part.size_bytes for part in PARTS.values()} == {
        "train-images-idx3-ubyte": 47_040_016,
        "train-labels-idx1-ubyte": 60_008,
        "t10k-images-idx3-ubyte": 7_840_016,
        "t10k-labels-idx1-ubyte": 10_008,
    }


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(PAYLOAD[:-1], "it has 39 bytes uncompressed, and 40 were expected", id="truncated"),
        pytest.param(PAYLOAD + b"x", "it has 41 bytes uncompressed, and 40 were expected", id="too long"),
        pytest.param(b"\1" + PAYLOAD[1:], "its header is not that of shape", id="another format"),
        pytest.param(PAYLOAD[:-1] + b"x", "its SHA-256 is", id="one byte altered"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_the_reason(payload: bytes, message: str) -> None:
    with pytest.raises(DamagedData, match=f"small-images is damaged: {message}"):
        idx.decode(PART, payload)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(IMAGES.astype(np.int32), id="other dtype"),
        pytest.param(IMAGES.reshape(2, 12), id="other shape"),
        pytest.param(IMAGES[::-1], id="other order"),
    ],
)
def test_an_array_that_would_fill_another_file_is_refused(array: npt.NDArray[np.uint8]) -> None:
    idx.verify(PART, IMAGES)
    with pytest.raises(DamagedData):
        idx.verify(PART, array)
