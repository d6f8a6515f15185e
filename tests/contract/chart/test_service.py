"""The Services in front of the pods."""

from tests.helm import Manifest, one, render


def ports(manifest: Manifest) -> list[tuple[str, int, str]]:
    return [(port["name"], port["port"], port.get("appProtocol", "")) for port in manifest["spec"]["ports"]]


def test_rest_is_port_80_and_grpc_8081_as_with_kserve() -> None:
    made = one(render({"mode": "plain"}), "Service")
    assert ports(made) == [("http", 80, ""), ("grpc", 8081, "kubernetes.io/h2c")]


def test_gateways_are_told_of_tls() -> None:
    made = one(render({"mode": "plain", "tls": {"secretName": "server"}}), "Service")
    assert ports(made) == [("http", 80, "https"), ("grpc", 8081, "https")]


def test_kserve_makes_the_service_and_the_chart_one_for_callers_from_outside() -> None:
    assert not [manifest for manifest in render({"mode": "kserve"}) if manifest["kind"] == "Service"]
    outside = one(render({"mode": "kserve", "service": {"type": "LoadBalancer"}}), "Service")
    assert outside["metadata"]["name"] == "ecluse-external"
    assert outside["spec"]["selector"] == {"serving.kserve.io/inferenceservice": "ecluse"}


def test_node_ports_are_the_clusters_to_choose_unless_they_are_given() -> None:
    chosen = one(render({"mode": "plain", "service": {"type": "NodePort"}}), "Service")
    assert not any("nodePort" in port for port in chosen["spec"]["ports"])
    given = {"type": "NodePort", "nodePorts": {"http": 30100, "grpc": 30101}}
    made = one(render({"mode": "plain", "service": given}), "Service")
    assert [port["nodePort"] for port in made["spec"]["ports"]] == [30100, 30101]


def test_no_grpc_no_port_of_it() -> None:
    made = one(render({"mode": "plain", "enableGrpc": False}), "Service")
    assert ports(made) == [("http", 80, "")]


def test_a_label_of_the_users_does_not_hide_the_service_from_what_finds_it() -> None:
    labels = {"app.kubernetes.io/component": "mine", "team": "vision"}
    made = one(render({"mode": "plain", "service": {"labels": labels}}), "Service")["metadata"]["labels"]
    assert (made["app.kubernetes.io/component"], made["team"]) == ("server", "vision")
