"""A real Prometheus finds the pods by the chart's monitors, is let in where keys are asked for, and has the rules."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
import trustme
import yaml

from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.prometheus import FOUND_SECONDS, Prometheus
from tests.cluster.releases import MODES, Release
from tests.cluster.waiting import until
from tests.helm import CHART, one, render

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

KEY = "of-prometheus"
OFTEN_SECONDS = 60
RULES = sorted((CHART / "files" / "rules").glob("*.yaml"))
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))


def read(prometheus: Prometheus, release: Release, namespace: Namespace) -> Mapping[str, str]:
    """Wait for the first series of the only pod, and give its labels."""
    (found,) = prometheus.until(
        "a series of the pod",
        lambda: prometheus.query(f'ecluse_model_ready{{namespace="{namespace.name}"}} == 1'),
        namespace,
        seen=lambda: prometheus.query(f'up{{namespace="{namespace.name}"}}'),
    )
    labels: Mapping[str, str] = found["metric"]
    (pod,) = release.pods()
    assert labels["pod"] == pod["metadata"]["name"]
    assert labels["revision"] == pod["metadata"]["labels"]["pod-template-hash"]
    return labels


@pytest.mark.parametrize("monitor", ["podMonitor", "serviceMonitor"])
@pytest.mark.parametrize("mode", MODES)
def test_each_pod_is_read_once_and_its_series_tell_variant_and_revision(
    mode: str, monitor: str, prometheus: Prometheus, own_namespace: Namespace, install: Install
) -> None:
    release = install(own_namespace, {"monitoring": {monitor: {"enabled": True}, "interval": "2s"}}, mode=mode)
    labels = read(prometheus, release, own_namespace)
    deployment = release.deployment()
    assert deployment is not None
    assert labels["variant"] == deployment["metadata"]["name"]
    assert len(prometheus.query(f'up{{namespace="{own_namespace.name}"}}')) == 1
    for query in queries_of_keda(mode, own_namespace):
        assert len(prometheus.query(query)) == 1, f"{query} finds nothing"


def test_every_shipped_rule_is_loaded_and_none_fails(
    prometheus: Prometheus, own_namespace: Namespace, install: Install
) -> None:
    """No pod is needed for that: what a rule finds is another question."""
    values = {"replicas": 0, "monitoring": {"rules": {"enabled": True}, "dashboards": {"enabled": True}}}
    install(own_namespace, values, wait=False)
    written = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]

    def loaded() -> list[dict[str, Any]]:
        return [group for group in prometheus.groups(own_namespace.name) if group["name"] != "nudge"]

    found = prometheus.until("the rules", loaded, own_namespace)
    assert sorted(group["name"] for group in found) == sorted(group["name"] for group in written)
    for group in found:
        (same,) = (each for each in written if each["name"] == group["name"])
        names = [rule.get("record") or rule.get("alert") for rule in same["rules"]]
        assert [rule["name"] for rule in group["rules"]] == names
        for rule in group["rules"]:
            prometheus.query(rule["query"])  # refused where it cannot be evaluated
    often = {group["name"] for group in found if group["interval"] <= OFTEN_SECONDS}
    until(
        "every rule that is evaluated often",
        lambda: all(rule["health"] == "ok" for group in loaded() if group["name"] in often for rule in group["rules"]),
        seconds=FOUND_SECONDS,
        seen=lambda: [rule for group in loaded() for rule in group["rules"] if rule["health"] == "err"],
    )


def test_every_dashboard_is_on_the_cluster_as_grafanas_sidecar_looks_for_it(
    own_namespace: Namespace, install: Install, cluster: Any
) -> None:
    install(own_namespace, {"replicas": 0, "monitoring": {"dashboards": {"enabled": True}}}, wait=False)
    found = own_namespace.find("ConfigMap", "grafana_dashboard=1")
    data = {name: text.encode() for config in found for name, text in config["data"].items()}
    assert data == {file.name: file.read_bytes() for file in DASHBOARDS}


def queries_of_keda(mode: str, namespace: Namespace) -> list[str]:
    """What KEDA would ask about these pods."""
    scaling = {"type": "keda", "queueRows": 1, "cpuUtilization": 0, "keda": {"serverAddress": "http://prometheus"}}
    manifests = render({"mode": mode, "autoscaling": scaling}, namespace=namespace.name)
    return [trigger["metadata"]["query"] for trigger in one(manifests, "ScaledObject")["spec"]["triggers"]]


def secret(name: str, **data: bytes) -> dict[str, Any]:
    """A Secret; `tls_crt` is the entry `tls.crt`."""
    entries = {key.replace("_", "."): base64.b64encode(value).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": entries}


def certificate(name: str, issued: trustme.LeafCert, ca: trustme.CA) -> dict[str, Any]:
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return secret(name, tls_crt=chain, tls_key=issued.private_key_pem.bytes(), ca_crt=ca.cert_pem.bytes())


@pytest.mark.parametrize("mutual", [False, True], ids=["server certificate", "both certificates"])
def test_prometheus_shows_what_the_server_asks_of_everybody(
    mutual: bool, prometheus: Prometheus, own_namespace: Namespace, install: Install
) -> None:
    ca = trustme.CA()
    server = ca.issue_cert("ecluse", f"ecluse.{own_namespace.name}.svc")
    own_namespace.create(certificate("server-tls", server, ca))
    own_namespace.create(certificate("client-tls", ca.issue_cert("prometheus@example.org"), ca))
    sums = f"prometheus:{hashlib.sha256(KEY.encode()).hexdigest()}\n"
    own_namespace.create(secret("keys", keys=sums.encode()))
    own_namespace.create(secret("prometheus-key", key=KEY.encode()))
    values: dict[str, Any] = {
        "tls": {"secretName": "server-tls"},
        "auth": {"secretName": "keys", "metrics": True},
        "monitoring": {
            "podMonitor": {"enabled": True},
            "interval": "2s",
            "authorization": {"secretName": "prometheus-key"},
        },
    }
    if mutual:
        values["tls"] |= {"clientCaSecretName": "server-tls", "clientSecretName": "client-tls"}
        values["monitoring"]["tls"] = {"clientSecretName": "client-tls"}
    release = install(own_namespace, values)
    assert read(prometheus, release, own_namespace)["model_name"] == "mnist"
