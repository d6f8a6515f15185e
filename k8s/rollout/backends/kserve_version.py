"""Whether the KServe of a cluster gives a canary of `spec.canary` its requests, which is so from 0.21 on.

0.20 has the field already: it makes the canary's pods, takes as many from the
stable version at once, and gives them nothing. So the field alone proves
nothing. The controller's image tells its version to who may read it; the
schema tells it to everybody, since `spec.tracing` came with 0.21. Where both
are silent, only the route of a canary without requests can tell.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from k8s.api_server import ApiError, NotFound, Unreachable
from k8s.json_object import Json
from k8s.rollout.backends.backend import Refused

SCHEMA = ("openapi", "v3", "apis", "serving.kserve.io", "v1beta1")
CONTROLLER = ("apis", "apps", "v1", "namespaces", "kserve", "deployments", "kserve-controller-manager")
FIRST = (0, 21)
LACK = "which gives a canary pods, takes as many from the stable version and leads no request to them"
INSTEAD = "use the backend gateway with two releases, or KServe 0.21"

_VERSION = re.compile(r":v?(\d+)\.(\d+)[.\d]*[^/]*$")


class Reads(Protocol):
    """What is read with."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object or list at a path. Raises ApiError."""


def why_not(api: Reads) -> tuple[str, str]:
    """Give why KServe is too old, or a note where that cannot be seen. Raises Unreachable, Refused without KServe."""
    version = _of_controller(api)
    if version is not None and version < FIRST:
        told = ".".join(map(str, version))
        return f"KServe here is {told}, {LACK}: {INSTEAD}", ""
    fields = _fields(api)
    if fields is not None and "canary" not in fields:
        return f"KServe here is older than 0.20: an InferenceService has no spec.canary; {INSTEAD}", ""
    if version is None and fields is not None and "tracing" not in fields:
        told = "an InferenceService has spec.canary but not spec.tracing, as in 0.20"
        return f"KServe here is older than 0.21 ({told}), {LACK}: {INSTEAD}", ""
    if version is None and fields is None:
        return "", "which KServe this is cannot be seen; its route must lead to the canary before that gets requests"
    return "", ""


def _of_controller(api: Reads) -> tuple[int, int] | None:
    try:
        deployment = api.read(*CONTROLLER)
    except Unreachable:
        raise
    except ApiError:
        # Elsewhere, under another name, or not for these eyes.
        return None
    for image in _images(deployment):
        found = _VERSION.search(image.partition("@")[0])
        if found is not None:
            return int(found[1]), int(found[2])
    return None


def _images(deployment: Json) -> Iterator[str]:
    """Give the images that can be the controller's; a proxy beside it has a version of its own."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    for container in containers:
        if container.get("name") == "manager" or len(containers) == 1:
            yield str(container.get("image") or "")


def _fields(api: Reads) -> set[str] | None:
    """Name the fields of an InferenceService's spec, where the API server knows them."""
    try:
        schemas = api.read(*SCHEMA)["components"]["schemas"]
    except Unreachable:
        raise
    except NotFound:
        raise Refused("this cluster knows no InferenceService: is KServe installed?") from None
    except (ApiError, KeyError, TypeError):
        return None
    for schema in schemas.values():
        kinds = schema.get("x-kubernetes-group-version-kind") or ()
        if any(each.get("kind") == "InferenceService" for each in kinds):
            properties = ((schema.get("properties") or {}).get("spec") or {}).get("properties")
            return set(properties) if properties else None
    return None
