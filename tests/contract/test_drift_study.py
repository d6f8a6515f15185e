"""`python -m tests.drift_study --quick` runs from a trained model to a page with its tables and figures.

What it measures is not judged here: a model of a handful of rows tells nothing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SECONDS = 240

# TensorFlow starts twice, and other processes of the machine may hold the processor.
pytestmark = pytest.mark.timeout(SECONDS)


def run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "--allow-fallback"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("TF_")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    run("model.train", "--rows", "600", "--epochs", "1", "--output", str(folder / "mnist"))
    assert "drift.md written" in run(
        "tests.drift_study", "--quick", "--model", str(folder / "mnist"), "--output", str(folder / "docs")
    )
    return folder / "docs"


@pytest.mark.parametrize("picture", ["drift-false-alarms.png", "drift-detection.png"])
def test_the_figures_are_pictures(made: Path, picture: str) -> None:
    assert (made / picture).read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(("mark", "lines"), [("guards", 8), ("false-alarms", 7), ("detection", 10)])
def test_the_tables_are_filled(made: Path, mark: str, lines: int) -> None:
    (table,) = re.findall(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", (made / "drift.md").read_text("utf-8"), re.DOTALL)
    assert table.count("\n|") >= lines


def test_the_page_of_the_repository_shows_every_figure_and_promises_what_it_measured() -> None:
    page = (ROOT / "docs" / "drift.md").read_text("utf-8")
    for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page):
        assert (ROOT / "docs" / picture).is_file()
    guarded = re.findall(r"^\| [\d,]+ \|.*\*\*(.+?)\*\* \|$", page, re.MULTILINE)
    assert len(guarded) == 8
    assert all(share == "0" or float(share.removesuffix(" %")) <= 1 for share in guarded)
