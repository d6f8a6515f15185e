"""What `helm test` runs."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm import REPOSITORY, Manifest, one, render


def pod(values: Mapping[str, Any] = {}) -> Manifest:
    return one(render({"mode": "plain", **values}), "Pod")


def command(values: Mapping[str, Any] = {}) -> list[str]:
    words: list[str] = pod(values)["spec"]["containers"][0]["command"]
    return words


CLAIM = {"model": {"source": "existingClaim", "existingClaim": {"name": "models"}}}


def test_the_demo_is_asked_for_a_known_picture() -> None:
    asked = one(render(), "ConfigMap")["data"]
    known = json.loads((REPOSITORY / "docs" / "examples" / "seven.json").read_text())
    assert json.loads(asked["request.json"]) == known
    assert '--expect={"digit":[7]}' in command()
    (over_grpc,) = json.loads(asked["grpc.json"])["inputs"]
    assert over_grpc["contents"]["uint_contents"] == known["inputs"][0]["data"]


def test_the_chart_carries_the_picture_of_the_examples() -> None:
    here, there = REPOSITORY / "helm" / "ecluse" / "files", REPOSITORY / "docs" / "examples"
    assert (here / "seven.json").read_bytes() == (there / "seven.json").read_bytes()


def test_another_model_is_asked_with_zeros() -> None:
    words = command(CLAIM)
    assert not any(word.startswith(("--request", "--expect")) for word in words)


def test_a_request_of_ones_own_is_sent_and_its_answer_expected() -> None:
    values = {**CLAIM, "tests": {"request": '{"inputs": []}', "expect": {"sum": [1.5]}}}
    assert "--request=/etc/ecluse/test/request.json" in command(values)
    assert '--expect={"sum":[1.5]}' in command(values)
    assert one(render(values), "ConfigMap")["data"]["request.json"] == '{"inputs": []}'


@pytest.mark.parametrize(("mode", "host"), [("plain", "ecluse.models.svc"), ("kserve", "ecluse-predictor.models.svc")])
def test_it_asks_the_service_that_callers_use(mode: str, host: str) -> None:
    words = one(render({"mode": mode}, namespace="models"), "Pod")["spec"]["containers"][0]["command"]
    assert f"--host={host}" in words


def test_it_is_no_pod_of_the_service() -> None:
    manifests = render({"mode": "plain"})
    selector = one(manifests, "Service")["spec"]["selector"]
    labels = one(manifests, "Pod")["metadata"]["labels"]
    assert not selector.items() <= labels.items()


def test_it_shows_a_key_and_a_certificate() -> None:
    tls = {"secretName": "server", "clientCaSecretName": "authority", "clientSecretName": "prober"}
    values = {"tls": tls, "auth": {"secretName": "keys"}, "tests": {"keySecretName": "mine", "keySecretKey": "k"}}
    made = pod(values)["spec"]
    (server,) = made["containers"]
    assert server["env"] == [
        {"name": "ECLUSE_KEY", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "k"}}},
    ]
    assert "--trust=/etc/ecluse/trust/tls.crt" in server["command"]
    assert "--certificate=/etc/ecluse/client/tls.crt" in server["command"]
    mounted = {volume["name"]: volume["secret"] for volume in made["volumes"] if "secret" in volume}
    # The server's own key stays with the server.
    assert [item["key"] for item in mounted["trust"]["items"]] == ["tls.crt"]


def test_it_can_be_left_out() -> None:
    kinds = {manifest["kind"] for manifest in render({"tests": {"enabled": False}})}
    assert not kinds & {"Pod", "ConfigMap"}
