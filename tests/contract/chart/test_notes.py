"""What a person reads after an installation."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.helm import CHART, helm


def notes(values: Mapping[str, Any] = {}) -> str:
    """Give the notes, as one line of words; Helm 4 makes them without asking a cluster."""
    text = helm("install", "ecluse", CHART, "--dry-run=client", "--values", "-", stdin=yaml.safe_dump(dict(values)))
    return " ".join(text.partition("\nNOTES:\n")[2].split())


def test_the_mode_is_told_and_why_it_was_taken() -> None:
    assert "the Deployment ecluse (mode plain, because this cluster has no KServe" in notes()
    assert "the InferenceService ecluse (mode kserve)." in notes({"mode": "kserve"})


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"mode": "plain"}, "port-forward service/ecluse 8080:80 8081:8081 &"),
        ({"mode": "kserve"}, "port-forward service/ecluse-predictor 8080:80 8081:8081 &"),
        ({"mode": "plain", "service": {"type": "NodePort"}}, "get service ecluse -o jsonpath='{.spec.ports["),
        ({"mode": "kserve", "service": {"type": "NodePort"}}, "get service ecluse-external -o jsonpath='{.spec.ports["),
        ({"mode": "kserve", "service": {"type": "LoadBalancer"}}, "ecluse-external -o jsonpath='{.status.loadBalancer"),
    ],
)
def test_callers_are_sent_to_the_service_that_there_is(values: Mapping[str, Any], line: str) -> None:
    assert line in notes(values)


def test_the_demo_is_asked_for_a_picture_over_both_protocols() -> None:
    told = notes()
    assert "-d @seven.json http://$REST/v2/models/mnist/infer" in told
    assert "grpcurl -plaintext -d @ $GRPC inference.GRPCInferenceService/ModelInfer < seven-grpc.json" in told
    assert "grpcurl" not in notes({"enableGrpc": False})


def test_keys_and_certificates_are_shown() -> None:
    tls = {"secretName": "server", "clientCaSecretName": "authority", "clientSecretName": "prober"}
    told = notes({"tls": tls, "auth": {"secretName": "keys"}})
    assert 'curl -sk --cert client.crt --key client.key -H "Authorization: Bearer $KEY"' in told
    assert 'grpcurl -insecure -cert client.crt -key client.key -H "Authorization: Bearer $KEY"' in told
    assert "helm test has no key to show" in told


def on(*parts: str, **more: Any) -> Mapping[str, Any]:
    return {"monitoring": {**{part: {"enabled": True} for part in parts}, **more}}


def test_how_to_see_that_prometheus_has_found_it_is_told() -> None:
    told = notes(on("podMonitor", "rules"))
    assert "Prometheus reads every pod and has the rules" in told
    assert "proxy/api/v1/query?query=up%7Bnamespace%3D%22default%22%7D'" in told
    assert "proxy/api/v1/rules?type=alert'" in told
    assert "to be given in monitoring.labels: kubectl get prometheus -A" in told
    assert "kubectl --namespace default get podmonitors,servicemonitors,prometheusrules" in told
    assert "kubectl --namespace stack get podmonitors" in notes(on("podMonitor", namespace="stack"))


def test_only_what_was_made_is_looked_for() -> None:
    assert "rules?type" not in notes(on("serviceMonitor"))
    assert "query=up" not in notes(on("rules"))
    assert "kubectl get --raw" not in notes(on("dashboards"))
    assert "Prometheus" not in notes()


def test_rules_and_dashboards_are_said_to_hold_for_all_releases() -> None:
    assert "Rules and dashboards hold for every server" in notes(on("rules", "dashboards"))
    assert "The rules hold for every server" in notes(on("rules"))
    assert "The dashboards hold for every server" in notes(on("dashboards"))
    assert "leave them away" not in notes(on("podMonitor"))


def test_the_drain_is_counted_together() -> None:
    values = {"drain": {"preStopSeconds": 2, "lameDuckSeconds": 3.5, "timeoutSeconds": 4}}
    assert "serves on for 2 s until" in notes(values)
    assert "9.5 s of the 60 s that it has." in notes(values)


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({}, "the next upgrade changes it, and with it all pods at once: set mode to plain to stay."),
        ({"replicas": 1}, "One replica:"),
        ({"strategy": {"profile": "recreate"}}, "ends all pods before new ones start"),
        ({"mode": "kserve"}, "helm --wait cannot be relied on"),
        ({"mode": "kserve", "tls": {"secretName": "server"}}, "KServe's own routes speak plain text"),
        (
            {"mode": "kserve", "model": {"source": "storageUri", "storageUri": "s3://bucket/mnist"}},
            "KServe fetches the model with a container of its own",
        ),
    ],
)
def test_what_may_surprise_is_told_before(values: Mapping[str, Any], warning: str) -> None:
    assert warning in notes(values)


def test_nothing_is_warned_of_by_itself() -> None:
    assert "Mind:" not in notes({"mode": "plain"})


def test_how_to_read_the_verdict_of_a_load_test_is_told() -> None:
    told = notes({"loadtest": {"enabled": True}})
    assert "logs --follow job/ecluse-load-1" in told
    assert "--selector job-name=ecluse-load-1 -o jsonpath='{.items[0].status.containerStatuses[0]" in told
    assert "load-1" not in notes()


def test_how_to_follow_a_rollout_and_to_take_it_back_is_told() -> None:
    rollout = {"target": "httproute/mnist", "prometheus": "http://prometheus:9090", "rbac": {"create": True}}
    told = notes({"mode": "plain", "rollout": {**rollout, "job": {"enabled": True}}})
    assert "logs --follow job/ecluse-rollout-1" in told
    assert "python -m k8s.rollout httproute/mnist --namespace default --status" in told
    assert "rollout-1" not in notes({"mode": "plain", "rollout": rollout})
