"""What a drain of nodes may take: it evicts, and the budget answers. No node is drained here, pods are evicted."""

from typing import Any

import pytest

from tests.cluster.api import Refused
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import MODES, Release
from tests.cluster.waiting import until

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

BUDGET_SECONDS = 60
RUNNING_SECONDS = 120

NO_MODEL: dict[str, Any] = {
    "replicas": 2,
    "extraVolumes": [{"name": "nothing", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "nothing", "mountPath": "/mnt/models"}],
}
"""A version that never gets ready: a volume without a model lies over the image's own."""


def evict(namespace: Namespace, pod: str) -> None:
    """Ask for the end of a pod as `kubectl drain` does. Raises Refused."""
    path = namespace.api.kind("Pod").path(namespace.name, pod, "eviction")
    wish = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace.name}}
    namespace.api.request("POST", path, wish)


def running(release: Release) -> list[str]:
    return [pod["metadata"]["name"] for pod in release.pods() if pod["status"]["phase"] == "Running"]


def budget(namespace: Namespace) -> Any:
    (found,) = namespace.find("PodDisruptionBudget")
    return found.get("status", {})


@pytest.mark.parametrize("mode", MODES)
def test_a_drain_takes_one_pod_at_a_time(mode: str, own_namespace: Namespace, install: Install) -> None:
    release = install(own_namespace, {"replicas": 2}, mode=mode)
    first, second = running(release)
    until("a budget of one", lambda: budget(own_namespace).get("disruptionsAllowed") == 1, seconds=BUDGET_SECONDS)
    evict(own_namespace, first)
    with pytest.raises(Refused, match="disruption budget") as refused:
        evict(own_namespace, second)
    assert refused.value.status == 429
    release.wait_until_settled()
    until("the budget again", lambda: budget(own_namespace).get("disruptionsAllowed") == 1, seconds=BUDGET_SECONDS)
    evict(own_namespace, second)


@pytest.mark.parametrize(
    ("policy", "may_go"), [("AlwaysAllow", True), ("IfHealthyBudget", False)], ids=["by default", "unless asked for"]
)
def test_a_version_that_never_gets_ready_holds_up_no_drain(
    policy: str, may_go: bool, own_namespace: Namespace, install: Install
) -> None:
    values = {**NO_MODEL, "podDisruptionBudget": {"unhealthyPodEvictionPolicy": policy}}
    release = install(own_namespace, values, wait=False)
    pods = until(
        "two pods that run", lambda: found if len(found := running(release)) == 2 else None, seconds=RUNNING_SECONDS
    )
    until("a budget that counts them", lambda: budget(own_namespace).get("expectedPods") == 2, seconds=BUDGET_SECONDS)
    for pod in pods:
        if may_go:
            evict(own_namespace, pod)
        else:
            with pytest.raises(Refused, match="disruption budget"):
                evict(own_namespace, pod)
