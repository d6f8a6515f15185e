"""How GPUs are asked for: what each preset says of nodes, and what the container and its claims count."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import HelmFailed, Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
CLAIMS = "resource.k8s.io/{}/ResourceClaimTemplate"
V1 = CLAIMS.format("v1")

GPU_TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
AKS_TAINT = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}

modes = pytest.mark.parametrize("mode", [(), KSERVE], ids=["plain", "kserve"])


def values(gpu: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    return {"image": {"variant": "gpu"}, "gpu": {"enabled": True, **gpu}, **other}


def pod(of: Mapping[str, Any], api_versions: tuple[str, ...] = ()) -> tuple[Manifest, Manifest]:
    """The pod, and the server's container in it."""
    manifests = render(of, api_versions=api_versions)
    if "serving.kserve.io/v1beta1" in api_versions:
        predictor = one(manifests, "InferenceService")["spec"]["predictor"]
        return predictor, predictor["model"]
    spec = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec, spec["containers"][0]


def demands(gpu: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is asked of a node's labels: a list of values, empty for a label that must be there."""
    spec, _ = pod(values(gpu))
    if "affinity" not in spec:
        return {}
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    return {said["key"]: said.get("values", []) for said in term["matchExpressions"]}


def limits(gpu: Mapping[str, Any], **other: Any) -> Any:
    _, container = pod(values(gpu, **other))
    return container["resources"]["limits"]


def test_no_gpu_is_asked_for_unless_one_is_wanted() -> None:
    spec, container = pod({})
    assert set(container["resources"]["limits"]) == {"memory"}
    assert not {"affinity", "nodeSelector", "tolerations", "runtimeClassName", "resourceClaims"} & set(spec)


@modes
def test_the_container_asks_for_its_gpus(mode: tuple[str, ...]) -> None:
    _, container = pod(values({"count": 2}), mode)
    assert container["resources"]["limits"] == {"memory": "2Gi", "nvidia.com/gpu": 2}


PRESETS: list[tuple[str, dict[str, list[str]], list[Manifest]]] = [
    ("none", {}, []),
    ("gke", {"cloud.google.com/gke-accelerator": []}, [GPU_TAINT]),
    ("eks", {}, [GPU_TAINT]),
    ("aks", {"kubernetes.azure.com/accelerator": ["nvidia"]}, [GPU_TAINT, AKS_TAINT]),
    ("karpenter", {"karpenter.k8s.aws/instance-gpu-manufacturer": ["nvidia"]}, [GPU_TAINT]),
    (
        "eks-auto",
        {"eks.amazonaws.com/compute-type": ["auto"], "eks.amazonaws.com/instance-gpu-manufacturer": ["nvidia"]},
        [GPU_TAINT],
    ),
    ("gpu-operator", {"nvidia.com/gpu.present": ["true"]}, [GPU_TAINT]),
]


@pytest.mark.parametrize(("preset", "labels", "taints"), PRESETS, ids=[preset for preset, *_ in PRESETS])
def test_a_preset_knows_the_labels_and_taints_of_its_cloud(
    preset: str, labels: dict[str, list[str]], taints: list[Manifest]
) -> None:
    assert demands({"preset": preset}) == labels
    spec, _ = pod(values({"preset": preset}))
    assert spec.get("tolerations", []) == taints


@pytest.mark.parametrize(
    ("preset", "product", "label"),
    [
        ("gke", ["nvidia-l4", "nvidia-tesla-t4"], "cloud.google.com/gke-accelerator"),
        ("eks", ["NVIDIA-L4", "NVIDIA-A10G"], "nvidia.com/gpu.product"),
        ("aks", ["NVIDIA-A100-SXM4-80GB"], "nvidia.com/gpu.product"),
        ("karpenter", ["l4", "a10g"], "karpenter.k8s.aws/instance-gpu-name"),
        ("eks-auto", ["l4"], "eks.amazonaws.com/instance-gpu-name"),
        ("gpu-operator", ["NVIDIA-L4", "NVIDIA-L40S"], "nvidia.com/gpu.product"),
    ],
)
def test_any_of_the_products_will_do(preset: str, product: list[str], label: str) -> None:
    assert demands({"preset": preset, "product": product})[label] == product


@pytest.mark.parametrize("preset", ["none", "eks", "aks", "karpenter"])
def test_types_of_machine_are_a_label_that_every_cloud_sets(preset: str) -> None:
    machines = ["g6.xlarge", "g6.2xlarge"]
    assert demands({"preset": preset, "instanceTypes": machines})["node.kubernetes.io/instance-type"] == machines


@pytest.mark.parametrize(("sharing", "said"), [("timeSlicing", "time-slicing"), ("mps", "mps")])
def test_a_shared_card_is_found_by_its_strategy_and_under_both_of_its_names(sharing: str, said: str) -> None:
    gpu = {"preset": "gpu-operator", "product": ["NVIDIA-L4"], "sharing": sharing, "shared": {"replicas": 4}}
    assert demands(gpu) == {
        "nvidia.com/gpu.product": ["NVIDIA-L4", "NVIDIA-L4-SHARED"],
        "nvidia.com/gpu.sharing-strategy": [said],
        "nvidia.com/gpu.replicas": ["4"],
    }


def test_a_whole_card_is_not_found_among_the_shared() -> None:
    assert demands({"preset": "gpu-operator", "product": ["NVIDIA-L4"]})["nvidia.com/gpu.product"] == ["NVIDIA-L4"]


@pytest.mark.parametrize(("sharing", "said"), [("timeSlicing", "time-sharing"), ("mps", "mps")])
def test_gke_has_words_of_its_own_for_sharing(sharing: str, said: str) -> None:
    assert demands({"preset": "gke", "product": ["nvidia-l4"], "sharing": sharing, "shared": {"replicas": 3}}) == {
        "cloud.google.com/gke-accelerator": ["nvidia-l4"],
        "cloud.google.com/gke-gpu-sharing-strategy": [said],
        "cloud.google.com/gke-max-shared-clients-per-gpu": ["3"],
    }


MIG = {"sharing": "mig", "mig": {"profile": "1g.5gb", "strategy": "single"}}
MIXED = {"sharing": "mig", "mig": {"profile": "1g.10gb+me", "strategy": "mixed"}}


def test_a_slice_of_the_single_strategy_is_a_gpu_whose_product_names_it() -> None:
    gpu = {"preset": "gpu-operator", "product": ["NVIDIA-A100-SXM4-40GB"], **MIG}
    assert demands(gpu) == {"nvidia.com/gpu.product": ["NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"]}
    assert limits(gpu)["nvidia.com/gpu"] == 1


def test_a_slice_of_the_mixed_strategy_is_a_resource_of_its_own() -> None:
    gpu = {"preset": "gpu-operator", "product": ["NVIDIA-H100-80GB-HBM3"], **MIXED}
    assert demands(gpu) == {"nvidia.com/gpu.product": ["NVIDIA-H100-80GB-HBM3"]}
    assert limits(gpu) == {"memory": "2Gi", "nvidia.com/mig-1g.10gb.me": 1}


def test_gke_finds_a_slice_by_its_size() -> None:
    gpu = {"preset": "gke", **MIG}
    assert demands(gpu)["cloud.google.com/gke-gpu-partition-size"] == ["1g.5gb"]
    assert limits(gpu)["nvidia.com/gpu"] == 1


def test_a_shared_resource_can_have_been_renamed() -> None:
    assert limits({"sharing": "timeSlicing", "shared": {"renamed": True}})["nvidia.com/gpu.shared"] == 1


def test_a_resource_of_another_name_is_asked_for_as_given() -> None:
    assert limits({"resourceName": "example.com/gpu"}) == {"memory": "2Gi", "example.com/gpu": 1}


def test_a_runtime_class_counts_where_gpus_are_asked_for() -> None:
    assert pod(values({"runtimeClassName": "nvidia"}))[0]["runtimeClassName"] == "nvidia"


DRA = {"dra": {"enabled": True}}


@modes
def test_a_claim_takes_the_place_of_the_resource_and_of_labels(mode: tuple[str, ...]) -> None:
    spec, container = pod(values({"preset": "gpu-operator", **DRA}), (*mode, V1))
    assert spec["resourceClaims"] == [{"name": "gpu", "resourceClaimTemplateName": "ecluse-gpu"}]
    assert container["resources"]["claims"] == [{"name": "gpu"}]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert "affinity" not in spec
    assert spec["tolerations"] == [GPU_TAINT]


def template(gpu: Mapping[str, Any], *versions: str) -> Manifest:
    return one(render(values(gpu), api_versions=[CLAIMS.format(version) for version in versions]), TEMPLATE)


TEMPLATE = "ResourceClaimTemplate"


def test_a_claim_is_made_that_asks_for_the_product_and_the_slice() -> None:
    made = template({"product": ["NVIDIA A100-SXM4-40GB", "NVIDIA A30"], **MIG, **DRA}, "v1")
    assert made["apiVersion"] == "resource.k8s.io/v1"
    (request,) = made["spec"]["spec"]["devices"]["requests"]
    assert request == {
        "name": "gpu",
        "exactly": {
            "deviceClassName": "mig.nvidia.com",
            "allocationMode": "ExactCount",
            "count": 1,
            "selectors": [
                {
                    "cel": {
                        "expression": "device.attributes['gpu.nvidia.com'].productName in"
                        " ['NVIDIA A100-SXM4-40GB','NVIDIA A30']"
                    }
                },
                {"cel": {"expression": "device.attributes['gpu.nvidia.com'].profile == '1g.5gb'"}},
            ],
        },
    }


@pytest.mark.parametrize(
    ("known", "taken"),
    [(("v1", "v1beta2", "v1beta1"), "v1"), (("v1beta2", "v1beta1"), "v1beta2"), (("v1beta1",), "v1beta1")],
)
def test_the_newest_api_of_claims_is_taken(known: tuple[str, ...], taken: str) -> None:
    assert template(DRA, *known)["apiVersion"] == f"resource.k8s.io/{taken}"


def test_the_first_api_of_claims_has_its_request_without_a_level() -> None:
    (request,) = template({"count": 2, **DRA}, "v1beta1")["spec"]["spec"]["devices"]["requests"]
    assert request == {"name": "gpu", "deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": 2}


def test_conditions_and_configuration_of_a_claim_are_kept_as_they_are() -> None:
    config = [{"opaque": {"driver": "gpu.nvidia.com", "parameters": {"sharing": {"strategy": "TimeSlicing"}}}}]
    condition = 'device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("20Gi"))'
    devices = template({"dra": {"enabled": True, "selectors": [condition], "config": config}}, "v1")["spec"]["spec"][
        "devices"
    ]
    assert devices["config"] == config
    assert devices["requests"][0]["exactly"]["selectors"] == [{"cel": {"expression": condition}}]


@pytest.mark.parametrize("name", ["claimName", "claimTemplateName"])
def test_a_claim_that_is_there_is_used(name: str) -> None:
    manifests = render(values({"dra": {"enabled": True, name: "ours"}}), api_versions=[V1])
    assert TEMPLATE not in [manifest["kind"] for manifest in manifests]
    spec = one(manifests, "Deployment")["spec"]["template"]["spec"]
    key = {"claimName": "resourceClaimName", "claimTemplateName": "resourceClaimTemplateName"}[name]
    assert spec["resourceClaims"] == [{"name": "gpu", key: "ours"}]


def test_an_unknown_preset_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(HelmFailed, match="preset") as refused:
        render(values({"preset": "azure"}))
    assert "gpu-operator" in str(refused.value)


def test_a_shared_gpu_is_taken_with_a_limit_of_its_memory() -> None:
    shared = values({"sharing": "timeSlicing"}, tensorflow={"memoryGrowth": False, "memoryLimitMib": 4096})
    _, container = pod(shared)
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert environment["TENSORFLOW_MEMORY_LIMIT_MIB"] == "4096"
