"""The gated rollout of a release: its rights, its plan, and a Job that goes on where a pod of it was killed."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from tests.helm import CHART, HelmFailed, Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
PROMETHEUS = "http://prometheus:9090"


def made(rollout: Mapping[str, Any] = {}, job: Mapping[str, Any] = {}, **values: Any) -> Sequence[Manifest]:
    given = {"target": "httproute/mnist", "prometheus": PROMETHEUS, "rbac": {"create": True}}
    values = {"mode": "plain", **values, "rollout": {**given, **rollout, "job": {"enabled": True, **job}}}
    return render(values, release="green", namespace="models", api_versions=KSERVE)


def the_job(manifests: Sequence[Manifest]) -> Manifest:
    return one(manifests, "Job", "green-ecluse-rollout-1")


def words(manifests: Sequence[Manifest]) -> list[str]:
    (container,) = the_job(manifests)["spec"]["template"]["spec"]["containers"]
    told: list[str] = container["args"]
    return told


def test_there_is_nothing_of_it_unless_asked_for() -> None:
    assert not [manifest for manifest in render() if "rollout" in manifest["metadata"]["name"]]
    assert not [manifest for manifest in render() if manifest["kind"] in ("Role", "RoleBinding")]


def test_the_release_is_the_new_version_and_another_can_be_named() -> None:
    assert words(made())[:2] == ["httproute/mnist", "--backend=gateway"]
    assert {"--to=green-ecluse", "--namespace=models", f"--prometheus={PROMETHEUS}"} <= set(words(made()))
    assert "--to=blue-ecluse" in words(made({"to": "blue-ecluse"}))
    assert "--to=green-ecluse-predictor" in words(made(mode="kserve"))


def test_a_grpc_route_of_another_name_is_named_to_it_and_allowed() -> None:
    manifests = made({"grpcRoute": "mnist-grpc"})
    assert "--grpc-route=mnist-grpc" in words(manifests)
    rules = one(manifests, "Role", "green-ecluse-rollout")["rules"]
    assert rules[0]["resourceNames"] == ["mnist", "mnist-grpc"]


def test_kserves_own_backends_are_given_the_model_and_take_the_releases_service() -> None:
    job = {"storageUri": "s3://models/next", "canaryName": "next"}
    told = words(made({"backend": "kserve-canary", "target": ""}, job, mode="kserve"))
    assert told[0] == "inferenceservice/green-ecluse"
    assert {"--storage-uri=s3://models/next", "--canary-name=next"} <= set(told)
    assert not any(word.startswith("--to") for word in told)


def test_plan_request_and_promise_are_files() -> None:
    plan = {"steps": [{"percent": 20}], "confidence": 0.99}
    manifests = made({"plan": plan}, {"smoke": '{"inputs": []}', "slo": "latency: {threshold_seconds: 0.5}\n"})
    files = one(manifests, "ConfigMap", "green-ecluse-rollout")["data"]
    assert files.keys() == {"plan.yaml", "smoke.json", "slo.yaml"}
    for option, file in (("plan", "plan.yaml"), ("smoke", "smoke.json"), ("slo", "slo.yaml")):
        assert f"--{option}=/etc/ecluse/rollout/{file}" in words(manifests)
    read = Plan.model_validate(yaml.safe_load(files["plan.yaml"]))
    assert (read.steps, read.confidence) == ((Step(percent=20),), 0.99)


def test_a_plan_that_helm_has_written_is_a_plan() -> None:
    """With every field, since Helm writes numbers in its own way."""
    full = json.loads(Plan(gates=(Gate(measure="error_ratio", most=0.01, minimum=100_000_000),)).model_dump_json())
    full["gates"] = [{name: value for name, value in gate.items() if value is not None} for gate in full["gates"]]
    file = one(made({"plan": full}), "ConfigMap", "green-ecluse-rollout")["data"]["plan.yaml"]
    assert Plan.model_validate(yaml.safe_load(file)) == Plan.model_validate(full)


def test_the_schema_knows_every_field_of_a_plan_and_no_other() -> None:
    """A field that is new in the form belongs into the `@schema` of rollout.plan in values.yaml too."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    plan = schema["properties"]["rollout"]["properties"]["plan"]["properties"]
    assert plan.keys() == Plan.model_fields.keys()
    assert plan["steps"]["items"]["properties"].keys() == Step.model_fields.keys()
    assert plan["gates"]["items"]["properties"].keys() == Gate.model_fields.keys()
    assert plan["limits"]["properties"].keys() == Limits.model_fields.keys()


