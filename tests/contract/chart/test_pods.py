"""The server's pod, in both modes: what security, secrets, probes and the drain put into it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import Manifest, one, render

MODES = ("plain", "kserve")


def pod(mode: str, values: Mapping[str, Any] = {}) -> Manifest:
    """Give the pod that a mode makes, with the server's container first and under one name in both."""
    manifests = render({**values, "mode": mode})
    if mode == "plain":
        spec: Manifest = one(manifests, "Deployment")["spec"]["template"]["spec"]
        server, *others = spec["containers"]
        assert server.pop("name") == "server"
        return {**spec, "containers": [server, *others]}
    predictor = dict(one(manifests, "InferenceService")["spec"]["predictor"])
    model = dict(predictor.pop("model"))
    for key in ("modelFormat", "runtime", "protocolVersion", "storage"):
        del model[key]
    for key in ("minReplicas", "maxReplicas", "deploymentStrategy", "labels", "annotations"):
        predictor.pop(key, None)
    return {**predictor, "containers": [model, *predictor.pop("containers", [])]}


def server(mode: str, values: Mapping[str, Any] = {}) -> Manifest:
    container: Manifest = pod(mode, values)["containers"][0]
    return container


SECRETS: dict[str, Any] = {
    "auth": {"secretName": "callers"},
    "admin": {"enabled": True, "secretName": "operators"},
    "feedback": {"secretName": "signers"},
    "tls": {"secretName": "server", "clientCaSecretName": "authority", "clientSecretName": "prober"},
}


@pytest.mark.parametrize("mode", MODES)
def test_a_pod_passes_the_restricted_standard(mode: str) -> None:
    made = pod(mode)
    assert made["securityContext"]["runAsNonRoot"] is True
    assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert made["automountServiceAccountToken"] is False
    context = made["containers"][0]["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("mode", MODES)
def test_services_of_the_namespace_set_no_settings(mode: str) -> None:
    assert pod(mode)["enableServiceLinks"] is False


@pytest.mark.parametrize("mode", MODES)
def test_the_kubelet_sleeps_before_it_ends_a_pod(mode: str) -> None:
    assert server(mode)["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert "lifecycle" not in server(mode, {"drain": {"preStopSeconds": 0}})
    assert pod(mode)["terminationGracePeriodSeconds"] == 60


@pytest.mark.parametrize("mode", MODES)
def test_liveness_asks_for_nothing_but_an_answer(mode: str) -> None:
    made = server(mode)
    assert made["livenessProbe"]["httpGet"] == {"path": "/v2/health/live", "port": "http", "scheme": "HTTP"}
    for probe in ("startupProbe", "readinessProbe"):
        assert made[probe]["httpGet"]["path"] == "/v2/health/ready"
    assert made["readinessProbe"]["successThreshold"] == 2


@pytest.mark.parametrize("mode", MODES)
def test_rest_is_the_first_port(mode: str) -> None:
    assert [port["name"] for port in server(mode)["ports"]] == ["http", "grpc"]


@pytest.mark.parametrize("mode", MODES)
def test_probes_speak_tls(mode: str) -> None:
    made = server(mode, {"tls": {"secretName": "server"}})
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert made[probe]["httpGet"]["scheme"] == "HTTPS"


@pytest.mark.parametrize("mode", MODES)
def test_probes_show_a_certificate_where_callers_must(mode: str) -> None:
    made = server(mode, SECRETS)
    files = ["/etc/ecluse/client/tls.crt", "/etc/ecluse/client/tls.key"]
    command = ["python", "-I", "-S", "serving/probe.py", "8080"]
    assert made["livenessProbe"]["exec"]["command"] == [*command, "/v2/health/live", *files]
    assert made["readinessProbe"]["exec"]["command"] == [*command, "/v2/health/ready", *files]


@pytest.mark.parametrize("mode", MODES)
def test_secrets_are_mounted_as_folders_which_the_kubelet_renews(mode: str) -> None:
    made = pod(mode, SECRETS)
    mounts = {mount["name"]: mount for mount in made["containers"][0]["volumeMounts"]}
    secrets = {volume["name"]: volume["secret"] for volume in made["volumes"] if "secret" in volume}
    assert {name: secret["secretName"] for name, secret in secrets.items()} == {
        "keys": "callers",
        "admin-keys": "operators",
        "feedback-keys": "signers",
        "tls": "server",
        "client-ca": "authority",
        "client": "prober",
    }
    for name in secrets:
        assert mounts[name] == {"name": name, "mountPath": f"/etc/ecluse/{name}", "readOnly": True}


@pytest.mark.parametrize("mode", MODES)
def test_the_server_is_told_where_its_secrets_are(mode: str) -> None:
    made = pod(mode, SECRETS)
    env = {entry["name"]: entry["value"] for entry in made["containers"][0]["env"]}
    files = {
        f"/etc/ecluse/{volume['name']}/{item['path']}"
        for volume in made["volumes"]
        if "secret" in volume
        for item in volume["secret"]["items"]
    }
    files_of = (
        "AUTH_KEYS_FILE",
        "ADMIN_KEYS_FILE",
        "FEEDBACK_KEYS_FILE",
        "TLS_CERTIFICATE",
        "TLS_KEY",
        "TLS_CLIENT_CA",
    )
    told = {env[name] for name in files_of}
    assert told == {file for file in files if not file.startswith("/etc/ecluse/client/")}


def test_admin_keys_are_not_mounted_where_nobody_may_use_them() -> None:
    made = pod("plain", {"admin": {"secretName": "operators"}})
    assert "admin-keys" not in {volume["name"] for volume in made["volumes"]}


def test_braces_reach_the_server_through_kserves_own_templates() -> None:
    braces = {"extraEnv": [{"name": "PATTERN", "value": "a{{b}}c"}]}
    in_plain = next(entry for entry in server("plain", braces)["env"] if entry["name"] == "PATTERN")
    in_kserve = next(entry for entry in server("kserve", braces)["env"] if entry["name"] == "PATTERN")
    assert in_plain["value"] == "a{{b}}c"
    assert in_kserve["value"] == "a{{`{{`}}b}}c"


def test_a_digest_wins_over_a_tag_and_the_global_registry_over_the_images() -> None:
    digest = "sha256:" + "0" * 64
    image = {"registry": "one.example", "tag": "1", "digest": digest}
    assert server("plain", {"image": image})["image"] == f"one.example/ecluse/serving@{digest}"
    both = {"image": image, "global": {"imageRegistry": "two.example"}}
    assert server("plain", both)["image"] == f"two.example/ecluse/serving@{digest}"


def test_the_tag_says_what_the_image_holds() -> None:
    assert server("plain")["image"].endswith("-demo")
    claim = {"source": "existingClaim", "existingClaim": {"name": "models"}}
    assert not server("plain", {"model": claim})["image"].endswith("-demo")
