"""The chart's rollout Job on the cluster: with the Role's rights alone, and through the end of its pod, it goes on.

What is judged is little, since nobody asks: that gates are right is tried elsewhere,
and here that a Job of the release can do it.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.cluster.api import Api, Object
from tests.cluster.conftest import RESTRICTED, Install, available, not_here
from tests.cluster.gateways import open_gateway
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.prometheus import Prometheus
from tests.cluster.releases import Release, merged
from tests.cluster.two_versions import QUICK, QUICK_PLAN, both_are_seen, routes
from tests.cluster.waiting import until

JOB_SECONDS = 120
LONG_PAUSE = 8
"""Of its one step, so that its pod can be ended within."""


def weights(namespace: Namespace) -> dict[str, int]:
    (rule,) = namespace.get("HTTPRoute", "mnist")["spec"]["rules"]
    return {each["name"]: each["weight"] for each in rule["backendRefs"]}


def rollout(image: Mapping[str, Any], prometheus: str, **more: Any) -> dict[str, Any]:
    steps = [{"percent": 50, "windows": 1, "pause_seconds": LONG_PAUSE}]
    given = {
        "target": "httproute/mnist",
        "prometheus": prometheus,
        "plan": merged(QUICK_PLAN, {"steps": steps}),
        "rbac": {"create": True},
        "job": {"enabled": True, "extraArgs": ["--lease-seconds=5"], **image},
    }
    return {"rollout": merged(given, more)}


def ended(namespace: Namespace, job: str) -> Object:
    """Wait for the end of a Job, and give its last condition."""

    def look() -> Object | None:
        conditions: list[Object] = namespace.get("Job", job).get("status", {}).get("conditions", [])
        true = [each for each in conditions if each["status"] == "True" and each["type"] in ("Complete", "Failed")]
        return true[0] if true else None

    return until(f"the end of {job}", look, seconds=JOB_SECONDS, seen=namespace.story)


@pytest.mark.timeout(420)
def test_a_job_moves_the_traffic_and_goes_on_where_its_pod_was_killed(
    cluster: Api,
    namespaces: Namespaces,
    install: Install,
    prometheus: Prometheus,
    other_image: Mapping[str, Any],
) -> None:
    if open_gateway(cluster) is None:
        not_here("no gateway: the cluster has none that is open to every namespace", "gateway")
    image = available(cluster, "ECLUSE_ROLLOUT_IMAGE")
    quick = merged(QUICK, {"monitoring": {"podMonitor": {"enabled": True}}})
    with namespaces.new("rollout-job", RESTRICTED) as namespace:
        blue = install(namespace, quick, name="blue", wait=False)
        green: Release = install(namespace, merged(quick, other_image), name="green")
        blue.wait_until_settled()
        for route in yaml.safe_load_all(routes(cluster)):
            namespace.create(route)
        prometheus.until("both versions", lambda: both_are_seen(prometheus, namespace) or None, namespace)
        address = f"http://prometheus-operated.{prometheus.namespace}.svc:9090"

        green = green.upgrade(rollout(image, address))
        job = "green-ecluse-rollout-2"
        until("half of the traffic", lambda: weights(namespace)["green-ecluse"] == 50, seconds=90, seen=namespace.story)
        (pod,) = namespace.find("Pod", f"batch.kubernetes.io/job-name={job}")
        namespace.delete("Pod", pod["metadata"]["name"])
        assert ended(namespace, job)["type"] == "Complete"
        assert weights(namespace) == {"blue-ecluse": 0, "green-ecluse": 100}
        begun = [line for line in namespace.events("mnist") if "RolloutBegan" in line]
        assert len(begun) == 1

        # It has all the traffic now: the same once more is a rollout onto itself.
        green.upgrade(rollout(image, address, plan={"confidence": 0.9}))
        condition = ended(namespace, "green-ecluse-rollout-3")
        assert (condition["type"], "exit code 1" in condition["message"]) == ("Failed", True)
        assert weights(namespace) == {"blue-ecluse": 0, "green-ecluse": 100}
