"""The commands of docs/feedback.md, run as they stand there against a live server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT, RunningServer, build_models, environment

PAGE = ROOT / "docs" / "feedback.md"
EXECUTED = re.compile(r"<!-- executed by tests/contract/test_feedback_examples\.py -->\n```sh\n(.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("sevens")
    build_models("tests.contract.sevens", folder)
    (folder / "keys").write_text(f"first:{'0123456789abcdef' * 4}\n")
    options = ("--model_name", "mnist", "--feedback_keys_file", str(folder / "keys"))
    with RunningServer(folder / "mnist", *options) as server:
        yield server


@pytest.mark.needs("curl")
def test_the_commands_of_the_page_do_what_it_says(server: RunningServer, tmp_path: Path) -> None:
    blocks = EXECUTED.findall(PAGE.read_text())
    assert len(blocks) == 2
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    script = "set -eu\n" + "\n".join(blocks).replace(ADDRESS, server.http_url)
    paths = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment(paths), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer, rest = done.stdout.split("\n# HELP", 1)[0], done.stdout
    shown = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    told = json.JSONDecoder().raw_decode(answer)[0]
    assert shown is not None
    assert told == json.loads(shown[1])
    assert 'ecluse_feedback_correct_total{class="7",model_name="mnist",model_version="1"} 1.0' in rest
    assert rest.splitlines()[-1].split()[:2] == ["duplicate", "1"]
