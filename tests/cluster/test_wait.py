"""`python -m k8s.wait` on a real Deployment: out when it is out, and a sentence for each reason why it is not."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s.api_server import Forbidden, connect
from k8s.wait.following import Time, follow
from k8s.wait.looking import Looker
from k8s.wait.outcome import Exit, Outcome
from k8s.wait.target import parse_target
from k8s.wait.telling import Quiet
from k8s.wait.verdict import Rules
from tests.cluster import images
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.rollouts_gone_wrong import UNREADY, deployment, gone_wrong, serving
from tests.cluster.waiting import until
from tests.helm import REPOSITORY

USUAL = Rules(steady_seconds=0.5)
AT_ONCE = Rules(grace_seconds=0, patience_seconds=0)
SECONDS = 60.0

PASSING = "timed out waiting for the condition"
"""What a kubelet on a busy node says for a moment, before it has read what a container is configured with."""

pytestmark = pytest.mark.usefixtures("image")


@pytest.fixture(scope="module")
def program(image: Mapping[str, Any]) -> str:
    """The image that all pods here run."""
    return images.named("ECLUSE_IMAGE")


@pytest.fixture(scope="module")
def wrong(namespace: Namespace, program: str) -> Namespace:
    """A namespace with everything that can go wrong in it, all at once, so that the tests need not take turns."""
    for each in gone_wrong(program).values():
        namespace.create(each)
    return namespace


def waited(
    target: str, namespace: Namespace, rules: Rules = USUAL, timeout: float = SECONDS, kubeconfig: Path | None = None
) -> Outcome:
    api, _ = connect(kubeconfig)
    found = parse_target(target, namespace.name)
    with closing(api):
        return follow(found, Looker(api, found), Quiet(found), rules, timeout, Time(time.monotonic, time.sleep))


REASONS = [
    (
        "no-registry",
        "registry",
        r"image 127\.0\.0\.1:1/nobody/nothing:1 of container server of pod \S+ cannot be pulled: .*refused",
    ),
    (
        "never-pulled",
        "image",
        r"image nowhere\.invalid/nobody:1 of container server of pod \S+ cannot be pulled: .*Never",
    ),
    ("no-name", "image_name", r"'Not An Image' of container server of pod \S+ is not the name of an image"),
    (
        "crash",
        "crash",
        (
            r"container server of pod \S+ has ended \d times, last with exit code 1; "
            r"its log says ValueError: the model has no signature"
        ),
    ),
    (
        "memory",
        "crash",
        (
            # Now and then a runtime misses that it was the memory, and tells the signal alone.
            r"container server of pod \S+ has ended \d times, last "
            r"(killed for its memory \(OOMKilled, its limit is 32Mi\)|with exit code 137)"
        ),
    ),
    ("killed", "crash", r"has ended \d times, last with exit code \d+.*, killed since it failed its startup probe"),
    ("secret", "config", r'container server of pod \S+ cannot be configured: secret "keys" not found'),
    ("key", "config", r"container server of pod \S+ cannot be configured: couldn't find key k in ConfigMap"),
    ("command", "cannot_start", r"container server of pod \S+ cannot be started: .*there-is-no-such-program"),
    (
        "room",
        "unschedulable",
        r"pod \S+ cannot be placed: 0/\d+ nodes are available: .*Insufficient example\.com/device",
    ),
    ("claim", "unschedulable", r'pod \S+ cannot be placed: .*persistentvolumeclaim "models" not found'),
    ("volume", "volume", r'a volume of pod \S+ cannot be mounted: .*secret "keys" not found'),
    ("account", "service_account", r'the service account of the pods is missing: .*serviceaccount "nobody" not found'),
    (
        "model",
        "init_container",
        (
            r"init container storage-initializer of pod \S+ has ended \d times, last with exit code 1; "
            r"its log says there is no model at s3://models/mnist"
        ),
    ),
    (
        "deadline",
        "progress_deadline",
        r"deployment/deadline made no progress for 2 s: container server of pod \S+ runs but is not ready: .*503",
    ),
    ("paused", "paused", r"deployment/paused is paused: nothing is rolled out until it is resumed"),
    ("zero", "scaled_to_zero", r"deployment/zero is scaled to zero: nobody serves"),
]


@pytest.mark.parametrize(("name", "reason", "sentence"), REASONS, ids=[name for name, *_ in REASONS])
def test_what_is_wrong_is_told_in_a_sentence(wrong: Namespace, name: str, reason: str, sentence: str) -> None:
    outcome = waited(f"deployment/{name}", wrong, AT_ONCE)
    if PASSING in outcome.sentence:
        outcome = waited(f"deployment/{name}", wrong, Rules(grace_seconds=30, patience_seconds=0))
    assert (outcome.exit, outcome.reason) == (Exit.FAILED, reason), outcome.sentence
    assert re.search(sentence, outcome.sentence), outcome.sentence


def test_everything_that_can_be_made_to_go_wrong_here_is_tried(program: str) -> None:
    assert {name for name, *_ in REASONS} == set(gone_wrong(program))


@pytest.fixture(scope="module")
def refusing(namespaces: Namespaces) -> Iterator[Namespace]:
    """A namespace that admits `restricted` pods alone, and of those none."""
    with namespaces.new("refusing", {"pod-security.kubernetes.io/enforce": "restricted"}) as namespace:
        quota = {"kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
        namespace.create({"apiVersion": "v1", **quota})
        until(
            "the quota's first count",
            lambda: namespace.get("ResourceQuota", "none").get("status", {}).get("hard"),
            seconds=20,
        )
        yield namespace


def test_a_quota_is_told_in_its_words(refusing: Namespace, program: str) -> None:
    refusing.create(deployment("many", program, serving()))
    outcome = waited("deployment/many", refusing, AT_ONCE)
    assert outcome.reason == "quota"
    assert re.search(r"leaves no room for a pod: exceeded quota: none, requested: pods=1", outcome.sentence)


def test_what_pod_security_refuses_is_told_in_its_words(refusing: Namespace, program: str) -> None:
    refusing.create(deployment("root", program, serving(securityContext={"privileged": True})))
    outcome = waited("deployment/root", refusing, AT_ONCE)
    assert outcome.reason == "admission"
    assert 'the cluster does not admit the pods: violates PodSecurity "restricted' in outcome.sentence


@pytest.fixture
def deaf_webhook(own_namespace: Namespace) -> Iterator[Namespace]:
    """A namespace each of whose pods a webhook must agree to, at an address where nobody listens."""
    name = own_namespace.name
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "deaf.ecluse.dev",
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 1,
            }
        ],
    }
    own_namespace.api.create(configuration)
    yield own_namespace
    own_namespace.api.delete("ValidatingWebhookConfiguration", name)


def test_a_webhook_that_does_not_answer_is_named(deaf_webhook: Namespace, program: str) -> None:
    deaf_webhook.create(deployment("unheard", program, serving()))

    def refusal() -> Outcome | None:
        # The API server learns of a webhook a moment after it was made; a pod may slip through.
        outcome = waited("deployment/unheard", deaf_webhook, AT_ONCE)
        if outcome.exit is Exit.ROLLED_OUT:
            deaf_webhook.delete("Pod", deaf_webhook.find("Pod")[0]["metadata"]["name"])
            return None
        return outcome

    outcome = until("a refusal", refusal, seconds=SECONDS)
    assert outcome.reason == "webhook"
    assert "a webhook that must agree to each pod does not answer" in outcome.sentence
    assert 'failed calling webhook "deaf.ecluse.dev"' in outcome.sentence


def test_a_server_that_is_not_ready_says_at_the_timeout_why_itself(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("slow", program, serving(readinessProbe=UNREADY)))
    until("a probe", lambda: any("503" in each for each in namespace.events("slow")), seconds=SECONDS)
    outcome = waited("deployment/slow", namespace, timeout=0)
    assert (outcome.exit, outcome.reason) == (Exit.TIMEOUT, "probe")
    assert re.search(
        r"deployment/slow was not rolled out within 0 s: container server of pod \S+ runs but is not ready: "
        r'readiness probe failed: .*503; asked itself it says 503 {"ready": false, "phase": "loading"}; '
        r"its log says still loading",
        outcome.sentence,
    ), outcome.sentence


def versions_of(namespace: Namespace, name: str) -> set[str]:
    """What every pod runs that is there, whether it serves or is on its way out."""
    pods = namespace.find("Pod", f"app={name}")
    return {str(container.get("env", [{}])[0].get("value")) for pod in pods for container in pod["spec"]["containers"]}


def version(number: str) -> dict[str, Any]:
    return serving(env=[{"name": "VERSION", "value": number}])


def test_a_change_is_out_when_the_last_old_pod_is_gone_and_not_before(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("changing", program, version("1")))
    assert waited("deployment/changing", namespace).exit is Exit.ROLLED_OUT
    namespace.patch("Deployment", "changing", deployment("changing", program, version("2")))
    outcome = waited("deployment/changing", namespace)
    assert outcome.exit is Exit.ROLLED_OUT, outcome.sentence
    assert versions_of(namespace, "changing") == {"2"}


def test_going_back_from_a_broken_version_is_out_again(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("back", program, version("1")))
    assert waited("deployment/back", namespace).exit is Exit.ROLLED_OUT
    broken = deployment("back", program, {**version("2"), "command": ["there-is-no-such-program"]})
    namespace.patch("Deployment", "back", broken)
    assert waited("deployment/back", namespace, AT_ONCE).reason == "cannot_start"
    namespace.patch("Deployment", "back", deployment("back", program, version("1")))
    assert waited("deployment/back", namespace).exit is Exit.ROLLED_OUT
    assert versions_of(namespace, "back") == {"1"}


def test_scaling_up_and_down_is_followed_to_its_end(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("scaled", program, version("1")))
    for replicas in (2, 1):
        namespace.patch("Deployment", "scaled", {"spec": {"replicas": replicas}})
        outcome = waited("deployment/scaled", namespace)
        assert outcome.exit is Exit.ROLLED_OUT, outcome.sentence
        assert len(namespace.find("Pod", "app=scaled")) == replicas


def test_what_is_deleted_meanwhile_is_told(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("leaving", program, serving(readinessProbe=UNREADY)))
    command = [sys.executable, "-m", "k8s.wait", "deploy/leaving", "-n", namespace.name, "--json", "--timeout", "60"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as waiter:
        assert waiter.stdout is not None
        first = json.loads(waiter.stdout.readline())
        namespace.delete("Deployment", "leaving")
        last = json.loads(waiter.stdout.readlines()[-1])
    assert first["event"] == "progress"
    assert (last["event"], last["outcome"], last["reason"]) == ("ended", "failed", "deleted")
    assert waiter.returncode == 2


def test_the_command_tells_its_story_line_by_line(namespace: Namespace, program: str) -> None:
    namespace.create(deployment("told", program, version("1")))
    command = [sys.executable, "-m", "k8s.wait", "deploy/told", "-n", namespace.name]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].endswith("deployment/told is rolled out: 1 of 1 updated, 1 available")


def kubeconfig_of(namespace: Namespace, rules: list[dict[str, Any]], folder: Path) -> Path:
    """Make a service account with these rights, and a kubeconfig that signs in as it."""
    about = {"metadata": {"name": "waiter", "namespace": namespace.name}}
    namespace.create({"apiVersion": "v1", "kind": "ServiceAccount", **about})
    namespace.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", **about, "rules": rules})
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        **about,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "waiter"},
        "subjects": [{"kind": "ServiceAccount", "name": "waiter", "namespace": namespace.name}],
    }
    namespace.create(binding)
    path = f"/api/v1/namespaces/{namespace.name}/serviceaccounts/waiter/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    token = namespace.api.request("POST", path, request)["status"]["token"]
    given = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    given["users"] = [{"name": "waiter", "user": {"token": token}}]
    given["contexts"] = [{"name": "waiter", "context": {"cluster": given["clusters"][0]["name"], "user": "waiter"}}]
    given["current-context"] = "waiter"
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(given))
    return file


def documented_rights() -> list[dict[str, Any]]:
    manifests = yaml.safe_load_all((REPOSITORY / "k8s" / "wait-role.yaml").read_text())
    rules: list[dict[str, Any]] = next(each["rules"] for each in manifests if each["kind"] == "Role")
    return rules


def test_the_documented_rights_are_enough(own_namespace: Namespace, program: str, tmp_path: Path) -> None:
    kubeconfig = kubeconfig_of(own_namespace, documented_rights(), tmp_path)
    own_namespace.create(deployment("fine", program, version("1")))
    own_namespace.create(gone_wrong(program)["crash"])
    assert waited("deployment/fine", own_namespace, kubeconfig=kubeconfig).exit is Exit.ROLLED_OUT
    outcome = waited("deployment/crash", own_namespace, AT_ONCE, kubeconfig=kubeconfig)
    assert outcome.sentence.endswith("its log says ValueError: the model has no signature")


def test_a_right_that_is_missing_is_named(own_namespace: Namespace, program: str, tmp_path: Path) -> None:
    rules = [each for each in documented_rights() if "replicasets" not in each["resources"]]
    kubeconfig = kubeconfig_of(own_namespace, rules, tmp_path)
    own_namespace.create(deployment("fine", program, version("1")))
    with pytest.raises(Forbidden, match=r'cannot list resource "replicasets" in API group "apps"'):
        waited("deployment/fine", own_namespace, kubeconfig=kubeconfig)
