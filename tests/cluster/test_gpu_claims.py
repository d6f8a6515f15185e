"""A GPU that is claimed (dynamic resource allocation) is chosen by its own attributes, wherever it is.

The devices are told of as NVIDIA's driver would, by slices on pretended nodes; the
scheduler, and what makes claims of the chart's template, are real.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.cluster.conftest import Install, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.placement import PLACE_SECONDS, end, placed, unschedulable
from tests.cluster.pretend_nodes import TOLERATED, Pool, pretend_node
from tests.cluster.waiting import until

DRA = "resource.k8s.io/v1"
DRIVER = "gpu.nvidia.com"
ASKED: dict[str, Any] = {
    **TOLERATED,
    "image": {"variant": "gpu"},
    "gpu": {"enabled": True, "product": ["NVIDIA L4"], "dra": {"enabled": True}},
}


@pytest.fixture(scope="module", autouse=True)
def device_class(cluster: Api) -> Iterator[None]:
    """What the driver's installation brings; one that is there already is left as it is."""
    if not cluster.knows(DRA):
        not_here(f"no claims of devices: the cluster does not serve {DRA}", "dra")
    expression = f"device.driver == '{DRIVER}'"
    made = {
        "apiVersion": DRA,
        "kind": "DeviceClass",
        "metadata": {"name": DRIVER},
        "spec": {"selectors": [{"cel": {"expression": expression}}]},
    }
    is_there = any(each["metadata"]["name"] == DRIVER for each in cluster.find("DeviceClass"))
    if not is_there:
        cluster.create(made)
    yield
    if not is_there:
        cluster.delete("DeviceClass", DRIVER)


@contextmanager
def node_with(api: Api, product: str) -> Iterator[str]:
    """A node whose driver tells of one card of this product."""
    with pretend_node(api, Pool({})) as node:
        device = {"name": "gpu-0", "attributes": {"type": {"string": "gpu"}, "productName": {"string": product}}}
        told = {
            "driver": DRIVER,
            "nodeName": node,
            "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
            "devices": [device],
        }
        api.create({"apiVersion": DRA, "kind": "ResourceSlice", "metadata": {"name": node}, "spec": told})
        try:
            yield node
        finally:
            api.delete("ResourceSlice", node)


@pytest.mark.parametrize("mode", ["plain", "kserve"])
def test_a_claim_is_met_by_the_card_that_was_asked_for(
    mode: str, cluster: Api, own_namespace: Namespace, install: Install
) -> None:
    with ExitStack() as nodes:
        nodes.enter_context(node_with(cluster, "Tesla T4"))
        release = install(own_namespace, ASKED, mode=mode, wait=False)
        told = until("the scheduler's words", lambda: unschedulable(release), seconds=PLACE_SECONDS)
        assert "cannot allocate all claims" in told
        right = nodes.enter_context(node_with(cluster, "NVIDIA L4"))
        assert until("a place", lambda: placed(release), seconds=PLACE_SECONDS) == {right}
        (claim,) = own_namespace.find("ResourceClaim")
        assert claim["status"]["allocation"]["devices"]["results"][0]["pool"] == right
        end(release)
