"""The images that the cluster's tests install: named by the environment, as chart values.

Says in one sentence when the cluster has none of that name. Builds and loads
nothing: `make image` and `make load-image` do.
"""

import os
from collections.abc import Mapping
from typing import Any

from tests.cluster.api import Api

VARIABLES = {
    "ECLUSE_IMAGE": "ecluse/serving:demo",
    "ECLUSE_IMAGE_2": "ecluse/serving:demo-2",
    "ECLUSE_LOADTESTS_IMAGE": "ecluse/loadtests:dev",
    "ECLUSE_ROLLOUT_IMAGE": "ecluse/rollout:dev",
}
"""Which variable names an image, and what is taken where it is not set: the first two serve the reference model."""

HOME = "docker.io/"
"""What a node puts before a name that has no registry."""


class NoImage(Exception):
    """The cluster cannot run what is to be tested; the message says why in one sentence."""


def named(variable: str) -> str:
    return os.environ.get(variable) or VARIABLES[variable]


def on_a_node(api: Api, image: str) -> bool:
    """Say whether some node has it. What a variable names may come from a registry, and is believed."""
    full = image if "." in image.partition("/")[0] else HOME + image
    names = {
        name
        for node in api.find("Node")
        for each in node["status"].get("images", [])
        for name in each.get("names") or []
    }
    return bool({image, full} & names)


def values(image: str) -> Mapping[str, Any]:
    """The chart's values for an image, as in `ghcr.io/ecluse/serving:1.2`."""
    path, _, tag = image.rpartition(":")
    first, _, rest = path.partition("/")
    registry, repository = (first, rest) if "." in first or ":" in first else ("", path)
    return {"image": {"registry": registry, "repository": repository, "tag": tag}}
