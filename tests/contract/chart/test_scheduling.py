"""Where pods may run: the user's words win over the preset's, and the spread is soft."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import HelmFailed, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
GKE = {"image": {"variant": "gpu"}, "gpu": {"enabled": True, "preset": "gke", "product": ["nvidia-l4"]}}
ACCELERATOR = {"key": "cloud.google.com/gke-accelerator", "operator": "In", "values": ["nvidia-l4"]}


def pod(values: Mapping[str, Any] = {}) -> Any:
    return one(render(values), "Deployment")["spec"]["template"]["spec"]


def required(*terms: list[dict[str, Any]]) -> dict[str, Any]:
    alternatives = [{"matchExpressions": term} for term in terms]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": alternatives}}}


def test_pods_are_spread_over_hosts_and_zones_as_well_as_can_be() -> None:
    spread = {constraint["topologyKey"]: constraint for constraint in pod()["topologySpreadConstraints"]}
    assert set(spread) == {HOST, ZONE}
    for constraint in spread.values():
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["maxSkew"] == 1


def test_the_spread_counts_the_pods_of_one_revision() -> None:
    assert all(
        constraint["matchLabelKeys"] == ["pod-template-hash"] for constraint in pod()["topologySpreadConstraints"]
    )


@pytest.mark.parametrize("mode", [(), KSERVE], ids=["plain", "kserve"])
def test_the_spread_counts_the_servers_pods(mode: tuple[str, ...]) -> None:
    manifests = render(api_versions=mode)
    if mode:
        constraints = one(manifests, "InferenceService")["spec"]["predictor"]["topologySpreadConstraints"]
        labels = {"serving.kserve.io/inferenceservice": "ecluse"}
    else:
        template = one(manifests, "Deployment")["spec"]["template"]
        constraints, labels = template["spec"]["topologySpreadConstraints"], template["metadata"]["labels"]
    assert all(constraint["labelSelector"]["matchLabels"].items() <= labels.items() for constraint in constraints)


def test_the_spread_can_be_hard_another_or_none() -> None:
    hard = pod({"topologySpread": {"whenUnsatisfiable": "DoNotSchedule"}})["topologySpreadConstraints"]
    assert {constraint["whenUnsatisfiable"] for constraint in hard} == {"DoNotSchedule"}
    own = {"topologyKey": "rack", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}
    assert pod({"topologySpread": {"constraints": [own]}})["topologySpreadConstraints"] == [own]
    assert "topologySpreadConstraints" not in pod({"topologySpread": {"enabled": False}})


def test_a_priority_class_is_named() -> None:
    assert pod({"priorityClassName": "serving"})["priorityClassName"] == "serving"
    assert "priorityClassName" not in pod()


def test_a_label_in_the_users_node_selector_is_not_asked_for_by_the_preset() -> None:
    spec = pod({**GKE, "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}})
    assert spec["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}
    assert "affinity" not in spec


def test_another_label_of_the_users_is_asked_for_beside_the_presets() -> None:
    spec = pod({**GKE, "nodeSelector": {"pool": "serving"}})
    assert spec["nodeSelector"] == {"pool": "serving"}
    assert spec["affinity"] == required([ACCELERATOR])


def test_a_label_in_the_users_affinity_is_not_asked_for_by_the_preset() -> None:
    own = required([{"key": "cloud.google.com/gke-accelerator", "operator": "NotIn", "values": ["nvidia-tesla-k80"]}])
    assert pod({**GKE, "affinity": own})["affinity"] == own


def test_the_presets_label_holds_in_every_alternative_of_the_users() -> None:
    east = {"key": ZONE, "operator": "In", "values": ["east"]}
    west = {"key": ZONE, "operator": "In", "values": ["west"]}
    merged = pod({**GKE, "affinity": required([east], [west])})["affinity"]
    assert merged == required([east, ACCELERATOR], [west, ACCELERATOR])


def test_wishes_and_other_kinds_of_affinity_are_kept() -> None:
    wish = [{"weight": 1, "preference": {"matchExpressions": [{"key": ZONE, "operator": "Exists"}]}}]
    apart = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST}]}
    own = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wish},
        "podAntiAffinity": apart,
    }
    merged = pod({**GKE, "affinity": own})["affinity"]
    assert merged["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] == wish
    assert merged["podAntiAffinity"] == apart
    terms = merged["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [ACCELERATOR]}]


def test_a_taint_that_the_user_speaks_of_is_not_spoken_of_by_the_preset() -> None:
    own = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "serving", "effect": "NoSchedule"}
    assert pod({**GKE, "tolerations": [own]})["tolerations"] == [own]


def test_taints_of_the_user_stand_beside_the_presets() -> None:
    own = {"key": "dedicated", "operator": "Equal", "value": "serving", "effect": "NoSchedule"}
    preset = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    assert pod({**GKE, "tolerations": [own]})["tolerations"] == [own, preset]


@pytest.mark.parametrize("resource", ["nvidia.com/gpu", "nvidia.com/mig-1g.5gb"])
def test_gpus_that_the_user_counts_are_not_counted_by_the_preset(resource: str) -> None:
    spec = pod({**GKE, "resources": {"limits": {resource: 4}}})
    assert spec["containers"][0]["resources"]["limits"] == {"memory": "2Gi", resource: 4}


def test_a_spread_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HelmFailed, match="whenUnsatisfiable"):
        render({"topologySpread": {"whenUnsatisfiable": "Never"}})
