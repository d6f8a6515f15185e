"""What `.ci/run` does around the tests on a cluster, and how it counts, with stubs for all that takes long."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers import ROOT

UP = "echo 'cluster: ready' >&2; echo 'export KUBECONFIG=/somewhere'"
FINE = {"up": UP, "base-image": "", "load": "", "down": "echo taken down $1", "running": "exit 1"}
PASSED = "===== 3 passed, 1 skipped in 2.50s ====="
RUNS = ["plain", "without_the_drain", "kserve"]
"""Of the proof of rolling updates."""
WITH_GATEWAY = {"monitoring": "true", "gateway": "true"}
FAILED = "===== 1 failed, 2 passed, 2 errors in 1.25s (0:00:01) ====="


class Machine:
    """A folder of stubs in place of a cluster's commands and of make."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self,
        commands: Mapping[str, str] = {},
        make: str = "",
        seconds: int = 2000,
        rolling_seconds: int = 480,
        rollout_seconds: int = 420,
    ) -> tuple[int, str]:
        """Give the status of `.ci/cluster.sh` and what it said."""
        for name, text in {**FINE, **commands, "make": make}.items():
            stub = self._folder / name
            stub.write_text(f"#!/bin/sh\n{text}\n")
            stub.chmod(0o755)
        done = subprocess.run(
            ["bash", ".ci/cluster.sh", str(self._folder), str(seconds)],
            cwd=ROOT,
            env={
                "PATH": f"{self._folder}:{os.environ['PATH']}",
                "REQUIRE_TOOLS": "curl",
                "ROLLING_SECONDS": str(rolling_seconds),
                "ROLLOUT_SECONDS": str(rollout_seconds),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_tests_have_the_clusters_variables_and_may_not_be_skipped(machine: Machine) -> None:
    status, said = machine.run(make='echo "$1 of $KUBECONFIG needs $REQUIRE_TOOLS"')
    assert status == 0
    assert "test-cluster of /somewhere needs curl cluster kserve" in said


def test_a_cluster_that_was_brought_up_is_taken_down_and_another_is_left_alone(machine: Machine) -> None:
    assert "taken down --keep-images" in machine.run()[1]
    assert "taken down" not in machine.run({"running": "exit 0"})[1]


def test_how_long_each_part_took_is_told(machine: Machine) -> None:
    said = machine.run()[1]
    parts = ["bringing it up", "the base image", "building the images", "loading the images", "make test-cluster"]
    parts += [f"the proof of rolling updates ({which})" for which in RUNS]
    assert [part for part in parts if f"cluster: {part} took" not in said] == []


def test_where_there_is_a_prometheus_to_be_had_its_tests_may_not_be_skipped(machine: Machine) -> None:
    status, said = machine.run({"monitoring": "echo Prometheus is up"}, make='echo "$1 needs $REQUIRE_TOOLS"')
    assert status == 0
    assert "cluster: bringing Prometheus up took" in said
    assert "test-cluster needs curl cluster kserve metrics prometheus" in said


def test_a_prometheus_that_cannot_be_had_is_a_sentence_and_the_other_tests_run(machine: Machine) -> None:
    status, said = machine.run({"monitoring": "echo no room; exit 1"}, make='echo "$1 needs $REQUIRE_TOOLS"')
    assert status == 0
    assert "not run: what needs a Prometheus on the cluster" in said
    assert "test-cluster needs curl cluster kserve metrics\n" in said


def test_a_prometheus_is_not_waited_for_at_the_cost_of_the_tests(machine: Machine) -> None:
    status, said = machine.run({"monitoring": "echo too late"}, seconds=1100, rolling_seconds=2000)
    assert status == 0
    assert "too late" not in said
    assert "not run: what needs a Prometheus on the cluster" in said
    assert "cluster: make test-cluster took" in said


@pytest.mark.parametrize("broken", ["up", "base-image"])
def test_no_cluster_is_one_sentence_and_no_failure(broken: str, machine: Machine) -> None:
    status, said = machine.run({broken: "echo no room; exit 1"})
    assert status == 0
    assert "no room" in said
    assert said.count("not run: the tests on a cluster: ") == 1
    assert "taken down" in said


def test_without_time_nothing_is_begun(machine: Machine) -> None:
    status, said = machine.run({"up": "echo begun"}, seconds=10)
    assert status == 0
    assert "begun" not in said
    assert "not run: " in said


def test_the_longest_proof_is_left_out_where_there_is_no_time_for_it(machine: Machine) -> None:
    status, said = machine.run(make="echo made $*", seconds=760, rolling_seconds=900)
    assert status == 0
    assert "made test-cluster CLUSTER_TESTS=tests/cluster --ignore=tests/cluster/rolling" in said
    assert "CLUSTER_TESTS=tests/cluster/rolling" not in said
    assert said.count("not run: the proof of rolling updates") == len(RUNS)


def test_rollouts_are_proved_where_there_is_a_gateway(machine: Machine) -> None:
    status, said = machine.run(WITH_GATEWAY, make='echo "made $* needs $REQUIRE_TOOLS"')
    assert status == 0
    assert "made test-rollout QUICK=1 needs curl cluster kserve metrics prometheus gateway" in said
    assert "--ignore=tests/cluster/rollout" in said


@pytest.mark.parametrize(
    ("commands", "rollout_seconds", "words"),
    [
        ({**WITH_GATEWAY, "gateway": "false"}, 420, "no gateway could be brought up in the time there is"),
        (WITH_GATEWAY, 2100, "takes up to 2100 s, and "),
    ],
    ids=["no gateway", "no time"],
)
def test_rollouts_that_cannot_be_proved_are_a_sentence_and_no_failure(
    commands: Mapping[str, str], rollout_seconds: int, words: str, machine: Machine
) -> None:
    status, said = machine.run(commands, make="echo made $*", rollout_seconds=rollout_seconds)
    assert status == 0
    assert words in said
    assert "made test-rollout" not in said


def test_a_rollout_that_ends_as_it_must_not_is_a_failure(machine: Machine) -> None:
    status, said = machine.run(WITH_GATEWAY, make='if [ "$1" = test-rollout ]; then exit 7; fi')
    assert status == 7
    assert "taken down" in said


@pytest.mark.parametrize("target", ["image", "load-image", "test-cluster"])
def test_what_fails_on_a_cluster_that_is_there_is_a_failure(target: str, machine: Machine) -> None:
    status, said = machine.run(make=f'if [ "$1" = {target} ]; then exit 7; fi')
    assert status == 7
    assert "taken down" in said


@pytest.mark.parametrize(
    ("logs", "counted"),
    [
        ([PASSED], "3 passed, 1 skipped in 2.50s"),
        ([PASSED, FAILED], "1 failed, 5 passed, 1 skipped, 2 errors in 3.75s"),
        ([PASSED, "not run: the tests on a cluster: there is none"], "3 passed, 1 skipped in 2.50s"),
        ([PASSED, "make: *** no rule"], "1 failed, 3 passed, 1 skipped in 2.50s"),
        (["make: *** no rule"], "1 failed, 0 passed in 0.00s"),
    ],
    ids=["one run", "two runs", "a run that had a reason not to be", "a run that broke", "no run"],
)
def test_the_last_line_counts_what_all_runs_passed(logs: list[str], counted: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.log" for number in range(len(logs))]
    for file, log in zip(files, logs, strict=True):
        file.write_text(f"some lines\n{log}\n")
    done = subprocess.run([".ci/count.sh", *files, "no-such.log"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"===== {counted} =====\n"
