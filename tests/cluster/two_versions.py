"""Two releases behind the example's routes, small and quick: what a rollout on the cluster needs to be tried."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.cluster.api import Api
from tests.cluster.gateways import open_gateway
from tests.cluster.namespaces import Namespace
from tests.cluster.prometheus import Prometheus
from tests.helm import REPOSITORY

DEPLOYMENTS = ("blue-ecluse", "green-ecluse")

QUICK: Mapping[str, Any] = {
    "drain": {"preStopSeconds": 0, "lameDuckSeconds": 0},
    "monitoring": {"interval": "1s"},
}
"""Values of releases that serve nobody, where a rollout is to be seen within seconds."""

QUICK_PLAN: Mapping[str, Any] = {
    "steps": [{"percent": 50, "windows": 1}],
    # Of a version that nobody asks, nothing else can be concluded.
    "gates": [{"measure": "restarts", "most": 0}],
    "limits": {"settle_seconds": 2, "window_seconds": 5, "verify_seconds": 5, "drain_seconds": 1},
}


def routes(cluster: Api) -> str:
    """The routes of the example, at the cluster's own Gateway where it has one."""
    gateway = open_gateway(cluster)
    found = list(yaml.safe_load_all((REPOSITORY / "k8s/examples/rollout/routes.yaml").read_text()))
    if gateway is not None:
        parent = {"name": gateway["metadata"]["name"], "namespace": gateway["metadata"]["namespace"]}
        for route in found:
            route["spec"]["parentRefs"] = [parent]
    return yaml.safe_dump_all(found)


def both_are_seen(prometheus: Prometheus, namespace: Namespace) -> bool:
    """Whether Prometheus reads the pods of both."""
    query = f'up{{namespace="{namespace.name}"}} == 1'
    return {series["metric"].get("variant") for series in prometheus.query(query)} >= set(DEPLOYMENTS)
