"""Who counts the pods, by what, and how fast."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from monitoring.contract import CONTRACT
from tests.helm import Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
KEDA = ("keda.sh/v1alpha1/ScaledObject",)
CUSTOM = ("custom.metrics.k8s.io/v1beta1",)
PROMETHEUS = {"keda": {"serverAddress": "http://prometheus.monitoring.svc:9090"}}

modes = pytest.mark.parametrize("mode", [(), KSERVE], ids=["plain", "kserve"])


def hpa(values: Mapping[str, Any] = {}, api_versions: tuple[str, ...] = ()) -> Any:
    manifests = render({"autoscaling": {"type": "hpa", **values}}, api_versions=api_versions)
    return one(manifests, "HorizontalPodAutoscaler")["spec"]


def scaled_object(
    values: Mapping[str, Any] = {}, api_versions: tuple[str, ...] = (), *, release: str = "ecluse"
) -> Any:
    scaling = {"autoscaling": {"type": "keda", **values}}
    manifests = render(scaling, api_versions=(*api_versions, *KEDA), release=release)
    return one(manifests, "ScaledObject")["spec"]


def triggers(spec: Manifest) -> list[str]:
    return [trigger["metadata"]["query"] for trigger in spec["triggers"] if trigger["type"] == "prometheus"]


@modes
def test_without_an_autoscaler_there_is_none_and_replicas_stand(mode: tuple[str, ...]) -> None:
    manifests = render({"replicas": 3}, api_versions=mode)
    assert not {"HorizontalPodAutoscaler", "ScaledObject"} & {manifest["kind"] for manifest in manifests}
    if mode:
        service = one(manifests, "InferenceService")
        assert service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
        assert service["spec"]["predictor"]["minReplicas"] == 3
    else:
        assert one(manifests, "Deployment")["spec"]["replicas"] == 3


@modes
def test_nobody_counts_the_pods_beside_the_autoscaler(mode: tuple[str, ...]) -> None:
    manifests = render({"autoscaling": {"type": "hpa"}}, api_versions=mode)
    if mode:
        annotations = one(manifests, "InferenceService")["metadata"]["annotations"]
        assert annotations["serving.kserve.io/autoscalerClass"] == "external"
    else:
        assert "replicas" not in one(manifests, "Deployment")["spec"]


@modes
def test_both_autoscalers_aim_at_the_deployment_of_the_mode(mode: tuple[str, ...]) -> None:
    deployment = "ecluse-predictor" if mode else "ecluse"
    assert hpa(api_versions=mode)["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": deployment,
    }
    assert scaled_object(api_versions=mode)["scaleTargetRef"] == {"name": deployment}


def test_kserve_takes_an_hpa_of_its_deployments_name_for_its_own_so_ours_has_another() -> None:
    manifests = render({"autoscaling": {"type": "hpa"}}, api_versions=KSERVE)
    scaler = one(manifests, "HorizontalPodAutoscaler")
    assert scaler["metadata"]["name"] != scaler["spec"]["scaleTargetRef"]["name"]


@modes
def test_cpu_is_that_of_the_servers_container(mode: tuple[str, ...]) -> None:
    container = "kserve-container" if mode else "server"
    (metric,) = hpa({"cpuUtilization": 60}, mode)["metrics"]
    assert metric["containerResource"] == {
        "name": "cpu",
        "container": container,
        "target": {"type": "Utilization", "averageUtilization": 60},
    }
    (trigger,) = scaled_object({"cpuUtilization": 60}, mode)["triggers"]
    assert trigger["metadata"] == {"value": "60", "containerName": container}


def test_pods_are_taken_away_one_a_minute_after_five_minutes_of_calm() -> None:
    for behavior in (
        hpa()["behavior"],
        scaled_object()["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
    ):
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
        assert behavior["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]
        assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0


def test_a_behaviour_of_the_users_own_takes_the_place_of_ours() -> None:
    own = {"scaleDown": {"selectPolicy": "Disabled"}}
    assert hpa({"behavior": own})["behavior"] == own


def test_rows_that_wait_are_a_metric_of_each_pod_or_one_from_outside() -> None:
    of_pods = hpa({"queueRows": 64, "cpuUtilization": 0}, CUSTOM)["metrics"]
    assert of_pods == [
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": "ecluse_queue_rows"},
                "target": {"type": "AverageValue", "averageValue": "64"},
            },
        }
    ]
    (outside,) = hpa(
        {"queueRows": 64, "cpuUtilization": 0, "metricsApi": "external"}, ("external.metrics.k8s.io/v1beta1",)
    )["metrics"]
    assert outside["external"]["metric"] == {
        "name": "ecluse_queue_rows",
        "selector": {"matchLabels": {"variant": "ecluse"}},
    }


def test_keda_asks_prometheus_for_rows_and_requests_of_these_pods_alone() -> None:
    spec = scaled_object({"queueRows": 64, "requestsPerSecond": 200, "cpuUtilization": 0, **PROMETHEUS}, KSERVE)
    pods = '{namespace="default", pod=~"ecluse-predictor-[a-z0-9]+-[a-z0-9]{5}"}'
    assert triggers(spec) == [f"sum(ecluse_queue_rows{pods})", f"sum(rate(ecluse_requests_total{pods}[2m]))"]
    assert [trigger["metadata"]["threshold"] for trigger in spec["triggers"]] == ["64", "200"]


def test_what_is_asked_of_prometheus_is_in_the_contract_of_metrics() -> None:
    queries = triggers(scaled_object({"queueRows": 1, "requestsPerSecond": 1, **PROMETHEUS}))
    names = {metric.name for metric in CONTRACT}
    for query in queries:
        assert any(f"{name}{{" in query for name in names)
    assert "ecluse_queue_rows" in names


def test_a_prometheus_that_has_lost_sight_of_the_pods_does_not_take_them_for_idle() -> None:
    spec = scaled_object({"queueRows": 1, "cpuUtilization": 0, **PROMETHEUS})
    assert [trigger["metadata"]["ignoreNullValues"] for trigger in spec["triggers"]] == ["false"]


def test_keda_is_told_how_to_show_itself_to_prometheus() -> None:
    keda = {**PROMETHEUS["keda"], "metadata": {"authModes": "bearer"}, "authenticationRef": {"name": "prometheus"}}
    (trigger,) = scaled_object({"queueRows": 1, "cpuUtilization": 0, "keda": keda})["triggers"]
    assert trigger["metadata"]["authModes"] == "bearer"
    assert trigger["authenticationRef"] == {"name": "prometheus"}


def test_further_metrics_and_triggers_are_kept_as_they_are() -> None:
    metric = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization"}}}
    assert hpa({"metrics": [metric]})["metrics"][-1] == metric
    trigger = {"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *", "desiredReplicas": "4"}}
    assert scaled_object({"keda": {"triggers": [trigger]}})["triggers"][-1] == trigger


def test_scaling_to_zero_takes_a_trigger_from_outside() -> None:
    trigger = {"type": "cron", "metadata": {"timezone": "UTC"}}
    spec = scaled_object({"minReplicas": 0, "keda": {"triggers": [trigger]}})
    assert spec["minReplicaCount"] == 0


@pytest.mark.parametrize("length", [36, 37, 53])
def test_pods_of_a_long_name_are_found(length: int) -> None:
    spec = scaled_object({**PROMETHEUS, "queueRows": 8}, release="ecluse".ljust(length, "a"), api_versions=KSERVE)
    # The API server puts five letters of its own behind the first 58 of the ReplicaSet's name and a dash.
    pod = f"{spec['scaleTargetRef']['name']}-5d4f8c7b69-"[:58] + "x2x4z"
    found = re.search(r'pod=~"(.*)"', triggers(spec)[0])
    assert found is not None
    assert re.fullmatch(found[1], pod)
