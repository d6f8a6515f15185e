"""The chain of links, and the split: the same twice, and disjoint."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from model import data
from model.data import Link, Source
from model.errors import DamagedData, DataUnavailable, LinkFailed
from model.links import Arrays

SOURCE = Source("a test", is_mnist=False, sha256={})


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def numbered(train_rows: int, test_rows: int) -> Arrays:
    """Images of one pixel and labels that tell which row they are."""
    train, test = np.arange(train_rows, dtype=np.uint8), np.arange(100, 100 + test_rows, dtype=np.uint8)
    return {
        "train_images": train.reshape(-1, 1, 1),
        "train_labels": train,
        "test_images": test.reshape(-1, 1, 1),
        "test_labels": test,
    }


def closed() -> Arrays:
    raise LinkFailed("the door is shut")


def damaged() -> Arrays:
    raise DamagedData("it is torn")


def never() -> Arrays:
    raise AssertionError("asked although an earlier link had the images")


def test_the_first_link_that_has_the_images_is_used_and_named(console: Console) -> None:
    arrays = numbered(12, 2)
    chain = [Link("one", closed), Link("two", damaged), Link("three", lambda: arrays), Link("four", never)]
    assert data.first_that_has_them(chain, console) == ("three", arrays)
    assert "not from one (the door is shut)" in printed(console)
    assert "not from two (it is torn)" in printed(console)
    assert "images: from three" in printed(console)


def test_when_every_link_fails_one_sentence_names_each_and_its_reason(console: Console) -> None:
    with pytest.raises(DataUnavailable) as failure:
        data.first_that_has_them([Link("one", closed), Link("two", damaged)], console)
    message = str(failure.value)
    assert "one: the door is shut; two: it is torn" in message
    assert "--data" in message
    assert "--allow-fallback" in message
    assert "\n" not in message


def test_a_path_that_was_named_is_the_only_link(tmp_path: Path, console: Console) -> None:
    with pytest.raises(LinkFailed, match=r"there is no .*nowhere"):
        data.load(tmp_path / "nowhere", allow_fallback=True, rows=None, console=console)


def test_the_split_is_the_same_twice_and_disjoint() -> None:
    first, second = (data.split(numbered(60, 10), SOURCE, rows=None) for _ in range(2))
    for mine, yours in ((first.train, second.train), (first.validation, second.validation)):
        np.testing.assert_array_equal(mine.labels, yours.labels)
    together = [*first.train.labels, *first.validation.labels]
    assert sorted(together) == list(range(60))
    assert len(first.validation) == 5


def test_images_keep_their_labels_through_the_split() -> None:
    dataset = data.split(numbered(60, 10), SOURCE, rows=30)
    for rows in (dataset.train, dataset.validation, dataset.test):
        np.testing.assert_array_equal(rows.images[:, 0, 0], rows.labels)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(None, (55, 5, 10), id="all"),
        pytest.param(24, (22, 2, 4), id="a trial"),
        pytest.param(1000, (55, 5, 10), id="more than there are"),
    ],
)
def test_a_trial_keeps_the_proportions(rows: int | None, expected: tuple[int, int, int]) -> None:
    dataset = data.split(numbered(60, 10), SOURCE, rows)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == expected


def test_the_cache_is_where_the_desktop_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert data.cache_folder() == tmp_path / ".cache" / "ecluse" / "mnist"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert data.cache_folder() == tmp_path / ".cache" / "ecluse" / "mnist"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert data.cache_folder() == tmp_path / "elsewhere" / "ecluse" / "mnist"


def test_the_cache_holds_the_four_files_and_no_scraps(tmp_path: Path, console: Console) -> None:
    folder = tmp_path / "ecluse" / "mnist"
    data.keep(numbered(12, 2), folder, console)
    assert sorted(path.name for path in folder.iterdir()) == [
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    ]


def test_a_cache_that_cannot_be_written_is_told_and_does_no_harm(tmp_path: Path, console: Console) -> None:
    (tmp_path / "ecluse").write_text("a file where a folder should be")
    data.keep(numbered(12, 2), tmp_path / "ecluse" / "mnist", console)
    assert "images: not cached" in printed(console)
