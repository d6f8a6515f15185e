"""What is written in two places says the same in both."""

import re
import tomllib
from pathlib import Path

import pytest

from serving import VERSION
from serving.options import Knob, knobs

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


@pytest.mark.parametrize("knob", list(knobs()), ids=lambda knob: knob.option)
def test_every_setting_has_a_manual(knob: Knob) -> None:
    assert len(knob.manual) > 20
    assert knob.manual.endswith(".")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_setting_named_in_a_document_exists(document: Path) -> None:
    text = document.read_text()
    known = {".".join(knob.path) for knob in knobs()} | {knob.variable for knob in knobs()}
    groups = {knob.path[0] for knob in knobs() if len(knob.path) > 1}
    pattern = rf"`((?:{'|'.join(groups)})\.[a-z_]+|(?:{'|'.join(groups).upper()})_[A-Z_]+)`"
    named = {name for name in re.findall(pattern, text) if not name.endswith(".py")} - {"DEADLINE_EXCEEDED"}
    assert named <= known