@pytest.mark.parametrize(
    "plan",
    [
        {"stages": []},
        {"steps": []},
        {"steps": [{"percent": 0}]},
        {"steps": [{"windows": 2}]},
        {"gates": [{"measure": "p99", "max": 1}]},
        {"limits": {"patience": 3}},
        {"confidence": 95},
    ],
)
def test_a_plan_that_the_tool_would_refuse_is_refused_by_helm(plan: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Plan.model_validate(plan)
    with pytest.raises(HelmFailed, match=r"rollout[./]plan"):
        made({"plan": plan})


def test_an_outcome_ends_the_job_and_a_kill_begins_its_pod_again() -> None:
    spec = the_job(made())["spec"]
    assert spec["backoffLimit"] > 0
    outcome, eviction = spec["podFailurePolicy"]["rules"]
    ends = {int(status) for status in Exit} - {Exit.PROMOTED, Exit.PAUSED}
    assert (outcome["action"], set(outcome["onExitCodes"]["values"])) == ("FailJob", ends)
    assert (eviction["action"], eviction["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    # The next pod comes when the one before is gone, or it would find the lock held.
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_the_pod_has_the_accounts_token_and_passes_the_restricted_standard() -> None:
    spec = the_job(made())["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == one(made(), "RoleBinding")["subjects"][0]["name"] == "green-ecluse-rollout"
    assert one(made(), "ServiceAccount", "green-ecluse-rollout")["automountServiceAccountToken"] is False
    assert spec["automountServiceAccountToken"] is True
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_an_account_that_is_there_already_is_taken() -> None:
    manifests = made({"rbac": {"create": False, "serviceAccountName": "pipeline"}})
    assert the_job(manifests)["spec"]["template"]["spec"]["serviceAccountName"] == "pipeline"
    assert not [manifest for manifest in manifests if manifest["kind"] in ("Role", "RoleBinding")]


def test_rights_alone_are_enough_for_a_pipeline() -> None:
    manifests = made(job={"enabled": False})
    assert one(manifests, "Role", "green-ecluse-rollout")
    assert not [manifest for manifest in manifests if manifest["kind"] == "Job"]


def test_what_is_written_is_allowed_by_its_name() -> None:
    rules = one(made(), "Role", "green-ecluse-rollout")["rules"]
    named = {
        resource: rule["resourceNames"] for rule in rules if "resourceNames" in rule for resource in rule["resources"]
    }
    assert named == {
        "httproutes": ["mnist"],
        "grpcroutes": ["mnist"],
        "leases": ["ecluse-rollout-httproute-mnist"],
    }
    writing = {verb for rule in rules if "resourceNames" not in rule for verb in rule["verbs"]} - {"get", "list"}
    assert writing == {"create"}


def test_servers_are_asked_through_the_api_server_only_where_that_is_wanted() -> None:
    def proxies(rbac: Mapping[str, Any]) -> bool:
        rules = one(made({"rbac": {"create": True, **rbac}}), "Role", "green-ecluse-rollout")["rules"]
        return any("services/proxy" in rule["resources"] for rule in rules)

    assert not proxies({})
    assert proxies({"fromOutside": True})


def test_a_policy_lets_the_rollout_of_either_release_in() -> None:
    manifests = made(networkPolicy={"enabled": True})
    pod = the_job(manifests)["spec"]["template"]["metadata"]["labels"]
    callers = one(manifests, "NetworkPolicy", "green-ecluse")["spec"]["ingress"][0]["from"]
    (rollouts,) = (
        labels
        for caller in callers
        if (labels := caller["podSelector"].get("matchLabels", {})).get("app.kubernetes.io/component") == "rollout"
    )
    assert "app.kubernetes.io/instance" not in rollouts
    assert rollouts.items() <= pod.items()
    assert (
        one(manifests, "NetworkPolicy", "green-ecluse-rollout")["spec"]["podSelector"]["matchLabels"].items()
        <= pod.items()
    )


def test_its_pods_are_none_of_the_servers() -> None:
    manifests = made()
    labels = the_job(manifests)["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "Deployment"):
        selector = one(manifests, kind, "green-ecluse")["spec"]["selector"]
        assert not selector.get("matchLabels", selector).items() <= labels.items()


def test_the_longest_name_leaves_room_for_what_kubernetes_adds() -> None:
    (name,) = (job["metadata"]["name"] for job in made(fullnameOverride="x" * 48) if job["kind"] == "Job")
    assert len(name) + len("9999") - len("1") + len("-abcde") <= 63


def test_the_image_is_the_charts_version_from_the_servers_registry() -> None:
    def image(rollout: Mapping[str, Any] = {}, **values: Any) -> str:
        return str(
            the_job(made(job={"image": rollout}, **values))["spec"]["template"]["spec"]["containers"][0]["image"]
        )

    assert image() == "ecluse/rollout:0.1.0"
    assert image(image={"registry": "ghcr.io"}) == "ghcr.io/ecluse/rollout:0.1.0"
    assert re.fullmatch(r"ecluse/rollout@sha256:0{64}", image({"digest": f"sha256:{'0' * 64}"}))
