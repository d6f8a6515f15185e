"""Which Deployment's pods are behind a Service.

By labels, as the Service finds them, so that it holds for the chart's own
Deployment and for the one that KServe makes of an InferenceService alike.
"""

from typing import Protocol

from k8s.api_server import NotFound
from k8s.json_object import Json
from k8s.rollout.backends.backend import Refused


class Reads(Protocol):
    """What is read with."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object or list at a path. Raises ApiError."""


def service(api: Reads, namespace: str, name: str) -> Json:
    """Read a Service. Raises Refused where there is none, and ApiError."""
    try:
        return api.read("api", "v1", "namespaces", namespace, "services", name)
    except NotFound:
        raise Refused(f"there is no service/{name} in namespace {namespace}") from None


def deployments(api: Reads, namespace: str, found: Json) -> list[Json]:
    """Give the Deployments whose pods a Service leads to. Raises Refused and ApiError."""
    selector = (found.get("spec") or {}).get("selector")
    name = found["metadata"]["name"]
    if not selector:
        raise Refused(f"service/{name} selects no pods: nobody can tell which Deployment is behind it")
    listed = api.read("apis", "apps", "v1", "namespaces", namespace, "deployments").get("items") or ()
    return [each for each in listed if selector.items() <= _labels(each).items()]


def deployment(api: Reads, namespace: str, found: Json) -> Json:
    """Give the one Deployment behind a Service. Raises Refused where it is not one, and ApiError."""
    behind = deployments(api, namespace, found)
    name = found["metadata"]["name"]
    if not behind:
        raise Refused(f"no Deployment makes pods that service/{name} selects")
    if len(behind) > 1:
        names = " and ".join(sorted(each["metadata"]["name"] for each in behind))
        raise Refused(f"service/{name} selects the pods of {names}: each version needs a Service of its own")
    return behind[0]


def _labels(found: Json) -> Json:
    return found["spec"]["template"].get("metadata", {}).get("labels") or {}
