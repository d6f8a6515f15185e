"""A commit or a release comes to an environment, by the deploy workflow's own steps: out, or taken back and told."""

import json
from typing import Any

import pytest
import yaml

from k8s.rollout.backends.route import WRITTEN
from tests.contract.delivery.conftest import Webhook
from tests.contract.delivery.workflow import Ran, Workplace
from tests.servers import ROOT

REGISTRY = "ghcr.io/owner"


def route(blue: int, green: int) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": "mnist",
            "resourceVersion": "7",
            "annotations": {
                WRITTEN: f"blue-ecluse={blue},green-ecluse={green}",
                # As `kubectl apply` leaves it: JSON in JSON, with a line's end.
                "kubectl.kubernetes.io/last-applied-configuration": '{"kind":"HTTPRoute"}\n',
            },
        },
        "spec": {
            "rules": [
                {
                    "backendRefs": [
                        {"name": "blue-ecluse", "port": 80, "weight": blue},
                        {"name": "green-ecluse", "port": 80, "weight": green},
                    ]
                }
            ]
        },
    }


@pytest.fixture
def cluster(workplace: Workplace) -> Workplace:
    """A clone beside a cluster whose traffic blue has, with a revision 4 of everything."""
    workplace.commit()
    for name, shares in {"route": (100, 0), "promoted": (0, 100)}.items():
        (workplace.standins / f"{name}.json").write_text(json.dumps(route(*shares)))
    (workplace.standins / "history.json").write_text(json.dumps([{"revision": 4, "status": "deployed"}]))
    return workplace


def deploy(workplace: Workplace, webhook: Webhook, environment: str, ref: str = "refs/heads/main") -> Ran:
    return workplace.run(
        "deploy",
        "workflow_dispatch",
        ref=ref,
        inputs={"environment": environment},
        secrets={"WEBHOOK_URL": webhook.address, "KUBECONFIG": "apiVersion: v1"},
        variables={"URL": "http://models.example.com", "PROMETHEUS": "http://prometheus:9090"},
    )


def words(told: list[str], *parts: str) -> list[int]:
    """Give where each call stands, and fail where one is missing."""
    return [next(number for number, line in enumerate(told) if part in line) for part in parts]


def test_a_commit_is_built_tried_pushed_deployed_by_its_digest_and_asked(cluster: Workplace, webhook: Webhook) -> None:
    ran = deploy(cluster, webhook, "staging")
    done = {"build", "deploy", "notify", "deployment"}
    assert ran.jobs == dict.fromkeys(done, True), ran.said
    told = cluster.told()
    order = words(
        told,
        "gh run list --workflow change.yml --commit " + cluster.head,
        "docker run --detach --network none",
        f"docker push {REGISTRY}/ecluse/serving:{cluster.head}-demo-amd64",
        "helm --namespace ecluse-staging upgrade --install ecluse helm/ecluse",
        "python -m k8s.wait deployment/ecluse --namespace ecluse-staging",
        "helm --namespace ecluse-staging test ecluse",
        "python -m loadtests run --profile smoke --url http://models.example.com",
    )
    assert order == sorted(order)
    upgrade = told[order[3]]
    assert f"image.registry={REGISTRY},image.repository=ecluse/serving" in upgrade
    assert f"image.tag={cluster.head}-demo,image.digest=sha256:" in upgrade
    assert webhook.told[0]["outcome"] == "success"
    assert webhook.told[0]["text"].startswith("success: main is out in staging (https://github.com/Owner/Ecluse/")


def test_what_fails_after_a_rolling_update_is_taken_back_and_told(cluster: Workplace, webhook: Webhook) -> None:
    cluster.fail("^helm .* test ")
    ran = deploy(cluster, webhook, "staging")
    assert ran.jobs == {"build": True, "deploy": False, "notify": True, "deployment": False}, ran.said
    told = cluster.told()
    order = words(told, " upgrade --install ", " test ecluse", "helm --namespace ecluse-staging rollback ecluse 4")
    assert order == sorted(order)
    assert webhook.told[0]["outcome"] == "failure"
    assert webhook.told[0]["text"].startswith("failure: main was taken back in staging")


