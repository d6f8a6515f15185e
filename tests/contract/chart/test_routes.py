"""What a gateway or an ingress lets through to the server, and for how long it waits."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import HelmFailed, Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
GATEWAY = ("gateway.networking.k8s.io/v1/HTTPRoute", "gateway.networking.k8s.io/v1/GRPCRoute")
PARENT = {"name": "public", "namespace": "gateway"}
KINDS = {"httpRoute": "HTTPRoute", "grpcRoute": "GRPCRoute"}
PORTS = {"httpRoute": 80, "grpcRoute": 8081}

either = pytest.mark.parametrize("name", KINDS)


def spec(name: str, values: Mapping[str, Any] = {}, api_versions: tuple[str, ...] = ()) -> Any:
    route = {name: {"enabled": True, "parentRefs": [PARENT], **values}}
    return one(render(route, api_versions=(*GATEWAY, *api_versions)), KINDS[name])["spec"]


def ingresses(values: Mapping[str, Any]) -> dict[str, Manifest]:
    manifests = render({"ingress": values})
    return {found["metadata"]["name"]: found for found in manifests if found["kind"] == "Ingress"}


def backends(ingress: Manifest) -> list[tuple[str, str, int]]:
    return [
        (rule["host"], path["path"], path["backend"]["service"]["port"]["number"])
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]


def test_there_are_no_routes_unless_asked_for() -> None:
    kinds = {manifest["kind"] for manifest in render(api_versions=GATEWAY)}
    assert not {"HTTPRoute", "GRPCRoute", "Ingress"} & kinds


@either
@pytest.mark.parametrize(("mode", "service"), [((), "ecluse"), (KSERVE, "ecluse-predictor")], ids=["plain", "kserve"])
def test_a_route_leads_to_the_service_of_the_mode(name: str, mode: tuple[str, ...], service: str) -> None:
    (rule,) = spec(name, api_versions=mode)["rules"]
    assert rule["backendRefs"] == [{"name": service, "port": PORTS[name], "weight": 100}]


@either
def test_other_services_can_have_a_share(name: str) -> None:
    canary = {"name": "canary-ecluse", "port": PORTS[name], "weight": 10}
    (rule,) = spec(name, {"weight": 90, "backends": [canary]})["rules"]
    assert [backend["weight"] for backend in rule["backendRefs"]] == [90, 10]
    assert rule["backendRefs"][1] == canary


@either
def test_a_route_belongs_to_its_gateway_and_names(name: str) -> None:
    found = spec(name, {"hostnames": ["{{ .Release.Name }}.example.org"]})
    assert found["parentRefs"] == [PARENT]
    assert found["hostnames"] == ["ecluse.example.org"]


def test_metrics_are_not_let_through() -> None:
    (rule,) = spec("httpRoute")["rules"]
    assert [match["path"]["value"] for match in rule["matches"]] == ["/v1", "/v2"]


def test_the_gateway_waits_a_minute_or_as_long_as_it_is_told() -> None:
    assert spec("httpRoute")["rules"][0]["timeouts"] == {"request": "60s"}
    assert spec("httpRoute", {"timeoutSeconds": 300})["rules"][0]["timeouts"] == {"request": "300s"}
    assert "timeouts" not in spec("httpRoute", {"timeoutSeconds": 0})["rules"][0]


def test_inference_and_health_are_let_through_of_grpc() -> None:
    (rule,) = spec("grpcRoute")["rules"]
    services = [match["method"]["service"] for match in rule["matches"]]
    assert services == ["inference.GRPCInferenceService", "grpc.health.v1.Health"]
    assert "matches" not in spec("grpcRoute", {"services": []})["rules"][0]


BOTH = {"enabled": True, "parentRefs": [PARENT]}


@pytest.mark.parametrize("names", [[], ["models.example.org"]], ids=["no names", "the same name"])
def test_two_routes_of_which_a_gateway_takes_one_are_refused(names: list[str]) -> None:
    values = {"httpRoute": {**BOTH, "hostnames": names}, "grpcRoute": {**BOTH, "hostnames": names}}
    with pytest.raises(HelmFailed, match="same hostnames at the same Gateway, which accepts only one of them"):
        render(values, api_versions=GATEWAY)


@pytest.mark.parametrize(
    "grpc",
    [
        {**BOTH, "hostnames": ["grpc.example.org"]},
        {**BOTH, "hostnames": ["a.example.org"], "parentRefs": [{**PARENT, "sectionName": "grpc"}]},
    ],
    ids=["another name", "another listener"],
)
def test_two_routes_that_can_be_told_apart_are_taken(grpc: dict[str, Any]) -> None:
    values = {"httpRoute": {**BOTH, "hostnames": ["a.example.org"]}, "grpcRoute": grpc}
    manifests = render(values, api_versions=GATEWAY)
    assert one(manifests, "HTTPRoute")
    assert one(manifests, "GRPCRoute")


def test_an_ingress_leads_to_rest() -> None:
    found = ingresses({"enabled": True, "className": "nginx", "hosts": ["models.example.org"]})
    assert backends(found["ecluse"]) == [("models.example.org", "/v1", 80), ("models.example.org", "/v2", 80)]
    assert found["ecluse"]["spec"]["ingressClassName"] == "nginx"
    assert set(found) == {"ecluse"}


def test_grpc_has_an_ingress_of_its_own_because_its_protocol_is_said_of_the_whole() -> None:
    found = ingresses({"grpc": {"enabled": True, "hosts": ["grpc.example.org"], "tls": [{"secretName": "grpc-tls"}]}})
    assert set(found) == {"ecluse-grpc"}
    grpc = found["ecluse-grpc"]
    assert {port for *_, port in backends(grpc)} == {8081}
    assert grpc["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/backend-protocol": "GRPC"}
    assert grpc["spec"]["tls"] == [{"secretName": "grpc-tls"}]
