"""The text of a release is the changelog's, with what was published and how to check it."""

from pathlib import Path

import pytest

from delivery.notes import main, section

CHANGELOG = "# Changes\n\n## Unreleased\n\n## 1.1.0 - 2026-11-23\n\n- New.\n\n## 1.0.0 - 2026-11-01\n\n- First.\n"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("version", "text"), [("1.1.0", "- New."), ("1.0.0", "- First."), ("1.1", None), ("2.0.0", None)]
)
def test_a_section_is_what_stands_under_its_own_heading(version: str, text: str | None) -> None:
    assert section(CHANGELOG, version) == text


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "chart.txt").write_text(f"chart ghcr.io/o/ecluse/charts/ecluse 1.1.0 {DIGEST}\n")
    return tmp_path


def test_what_was_published_stands_below_with_its_digest(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "https://github.com/o/r"
    assert main(["v1.1.0", str(repository / "chart.txt"), "--source", source], repository) == 0
    said = capsys.readouterr().out
    assert said.startswith("- New.\n")
    assert f"| chart | `ghcr.io/o/ecluse/charts/ecluse:1.1.0@{DIGEST}` |" in said
    assert "helm install ecluse oci://ghcr.io/o/ecluse/charts/ecluse --version 1.1.0" in said
    assert f"--certificate-identity {source}/.github/workflows/release.yml@refs/tags/v1.1.0" in said


def test_a_version_without_a_section_is_a_sentence(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2.0.0"], repository) == 1
    assert capsys.readouterr().err == "notes: CHANGELOG.md says nothing under `## 2.0.0 - YYYY-MM-DD`\n"


@pytest.mark.parametrize("line", ["chart ghcr.io/o 1.1.0", "chart ghcr.io/o 1.1.0 sha256:short"])
def test_a_list_that_is_none_is_named_with_its_line(
    line: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = repository / "broken.txt"
    broken.write_text(f"{line}\n")
    assert main(["1.1.0", str(broken)], repository) == 1
    assert f"{broken}:1 is '{line}', expected NAME REPOSITORY TAG sha256:DIGEST" in capsys.readouterr().err
