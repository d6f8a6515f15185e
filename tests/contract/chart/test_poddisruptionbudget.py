"""What a drain of nodes has to leave alone."""

from typing import Any

import pytest

from tests.helm import HelmFailed, one, render

KSERVE = ("serving.kserve.io/v1beta1",)


def kinds(values: dict[str, Any]) -> list[str]:
    return [manifest["kind"] for manifest in render(values)]


def test_one_pod_may_be_missing_at_a_time() -> None:
    budget = one(render(), "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    assert "minAvailable" not in budget["spec"]


def test_a_pod_that_is_not_ready_never_holds_up_a_drain() -> None:
    assert one(render(), "PodDisruptionBudget")["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_single_pod_has_no_budget() -> None:
    assert "PodDisruptionBudget" not in kinds({"replicas": 1})


def test_an_autoscaler_decides_how_many_pods_there_are() -> None:
    scaled = {"autoscaling": {"type": "hpa", "minReplicas": 1, "maxReplicas": 4}}
    assert "PodDisruptionBudget" in kinds(scaled)
    fixed = {"autoscaling": {"type": "hpa", "minReplicas": 1, "maxReplicas": 1}}
    assert "PodDisruptionBudget" not in kinds(fixed)


@pytest.mark.parametrize("api_versions", [(), KSERVE], ids=["plain", "kserve"])
def test_the_budget_counts_the_pods_that_there_are(api_versions: tuple[str, ...]) -> None:
    manifests = render(api_versions=api_versions)
    selector = one(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    if api_versions:
        assert selector == {
            "serving.kserve.io/inferenceservice": one(manifests, "InferenceService")["metadata"]["name"]
        }
    else:
        assert selector.items() <= one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()


def test_a_number_that_must_be_there_takes_the_place_of_one_that_may_be_missing() -> None:
    spec = one(render({"podDisruptionBudget": {"minAvailable": "50%"}}), "PodDisruptionBudget")["spec"]
    assert spec["minAvailable"] == "50%"
    assert "maxUnavailable" not in spec


def test_the_budget_can_be_left_out() -> None:
    assert "PodDisruptionBudget" not in kinds({"podDisruptionBudget": {"enabled": False}})


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        ({"maxUnavailable": 0}, r"maxUnavailable is 0, which blocks every drain"),
        ({"maxUnavailable": "0%"}, r"maxUnavailable is 0%, which blocks every drain"),
        ({"minAvailable": 3}, r"minAvailable is 3 of 3 pods, which blocks every drain"),
        ({"minAvailable": "100%"}, r"minAvailable is 100% of 3 pods, which blocks every drain"),
        ({"minAvailable": "70%"}, r"minAvailable is 70% of 3 pods, which blocks every drain"),
    ],
)
def test_a_budget_that_blocks_every_drain_is_refused(budget: dict[str, Any], sentence: str) -> None:
    with pytest.raises(HelmFailed, match=sentence):
        render({"replicas": 3, "podDisruptionBudget": budget})


@pytest.mark.parametrize("budget", [{"minAvailable": 2}, {"minAvailable": "66%"}, {"maxUnavailable": "10%"}])
def test_a_budget_that_leaves_one_pod_to_go_is_taken(budget: dict[str, Any]) -> None:
    assert one(render({"replicas": 3, "podDisruptionBudget": budget}), "PodDisruptionBudget")


def test_what_must_be_there_is_judged_by_the_fewest_pods() -> None:
    scaling = {"type": "hpa", "minReplicas": 2, "maxReplicas": 9}
    with pytest.raises(HelmFailed, match="minAvailable is 2 of 2 pods"):
        render({"autoscaling": scaling, "podDisruptionBudget": {"minAvailable": 2}})
