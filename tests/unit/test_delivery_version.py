"""One number in all places: what disagrees is named with its file, and writing a version makes all agree."""

from pathlib import Path

import pytest

from delivery.places import CHANGELOG, PLACES
from delivery.version import REPOSITORY, disagreements, main, write


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The files that name the version, as they are."""
    for name in {CHANGELOG, *(place.file for place in PLACES)}:
        copied = tmp_path / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes((REPOSITORY / name).read_bytes())
    return tmp_path


def test_each_place_of_this_repository_names_one_version() -> None:
    named = {version for place in PLACES for version in place.read(REPOSITORY)}
    assert len(named) == 1
    assert all(place.read(REPOSITORY) for place in PLACES)


def test_a_version_that_is_written_stands_in_every_place_and_no_other_does(repository: Path) -> None:
    write(repository, "1.2.3", "2026-11-23")
    assert disagreements(repository, "1.2.3") == []
    assert "## Unreleased\n\n## 1.2.3 - 2026-11-23\n" in (repository / CHANGELOG).read_text()


def test_writing_a_version_again_changes_nothing(repository: Path) -> None:
    write(repository, "1.2.3", "2026-11-23")
    once = {place.file: (repository / place.file).read_text() for place in PLACES}
    write(repository, "1.2.3", "2026-11-24")
    assert {place.file: (repository / place.file).read_text() for place in PLACES} == once
    assert "2026-11-24" not in (repository / CHANGELOG).read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("serving/__init__.py", '"1.2.3"', '"1.2.2"', "serving/__init__.py has VERSION 1.2.2, expected 1.2.3"),
        (
            "helm/ecluse/Chart.yaml",
            "\nversion: 1.2.3",
            "\nversion: 1.3.0",
            "helm/ecluse/Chart.yaml has version 1.3.0, expected 1.2.3",
        ),
        (
            "helm/ecluse/Chart.yaml",
            'appVersion: "1.2.3"',
            'appVersion: "2"',
            "helm/ecluse/Chart.yaml has appVersion 2, expected 1.2.3",
        ),
        (
            "helm/ecluse/Chart.yaml",
            ":1.2.3-demo",
            ":0.9.0-demo",
            "helm/ecluse/Chart.yaml has artifacthub.io/images 0.9.0, expected 1.2.3",
        ),
        (CHANGELOG, "## 1.2.3 - 2026-11-23", "## 1.2.3", "CHANGELOG.md has no heading `## 1.2.3 - YYYY-MM-DD`"),
    ],
)
def test_a_place_that_names_another_is_told_in_one_sentence(
    file: str, old: str, new: str, sentence: str, repository: Path
) -> None:
    write(repository, "1.2.3", "2026-11-23")
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new))
    assert disagreements(repository, "1.2.3") == [sentence]


@pytest.mark.parametrize("words", ["1.2", "v1.2.3-rc.1", "01.2.3", ""])
def test_what_is_no_version_is_refused(words: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([words], repository) == 1
    assert capsys.readouterr().err == f"version: '{words}' is not a version of three numbers, as 1.2.3\n"
