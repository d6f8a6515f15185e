"""The digits that come along, files of a user's own, and to which models they fit."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtests.data import make_digits
from loadtests.requests.rows import BadData, are_shown, digits, fit, read_rows, rows_of
from loadtests.requests.target import BadTarget, Target, read_target


def target(*inputs: tuple[str, str, list[int]]) -> Target:
    described = [{"name": name, "datatype": datatype, "shape": shape} for name, datatype, shape in inputs]
    return read_target({"name": "m", "inputs": described})


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **arrays)
    return path


def test_the_digits_are_those_that_their_readme_tells_of() -> None:
    images, labels = digits().inputs["images"], digits().labels
    assert labels is not None
    readme = (Path(__file__).parents[2] / "loadtests/data/README.md").read_text()
    assert hashlib.sha256(images.tobytes()).hexdigest() in readme
    assert hashlib.sha256(labels.tobytes()).hexdigest() in readme
    assert np.bincount(labels).tolist() == [100] * 10


def test_they_are_made_of_mnists_own_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_digits.main(tmp_path, tmp_path / "made.npz") == 1
    for name in make_digits.SHA256:
        (tmp_path / name).write_bytes(b"something else")
    assert make_digits.main(tmp_path, tmp_path / "made.npz") == 1
    absent, strange = capsys.readouterr().err.splitlines()
    assert absent.endswith("cannot be read: No such file or directory")
    assert "is not MNIST's" in strange
    assert not (tmp_path / "made.npz").exists()


@pytest.mark.parametrize("shape", [[-1, 28, 28], [-1, 28, 28, 1], [-1, 1, 28, 28], [-1, 784]])
@pytest.mark.parametrize("datatype", ["UINT8", "FP16", "BF16", "FP32", "FP64"])
def test_digits_are_shown_to_whoever_takes_pictures_of_their_size(shape: list[int], datatype: str) -> None:
    taker = target(("image", datatype, shape))
    assert are_shown(taker)
    taken = fit(digits(), taker)["image"]
    assert taken.shape == (1000, *shape[1:])
    assert taken.max() == (255 if datatype == "UINT8" else 1)


@pytest.mark.parametrize(
    "other",
    [
        target(("image", "UINT8", [-1, 32, 32])),
        target(("image", "INT64", [-1, 28, 28])),
        target(("image", "UINT8", [28, 28])),
        target(("image", "UINT8", [-1, 28, 28]), ("mask", "UINT8", [-1, 28, 28])),
    ],
)
def test_they_are_shown_to_nobody_else(other: Target) -> None:
    assert not are_shown(other)


def test_a_file_has_an_array_for_each_input(tmp_path: Path) -> None:
    rows = read_rows(saved(tmp_path, age=[3, 4], words=["ä", "b"], labels=[0, 1]))
    taken = fit(rows, target(("age", "INT64", [-1]), ("words", "BYTES", [-1])))
    assert taken["age"].tolist() == [3, 4]
    assert taken["words"].tolist() == ["ä".encode(), b"b"]
    assert rows.labels is not None
    assert rows.labels.tolist() == [0, 1]


def test_the_only_input_may_go_by_a_usual_name_and_numbers_are_not_scaled(tmp_path: Path) -> None:
    rows = read_rows(saved(tmp_path, images=np.full((2, 4), 200, dtype=np.uint8)))
    assert fit(rows, target(("pixels", "FP32", [-1, 2, 2])))["pixels"].tolist() == [[[200.0] * 2] * 2] * 2


def test_rows_of_a_model_without_rows_are_its_whole_input(tmp_path: Path) -> None:
    rows = read_rows(saved(tmp_path, x=np.zeros((5, 2, 3))))
    assert fit(rows, target(("x", "FP32", [2, 3])))["x"].shape == (5, 2, 3)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "holds no rows"),
        ({"labels": [1]}, "holds no rows"),
        ({"x": 3.0}, "a lone number"),
        ({"x": [1, 2], "labels": [1]}, "of different or no length"),
        ({"x": []}, "of different or no length"),
        ({"x": [1], "labels": [0.5]}, "labels that are not a list of classes"),
        ({"x": [1], "labels": [-1]}, "labels that are not a list of classes"),
        ({"x": [[1], [2]], "labels": [[0], [1]]}, "labels that are not a list of classes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_a_sentence(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    path = saved(tmp_path, **arrays)
    with pytest.raises(BadData) as told:
        read_rows(path)
    assert words in str(told.value)
    assert str(path) in str(told.value)


def test_a_file_of_pickles_is_not_opened(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(BadData, match="no file of NumPy's"):
        read_rows(path)


def test_a_file_that_is_none_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="No such file"):
        read_rows(tmp_path / "absent.npz")
    good = saved(tmp_path, x=np.arange(1000)).read_bytes()
    for content in (b"", b"PK", good[:300], good[: len(good) // 2], b"x" * 100, good.replace(b"NUMPY", b"GUMPY")):
        with pytest.raises(BadData):
            rows_of(content)


@pytest.mark.parametrize(
    ("arrays", "taker", "words"),
    [
        ({"y": [1, 2]}, target(("x", "FP32", [-1]), ("z", "FP32", [-1])), "has 'y', and model 'm' takes 'x', 'z'"),
        ({"x": [[1, 2]]}, target(("x", "FP32", [-1, 3])), "rows of shape [2] for input 'x' of model 'm', expected [3]"),
        ({"x": [1.5]}, target(("x", "INT32", [-1])), "float64 for input 'x', expected INT32"),
        ({"x": [300]}, target(("x", "UINT8", [-1])), "that UINT8 does not hold"),
        ({"x": ["a"]}, target(("x", "FP32", [-1])), "expected FP32"),
        ({"x": [1]}, target(("x", "BYTES", [-1])), "expected strings"),
        ({"x": [float("nan")]}, target(("x", "FP32", [-1])), "infinite numbers or NaN"),
        ({"x": [1j]}, target(("x", "FP32", [-1])), "complex128"),
    ],
)
def test_rows_that_do_not_fit_are_told(tmp_path: Path, arrays: dict[str, Any], taker: Target, words: str) -> None:
    with pytest.raises(BadTarget) as told:
        fit(read_rows(saved(tmp_path, **arrays)), taker)
    assert words in str(told.value)
