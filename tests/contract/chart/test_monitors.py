"""How Prometheus finds the pods, what it shows them, and what it names them."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import Manifest, one, render

MONITORS = {"podMonitor": "PodMonitor", "serviceMonitor": "ServiceMonitor"}
OPERATOR = tuple(f"monitoring.coreos.com/v1/{kind}" for kind in (*MONITORS.values(), "PrometheusRule"))
KSERVE = (*OPERATOR, "serving.kserve.io/v1beta1")

either = pytest.mark.parametrize("monitor", MONITORS)


def endpoint(monitor: str, values: Mapping[str, Any] = {}, api_versions: tuple[str, ...] = OPERATOR) -> Manifest:
    """What the monitor says of the pods' port, where `values` has the rest."""
    monitoring = {monitor: {"enabled": True}} | values.get("monitoring", {})
    manifests = render({**values, "monitoring": monitoring}, api_versions=api_versions)
    spec = one(manifests, MONITORS[monitor])["spec"]
    (found,) = spec["podMetricsEndpoints" if monitor == "podMonitor" else "endpoints"]
    return dict(found)


def relabelled(found: Manifest) -> dict[str, Manifest]:
    return {relabeling["targetLabel"]: relabeling for relabeling in found["relabelings"]}


def test_there_is_none_unless_asked_for() -> None:
    assert not {"PodMonitor", "ServiceMonitor"} & {manifest["kind"] for manifest in render(api_versions=OPERATOR)}


@either
def test_metrics_are_read_from_the_port_of_rest(monitor: str) -> None:
    found = endpoint(monitor)
    assert (found.get("port") or found["targetPort"], found["path"], found["scheme"]) == ("http", "/metrics", "http")


@either
def test_the_revision_of_a_pod_is_the_hash_of_its_template(monitor: str) -> None:
    revision = relabelled(endpoint(monitor))["revision"]
    assert revision["sourceLabels"] == ["__meta_kubernetes_pod_label_pod_template_hash"]


@either
def test_the_variant_of_a_pod_is_its_deployment(monitor: str) -> None:
    assert relabelled(endpoint(monitor))["variant"]["replacement"] == "ecluse"
    variant = relabelled(endpoint(monitor, api_versions=KSERVE))["variant"]
    assert variant["sourceLabels"] == ["__meta_kubernetes_pod_label_app"]
    assert variant["regex"] == r"isvc\.(.+)"


@either
def test_a_prometheus_may_be_looking_for_a_label_of_its_own(monitor: str) -> None:
    values = {"monitoring": {monitor: {"enabled": True}, "labels": {"release": "kube-prometheus-stack"}}}
    labels = one(render(values, api_versions=OPERATOR), MONITORS[monitor])["metadata"]["labels"]
    assert labels["release"] == "kube-prometheus-stack"
    assert labels["app.kubernetes.io/instance"] == "ecluse"


@either
def test_a_monitor_elsewhere_still_looks_in_the_releases_namespace(monitor: str) -> None:
    values = {"monitoring": {monitor: {"enabled": True}, "namespace": "monitoring"}}
    manifest = one(render(values, api_versions=OPERATOR, namespace="models"), MONITORS[monitor])
    assert manifest["metadata"]["namespace"] == "monitoring"
    assert manifest["spec"]["namespaceSelector"] == {"matchNames": ["models"]}


def test_kserves_service_is_found_by_both_of_its_labels() -> None:
    values = {"monitoring": {"serviceMonitor": {"enabled": True}}, "service": {"type": "NodePort"}}
    manifests = render(values, api_versions=KSERVE)
    selector = one(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert selector == {"serving.kserve.io/inferenceservice": "ecluse", "component": "predictor"}
    assert not selector.items() <= one(manifests, "Service")["metadata"]["labels"].items()


@either
def test_a_server_with_tls_is_asked_over_tls(monitor: str) -> None:
    found = endpoint(monitor, {"tls": {"secretName": "server-tls"}})
    assert found["scheme"] == "https"
    assert found["tlsConfig"] == {
        "serverName": "ecluse.default.svc",
        "ca": {"secret": {"name": "server-tls", "key": "ca.crt"}},
    }


@either
def test_where_callers_show_a_certificate_prometheus_shows_its_own(monitor: str) -> None:
    tls = {"secretName": "server-tls", "clientCaSecretName": "callers", "clientSecretName": "prober"}
    found = endpoint(monitor, {"tls": tls, "monitoring": {"tls": {"clientSecretName": "prometheus-tls"}}})
    assert found["tlsConfig"]["cert"] == {"secret": {"name": "prometheus-tls", "key": "tls.crt"}}
    assert found["tlsConfig"]["keySecret"] == {"name": "prometheus-tls", "key": "tls.key"}


@either
def test_a_certificate_that_nobody_signed_can_be_let_pass(monitor: str) -> None:
    tls = {"tls": {"secretName": "server-tls"}, "monitoring": {"tls": {"insecureSkipVerify": True}}}
    assert endpoint(monitor, tls)["tlsConfig"] == {"insecureSkipVerify": True}


@either
def test_where_metrics_take_a_key_prometheus_shows_one(monitor: str) -> None:
    values = {
        "auth": {"secretName": "keys", "metrics": True},
        "monitoring": {"authorization": {"secretName": "prometheus-key"}},
    }
    shown = endpoint(monitor, values)["authorization"]
    assert shown == {"type": "Bearer", "credentials": {"name": "prometheus-key", "key": "key"}}


@either
def test_how_often_and_what_else_is_as_asked(monitor: str) -> None:
    monitoring = {
        "interval": "10s",
        "scrapeTimeout": "5s",
        "relabelings": [{"targetLabel": "team", "replacement": "digits"}],
        "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
    }
    found = endpoint(monitor, {"monitoring": monitoring})
    assert (found["interval"], found["scrapeTimeout"]) == ("10s", "5s")
    assert {"revision", "variant", "team"} == set(relabelled(found))
    assert found["metricRelabelings"] == monitoring["metricRelabelings"]
