"""A commit is proven by its run of every check on GitHub, and by nothing less."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.contract.delivery import standins
from tests.servers import ROOT

RUN = "https://github.com/o/r/actions/runs/7"


@pytest.mark.parametrize(
    ("checks", "status", "said"),
    [
        (f"completed success {RUN}", 0, "proven: every check passed on c0ffee\n"),
        (f"completed failure {RUN}", 1, f"proven: the checks on c0ffee ended as failure {RUN}\n"),
        (
            f"in_progress null {RUN}",
            1,
            f"proven: the checks on c0ffee have not ended in time: in_progress null {RUN}\n",
        ),
        ("null null null", 1, "proven: no checks have run on c0ffee; is it on main?\n"),
    ],
    ids=["passed", "failed", "not yet", "never begun"],
)
def test_only_a_run_that_succeeded_proves_a_commit(checks: str, status: int, said: str, tmp_path: Path) -> None:
    standins.put(tmp_path)
    done = subprocess.run(
        ["sh", "delivery/proven.sh"],
        cwd=ROOT,
        env={
            "PATH": f"{tmp_path / 'programs'}:{os.environ['PATH']}",
            "STANDINS": str(tmp_path),
            "COMMIT": "c0ffee",
            "SECONDS_TO_WAIT": "0",
            "CHECKS": checks,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, said)
