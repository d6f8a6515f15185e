"""The faults of k8s/chaos that need nothing installed: put on as a user would, while callers ask."""

import subprocess
from typing import Any

import pytest
import yaml

from tests.cluster import images
from tests.cluster.callers import Asking
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import Release
from tests.cluster.waiting import until
from tests.helm import REPOSITORY, program

CHAOS = REPOSITORY / "k8s" / "chaos"
OVER_SECONDS = 240


def put_on(namespace: Namespace, fault: str, *, replaced_seconds: int = OVER_SECONDS) -> str:
    """Apply one of the folders, with the image that this cluster has, and give the name of its Job."""
    built = subprocess.run([program("kubectl"), "kustomize", CHAOS / fault], capture_output=True, text=True, check=True)
    for made in yaml.safe_load_all(built.stdout):
        if made["kind"] == "Job":
            (container,) = made["spec"]["template"]["spec"]["containers"]
            container["image"] = images.named("ECLUSE_IMAGE")
            (limit,) = (each for each in container["env"] if each["name"] == "REPLACED_SECONDS")
            limit["value"] = str(replaced_seconds)
        namespace.create(made)
    return fault


def how_it_ended(namespace: Namespace, job: str) -> tuple[str, str]:
    """Wait for a Job; give its last condition and its pod's log."""

    def ended() -> str | None:
        conditions: list[dict[str, Any]] = namespace.get("Job", job).get("status", {}).get("conditions", [])
        kinds = {condition["type"] for condition in conditions if condition["status"] == "True"}
        return next(iter(kinds & {"Complete", "Failed"}), None)

    condition = until(f"the end of {job}", ended, seconds=OVER_SECONDS + 60, seen=namespace.story)
    (pod,) = namespace.find("Pod", f"batch.kubernetes.io/job-name={job}")
    return condition, namespace.log(pod["metadata"]["name"])


def names(release: Release) -> set[str]:
    return {pod["metadata"]["name"] for pod in release.pods() if "deletionTimestamp" not in pod["metadata"]}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("fault", "verb", "pods", "mode"),
    [
        pytest.param("kill-pod", "delete", 1, "kserve", id="one is deleted"),
        pytest.param("drain", "evict", 2, "plain", id="all are evicted"),
    ],
)
def test_pods_are_taken_away_and_replaced_and_nobody_notices(
    fault: str, verb: str, pods: int, mode: str, own_namespace: Namespace, install: Install
) -> None:
    release = install(own_namespace, {"replicas": 2}, mode=mode)
    before = names(release)
    with Asking(release.addresses) as asking:
        condition, log = how_it_ended(own_namespace, put_on(own_namespace, fault))
    assert condition == "Complete", log
    assert log.count(f"{verb} ") == pods
    assert len(before - names(release)) == pods
    assert asking.failed == []
    assert asking.replies


@pytest.mark.timeout(300)
def test_a_drain_that_a_budget_forbids_says_so_and_fails(own_namespace: Namespace, install: Install) -> None:
    # The chart would refuse such a budget, so it is one that somebody else has made.
    install(own_namespace, {"replicas": 1})
    own_namespace.create(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "nothing-may-go"},
            "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app.kubernetes.io/instance": "ecluse"}}},
        }
    )
    condition, log = how_it_ended(own_namespace, put_on(own_namespace, "drain", replaced_seconds=3))
    assert condition == "Failed"
    assert "the API server refused it: Cannot evict pod as it would violate the pod's disruption budget." in log
