"""A real Prometheus finds the pods by the chart's monitors, and is let in where callers are asked who they are.

The Prometheus is one that the operator runs on the cluster and that takes every
monitor. ECLUSE_PROMETHEUS_ADDRESS says where it is reached, where that is not a
NodePort of its namespace.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import trustme

from tests.cluster.api import Api
from tests.cluster.callers import ask
from tests.cluster.conftest import Install, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import MODES, Release
from tests.cluster.waiting import until
from tests.helm import one, render

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

OPERATOR = "monitoring.coreos.com/v1"
PORT = 9090
FOUND_SECONDS = 180
"""The operator writes a configuration, the reloader takes it, and only then is the first interval waited for."""

KEY = "of-prometheus"

Query = Callable[[str], list[Any]]
"""Ask Prometheus, and give the series with their values."""


@pytest.fixture(scope="session")
def prometheus(cluster: Api) -> Query:
    address = os.environ.get("ECLUSE_PROMETHEUS_ADDRESS") or node_port(cluster)

    def query(expression: str) -> list[Any]:
        reply = ask(address, f"/api/v1/query?query={quote(expression)}")
        assert reply.status == 200, reply.body
        found: list[Any] = reply.json["data"]["result"]
        return found

    return query


def node_port(cluster: Api) -> str:
    running = cluster.find("Prometheus") if cluster.knows(OPERATOR) else []
    for each in running:
        for service in cluster.find("Service", each["metadata"]["namespace"]):
            for port in service["spec"]["ports"]:
                if port["port"] == PORT and "nodePort" in port:
                    return f"127.0.0.1:{port['nodePort']}"
    not_here(f"no Prometheus: the cluster runs none that is reached by a NodePort for {PORT}", "prometheus")
    raise AssertionError  # not_here ends the test


def read(prometheus: Query, release: Release, namespace: Namespace) -> Mapping[str, str]:
    """Wait for the first series of the only pod, and give its labels."""
    (found,) = until(
        "a series of the pod",
        lambda: prometheus(f'ecluse_model_ready{{namespace="{namespace.name}"}} == 1'),
        seconds=FOUND_SECONDS,
        seen=lambda: prometheus(f'up{{namespace="{namespace.name}"}}'),
    )
    labels: Mapping[str, str] = found["metric"]
    (pod,) = release.pods()
    assert labels["pod"] == pod["metadata"]["name"]
    assert labels["revision"] == pod["metadata"]["labels"]["pod-template-hash"]
    return labels


@pytest.mark.parametrize("monitor", ["podMonitor", "serviceMonitor"])
@pytest.mark.parametrize("mode", MODES)
def test_each_pod_is_read_once_and_its_series_tell_variant_and_revision(
    mode: str, monitor: str, prometheus: Query, own_namespace: Namespace, install: Install
) -> None:
    release = install(own_namespace, {"monitoring": {monitor: {"enabled": True}, "interval": "2s"}}, mode=mode)
    labels = read(prometheus, release, own_namespace)
    deployment = release.deployment()
    assert deployment is not None
    assert labels["variant"] == deployment["metadata"]["name"]
    assert len(prometheus(f'up{{namespace="{own_namespace.name}"}}')) == 1
    for query in queries_of_keda(mode, own_namespace):
        assert len(prometheus(query)) == 1, f"{query} finds nothing"


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
    mutual: bool, prometheus: Query, own_namespace: Namespace, install: Install
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
