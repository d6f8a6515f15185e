"""How the pods of a side are: ready, late, hopeless, or of another version."""

from dataclasses import dataclass

import pytest

from k8s.api_server import ApiServer, Unreachable
from k8s.rollout.backends.pods import Pods, health
from k8s.wait.target import Target, TargetKind
from tests.contract.rollout.fake_api_server import SILENCE, FakeApiServer
from tests.contract.rollout.made_up import APPS, pod, release

GREEN = Target(TargetKind.DEPLOYMENT, "green-ecluse", "models")


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def crash(fake: FakeApiServer, restarts: int) -> None:
    """Let green's pod crash at each start."""
    pod(fake, "green-ecluse-1-0", fake.get("replicasets", "green-ecluse-1"), ready=False, restarts=restarts)
    deployment = fake.get("deployments", "green-ecluse")
    counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}
    fake.put(APPS, "deployments", {**deployment, "status": counts})


def test_all_that_are_wanted_are_ready(api: ApiServer, fake: FakeApiServer) -> None:
    release(fake, "green", 3)
    found = health(api, GREEN)
    assert (found.ready, found.pods, found.restarts, found.hopeless, found.sentence) == (True, 3, 0, False, "")


def test_a_crash_is_hopeless_once_it_has_lasted(api: ApiServer, fake: FakeApiServer) -> None:
    clock = Clock()
    pods = Pods(api, GREEN, clock)
    crash(fake, 3)
    first = pods.health()
    assert (first.ready, first.hopeless, first.restarts, first.pods) == (False, False, 3, 0)
    clock.now = 31.0
    second = pods.health()
    assert second.hopeless
    assert "container server of pod green-ecluse-1-0" in second.sentence


def test_a_crash_that_is_over_is_forgotten(api: ApiServer, fake: FakeApiServer) -> None:
    clock = Clock()
    pods = Pods(api, GREEN, clock)
    crash(fake, 3)
    pods.health()
    release(fake, "green")
    clock.now = 20.0
    assert pods.health().ready
    crash(fake, 4)
    clock.now = 40.0
    assert not pods.health().hopeless


def test_pods_that_are_late_are_told_and_not_hopeless(api: ApiServer, fake: FakeApiServer) -> None:
    deployment = fake.get("deployments", "green-ecluse")
    deployment["spec"]["replicas"] = 2
    fake.put(APPS, "deployments", deployment)
    found = health(api, GREEN)
    assert (found.ready, found.hopeless, found.pods) == (False, False, 1)
    assert found.sentence


def test_a_deployment_that_is_gone_is_hopeless(api: ApiServer, fake: FakeApiServer) -> None:
    fake.objects.pop((APPS, "deployments", "models", "green-ecluse"))
    found = health(api, GREEN)
    assert found.hopeless
    assert "deployment/green-ecluse was deleted" in found.sentence


def test_another_version_has_another_revision_and_another_number_of_pods_has_not(
    api: ApiServer, fake: FakeApiServer
) -> None:
    first = health(api, GREEN).revision
    release(fake, "green", 2)
    assert health(api, GREEN).revision == first
    deployment = fake.get("deployments", "green-ecluse")
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "ecluse:other"
    fake.put(APPS, "deployments", deployment)
    assert health(api, GREEN).revision not in ("", first)


def test_an_api_server_that_says_nothing_says_nothing_of_pods(api: ApiServer, fake: FakeApiServer) -> None:
    fake.faults.append(lambda asked: SILENCE)
    with pytest.raises(Unreachable):
        health(api, GREEN)
