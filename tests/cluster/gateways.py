"""The Gateway that the cluster has: one that is programmed and takes routes from every namespace."""

import os

from tests.cluster.api import Api, Object

GATEWAY_API = "gateway.networking.k8s.io/v1"


def open_gateway(cluster: Api) -> Object | None:
    """Give the first one; nothing where there is none."""
    for each in cluster.find("Gateway") if cluster.knows(GATEWAY_API) else []:
        conditions = {said["type"]: said["status"] for said in each.get("status", {}).get("conditions", [])}
        everybody = any(
            listener.get("allowedRoutes", {}).get("namespaces", {}).get("from") == "All"
            for listener in each["spec"]["listeners"]
        )
        if conditions.get("Programmed") == "True" and everybody:
            return each
    return None


def address_of(gateway: Object) -> str:
    """Where it is reached: its listener's port on this machine, unless ECLUSE_GATEWAY_ADDRESS says otherwise."""
    listener = gateway["spec"]["listeners"][0]
    return os.environ.get("ECLUSE_GATEWAY_ADDRESS") or f"127.0.0.1:{listener['port']}"
