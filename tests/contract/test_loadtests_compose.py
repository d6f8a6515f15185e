"""loadtests/compose.yaml says what the command line takes, finds what there is, and may do no more than it needs."""

import re
import shlex
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtests.commands import run, worker
from tests.servers import ROOT

FOLDER = ROOT / "loadtests"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOWN = {
    *("image", "command", "environment", "ports", "volumes", "tmpfs", "profiles", "deploy", "extra_hosts"),
    *("read_only", "cap_drop", "security_opt", "stop_grace_period"),
}

each = pytest.mark.parametrize("name", SERVICES)


def filled_in(text: str, **given: str) -> str:
    """Put in variables as compose does: a value that is given and not empty, or the default."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: given.get(match[1]) or match[2], text)


def words(name: str, **given: str) -> list[str]:
    return shlex.split(filled_in(SERVICES[name]["command"], **given))


@each
def test_a_service_has_settings_that_compose_knows_and_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service.keys() <= KNOWN
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_one_that_leads_is_told_what_the_command_line_takes() -> None:
    parser = ArgumentParser()
    run.add_options(parser)
    command, *told = words("lead", PROFILE="steady", WITH="--set rate=100 --set 'seed=3'")
    options = parser.parse_args(told)
    assert command == "run"
    assert (options.profile, options.url, options.grpc) == ("steady", "http://server:8080", "server:8081")
    assert (options.overrides, str(options.out)) == (["rate=100", "seed=3"], "/results")


def test_as_many_workers_come_as_are_waited_for() -> None:
    parser = ArgumentParser()
    run.add_options(parser)
    for given in ({}, {"WORKERS": "5"}):
        expected = parser.parse_args(words("lead", **given)[1:]).expect_workers
        assert filled_in(SERVICES["worker"]["deploy"]["replicas"], **given) == str(expected)


def test_workers_find_the_one_that_leads_by_its_name() -> None:
    parser = ArgumentParser()
    worker.add_options(parser)
    command, *told = words("worker")
    host, _, port = parser.parse_args(told).master.partition(":")
    assert command == "worker"
    assert host in SERVICES
    assert int(port) == worker.PORT


def test_results_are_written_where_the_image_may() -> None:
    assert SERVICES["lead"]["volumes"] == ["results:/results"]
    assert "results" in COMPOSE["volumes"]


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A folder with a docker that writes down what it is told, and whose load test comes to an end as it should."""
    stub = tmp_path / "docker"
    stub.write_text(f'#!/bin/sh\necho "$GRPC: $*" >>{tmp_path}/told\ncase "$*" in *up*) exit 3 ;; esac\n')
    stub.chmod(0o755)
    return tmp_path


def started(folder: Path, **given: str) -> tuple[int, str]:
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "OUT": str(folder / "out"), **given}
    done = subprocess.run(
        ["sh", "loadtests/compose.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    told = folder / "told"
    return done.returncode, (told.read_text() if told.exists() else "") + done.stdout + done.stderr


def test_the_exit_status_is_the_verdicts_whatever_is_taken_away_after_it(docker: Path) -> None:
    status, told = started(docker)
    assert status == 3
    assert "--profile server up --no-color --exit-code-from lead" in told
    assert told.index(" up ") < told.index(" cp lead:/results/. ") < told.index(" down --volumes")


def test_a_server_elsewhere_is_asked_and_none_is_started(docker: Path) -> None:
    _, told = started(docker, URL="http://models.example:8080/here")
    assert "models.example:8081: compose --file loadtests/compose.yaml up --no-color" in told


def test_docker_without_compose_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    status, told = started(tmp_path)
    assert status == 2
    assert "this docker has no compose" in told
