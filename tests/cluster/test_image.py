"""The image by itself, in a pod that may do nothing: no volume, no setting, no chart around it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster import images
from tests.cluster.api import Api
from tests.cluster.callers import SEVEN
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.waiting import until

READY_SECONDS = 120
ENDED_SECONDS = 60
HELD = "ecluse.dev/held"
"""Keeps a pod that has ended until its exit status is read."""

NOTHING_ALLOWED = {
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

LOOK = """
import glob, importlib.util, json, os
paths = glob.glob("/app/**/*.py", recursive=True) + glob.glob("/venv/lib/*/site-packages/kserve/*.py")
print(json.dumps({
    "user": os.getuid(),
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()),
    "first": open("/proc/1/cmdline").read().split("\\0")[:-1],
    "effective": [line.split()[1] for line in open("/proc/1/status") if line.startswith("CapEff")],
    "not compiled": [path for path in paths if not os.path.exists(importlib.util.cache_from_source(path))],
    "installers": [name for name in ("pip", "uv", "setuptools", "wheel") if importlib.util.find_spec(name)],
}))
"""


def ready(pod: dict[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def exit_status(pod: dict[str, Any]) -> int | None:
    state = pod["status"].get("containerStatuses", [{}])[0].get("state", {})
    code: int | None = state.get("terminated", {}).get("exitCode")
    return code


@pytest.fixture(scope="module")
def restricted(namespaces: Namespaces, image: Any) -> Iterator[Namespace]:
    """A namespace where the API server refuses every pod that asks for more than it needs."""
    with namespaces.new("image", {"pod-security.kubernetes.io/enforce": "restricted"}) as namespace:
        yield namespace


@pytest.fixture(scope="module")
def pod(restricted: Namespace) -> Iterator[str]:
    """The name of a pod that is ready."""
    container = {
        "name": "serving",
        "image": images.named("ECLUSE_IMAGE"),
        "securityContext": NOTHING_ALLOWED,
        "env": [{"name": "DRAIN_LAME_DUCK_SECONDS", "value": "0"}],
        "resources": {"requests": {"cpu": "50m"}},
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": 8080}, "periodSeconds": 1},
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
    }
    about = {"name": "server", "finalizers": [HELD]}
    restricted.create({"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec})
    try:
        until(
            "a pod that is ready",
            lambda: ready(restricted.get("Pod", "server")),
            seconds=READY_SECONDS,
            seen=restricted.story,
        )
        yield "server"
    finally:
        restricted.patch("Pod", "server", {"metadata": {"finalizers": None}})


def test_a_pod_with_no_volume_and_no_right_answers(cluster: Api, restricted: Namespace, pod: str) -> None:
    path = cluster.kind("Pod").path(restricted.name, f"{pod}:8080", "proxy/v2/models/mnist/infer")
    answer = cluster.request("POST", path, json.loads(SEVEN))
    digits = {output["name"]: output["data"] for output in answer["outputs"]}["digit"]
    assert digits == [7]


def test_python_is_alone_in_the_container_and_has_no_right(restricted: Namespace, pod: str) -> None:
    seen = json.loads(restricted.run(pod, "python", "-c", LOOK))
    assert seen == {
        "user": 65532,
        "processes": [1],
        "first": ["python", "-m", "serving"],
        "effective": ["0000000000000000"],
        "not compiled": [],
        "installers": [],
    }


def test_its_log_is_one_json_object_a_line_once_it_listens(restricted: Namespace, pod: str) -> None:
    lines = restricted.log(pod).splitlines()
    events = [json.loads(line)["event"] for line in lines if re.match(r"\{", line)]
    assert events[-1] == "ready"


def test_the_end_of_the_pod_ends_the_server_with_0(restricted: Namespace, pod: str) -> None:
    restricted.delete("Pod", pod)
    status = until(
        "the end of the server",
        lambda: [code for code in [exit_status(restricted.get("Pod", pod))] if code is not None],
        seconds=ENDED_SECONDS,
    )
    assert status == [0]
