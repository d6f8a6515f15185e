"""What only KServe asks of the chart's objects."""

from collections.abc import Mapping
from typing import Any

from tests.helm import Manifest, one, render

KSERVE = {"mode": "kserve"}
LATER_CHART = {"app.kubernetes.io/version", "helm.sh/chart"}
"""Labels that change from release to release, and restart the pods that have them."""


def service(values: Mapping[str, Any] = {}) -> Manifest:
    return one(render({**KSERVE, **values}), "InferenceService")


def test_nothing_that_a_release_changes_is_copied_to_the_pods() -> None:
    metadata = service()["metadata"]
    assert not LATER_CHART & set(metadata["labels"])
    assert set(metadata["annotations"]) == {
        "serving.kserve.io/deploymentMode",
        "serving.kserve.io/autoscalerClass",
    }


def test_the_deployment_mode_is_always_said() -> None:
    def mode(values: dict[str, Any]) -> object:
        return service(values)["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]

    assert mode({}) == "Standard"
    assert mode({"kserve": {"deploymentMode": "RawDeployment"}}) == "RawDeployment"


def test_a_runtime_holds_nothing_that_an_upgrade_changes() -> None:
    """KServe rolls every InferenceService whose runtime changed, ours a second time."""
    before = one(render(KSERVE), "ServingRuntime")["spec"]
    changed = {"image": {"tag": "2"}, "batch": {"maxRows": 32}, "replicas": 3, "drain": {"lameDuckSeconds": 5}}
    assert one(render({**KSERVE, **changed}), "ServingRuntime")["spec"] == before
    assert before["containers"] == [{"name": "kserve-container"}]
    assert [entry["autoSelect"] for entry in before["supportedModelFormats"]] == [False]


def test_the_service_names_its_runtime_and_a_format_that_it_supports() -> None:
    manifests = render(KSERVE)
    runtime, model = one(manifests, "ServingRuntime"), one(manifests, "InferenceService")["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    formats = [(entry["name"], entry["version"]) for entry in runtime["spec"]["supportedModelFormats"]]
    assert (model["modelFormat"]["name"], model["modelFormat"]["version"]) in formats
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]


def test_replicas_are_ours_or_an_autoscalers() -> None:
    fixed, scaled = service({"replicas": 3}), service({"autoscaling": {"type": "hpa", "minReplicas": 2}})
    assert fixed["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
    assert (fixed["spec"]["predictor"]["minReplicas"], fixed["spec"]["predictor"]["maxReplicas"]) == (3, 3)
    assert scaled["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "external"


def test_an_object_of_ours_is_never_taken_for_an_orphan_of_kserves() -> None:
    for manifest in render({**KSERVE, "service": {"type": "NodePort"}}):
        labels = manifest["metadata"].get("labels", {})
        assert "serving.kserve.io/inferenceservice" not in labels, manifest["kind"]


def test_auto_takes_kserve_where_the_cluster_knows_it() -> None:
    assert [one(render(), "Deployment")["metadata"]["name"]] == ["ecluse"]
    known = render(api_versions=["serving.kserve.io/v1beta1"])
    assert one(known, "InferenceService")["metadata"]["name"] == "ecluse"


def test_the_strategy_is_said_and_is_the_deployments_in_plain_mode() -> None:
    for profile in ("availability", "resourceAware", "recreate"):
        values: dict[str, Any] = {"strategy": {"profile": profile}}
        deployment = one(render({**values, "mode": "plain"}), "Deployment")
        assert service(values)["spec"]["predictor"]["deploymentStrategy"] == deployment["spec"]["strategy"]


def test_names_leave_room_for_what_kserve_adds() -> None:
    name = one(render(KSERVE, release="a" * 53), "InferenceService")["metadata"]["name"]
    assert len(f"isvc.{name}-predictor") <= 63, "it is a label of the pods"


def test_what_kserve_reads_off_labels_and_annotations_can_be_added() -> None:
    mine = {
        "labels": {"networking.kserve.io/visibility": "cluster-local"},
        "annotations": {"of": "{{ .Release.Name }}", "serving.kserve.io/deploymentMode": "Knative"},
    }
    made = service({"kserve": {**mine, "timeoutSeconds": 30}})
    assert made["metadata"]["labels"]["networking.kserve.io/visibility"] == "cluster-local"
    assert made["metadata"]["annotations"]["of"] == "ecluse"
    assert made["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert made["spec"]["predictor"]["timeout"] == 30
