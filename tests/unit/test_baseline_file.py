"""A baseline that is missing or broken in any way is a sentence, and never an error."""

import json
from pathlib import Path

import numpy as np
import pytest

from monitoring.features import ImageInput
from serving.baseline_file import read_baseline
from serving.signature import Signature, TensorSpec
from tests.baselines import described_features, opened, sealed

IMAGES = np.random.default_rng(1).integers(0, 256, (50, 5, 4)).astype(np.uint8)
CONTENT = sealed(described_features({"image": IMAGES}, ImageInput(name="image", shape=(5, 4), height=5, width=4)))


def signature(*shape: int) -> Signature:
    return Signature("s", (TensorSpec("image", "UINT8", (-1, *shape)),), (), is_batched=True)


def test_a_good_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(CONTENT, indent=2))
    found = read_baseline(path, signature(5, 4))
    assert (found.baseline, found.reason, found.is_broken) == (opened(CONTENT), "", False)


def test_none_is_no_fault(tmp_path: Path) -> None:
    found = read_baseline(tmp_path / "baseline.json", signature(5, 4))
    assert (found.baseline, found.is_broken) == (None, False)
    assert found.reason == f"there is no baseline {tmp_path}/baseline.json"


def test_another_models_is_told(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(CONTENT))
    found = read_baseline(path, signature(28, 28))
    assert (found.baseline, found.is_broken) == (None, True)
    assert found.reason.startswith("baseline is of another model: rows of its input 'image' have shape [5, 4]")


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    found = read_baseline(tmp_path, signature(5, 4))
    assert (found.baseline, found.is_broken) == (None, True)
    assert found.reason == f"baseline {tmp_path} cannot be read: Is a directory"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"\x00" * 100,
        b'{"schema_version": 2}',
        b'{"schema_version": ' + b"9" * 5000 + b"}",
        json.dumps(CONTENT).replace('"rows": 50', '"rows": NaN').encode(),
        json.dumps(CONTENT).replace('"rows": 50', '"rows": 1e999').encode(),
        json.dumps(CONTENT).replace('"tests"', '"\\ud800"').encode(),
        b'{"schema_version": 2, "input": ' + b'{"kind":' * 5000 + b"1" + b"}" * 5001,
    ],
)
def test_whatever_stands_in_the_file_is_told_in_a_sentence(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(text)
    found = read_baseline(path, signature(5, 4))
    assert (found.baseline, found.is_broken) == (None, True)
    assert found.reason.startswith("baseline ")
    assert "\n" not in found.reason
