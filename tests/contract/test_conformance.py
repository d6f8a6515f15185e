"""Each fact of the protocol, asked of a running server over REST and gRPC."""

import subprocess
import sys

import pytest

from tests.contract.conformance.fact import Fact
from tests.contract.conformance.judge import deviations
from tests.contract.conformance.table import FACTS
from tests.servers import ROOT, RunningServer


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_is_kept(zoo_server: RunningServer, fact: Fact) -> None:
    assert deviations(fact, zoo_server.http_address, zoo_server.grpc_address) == []


def test_no_fact_is_told_twice() -> None:
    words = [str(fact) for fact in FACTS]
    assert len(set(words)) == len(words)


def test_a_deviation_is_told(zoo_server: RunningServer) -> None:
    """The runner for other servers, which fails where a fact is not kept: here the gRPC port is no HTTP."""
    command = (sys.executable, "-m", "tests.contract.conformance", "--http")
    kept = subprocess.run([*command, zoo_server.http_address], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert kept.returncode == 0, kept.stdout
    rest = sum(hasattr(fact.ask, "path") for fact in FACTS)
    assert kept.stdout.endswith(f"{rest} of {rest} facts are kept\n")
    other = subprocess.run([*command, zoo_server.grpc_address], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert other.returncode == 1
    assert f"0 of {rest} facts are kept" in other.stdout
