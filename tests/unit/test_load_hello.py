"""A worker takes part if it runs what the master runs."""

import shutil
from pathlib import Path

from loadtests.engine.hello import PACKAGE, Hello, code_fingerprint, refusal


def test_a_worker_of_the_same_code_takes_part() -> None:
    worker = Hello("host-7", "machine", code_fingerprint())
    assert refusal(Hello.from_wire(worker.to_wire()), code_fingerprint()) == ""


def test_a_worker_of_other_code_is_told_what_to_do() -> None:
    words = refusal(Hello("host-7", "machine", "0123"), "4567")
    assert words == (
        "worker host-7 runs other code (0123) than the master (4567): "
        "start both from the same image or the same checkout"
    )


def test_the_fingerprint_is_of_what_a_worker_runs_and_of_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "loadtests"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "bench", "data"))
    assert code_fingerprint(copy) == code_fingerprint()
    (copy / "README.md").write_text("other words", encoding="utf-8")
    (copy / "verdict" / "more.py").write_text("MORE = 1", encoding="utf-8")
    assert _again(copy) == code_fingerprint()
    (copy / "profile" / "more.py").write_text("MORE = 1", encoding="utf-8")
    assert _again(copy) != code_fingerprint()


def _again(package: Path) -> str:
    return code_fingerprint.__wrapped__(package)