def test_a_release_is_checked_and_earns_its_traffic_beside_the_one_that_has_it(
    cluster: Workplace, webhook: Webhook
) -> None:
    ran = deploy(cluster, webhook, "production", "refs/tags/v1.2.3")
    assert ran.jobs == dict.fromkeys({"released", "deploy", "notify", "deployment"}, True), ran.said
    told = cluster.told()
    assert not any(line.startswith("docker push") for line in told)
    order = words(
        told,
        f"docker buildx imagetools inspect {REGISTRY}/ecluse/serving:1.2.3-demo",
        "cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com",
        "helm --namespace ecluse upgrade --install green helm/ecluse",
        "python -m k8s.wait deployment/green-ecluse",
        "python -m k8s.rollout httproute/mnist --to green-ecluse --namespace ecluse --prometheus http://prometheus:9090",
        "helm --namespace ecluse test green",
    )
    assert order == sorted(order)
    assert "/[.]github/workflows/release[.]yml@refs/tags/v1[.]2[.]3$ " in told[order[1]]
    assert webhook.told[0]["text"].startswith("success: v1.2.3 is out in production")


@pytest.mark.parametrize("late", [False, True], ids=["by a gate", "after it was promoted"])
def test_a_canary_that_is_taken_back_leaves_the_old_version_with_all_traffic(
    late: bool, cluster: Workplace, webhook: Webhook
) -> None:
    if late:
        cluster.fail("^python -m loadtests")
    else:
        (cluster.standins / "rollout").write_text("2")
    ran = deploy(cluster, webhook, "production", "refs/tags/v1.2.3")
    assert ran.jobs == {"released": True, "deploy": False, "notify": True, "deployment": False}, ran.said
    told = cluster.told()
    assert any("--abort" in line for line in told)
    patches = [line for line in told if " patch httproute mnist --type merge" in line]
    assert len(patches) == (1 if late else 0), told
    for patch in patches:
        changed = json.loads(patch[patch.index("{") :])
        assert changed["metadata"]["resourceVersion"] == "7"
        assert [each["weight"] for each in changed["spec"]["rules"][0]["backendRefs"]] == [100, 0]
    assert told.index("helm --namespace ecluse rollback green 4") > 0
    assert webhook.told[0]["text"].startswith("failure: v1.2.3 was taken back in production")


def test_a_history_that_cannot_be_read_is_not_taken_for_none(cluster: Workplace, webhook: Webhook) -> None:
    cluster.fail("^helm .* history")
    ran = deploy(cluster, webhook, "staging")
    assert ran.jobs["deploy"] is False
    assert "deploy: the history of ecluse cannot be read: helm fails, as it was told to" in ran.said
    assert not any("upgrade" in line for line in cluster.told())


def test_a_route_that_cannot_be_read_is_not_said_to_be_given_back(cluster: Workplace, webhook: Webhook) -> None:
    cluster.fail("^kubectl .* get grpcroute|^python -m loadtests")
    ran = deploy(cluster, webhook, "production", "refs/tags/v1.2.3")
    assert ran.jobs["deploy"] is False
    assert "grpcroute/mnist cannot be read, so its traffic stays where it is: kubectl fails, as it was told" in ran.said
    assert "has all the traffic" not in ran.said
    assert not any(" rollback green" in line for line in cluster.told())
    assert webhook.told[0]["text"].startswith("failure: v1.2.3 could not be taken back in production")


def test_what_is_refused_before_anything_changed_takes_nothing_back(cluster: Workplace, webhook: Webhook) -> None:
    (cluster.standins / "route.json").write_text(json.dumps(route(90, 10)))
    ran = deploy(cluster, webhook, "production", "refs/tags/v1.2.3")
    assert ran.jobs["deploy"] is False
    assert "httproute/mnist shares by blue-ecluse 90, green-ecluse 10, expected two Services" in ran.said
    assert not any("upgrade" in line or "rollback" in line for line in cluster.told())
    assert webhook.told[0]["text"].startswith("failure: v1.2.3 did not come to production")


def test_a_signature_that_does_not_hold_keeps_a_release_out(cluster: Workplace, webhook: Webhook) -> None:
    cluster.fail("^cosign verify-attestation")
    ran = deploy(cluster, webhook, "production", "refs/tags/v1.2.3")
    assert ran.jobs == {"released": False, "notify": True, "deployment": False}, ran.said
    assert not any("upgrade" in line for line in cluster.told())
    assert webhook.told[0]["text"].startswith("failure: v1.2.3 did not come to production")


def test_an_environment_asks_for_approval_before_a_job_has_its_secrets() -> None:
    # GitHub asks; what is ours is that the job that holds the way into a cluster is that environment's.
    jobs = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]
    assert jobs["deploy"]["environment"]["name"] == "${{ inputs.environment }}"
    assert [name for name, job in jobs.items() if "secrets.KUBECONFIG" in json.dumps(job)] == ["deploy"]
