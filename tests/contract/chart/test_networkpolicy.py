"""Who may reach the pods, and whom they may reach."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
ON = {"networkPolicy": {"enabled": True}}


def policy(values: Mapping[str, Any] = {}, **how: Any) -> Any:
    return one(render({**ON, **values}, **how), "NetworkPolicy")["spec"]


def ports(rule: Manifest) -> set[tuple[str, Any]]:
    return {(port["protocol"], port["port"]) for port in rule["ports"]}


def test_there_is_none_unless_asked_for() -> None:
    assert "NetworkPolicy" not in [manifest["kind"] for manifest in render()]


def test_the_namespace_may_call_over_both_protocols() -> None:
    callers = policy()["ingress"][0]
    assert {"podSelector": {}} in callers["from"]
    assert ports(callers) == {("TCP", "http"), ("TCP", "grpc")}


def test_a_gateway_in_another_namespace_can_be_let_in() -> None:
    gateway = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateway"}}}
    values = {"networkPolicy": {"enabled": True, "ingress": {"callers": [gateway]}}}
    callers = policy(values)["ingress"][0]["from"]
    assert gateway in callers
    assert {"podSelector": {}} not in callers


def test_the_pod_of_helm_test_may_call_whoever_else_may() -> None:
    values = {
        "networkPolicy": {"enabled": True, "ingress": {"callers": [{"podSelector": {"matchLabels": {"a": "b"}}}]}}
    }
    selectors = [peer["podSelector"]["matchLabels"] for peer in policy(values)["ingress"][0]["from"]]
    assert {"app.kubernetes.io/instance": "ecluse", "app.kubernetes.io/component": "test"} in selectors


def test_where_no_caller_is_named_none_is_let_in() -> None:
    nobody = {"enabled": True, "ingress": {"callers": [], "prometheus": []}}
    (tests,) = policy({"networkPolicy": nobody})["ingress"]
    assert len(tests["from"]) == 1
    assert not policy({"networkPolicy": nobody, "tests": {"enabled": False}})["ingress"]


def test_where_no_peer_is_named_nobody_is_called() -> None:
    values = {
        "networkPolicy": {"enabled": True, "egress": {"dns": {"to": []}, "storage": [], "tracing": []}},
        "model": {"source": "storageUri", "storageUri": "s3://bucket/mnist"},
        "tracing": {"endpoint": "http://collector:4318"},
    }
    spec = policy(values, api_versions=KSERVE)
    assert "Egress" in spec["policyTypes"]
    assert not spec["egress"]


def test_prometheus_may_call_over_rest_alone() -> None:
    prometheus = policy()["ingress"][1]
    assert prometheus["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    assert ports(prometheus) == {("TCP", "http")}


def test_a_pod_with_a_model_of_its_own_may_ask_for_names_and_nothing_else() -> None:
    (names,) = policy()["egress"]
    assert ports(names) == {("UDP", 53), ("TCP", 53)}
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}} in names["to"]


@pytest.mark.parametrize(
    ("uri", "port"),
    [
        ("s3://bucket/mnist", 443),
        ("gs://bucket/mnist", 443),
        ("hf://owner/mnist", 443),
        ("https://models.example.org/mnist.tar.gz", 443),
        ("https://models.example.org:8443/mnist.tar.gz", 8443),
        ("http://models.example.org/mnist.tar.gz", 80),
        ("http://minio:9000/mnist.tar.gz", 9000),
    ],
)
def test_a_model_that_is_fetched_lets_the_pod_call_its_storage(uri: str, port: int) -> None:
    values = {"model": {"source": "storageUri", "storageUri": uri}}
    _, storage = policy(values, api_versions=KSERVE)["egress"]
    assert ports(storage) == {("TCP", port)}


@pytest.mark.parametrize("uri", ["pvc://claim/mnist", "oci://registry/mnist:1", "oci+native://registry/mnist:1"])
def test_a_model_that_the_kubelet_brings_lets_the_pod_call_nobody(uri: str) -> None:
    values = {"model": {"source": "storageUri", "storageUri": uri}}
    assert len(policy(values, api_versions=KSERVE)["egress"]) == 1


@pytest.mark.parametrize(
    ("endpoint", "port"), [("http://collector:4318", 4318), ("https://collector.example.org", 443)]
)
def test_spans_may_be_sent_to_their_collector(endpoint: str, port: int) -> None:
    _, tracing = policy({"tracing": {"endpoint": endpoint}})["egress"]
    assert ports(tracing) == {("TCP", port)}


def test_further_rules_are_kept_as_they_are() -> None:
    rule = {"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}], "ports": [{"protocol": "TCP", "port": 80}]}
    values = {"networkPolicy": {"enabled": True, "egress": {"extra": [rule]}, "ingress": {"extra": [{"from": []}]}}}
    assert policy(values)["egress"][-1] == rule
    assert policy(values)["ingress"][-1] == {"from": []}


def test_calls_out_can_be_left_free() -> None:
    spec = policy({"networkPolicy": {"enabled": True, "egress": {"enabled": False}}})
    assert spec["policyTypes"] == ["Ingress"]
    assert "egress" not in spec


@pytest.mark.parametrize("api_versions", [(), KSERVE], ids=["plain", "kserve"])
def test_the_policy_is_of_the_servers_pods(api_versions: tuple[str, ...]) -> None:
    selector = policy(api_versions=api_versions)["podSelector"]["matchLabels"]
    if api_versions:
        assert selector == {"serving.kserve.io/inferenceservice": "ecluse"}
    else:
        assert selector["app.kubernetes.io/instance"] == "ecluse"
