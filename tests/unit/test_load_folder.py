"""A folder of reports tells of one run, and what cannot be written is told and never lost."""

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from loadtests.report import run_file, write
from tests.reported_runs import PASSED, a_run, a_verdict

ALL = {
    *("run.json", "summary.json", "summary.md", "junit.xml", "timeline.csv"),
    *("latency-before.hgrm", "latency-during.hgrm", "latency-after.hgrm", "report.html"),
}


@pytest.fixture(autouse=True)
def _no_job_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as on a full disk; Python ignores the signal that comes with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_report_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "build/load/steady"

    assert write(a_run(), a_verdict(), folder) == []
    assert names(folder) == ALL


def test_an_earlier_run_is_moved_aside_wholly(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(a_run(began_at="2026-01-01T00:00:00+00:00"), PASSED, folder)
    (folder / "old-phase.hgrm").touch()
    (folder / "notes.txt").write_text("somebody's own")

    assert write(a_run(), a_verdict(), folder) == []

    assert names(folder) == {*ALL, "previous", "notes.txt"}
    assert names(folder / "previous") == {*ALL, "old-phase.hgrm"}
    assert run_file.read(folder / "previous/run.json")[1] == PASSED
    assert run_file.read(folder / "run.json")[1] == a_verdict()


def test_of_earlier_runs_the_last_alone_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for day in (1, 2, 3):
        write(a_run(began_at=f"2026-01-0{day}T00:00:00+00:00"), PASSED, folder)

    assert names(folder) == {*ALL, "previous"}
    assert run_file.read(folder / "previous/run.json")[0].began_at.startswith("2026-01-02")


def test_the_same_run_is_written_over_itself(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(a_run(), PASSED, folder)
    (folder / "phase-of-another-name.hgrm").touch()

    assert write(a_run(), a_verdict(), folder) == []
    assert names(folder) == ALL


def test_on_a_full_disk_what_fits_is_written_and_the_numbers_go_to_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    terminal = io.BytesIO()

    with files_of_at_most(4000):
        troubles = write(a_run(), a_verdict(), folder, terminal)

    assert troubles[0] == f"In {folder} run.json, summary.json, report.html cannot be written: File too large."
    assert "junit.xml" in names(folder)
    assert "run.json" not in names(folder)
    told = orjson.loads(terminal.getvalue())
    assert told["verdict"] == "failed"
    assert [phase["requests"] for phase in told["phases"]] == [20, 30, 48, 36]


def test_where_the_folder_takes_nothing_the_run_is_kept_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.write_text("a file")
    terminal = io.BytesIO()

    troubles = write(a_run(), a_verdict(), folder, terminal)

    assert troubles[0] == f"{folder} is a file and not a folder, so no report is there."
    kept = next((tmp_path / "temporary").glob("*/run.json"))
    assert troubles[1:] == [
        f"The run is kept in {kept} instead.",
        "What it came to stands above, in one line of JSON.",
    ]
    assert run_file.read(kept)[1] == a_verdict()
    assert orjson.loads(terminal.getvalue())["profile"] == "rolling-update"


def test_a_failed_write_leaves_what_was_there_and_no_half_of_another(tmp_path: Path) -> None:
    path = run_file.write(a_run(), PASSED, tmp_path)

    with files_of_at_most(1000), pytest.raises(OSError, match="too large"):
        run_file.write(a_run(), a_verdict(), tmp_path)

    assert run_file.read(path)[1] == PASSED
    assert names(tmp_path) == {"run.json", "temporary"}


def test_a_folder_that_cannot_be_made_is_told() -> None:
    troubles = write(a_run(), PASSED, Path("/proc/load-test"), io.BytesIO())

    assert troubles[0] == "/proc/load-test cannot be made: No such file or directory."


def test_a_terminal_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.touch()
    terminal = io.BytesIO()
    terminal.close()

    assert not any("one line" in sentence for sentence in write(a_run(), PASSED, folder, terminal))


def test_the_summary_is_appended_to_the_jobs_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("of a step before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))

    assert write(a_run(), a_verdict(), tmp_path / "out") == []

    assert page.read_text() == "of a step before\n" + (tmp_path / "out/summary.md").read_text() + "\n"


def test_a_jobs_page_that_takes_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")

    assert write(a_run(), PASSED, tmp_path / "out") == ["/dev/full cannot be written: No space left on device."]


def test_numbers_that_there_are_not_are_null(tmp_path: Path) -> None:
    write(a_run(generator=[]), PASSED, tmp_path)

    phases = orjson.loads((tmp_path / "summary.json").read_bytes())["phases"]
    assert [phase["generator_busy_ratio"] for phase in phases] == [None] * 4


def test_words_that_are_no_text_cost_no_report(tmp_path: Path) -> None:
    run = a_run(troubles=["half \ud800 a pair"])

    assert write(run, PASSED, tmp_path) == []
    assert orjson.loads((tmp_path / "summary.json").read_bytes())["troubles"] == ["half ? a pair"]
