"""What people do beside a rollout that runs: press Ctrl-C, start another, look, abort, approve."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s.rollout import lease
from k8s.rollout.machine.phase import Phase
from tests.contract.rollout.command import PLAN, World, ended, made_up, world
from tests.contract.rollout.made_up import set_weights, weights

LONG = {**PLAN, "steps": [{"percent": 10, "windows": 1, "pause_seconds": 600}, {"percent": 50, "windows": 1}]}
APPROVED = {**PLAN, "steps": [{"percent": 10, "windows": 1, "approval": True}]}
PATIENCE_SECONDS = 60.0


@pytest.fixture
def tried(tmp_path: Path) -> Iterator[World]:
    with world(made_up(), tmp_path) as made:
        yield made


def in_phase(tried: World, phase: Phase, step: int | None = None) -> threading.Event:
    """Give what is set as soon as a phase is written."""
    reached = threading.Event()
    tried.when(phase, reached.set, step)
    return reached


def green(tried: World) -> int:
    return weights(tried.cluster)["green-ecluse"]


def test_ctrl_c_pauses_and_the_same_command_goes_on(tried: World) -> None:
    tried.when(Phase.SETTLING, lambda: tried.processes[-1].send_signal(signal.SIGINT), step=1)
    process = tried.start()
    status, _, errors = ended(process)
    assert (status, green(tried)) == (130, 50)
    assert "traffic stays so, the same command goes on, and --abort takes it back" in errors
    assert tried.report()["outcome"] == "paused"
    assert "goes on with it" in tried.beside("--status")[1]
    status, out, _ = ended(tried.start())
    assert (status, green(tried)) == (0, 100)
    assert "going on with the rollout of httproute/mnist" in out


def test_ctrl_c_takes_back_where_that_is_asked_for(tried: World) -> None:
    tried.when(Phase.SETTLING, lambda: tried.processes[-1].send_signal(signal.SIGINT))
    process = tried.start("--on-interrupt", "abort")
    status, _, errors = ended(process)
    assert (status, green(tried)) == (2, 0)
    assert "a person interrupted it" in errors


def test_sigterm_leaves_at_once_and_gives_the_lock_back(tried: World) -> None:
    tried.when(Phase.WAITING, lambda: tried.processes[-1].terminate())
    process = tried.start(plan=LONG)
    status, out, _ = ended(process)
    assert (status, green(tried)) == (143, 10)
    assert "the same command goes on" in out
    sheet = tried.sheet()
    assert sheet is not None
    assert sheet.holder == ""
    assert sheet.state is not None
    assert sheet.state.phase is Phase.WAITING


def test_another_start_beside_it_is_refused_and_changes_nothing(tried: World) -> None:
    reached = in_phase(tried, Phase.WAITING)
    first = tried.start("--lease-seconds", "6", plan=LONG)
    assert reached.wait(PATIENCE_SECONDS)
    status, _, errors = ended(tried.start(plan=LONG))
    assert status == 4
    assert f"is being rolled out by process {first.pid} on " in errors
    status, out, _ = tried.beside("--status")
    assert status == 0
    assert "waiting at 10 %, step 1 of 2, waiting for the step's pause to end (at most 10 min)" in out
    assert f"carried by process {first.pid}" in out
    told = json.loads(tried.beside("--status", "--json")[1])
    assert (told["phase"], told["percent"], told["exit"]) == ("waiting", 10, None)
    status, out, _ = tried.beside("--abort")
    assert (status, green(tried)) == (0, 0)
    assert "is back on blue-ecluse: it was aborted" in out
    status, _, errors = ended(first)
    assert status == 2
    assert "asked for it (--abort)" in errors


def test_a_process_that_wakes_after_another_took_over_stops_and_says_so(tried: World) -> None:
    reached = in_phase(tried, Phase.WAITING)
    first = tried.start("--lease-seconds", "2", plan=LONG)
    assert reached.wait(PATIENCE_SECONDS)
    first.send_signal(signal.SIGSTOP)
    second = tried.start(plan=LONG)
    assert second.stdout is not None
    assert any("going on with" in line for line in iter(second.stdout.readline, ""))
    first.send_signal(signal.SIGCONT)
    status, _, errors = ended(first)
    assert status == 4
    assert f"process {second.pid} on " in errors
    assert "has taken the rollout of httproute/mnist over; this process has stopped" in errors
    assert green(tried) == 10
    second.terminate()
    assert ended(second)[0] == 143


def test_a_hangup_that_is_ignored_stays_so(tried: World) -> None:
    reached = in_phase(tried, Phase.SMOKE)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = tried.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert reached.wait(PATIENCE_SECONDS)
    process.send_signal(signal.SIGHUP)
    assert ended(process)[0] == 0


def test_an_abort_takes_back_what_a_killed_process_left(tried: World) -> None:
    tried.when(Phase.WAITING, lambda: tried.processes[-1].kill())
    process = tried.start(plan=LONG)
    assert ended(process)[0] == -9
    assert green(tried) == 10
    status, _, _ = tried.beside("--abort")
    assert (status, green(tried)) == (0, 0)
    assert tried.report()["outcome"] == "aborted"
    status, _, errors = tried.beside("--abort")
    assert status == 1
    assert "no rollout of httproute/mnist is under way" in errors


def test_a_step_waits_for_approval_and_for_nothing_else(tried: World) -> None:
    reached = in_phase(tried, Phase.WAITING)
    early = tried.beside("--approve")
    assert early[0] == 1
    assert "no rollout of httproute/mnist is known" in early[2]
    process = tried.start("--json", plan=APPROVED)
    assert reached.wait(PATIENCE_SECONDS)
    status, out, _ = tried.beside("--approve")
    assert status == 0
    assert "may go on from 10 %" in out
    status, out, _ = ended(process)
    assert (status, green(tried)) == (0, 100)
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1]["event"] == "ended"
    assert lines[-1]["exit"] == 0
    assert {"phase", "percent", "findings"} <= next(each for each in lines if each["event"] == "look").keys()


def test_another_plan_is_refused_while_a_rollout_is_unfinished(tried: World) -> None:
    tried.when(Phase.WAITING, lambda: tried.processes[-1].terminate())
    process = tried.start(plan=LONG)
    ended(process)
    status, _, errors = ended(tried.start(plan=PLAN))
    assert (status, green(tried)) == (1, 10)
    assert "its plan is another: go on with it as it was begun, or take it back first" in errors
    status, _, errors = ended(tried.start("--to", "blue-ecluse", plan=LONG))
    assert (status, green(tried)) == (1, 10)
    assert "it goes to green-ecluse, not blue-ecluse" in errors


def test_a_route_that_somebody_edits_is_told_and_taken_back(tried: World) -> None:
    tried.when(Phase.WAITING, lambda: tried.cluster.change("httproutes", "mnist", set_weights(33)))
    status, _, errors = ended(tried.start(plan=LONG))
    assert (status, green(tried)) == (2, 0)
    assert "somebody else has changed the shares" in errors


def test_prometheus_that_goes_away_is_told_and_the_traffic_taken_back(tried: World) -> None:
    tried.when(Phase.ANALYSING, lambda: setattr(tried.prometheus, "is_silent", True))
    status, _, errors = ended(tried.start())
    assert (status, green(tried)) == (4, 0)
    assert "Prometheus did not answer 4 times in a row" in errors
    assert "does its port-forward still run?" in errors


def test_a_reader_that_leaves_does_not_change_how_it_ends(tried: World) -> None:
    process = tried.start()
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert ended(process)[0] == 0
    assert green(tried) == 100


def test_who_is_ended_while_it_waits_for_the_lock_is_no_mistake_of_use(tried: World) -> None:
    # A Job takes 1 for an outcome that is not to be tried again.
    name = lease.name_of("httproute/mnist")
    spec = lease.spec("elsewhere_7_8_9", 600, 1.0)
    tried.cluster.put("apis/coordination.k8s.io/v1", "leases", {"metadata": {"name": name}, "spec": spec})
    process = tried.start()
    assert process.stdout is not None
    heard = ""
    while "waiting for at most" not in heard:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        heard += line
    process.send_signal(signal.SIGTERM)
    status, out, _ = ended(process)
    assert status == 128 + signal.SIGTERM
    assert "SIGTERM: left at once; traffic stays as it is" in out
    assert green(tried) == 0
