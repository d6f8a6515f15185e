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


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """Rules and a dashboard that `monitoring` has made."""
    folder = tmp_path / "generated"
    for name, text in {"rules/a.yaml": "groups: []\n", "dashboards/b.json": '{"title": "Écluse"}\n'}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    return folder


def test_rules_and_dashboards_are_copied_byte_for_byte(chart: Path, generated: Path) -> None:
    assert main([], chart, generated) == 0
    for name in ("rules/a.yaml", "dashboards/b.json"):
        assert (chart / "files" / name).read_bytes() == (generated / name).read_bytes()
    assert main(["--check"], chart, generated) == 0


def test_a_copy_that_is_not_what_was_made_is_named(
    chart: Path, generated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([], chart, generated)
    (chart / "files" / "rules" / "a.yaml").write_text("groups: [] # by hand\n")
    assert main(["--check"], chart, generated) == 1
    assert "helm/ecluse/files/rules/a.yaml is stale" in capsys.readouterr().err


def test_a_copy_of_what_is_gone_is_named_and_taken_away(
    chart: Path, generated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([], chart, generated)
    (generated / "dashboards" / "b.json").unlink()
    assert main(["--check"], chart, generated) == 1
    assert "helm/ecluse/files/dashboards/b.json is stale" in capsys.readouterr().err
    assert main([], chart, generated) == 0
    assert not (chart / "files" / "dashboards" / "b.json").exists()
