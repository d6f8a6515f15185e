"""A version folder: all of it, or nothing."""

from pathlib import Path

import pytest

from model import export
from model.errors import NotWritten, UnreadableModel, VersionExists


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_version_appears_whole_when_the_block_ends(tmp_path: Path) -> None:
    with export.staged(tmp_path / "models" / "mnist", None) as (folder, final):
        (folder / export.ASSETS / "card").write_text("x")
        assert not final.exists()
        assert folder.parent == final.parent
        assert folder.name.startswith(".")
    assert everything_in(tmp_path / "models") == [
        "mnist",
        "mnist/1",
        "mnist/1/assets.extra",
        "mnist/1/assets.extra/card",
    ]


@pytest.mark.parametrize("failure", [RuntimeError(), KeyboardInterrupt(), SystemExit(143)], ids=repr)
def test_nothing_is_left_when_the_block_fails(tmp_path: Path, failure: BaseException) -> None:
    def write_half() -> None:
        with export.staged(tmp_path / "models" / "mnist", None) as (folder, _):
            (folder / "half").write_text("x")
            raise failure

    with pytest.raises(type(failure)):
        write_half()
    assert everything_in(tmp_path) == []


def test_a_failure_takes_no_finished_version_with_it(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    with pytest.raises(RuntimeError), export.staged(tmp_path, None):
        raise RuntimeError
    assert everything_in(tmp_path) == ["1"]


def test_a_full_disk_is_told_with_the_place_and_the_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(NotWritten, match="mnist/1 could not be written: No space left on device"),
        export.staged(tmp_path / "mnist", None),
    ):
        raise OSError(28, "No space left on device")
    assert everything_in(tmp_path) == []


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotWritten, match="could not be written"), export.staged(tmp_path / "file" / "mnist", None):
        pytest.fail("the block was entered")
    assert everything_in(tmp_path) == ["file"]


def test_a_version_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "3").mkdir()
    with pytest.raises(VersionExists, match=r"3 exists already"), export.staged(tmp_path, 3):
        pytest.fail("the block was entered")


def test_a_rival_that_was_quicker_keeps_its_version(tmp_path: Path) -> None:
    def come_second() -> None:
        with export.staged(tmp_path, 3) as (_, final):
            final.mkdir()
            (final / "saved_model.pb").write_text("the rival's")

    with pytest.raises(NotWritten):
        come_second()
    assert everything_in(tmp_path) == ["3", "3/saved_model.pb"]


def test_the_next_free_number_follows_the_highest(tmp_path: Path) -> None:
    for name in ("2", "10", "draft", ".11.77", "12.tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "13").write_text("a file is no version")
    assert export.versions(tmp_path) == [2, 10]
    with export.staged(tmp_path, None) as (_, final):
        assert final.name == "11"


def test_the_newest_version_is_the_highest_number(tmp_path: Path) -> None:
    for name in ("2", "10"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    assert export.newest(tmp_path) == tmp_path / "10"
    assert export.newest(tmp_path / "2") == tmp_path / "2"


def test_a_path_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match="there is no such folder"):
        export.newest(tmp_path / "nowhere")
    with pytest.raises(UnreadableModel, match=r"neither saved_model\.pb nor a numbered version"):
        export.newest(tmp_path)
