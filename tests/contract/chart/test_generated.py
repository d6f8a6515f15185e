"""What follows from the settings and from values.yaml is as they are now."""

import shutil
from pathlib import Path

import pytest

from helm.generate.__main__ import main
from tests.helm import CHART


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A copy of the chart, to be spoilt."""
    return shutil.copytree(CHART, tmp_path / "ecluse")


def test_no_generated_file_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--check"])
    assert capsys.readouterr().err == ""
    assert status == 0


@pytest.mark.parametrize("name", ["values.yaml", "templates/_settings.tpl", "values.schema.json", "README.md"])
def test_a_file_that_is_stale_is_named_and_written_anew(
    name: str, chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = (chart / name).read_text()
    (chart / name).write_text(fresh.replace("65536", "65537").replace("turned away", "sent away"))
    assert main(["--check"], chart) == 1
    assert f"helm/ecluse/{name} is stale" in capsys.readouterr().err
    assert main([], chart) == 0
    assert (chart / name).read_text() == fresh


def test_a_value_without_a_comment_is_named_and_nothing_is_written(
    chart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (chart / "values.yaml").open("a") as file:
        file.write("\nunexplained: 1\n")
    before = (chart / "values.schema.json").read_text()
    assert main([], chart) == 2
    assert "unexplained has no comment" in capsys.readouterr().err
    assert (chart / "values.schema.json").read_text() == before
