"""In a namespace that enforces `restricted`, the server runs with no right that it does not need.

What it may not do is tried from inside the pod.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.releases import Release

LOOK = """
import json, os, pathlib
def may_write(folder):
    try:
        path = pathlib.Path(folder, "written")
        path.touch()
        path.unlink()
    except OSError:
        return False
    return True
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/1/status").read_text().splitlines())
folders = ["/", "/app", "/etc", "/mnt/models", "/opt", "/root", "/usr/bin", "/var/tmp", "/venv", "/tmp", "/dev/shm"]
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(),
    "status": {name: value.strip() for name, value in status.items()},
    "command": pathlib.Path("/proc/1/cmdline").read_bytes().split(b"\\0")[0].decode(),
    "writes": [folder for folder in folders if may_write(folder)],
    "token": os.path.exists("/var/run/secrets/kubernetes.io/serviceaccount/token"),
    "variables": sorted(os.environ),
}))
"""


@dataclass(frozen=True)
class Inside:
    """What the server's process has, as seen from within its pod."""

    pod: dict[str, Any]
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def inside(standing: Release) -> Inside:
    (pod,) = standing.pods()
    return Inside(pod, json.loads(standing.namespace.run(pod["metadata"]["name"], "python", "-c", LOOK)))


def test_it_is_nobody_special(inside: Inside) -> None:
    assert (inside.facts["uid"], inside.facts["gid"]) == (65532, 65532)
    assert inside.facts["status"]["Uid"].split() == ["65532"] * 4


@pytest.mark.parametrize("kind", ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
def test_it_has_no_capability(kind: str, inside: Inside) -> None:
    assert int(inside.facts["status"][kind], 16) == 0


def test_it_cannot_gain_any_right(inside: Inside) -> None:
    assert inside.facts["status"]["NoNewPrivs"] == "1"
    assert inside.facts["status"]["Seccomp"] == "2", "the runtime's filter of system calls is not on"


def test_it_writes_where_nothing_is_kept_alone(inside: Inside) -> None:
    assert inside.facts["writes"] == ["/tmp", "/dev/shm"]


def test_it_holds_no_key_to_the_api_server(inside: Inside) -> None:
    assert not inside.facts["token"]


def test_the_signal_to_end_reaches_python_itself(inside: Inside) -> None:
    assert inside.facts["command"].endswith("python")


def test_other_services_of_the_namespace_set_no_variable_of_its_environment(inside: Inside) -> None:
    assert [name for name in inside.facts["variables"] if name.endswith("_SERVICE_HOST")] == ["KUBERNETES_SERVICE_HOST"]
