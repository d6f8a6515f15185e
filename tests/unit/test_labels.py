"""Names of classes, read from beside a model."""

from pathlib import Path

import pytest

from serving.errors import StartupError
from serving.labels import PLACES, read_labels


@pytest.mark.parametrize("place", PLACES)
def test_labels_lie_beside_the_graph_or_among_its_files(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("cat\ndog \n\nd\u00e9j\u00e0\n", encoding="utf-8")
    assert read_labels(tmp_path) == ("cat", "dog ", "", "d\u00e9j\u00e0")


def test_a_model_may_have_none(tmp_path: Path) -> None:
    assert read_labels(tmp_path) == ()


def test_labels_that_are_no_text_end_the_start(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(StartupError, match=r"labels .* cannot be read"):
        read_labels(tmp_path)
