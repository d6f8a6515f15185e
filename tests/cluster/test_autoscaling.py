"""An autoscaler of ours counts the pods in both modes, and KServe leaves it, and what else is ours, alone.

A server that idles uses some CPU too: a target below that adds a pod, and one far
above it takes the pod away, so that no load is needed here.
"""

from typing import Any

import pytest

from tests.cluster.api import Api, Object
from tests.cluster.conftest import Install, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import MODES, Release
from tests.cluster.waiting import until

pytestmark = pytest.mark.timeout(900)  # room for each of its waits to say what it saw

SCALED_SECONDS = 240
METRICS = "metrics.k8s.io/v1beta1"
OURS = ("HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Service")


def scaling(cpu: int) -> dict[str, Any]:
    """One pod, or two where the server uses more than so many percent of the little CPU that it asks for."""
    return {
        "autoscaling": {
            "type": "hpa",
            "minReplicas": 1,
            "maxReplicas": 2,
            "cpuUtilization": cpu,
            "scaleDown": {"stabilizationSeconds": 0},
        },
        "networkPolicy": {"enabled": True},
        # The guard takes any other number for a mistake beside an autoscaler.
        "replicas": 2,
        "resources": {"requests": {"cpu": "10m"}},
    }


def asked_for(release: Release) -> int:
    """How many pods the Deployment is to have."""
    deployment = release.deployment()
    return int(deployment["spec"]["replicas"]) if deployment else 0


def ours(namespace: Namespace) -> dict[tuple[str, str], str]:
    """What of this release belongs to nobody else, by kind and name, with who it is."""
    return {
        (kind, found["metadata"]["name"]): found["metadata"]["uid"]
        for kind in OURS
        for found in namespace.find(kind)
        if "ownerReferences" not in found["metadata"]
    }


def scaler(namespace: Namespace) -> Object:
    (found,) = namespace.find("HorizontalPodAutoscaler")
    return found


@pytest.mark.parametrize("mode", MODES)
def test_pods_follow_the_cpu_and_nobody_fights_over_them(
    mode: str, cluster: Api, own_namespace: Namespace, install: Install
) -> None:
    if not cluster.knows(METRICS):
        not_here(f"no metrics: the cluster does not serve {METRICS}", "metrics")
    release = install(own_namespace, scaling(cpu=1), mode=mode)
    before, wanted = ours(own_namespace), scaler(own_namespace)["spec"]
    until("a second pod", lambda: asked_for(release) == 2, seconds=SCALED_SECONDS, seen=own_namespace.story)
    # KServe looks at everything again with each step that the Deployment takes.
    release.wait_until_settled()
    assert asked_for(release) == 2
    assert ours(own_namespace) == before
    assert scaler(own_namespace)["spec"] == wanted

    calm = release.upgrade(scaling(cpu=1000))
    until("one pod again", lambda: asked_for(calm) == 1, seconds=SCALED_SECONDS, seen=own_namespace.story)
    assert ours(own_namespace) == before
