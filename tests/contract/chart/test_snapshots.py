"""What the chart makes of each case, line by line: a change of it is seen before it is applied.

`make generate` writes the snapshots anew, and so does REWRITE_SNAPSHOTS=1.
"""

import os
from pathlib import Path

import pytest

from tests.contract.chart.cases import CASES, NAMES, Case, abridged, text

SNAPSHOTS = Path(__file__).parent / "snapshots"
FILES = {SNAPSHOTS / f"{name}.{mode}.yaml": (name, mode) for name, mode in CASES}


@pytest.mark.parametrize(("file", "case"), FILES.items(), ids=NAMES)
def test_a_case_makes_what_it_made(file: Path, case: Case) -> None:
    if "REWRITE_SNAPSHOTS" in os.environ:
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(abridged(text(case)))
    assert abridged(text(case)).splitlines() == file.read_text().splitlines(), (
        "meant? then: make generate, or REWRITE_SNAPSHOTS=1 with this test"
    )


def test_no_snapshot_is_of_a_case_that_is_gone() -> None:
    assert set(SNAPSHOTS.iterdir()) == FILES.keys()
