"""`python -m loadtests report` writes everything again from the run alone."""

from pathlib import Path

import pytest

from loadtests.__main__ import main
from loadtests.report import run_file, write
from loadtests.verdict.result import Status
from tests.reported_runs import PASSED, a_run, a_verdict


@pytest.fixture(autouse=True)
def _no_job_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("given", ["run.json", "."])
def test_all_reports_come_back_the_same(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "out"
    assert write(a_run(), a_verdict(), folder) == []
    first = contents(folder)
    for path in folder.iterdir():
        if path.name != "run.json":
            path.unlink()

    assert main(["report", str(folder / given)]) == Status.FAILED
    assert contents(folder) == first


def test_they_can_be_put_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_file.write(a_run(), PASSED, tmp_path)

    assert main(["report", str(path), "--out", str(tmp_path / "again")]) == Status.PASSED
    assert "summary.md" in contents(tmp_path / "again")
    assert capsys.readouterr().out.endswith("\nPASSED: the one gate held\n")


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == Status.USAGE
    assert capsys.readouterr().err == f"{tmp_path} has no run.json\n"


def test_what_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_file.write(a_run(), PASSED, tmp_path)

    assert main(["report", str(path), "--out", str(path)]) == Status.USAGE
    assert f"{path} is a file and not a folder" in capsys.readouterr().err
