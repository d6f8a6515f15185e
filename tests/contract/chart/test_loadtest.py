"""The load test of a release: a Job that gives the verdict, its workers, and what they are told."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from tests.helm import REPOSITORY, HelmFailed, Manifest, one, render

KSERVE = ("serving.kserve.io/v1beta1",)
MINE = {"summary": "Is it quick?", "rate": 5, "streams": [{"name": "v2", "protocol": "v2"}]}


def made(load: Mapping[str, Any] = {}, values: Mapping[str, Any] = {}, **how: Any) -> Sequence[Manifest]:
    return render({"mode": "plain", **values, "loadtest": {"enabled": True, **load}}, **{"namespace": "models", **how})


def lead(manifests: Sequence[Manifest]) -> Manifest:
    return one(manifests, "Job", "ecluse-load-1")


def workers(manifests: Sequence[Manifest]) -> Manifest:
    return one(manifests, "Job", "ecluse-load-1-workers")


def pod(job: Manifest) -> Any:
    return job["spec"]["template"]["spec"]


def words(job: Manifest) -> list[str]:
    (container,) = pod(job)["containers"]
    told: list[str] = container["args"]
    return told


def test_there_is_none_unless_asked_for() -> None:
    assert not [manifest for manifest in render() if manifest["kind"] == "Job"]
    assert not [manifest for manifest in render() if "load" in manifest["metadata"]["name"]]


def test_the_profiles_that_can_be_named_are_those_in_the_image() -> None:
    schema = yaml.safe_load((REPOSITORY / "helm/ecluse/values.schema.json").read_text())
    known = schema["properties"]["loadtest"]["properties"]["profile"]["enum"]
    shipped = {file.stem for file in (REPOSITORY / "loadtests/profiles").glob("*.yaml")}
    assert set(known) == shipped | {"custom"}


@pytest.mark.parametrize("profile", [file.stem for file in (REPOSITORY / "loadtests/profiles").glob("*.yaml")])
def test_the_chart_knows_which_profiles_ask_over_grpc(profile: str) -> None:
    streams = yaml.safe_load((REPOSITORY / f"loadtests/profiles/{profile}.yaml").read_text())["streams"]
    over_grpc = [stream["name"] for stream in streams if stream["protocol"] == "grpc"]
    if profile == "rolling-update":
        return  # refused for another reason, whatever it asks
    without = {"profile": profile, "target": {"url": "http://other.example"}}
    if over_grpc:
        with pytest.raises(HelmFailed, match=over_grpc[0]):
            made(without)
    assert lead(made({**without, "set": [f"streams.{name}=null" for name in over_grpc]}))


def test_a_verdict_is_asked_for_once_and_its_exit_status_is_named() -> None:
    spec = lead(made())["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule == {
        "action": "FailJob",
        "onExitCodes": {"containerName": "load", "operator": "NotIn", "values": [0]},
    }


def test_a_worker_that_fails_is_not_begun_again_and_takes_no_other_with_it() -> None:
    spec = workers(made({"workers": 3}))["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (3, 3, "Indexed")
    assert spec["backoffLimitPerIndex"] == 0
    assert "backoffLimit" not in spec


def test_workers_come_to_the_one_who_leads_through_its_service() -> None:
    manifests = made({"workers": 2})
    assert "--expect-workers=2" in words(lead(manifests))
    (master,) = (word for word in words(workers(manifests)) if word.startswith("--master="))
    service = one(manifests, "Service", "ecluse-load")
    assert master == "--master=ecluse-load.models.svc:5557"
    assert service["spec"]["ports"][0]["port"] == 5557
    labels = [job["spec"]["template"]["metadata"]["labels"] for job in (lead(manifests), workers(manifests))]
    assert [service["spec"]["selector"].items() <= each.items() for each in labels] == [True, False]


def test_all_wait_for_each_other_and_workers_for_the_server_too() -> None:
    manifests = made({"workers": 2, "waitSeconds": 60})
    assert {"--wait-ready=60", "--worker-wait=60"} <= set(words(lead(manifests)))
    assert "--wait=120" in words(workers(manifests))


def test_without_workers_the_pod_that_leads_makes_the_load_on_a_workers_resources() -> None:
    manifests = made({"workers": 0})
    assert not any(word.startswith("--expect-workers") for word in words(lead(manifests)))
    assert pod(lead(manifests))["containers"][0]["resources"]["requests"]["cpu"] == "1"
    assert [job["metadata"]["name"] for job in manifests if job["kind"] == "Job"] == ["ecluse-load-1"]


@pytest.mark.parametrize(("mode", "host"), [("plain", "ecluse.models.svc"), ("kserve", "ecluse-predictor.models.svc")])
def test_the_service_that_callers_use_is_asked_over_both_protocols(mode: str, host: str) -> None:
    told = words(lead(made(values={"mode": mode}, api_versions=KSERVE)))
    assert f"--url=http://{host}:80" in told
    assert f"--grpc={host}:8081" in told
    assert "--model=mnist" in told


def test_a_server_that_speaks_no_grpc_is_not_asked_over_it() -> None:
    told = words(lead(made({"set": ["streams.grpc=null"]}, values={"enableGrpc": False})))
    assert not any(word.startswith("--grpc") for word in told)


def test_another_server_can_be_asked() -> None:
    target = {"url": "http://other.elsewhere.svc:80", "model": "flowers"}
    told = words(lead(made({"target": target, "set": ["streams.grpc=null"]})))
    assert "--url=http://other.elsewhere.svc:80" in told
    assert "--model=flowers" in told
    assert not any(word.startswith("--grpc") for word in told)
    assert "--grpc=other:8081" in words(lead(made({"target": {**target, "grpc": "other:8081"}})))


def test_profile_rate_and_changes_are_passed_on() -> None:
    told = words(lead(made({"rate": 20, "set": ["phases.steady.seconds=30", "seed=4"]})))
    assert "--profile=smoke" in told
    assert [word for word in told if word.startswith("--set")] == [
        "--set=rate=20",
        "--set=phases.steady.seconds=30",
        "--set=seed=4",
    ]


def test_a_profile_and_a_promise_of_ones_own_are_files() -> None:
    manifests = made({"profile": "custom", "customProfile": MINE, "slo": "latency: {seconds: 0.5}\n"})
    told, files = words(lead(manifests)), one(manifests, "ConfigMap", "ecluse-load")["data"]
    assert {"--profile=/etc/ecluse/load/custom.yaml", "--slo=/etc/ecluse/load/slo.yaml"} <= set(told)
    assert yaml.safe_load(files["custom.yaml"]) == MINE
    assert yaml.safe_load(files["slo.yaml"]) == {"latency": {"seconds": 0.5}}
    (mount,) = (m for m in pod(lead(manifests))["containers"][0]["volumeMounts"] if m["name"] == "files")
    assert mount["mountPath"] == "/etc/ecluse/load"


def test_both_show_the_key_that_stands_in_its_secret_alone() -> None:
    values = {"auth": {"secretName": "keys"}}
    manifests = made({"target": {"keySecretName": "mine", "keySecretKey": "k"}, "workers": 1}, values)
    for job in (lead(manifests), workers(manifests)):
        (container,) = pod(job)["containers"]
        key, headers = container["env"]
        assert key == {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "k"}}}
        assert headers == {"name": "LOADTEST_HEADERS", "value": "Authorization: Bearer $(KEY)"}


def test_a_server_with_tls_is_asked_over_tls_and_has_to_be_known() -> None:
    manifests = made(values={"tls": {"secretName": "server-tls"}})
    assert {"--url=https://ecluse.models.svc:80", "--ca=/etc/ecluse/trust/ca.crt"} <= set(words(lead(manifests)))
    (volume,) = (volume for volume in pod(lead(manifests))["volumes"] if volume["name"] == "trust")
    assert volume["secret"]["secretName"] == "server-tls"
    # The server's own key stays with the server.
    assert [item["key"] for item in volume["secret"]["items"]] == ["ca.crt"]


def test_results_are_kept_where_there_is_a_claim_in_a_folder_for_each_run() -> None:
    manifests = made({"results": {"existingClaim": "results"}})
    assert "--out=/results/ecluse-load-1" in words(lead(manifests))
    volumes = {volume["name"]: volume for volume in pod(lead(manifests))["volumes"]}
    assert volumes["results"]["persistentVolumeClaim"] == {"claimName": "results"}
    without = {volume["name"]: volume for volume in pod(lead(made()))["volumes"]}
    assert "emptyDir" in without["results"]
    assert "--out=/results" in words(lead(made()))


def test_how_long_a_job_may_take_and_is_kept() -> None:
    spec = lead(made({"deadlineSeconds": 900, "ttlSecondsAfterFinished": 60}))["spec"]
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (900, 60)
    assert (
        not {"activeDeadlineSeconds", "ttlSecondsAfterFinished"}
        & lead(made({"ttlSecondsAfterFinished": 0}))["spec"].keys()
    )


def test_only_what_ends_by_itself_is_new_with_each_revision() -> None:
    """Helm forgets what an upgrade that failed has made."""
    manifests = made({"profile": "custom", "customProfile": MINE}, {"monitoring": {"podMonitor": {"enabled": True}}})
    named = {manifest["kind"] for manifest in manifests if "-load-1" in manifest["metadata"]["name"]}
    assert named == {"Job"}
    assert all(job["spec"]["ttlSecondsAfterFinished"] for job in manifests if job["kind"] == "Job")


@pytest.mark.parametrize("role", [lead, workers])
def test_pods_pass_the_restricted_standard_and_know_no_api_server(role: Any) -> None:
    spec = pod(role(made()))
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    (container,) = spec["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("mode", ["plain", "kserve"])
def test_pods_are_none_of_the_servers(mode: str) -> None:
    manifests = made({"workers": 2}, {"mode": mode, "service": {"type": "NodePort"}}, api_versions=KSERVE)
    of_the_server = [service for service in manifests if service["kind"] in ("Service", "PodDisruptionBudget")]
    for job in (lead(manifests), workers(manifests)):
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert not any(key.startswith("serving.kserve.io/") for key in labels)
        for each in of_the_server:
            if each["metadata"]["name"] != "ecluse-load":
                selector = each["spec"]["selector"]
                assert not selector.get("matchLabels", selector).items() <= labels.items()


@pytest.mark.parametrize("mode", ["plain", "kserve"])
def test_pods_keep_away_from_the_servers_unless_told_where_to_go(mode: str) -> None:
    (term,) = pod(workers(made(values={"mode": mode}, api_versions=KSERVE)))["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    selector = term["podAffinityTerm"]["labelSelector"]["matchLabels"]
    assert ("serving.kserve.io/inferenceservice" in selector) == (mode == "kserve")
    mine: Mapping[str, Any] = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
    }
    assert pod(workers(made({"affinity": mine})))["affinity"] == mine


def test_the_policy_of_the_server_lets_the_load_in_and_its_own_lets_it_out() -> None:
    manifests = made({"workers": 2}, {"networkPolicy": {"enabled": True, "ingress": {"callers": []}}})
    load = {"app.kubernetes.io/instance": "ecluse", "app.kubernetes.io/component": "load"}
    callers = one(manifests, "NetworkPolicy", "ecluse")["spec"]["ingress"][0]["from"]
    assert {"podSelector": {"matchLabels": load}} in callers
    own = one(manifests, "NetworkPolicy", "ecluse-load")["spec"]
    assert own["podSelector"]["matchLabels"] == load
    assert {port["port"] for rule in own["ingress"] for port in rule["ports"]} == {"workers", "metrics"}
    assert [{port["port"] for port in rule["ports"]} for rule in own["egress"]] == [{53}, {"workers"}, {"http", "grpc"}]


def test_a_server_elsewhere_may_be_called_at_its_ports() -> None:
    target = {"url": "http://other.elsewhere.svc:8080", "grpc": "other.elsewhere.svc:9000"}
    manifests = made({"target": target}, {"networkPolicy": {"enabled": True}})
    last = one(manifests, "NetworkPolicy", "ecluse-load")["spec"]["egress"][-1]
    assert last == {"ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "TCP", "port": 9000}]}


@pytest.mark.parametrize(
    ("switch", "kind", "key"),
    [("podMonitor", "PodMonitor", "podMetricsEndpoints"), ("serviceMonitor", "ServiceMonitor", "endpoints")],
)
def test_prometheus_reads_the_load_where_it_reads_the_server(switch: str, kind: str, key: str) -> None:
    manifests = made(values={"monitoring": {switch: {"enabled": True}, "interval": "5s"}})
    spec = one(manifests, kind, "ecluse-load")["spec"]
    (endpoint,) = spec[key]
    assert (endpoint["port"], endpoint["interval"]) == ("metrics", "5s")
    found = one(manifests, "Service", "ecluse-load")["metadata"]["labels"]
    if kind == "PodMonitor":
        found = lead(manifests)["spec"]["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= found.items()
    server = one(manifests, kind, "ecluse")["spec"]["selector"]["matchLabels"]
    assert not server.items() <= found.items()


def test_the_longest_name_leaves_room_for_what_kubernetes_adds() -> None:
    manifests = made({"workers": 100}, {"fullnameOverride": "x" * 48})
    (name,) = (job["metadata"]["name"] for job in manifests if job["metadata"]["name"].endswith("-workers"))
    revision, index = len("9999") - len("1"), len("-99")
    assert len(name) + revision + index <= 63


def test_the_image_is_the_charts_version_from_the_servers_registry() -> None:
    def image(load: Mapping[str, Any] = {}, values: Mapping[str, Any] = {}) -> str:
        return str(pod(lead(made({"image": load}, values)))["containers"][0]["image"])

    assert image() == "ecluse/loadtests:0.1.0"
    assert image(values={"image": {"registry": "ghcr.io"}}) == "ghcr.io/ecluse/loadtests:0.1.0"
    assert image({"registry": "mine.example", "tag": "7"}, {"image": {"registry": "ghcr.io"}}) == (
        "mine.example/ecluse/loadtests:7"
    )
    assert image({"digest": f"sha256:{'0' * 64}"}) == f"ecluse/loadtests@sha256:{'0' * 64}"
