"""The page of gates follows from the tables, and names every measure."""

from pathlib import Path

from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.gates_page import main, page


def test_the_page_is_not_stale() -> None:
    assert main(["--check"]) == 0


def test_a_stale_page_is_told(tmp_path: Path) -> None:
    stale = tmp_path / "page.md"
    stale.write_text(page() + "more")
    assert main(["--check"], stale) == 1
    assert main([], stale) == 0
    assert main(["--check"], stale) == 0


def test_every_measure_has_a_row() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert {row.split("`")[1] for row in rows} >= set(MEASURES)
