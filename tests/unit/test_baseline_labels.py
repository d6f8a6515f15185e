"""True classes, from numbers or from names; a label that is none is told with its row."""

from pathlib import Path

import numpy as np
import pytest

from model.baseline.labels import UNKNOWN, class_names, classes_of, least_classes
from model.errors import BadRows

FILE = Path("rows.csv")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([0, 3, 1]), 4),
        (np.array([0.0, np.nan, 2.0]), 3),
        (np.array(["a", "b", "", "a"], dtype=object), 2),
        (np.array([0.5, 1.0]), 0),
        (np.array([-1, 0]), 0),
        (np.array([np.nan, np.nan]), 0),
        (np.array([[0, 1], [1, 0]]), 0),
    ],
)
def test_labels_say_how_many_classes_they_need(labels: np.ndarray, classes: int) -> None:
    assert least_classes(labels) == classes


def test_numbers_and_names_are_classes_and_what_is_missing_is_none() -> None:
    assert classes_of(FILE, np.array([1.0, np.nan, 0.0]), ("no", "yes")).tolist() == [1, UNKNOWN, 0]
    names = np.array(["yes", "", " no "], dtype=object)
    assert classes_of(FILE, names, ("no", "yes")).tolist() == [1, UNKNOWN, 0]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.array([0, 2]), r"row 1 \(the first is 0\) has the label 2, and the model has the classes 0 to 1"),
        (np.array([0.5, 1]), "row 0 .* has the label 0.5"),
        (np.array(["no", "nein"], dtype=object), "row 1 .* has the label 'nein', and the classes are called no, yes"),
        (np.eye(2), r"its labels have the shape \[2, 2\]"),
    ],
)
def test_a_label_that_is_none_is_told_with_its_row(labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(BadRows, match=f"rows.csv: {sentence}"):
        classes_of(FILE, labels, ("no", "yes"))


def test_names_come_from_the_option_or_from_beside_the_model(tmp_path: Path) -> None:
    assert class_names(tmp_path, None) == ()
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "labels.txt").write_text("cat\ndog\n")
    assert class_names(tmp_path, None) == ("cat", "dog")
    assert class_names(tmp_path, "no, yes") == ("no", "yes")
