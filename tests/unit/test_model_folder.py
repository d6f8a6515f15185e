"""Which SavedModel a folder means, and what is told where it means none."""

from pathlib import Path

import pytest

from serving.errors import StartupError
from serving.model_folder import ModelVersion, find_models, find_versions, is_complete, look_at


def find_version(folder: Path) -> ModelVersion:
    """The newest one."""
    return find_versions(folder)[-1]


def make(folder: Path, *models: str, file: str = "saved_model.pb") -> Path:
    """Lay down empty SavedModels."""
    for model in models:
        (folder / model).mkdir(parents=True, exist_ok=True)
        (folder / model / file).touch()
    return folder


@pytest.mark.parametrize("file", ["saved_model.pb", "saved_model.pbtxt"])
def test_a_saved_model_is_its_own_version(tmp_path: Path, file: str) -> None:
    make(tmp_path, "seven", file=file)
    assert find_version(tmp_path / "seven") == ModelVersion("1", tmp_path / "seven")


def test_a_saved_model_in_a_numbered_folder_has_that_version(tmp_path: Path) -> None:
    make(tmp_path, "7")
    assert find_version(tmp_path / "7") == ModelVersion("7", tmp_path / "7")


def test_the_newest_version_is_the_largest_number(tmp_path: Path) -> None:
    make(tmp_path, "2", "10", "9")
    assert find_version(tmp_path) == ModelVersion("10", tmp_path / "10")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("99", id="a version that is not finished"),
        pytest.param("v99", id="a folder that is no number"),
        pytest.param("-99", id="a negative number"),
    ],
)
def test_what_is_no_version_is_passed_over(tmp_path: Path, other: str) -> None:
    make(tmp_path, "3")
    (tmp_path / other).mkdir()
    if not other.isdecimal():
        make(tmp_path, other)
    assert find_version(tmp_path).version == "3"


def test_a_file_beside_the_versions_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "3")
    (tmp_path / "4").touch()
    assert find_version(tmp_path).version == "3"


def test_a_version_may_be_a_link(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/5").symlink_to(tmp_path / "elsewhere")
    assert find_version(tmp_path / "models").version == "5"


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        pytest.param([], "nothing", id="nothing"),
        pytest.param(["b", "a"], "a, b", id="other things"),
        pytest.param(["f", "e", "d", "c", "b", "a"], "a, b, c, d, e", id="many other things"),
    ],
)
def test_a_folder_without_a_model_is_told_with_what_it_holds(tmp_path: Path, contents: list[str], found: str) -> None:
    for name in contents:
        (tmp_path / name).mkdir()
    with pytest.raises(StartupError, match=f"holds neither .* nor a numbered version with one; it holds {found}$"):
        find_version(tmp_path)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_folder_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=f"{name} does not exist or is not a folder"):
        find_version(tmp_path / name)


@pytest.mark.parametrize("name", ["flowers.keras", "flowers.h5"])
def test_a_file_of_keras_is_told_with_the_way_to_a_model(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(StartupError, match=r"is a file of Keras and no SavedModel: write one with model\.export"):
        find_version(tmp_path / name)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be read: File name too long"):
        find_version(tmp_path / ("long" * 100))


def test_all_versions_are_found_oldest_first(tmp_path: Path) -> None:
    make(tmp_path, "2", "10", "9")
    assert [found.version for found in find_versions(tmp_path)] == ["2", "9", "10"]


# A folder of models


def test_a_folder_of_models_holds_models_and_models_with_versions(tmp_path: Path) -> None:
    make(tmp_path, "flowers", "digits/1", "digits/2", ".copying", "..data", "a:b", "notes/old")
    (tmp_path / "README.md").touch()
    assert find_models(tmp_path) == {"digits": tmp_path / "digits", "flowers": tmp_path / "flowers"}


def test_a_folder_of_models_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"folder of models .*/nowhere cannot be read: No such file"):
        find_models(tmp_path / "nowhere")


# Whether a version is whole


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


@pytest.mark.parametrize(
    ("names", "complete"),
    [
        pytest.param(["saved_model.pb"], True, id="a graph without variables"),
        pytest.param(["variables/variables.index"], False, id="no graph"),
        pytest.param(["saved_model.pb", "variables/variables.index"], False, id="no data"),
        pytest.param(["saved_model.pb", "variables/variables.data-00000-of-00001"], False, id="no index"),
        pytest.param(
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00002"],
            False,
            id="one shard of two",
        ),
        pytest.param(
            ["saved_model.pbtxt", "variables/variables.index", "variables/variables.data-00000-of-00001"],
            True,
            id="everything",
        ),
        pytest.param(
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001_temp_1/part"],
            False,
            id="a shard that is still being written",
        ),
    ],
)
def test_a_version_is_complete_with_every_file_that_its_names_promise(
    tmp_path: Path, names: list[str], *, complete: bool
) -> None:
    assert is_complete(look_at(files(tmp_path, *names))) is complete


def test_a_look_sees_each_change_of_a_file(tmp_path: Path) -> None:
    before = look_at(files(tmp_path, "saved_model.pb", "assets/words.txt"))
    assert look_at(tmp_path) == before
    (tmp_path / "assets/words.txt").write_text("more")
    assert look_at(tmp_path) != before
