"""Who holds the lock: a name that no other process has, and which names are of processes that are gone."""

import os
import socket
from pathlib import Path

import pytest

from k8s.rollout.holder import is_provably_gone, name_of_this_process, readable


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A system with this process in it."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("a-boot\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    live(tmp_path, os.getpid(), start=5)
    return tmp_path


def live(proc: Path, number: int, *, start: int, state: str = "S") -> None:
    (proc / str(number)).mkdir(exist_ok=True)
    (proc / str(number) / "stat").write_text(f"{number} (a (bad) name) {state} {' '.join(['0'] * 18)} {start} 0\n")


def test_a_process_that_runs_is_not_gone(proc: Path) -> None:
    assert not is_provably_gone(name_of_this_process(proc), proc)


def test_a_process_that_was_killed_is_gone(proc: Path) -> None:
    name = name_of_this_process(proc)
    (proc / str(os.getpid()) / "stat").unlink()
    assert is_provably_gone(name, proc)


def test_one_that_waits_to_be_buried_is_gone(proc: Path) -> None:
    name = name_of_this_process(proc)
    live(proc, os.getpid(), start=5, state="Z")
    assert is_provably_gone(name, proc)


def test_another_process_of_the_same_number_is_another(proc: Path) -> None:
    name = name_of_this_process(proc)
    live(proc, os.getpid(), start=6)
    assert is_provably_gone(name, proc)


def test_of_another_boot_or_container_nothing_is_known(proc: Path) -> None:
    name = name_of_this_process(proc)
    (proc / str(os.getpid()) / "stat").unlink()
    (proc / "sys/kernel/random/boot_id").write_text("another\n")
    assert not is_provably_gone(name, proc)


@pytest.mark.parametrize("name", ["", "somebody", "other-host_1_2_3", "a_b_c_d"])
def test_of_other_names_nothing_is_known(proc: Path, name: str) -> None:
    assert not is_provably_gone(name, proc)


def test_where_there_is_no_proc_nothing_is_known(tmp_path: Path) -> None:
    assert not is_provably_gone(name_of_this_process(tmp_path), tmp_path)


def test_a_person_reads_process_and_host(proc: Path) -> None:
    host = socket.gethostname().replace("_", "-")
    assert readable(name_of_this_process(proc)) == f"process {os.getpid()} on {host}"
    assert readable("controller-1") == "controller-1"
