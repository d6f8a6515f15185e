"""Pods that ask for GPUs land on the GPU pool that was meant, for each cloud's labels and taints, or say why not.

The scheduler is real and the nodes are pretended; one test has a real node advertise
a GPU that it has not, and is served from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.api import Api, Object
from tests.cluster.callers import predict
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.placement import PLACE_SECONDS, end, placed, unschedulable
from tests.cluster.pretend_nodes import TOLERATED, Pool, pretend_node
from tests.cluster.waiting import until

ONE_GPU = {"nvidia.com/gpu": "1"}
PRESENT = ("nvidia.com/gpu=present",)
NO_GPU_POOL = Pool({"pool": "cpu"})

ON_GPUS: Mapping[str, Any] = {**TOLERATED, "gpu": {"enabled": True}, "image": {"variant": "gpu"}}


@dataclass(frozen=True)
class Cloud:
    """What is asked of the chart, and nodes as the cloud makes them: the right one, and those that look like it."""

    asked: Mapping[str, Any]
    right: Pool
    wrong: Sequence[Pool]


def gke(product: str) -> Pool:
    return Pool({"cloud.google.com/gke-accelerator": product}, PRESENT, ONE_GPU)


def discovered(product: str, resources: Mapping[str, str] = ONE_GPU, **labels: str) -> Pool:
    """With GPU feature discovery's labels."""
    found = {"present": "true", "product": product, "count": "1"} | {
        name.replace("_", "-"): value for name, value in labels.items()
    }
    return Pool({f"nvidia.com/gpu.{name}": value for name, value in found.items()}, PRESENT, resources)


def karpenter(prefix: str, name: str) -> Pool:
    about = {"name": name, "count": "1", "memory": "22888", "manufacturer": "nvidia"}
    labels = {f"{prefix}/instance-gpu-{what}": value for what, value in about.items()}
    return Pool(labels | {"eks.amazonaws.com/compute-type": "auto"}, PRESENT, ONE_GPU)


def instances(instance_type: str, labels: Mapping[str, str], taint: str) -> Pool:
    return Pool({"node.kubernetes.io/instance-type": instance_type, **labels}, (taint,), ONE_GPU)


EKS = {"k8s.amazonaws.com/accelerator": "nvidia"}
AKS = {"kubernetes.azure.com/accelerator": "nvidia"}

CLOUDS = {
    "gke": Cloud({"preset": "gke", "product": ["nvidia-l4"]}, gke("nvidia-l4"), [gke("nvidia-tesla-t4")]),
    "eks": Cloud(
        {"preset": "eks", "instanceTypes": ["g6.xlarge"]},
        instances("g6.xlarge", EKS, "nvidia.com/gpu=true"),
        [instances("p5.48xlarge", EKS, "nvidia.com/gpu=true")],
    ),
    "aks": Cloud(
        {"preset": "aks", "instanceTypes": ["Standard_NC24ads_A100_v4"]},
        instances("Standard_NC24ads_A100_v4", AKS, "sku=gpu"),
        [instances("Standard_NC4as_T4_v3", AKS, "sku=gpu")],
    ),
    "karpenter": Cloud(
        {"preset": "karpenter", "product": ["l4"]},
        karpenter("karpenter.k8s.aws", "l4"),
        [karpenter("karpenter.k8s.aws", "t4"), karpenter("eks.amazonaws.com", "l4")],
    ),
    "eks-auto": Cloud(
        {"preset": "eks-auto", "product": ["l4"]},
        karpenter("eks.amazonaws.com", "l4"),
        [karpenter("eks.amazonaws.com", "t4"), karpenter("karpenter.k8s.aws", "l4")],
    ),
    "gpu-operator": Cloud(
        {"preset": "gpu-operator", "product": ["NVIDIA-L4", "NVIDIA-L40S"]},
        discovered("NVIDIA-L40S"),
        [discovered("Tesla-T4")],
    ),
    "turns on a card": Cloud(
        {"preset": "gpu-operator", "product": ["NVIDIA-L4"], "sharing": "timeSlicing", "shared": {"replicas": 4}},
        discovered("NVIDIA-L4-SHARED", replicas="4", sharing_strategy="time-slicing"),
        [discovered("NVIDIA-L4"), discovered("NVIDIA-L4-SHARED", replicas="8", sharing_strategy="time-slicing")],
    ),
    "a slice of a card": Cloud(
        {"preset": "gpu-operator", "sharing": "mig", "mig": {"profile": "1g.5gb", "strategy": "mixed"}},
        discovered("NVIDIA-A100-SXM4-40GB", {"nvidia.com/mig-1g.5gb": "7"}),
        [discovered("NVIDIA-A100-SXM4-40GB"), discovered("NVIDIA-A100-SXM4-40GB", {"nvidia.com/mig-3g.20gb": "2"})],
    ),
}


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
def test_a_pod_lands_on_its_pool_alone_and_says_what_is_missing_without_it(
    cloud: Cloud, cluster: Api, own_namespace: Namespace, install: Install
) -> None:
    with ExitStack() as nodes:
        for other in [*cloud.wrong, NO_GPU_POOL]:
            nodes.enter_context(pretend_node(cluster, other))
        release = install(own_namespace, {**ON_GPUS, "gpu": {"enabled": True, **cloud.asked}}, wait=False)
        told = until("the scheduler's words", lambda: unschedulable(release), seconds=PLACE_SECONDS)
        assert "nodes are available" in told
        assert "didn't match Pod's node affinity/selector" in told or "Insufficient nvidia.com" in told
        with pretend_node(cluster, cloud.right) as right:
            assert until("a place", lambda: placed(release), seconds=PLACE_SECONDS) == {right}
            end(release)


@pytest.fixture
def gpu_node(cluster: Api) -> Iterator[str]:
    """A real node that advertises a GPU, as a device plugin and GPU feature discovery would have it do."""
    node = next(node for node in cluster.find("Node") if is_ready(node))
    name = str(node["metadata"]["name"])
    labels = {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": "NVIDIA-L4"}
    before = {label: node["metadata"]["labels"].get(label) for label in labels}
    has_some = "nvidia.com/gpu" in node["status"]["capacity"]
    advertise(cluster, name, "1")
    cluster.patch("Node", name, {"metadata": {"labels": labels}})
    yield name
    cluster.patch("Node", name, {"metadata": {"labels": before}})
    if not has_some:
        advertise(cluster, name, None)


def advertise(api: Api, node: str, count: str | None) -> None:
    counted = {"nvidia.com/gpu": count}
    api.patch("Node", node, {"status": {"capacity": counted, "allocatable": counted}}, part="status")


def is_ready(node: Object) -> bool:
    conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def test_a_server_on_the_gpu_pool_answers_and_a_second_waits_for_a_gpu(
    cluster: Api, gpu_node: str, own_namespace: Namespace, install: Install
) -> None:
    asked = {**ON_GPUS, "gpu": {"enabled": True, "preset": "gpu-operator", "product": ["NVIDIA-L4"]}}
    with pretend_node(cluster, discovered("Tesla-T4")), pretend_node(cluster, NO_GPU_POOL):
        release = install(own_namespace, asked)
        assert placed(release) == {gpu_node}
        assert predict(release.addresses).digits == [7]
        release.upgrade({"replicas": 2})
        told = until("the scheduler's words", lambda: unschedulable(release), seconds=PLACE_SECONDS)
        assert "1 Insufficient nvidia.com/gpu" in told
        assert predict(release.addresses).digits == [7]
