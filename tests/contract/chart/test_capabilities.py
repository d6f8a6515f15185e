"""An object of an API that the cluster does not have is refused, and one that it has is made."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import HelmFailed, render

ASKED_CLUSTER = "v1/Pod"
"""What every cluster knows, and what `helm template` does not say of none."""
PARENT = [{"name": "public"}]
GPU = {"image": {"variant": "gpu"}, "gpu": {"enabled": True, "dra": {"enabled": True}}}

NEEDS: list[tuple[str, Mapping[str, Any], str]] = [
    ("autoscaling.type keda", {"autoscaling": {"type": "keda"}}, "keda.sh/v1alpha1/ScaledObject"),
    ("autoscaling.queueRows", {"autoscaling": {"type": "hpa", "queueRows": 9}}, "custom.metrics.k8s.io/v1beta1"),
    (
        "autoscaling.queueRows",
        {"autoscaling": {"type": "hpa", "queueRows": 9, "metricsApi": "external"}},
        "external.metrics.k8s.io/v1beta1",
    ),
    (
        "httpRoute.enabled",
        {"httpRoute": {"enabled": True, "parentRefs": PARENT}},
        "gateway.networking.k8s.io/v1/HTTPRoute",
    ),
    (
        "grpcRoute.enabled",
        {"grpcRoute": {"enabled": True, "parentRefs": PARENT}},
        "gateway.networking.k8s.io/v1/GRPCRoute",
    ),
    (
        "monitoring.podMonitor.enabled",
        {"monitoring": {"podMonitor": {"enabled": True}}},
        "monitoring.coreos.com/v1/PodMonitor",
    ),
    (
        "monitoring.serviceMonitor.enabled",
        {"monitoring": {"serviceMonitor": {"enabled": True}}},
        "monitoring.coreos.com/v1/ServiceMonitor",
    ),
    (
        "monitoring.rules.enabled",
        {"monitoring": {"rules": {"enabled": True}}},
        "monitoring.coreos.com/v1/PrometheusRule",
    ),
    (
        "monitoring.dashboards.grafanaOperator.enabled",
        {"monitoring": {"dashboards": {"enabled": True, "grafanaOperator": {"enabled": True}}}},
        "grafana.integreatly.org/v1beta1/GrafanaDashboard",
    ),
    ("gpu.dra.enabled", GPU, "resource.k8s.io/v1/ResourceClaimTemplate"),
]

each = pytest.mark.parametrize(("value", "values", "api"), NEEDS, ids=[api for *_, api in NEEDS])


@each
def test_a_cluster_that_lacks_it_is_told(value: str, values: Mapping[str, Any], api: str) -> None:
    with pytest.raises(HelmFailed) as refused:
        render(values, api_versions=[ASKED_CLUSTER])
    assert f"{value} needs {api}" in str(refused.value)
    assert "which this cluster does not have" in str(refused.value)


@each
def test_a_cluster_that_has_it_gets_it(value: str, values: Mapping[str, Any], api: str) -> None:
    assert render(values, api_versions=[ASKED_CLUSTER, api])


@each
def test_where_no_cluster_is_asked_it_is_taken_to_be_there(value: str, values: Mapping[str, Any], api: str) -> None:
    assert render(values)


def test_a_cluster_that_tells_less_than_it_knows_can_be_overruled() -> None:
    assert render({"autoscaling": {"type": "keda"}, "capabilities": {"force": True}}, api_versions=[ASKED_CLUSTER])
