"""`make load-gate` and `make load-cluster`: whatever is begun is ended, and the exit status is the load test's.

Servers, Helm and kubectl are stubs here; a cluster and CI run the scripts for real.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT

LISTENING = '{"event":"listening","http_port":1234,"grpc_port":1235}'
SERVES = f"""echo '{LISTENING}'; trap 'echo ended >>"$TOLD"; exit 0' INT TERM; while :; do sleep 0.1; done"""
DIES = "echo 'models/none is no folder'; exit 2"


class Stubs:
    """Programs of a folder that stand before all others, and what they were told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = folder / "told"

    def put(self, name: str, text: str) -> str:
        stub = self._folder / name
        stub.write_text(f'#!/bin/sh\necho "{name} $*" >>"$TOLD"\n{text}\n')
        stub.chmod(0o755)
        return str(stub)

    def run(self, script: str, **given: str) -> tuple[int, str, str]:
        """Give the exit status, what was said, and what the stubs were told."""
        environment = {
            "PATH": f"{self._folder}:{os.environ['PATH']}",
            "TOLD": str(self._told),
            "OUT": str(self._folder / "out"),
            **given,
        }
        done = subprocess.run(
            ["sh", f"loadtests/{script}"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, self._told.read_text()


@pytest.fixture
def stubs(tmp_path: Path) -> Stubs:
    return Stubs(tmp_path)


def python(serves: str = SERVES, status: int = 0) -> str:
    return f"""
case "$*" in
    *"-m serving"*) {serves} ;;
    *"loadtests run"*) touch "$OUT/run.json"; exit {status} ;;
    *"loadtests compare"*) echo "| it is slower |"; exit 1 ;;
esac"""


@pytest.mark.parametrize("status", [0, 1, 3])
def test_the_gate_ends_with_the_exit_status_of_the_run_and_ends_the_server(status: int, stubs: Stubs) -> None:
    gate, said, told = stubs.run("gate.sh", PYTHON=stubs.put("python", python(status=status)), WITH="--set rate=5")
    assert gate == status
    assert f"gate: exit status {status}" in said
    assert "run --profile smoke --url http://127.0.0.1:1234 --grpc 127.0.0.1:1235 --model mnist" in told
    assert "--set rate=5\n" in told
    assert told.endswith("ended\n")


def test_a_server_that_does_not_come_up_is_no_verdict(stubs: Stubs) -> None:
    gate, said, told = stubs.run("gate.sh", PYTHON=stubs.put("python", python(serves=DIES)))
    assert gate == 4
    assert "models/none is no folder" in said
    assert "gate: the server ended before it listened" in said
    assert "loadtests run" not in told


def test_a_comparison_with_another_machines_run_is_told_and_decides_nothing(stubs: Stubs, tmp_path: Path) -> None:
    baseline, page = tmp_path / "main", tmp_path / "page.md"
    baseline.mkdir()
    program = stubs.put("python", python())
    gate, said, _ = stubs.run("gate.sh", PYTHON=program, BASELINE=str(baseline), GITHUB_STEP_SUMMARY=str(page))
    assert gate == 0
    assert "which decides nothing" in said
    assert "| it is slower |" in page.read_text()


def test_without_a_run_to_compare_with_there_is_no_comparison(stubs: Stubs) -> None:
    gate, _, told = stubs.run("gate.sh", PYTHON=stubs.put("python", python()), BASELINE="no/such/run.json")
    assert gate == 0
    assert "loadtests compare" not in told


HELM = 'case "$1" in history) echo "- revision: 7" ;; esac'
KUBECTL = """
case "$*" in
    *"get jobs"*) echo job.batch/ecluse-load-7; echo job.batch/ecluse-load-7-workers ;;
    *"logs"*) echo PASSED ;;
    *".status.phase"*) printf Running ;;
    *"exitCode"*) printf %s "$EXIT_CODE" ;;
esac"""


@pytest.mark.parametrize("status", [0, 3])
def test_a_cluster_ends_with_the_exit_status_of_the_pod_that_leads(status: int, stubs: Stubs, tmp_path: Path) -> None:
    stubs.put("kubectl", KUBECTL)
    helm = stubs.put("helm", HELM)
    ended, said, told = stubs.run("on_cluster.sh", HELM=helm, NAMESPACE="models", EXIT_CODE=str(status), WORKERS="2")
    assert ended == status
    assert "PASSED" in said
    assert (tmp_path / "out" / "load.log").read_text() == "PASSED\n"
    assert "helm upgrade --install ecluse helm/ecluse --namespace models" in told
    assert "loadtest.enabled=true,loadtest.profile=smoke,loadtest.workers=2" in told
    assert "kubectl --namespace models logs --follow job.batch/ecluse-load-7\n" in told
    assert "ecluse.dev/load-run=7,ecluse.dev/load-role=lead" in told


def test_values_that_helm_refuses_are_wrong_usage(stubs: Stubs) -> None:
    stubs.put("kubectl", KUBECTL)
    ended, said, told = stubs.run("on_cluster.sh", HELM=stubs.put("helm", "echo 'no such profile' >&2; exit 1"))
    assert ended == 2
    assert "no such profile" in said
    assert "kubectl" not in told
