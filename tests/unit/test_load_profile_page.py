"""docs/load-profiles.md says what the form says."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from loadtests.profile.form import Measure, Profile
from loadtests.profile.page import PAGE, main, page
from loadtests.profile.read import read


def test_the_page_is_the_one_that_is_written_from_the_form() -> None:
    assert main(["--check"]) == 0
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_field_is_explained() -> None:
    schema = Profile.model_json_schema()
    unexplained = [
        (name, field)
        for name, form in {"Profile": schema, **schema["$defs"]}.items()
        for field, told in form.get("properties", {}).items()
        if "description" not in told
    ]
    assert unexplained == []


def test_every_measure_is_explained() -> None:
    opening = page().split("## What gates can look at")[1].split("## The file")[0]
    for measure in get_args(Measure):
        assert f"`{measure}`" in opening


def test_the_example_of_the_page_can_be_run(tmp_path: Path) -> None:
    example = page().split("```yaml\n")[1].split("```")[0]
    assert yaml.safe_load(example)["rate"] == 50
    path = tmp_path / "example.yaml"
    path.write_text(example)
    assert len(read(str(path)).gates) == 2


def test_a_page_that_is_stale_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "load-profiles.md"
    assert main(["--check"], other) == 1
    assert "load-profiles.md is stale" in capsys.readouterr().err
    assert main([], other) == 0
    assert main(["--check"], other) == 0
    other.write_text("something else")
    assert main(["--check"], other) == 1
