"""Shares of traffic by numbers of pods: what is asked for, in which order, and what is left after a kill."""

from collections.abc import Callable
from typing import Any

import pytest

from k8s.api_server import ApiServer, Forbidden, Unreachable
from k8s.rollout.backends.backend import Changed, Refused
from k8s.rollout.backends.replicas import Replicas
from k8s.rollout.side import Side
from tests.contract.rollout.fake_api_server import SILENCE, FakeApiServer, Object
from tests.contract.rollout.made_up import APPS, release, roll_out, service

BEHIND = {"ecluse.example/behind": "mnist"}


@pytest.fixture
def fake() -> FakeApiServer:
    """Blue has three pods behind the Service, green has none; controllers act at once."""
    fake = FakeApiServer()
    release(fake, "blue", 3, **BEHIND)
    release(fake, "green", 0, **BEHIND)
    service(fake, "mnist", BEHIND)
    fake.acts.append(roll_out)
    return fake


def replicas(api: ApiServer, **words: str) -> Replicas:
    return Replicas(api, "models", "mnist", **words)


def pods(fake: FakeApiServer) -> tuple[int, int]:
    blue, green = (fake.get("deployments", f"{name}-ecluse")["spec"]["replicas"] for name in ("blue", "green"))
    return blue, green


def settle(backend: Replicas, percent: float) -> list[float]:
    """Ask for a share again until it is there, as the rollout does; give the shares that were seen."""
    seen = []
    for _ in range(10):
        backend.shift(percent)
        seen.append(backend.traffic().canary_percent)
        if seen[-1] == percent:
            return seen
    raise AssertionError(seen)


def test_who_has_no_pods_is_the_canary(api: ApiServer) -> None:
    backend = replicas(api)
    assert backend.names() == {Side.STABLE: "blue-ecluse", Side.CANARY: "green-ecluse"}
    assert backend.matchers(Side.CANARY) == 'namespace="models",variant="green-ecluse"'


def test_what_can_be_shared_is_told(api: ApiServer, fake: FakeApiServer) -> None:
    told = " ".join(replicas(api).check())
    assert "with 3 they are 25 %, 40 %, 50 % or all; up to 6 pods run" in told
    assert fake.written() == []


@pytest.mark.parametrize(("percent", "nearest"), [(0, 0), (1, 25), (33, 40), (50, 50), (90, 50), (100, 100)])
def test_a_share_is_the_nearest_that_pods_can_make(api: ApiServer, percent: float, nearest: float) -> None:
    assert replicas(api).nearest(percent) == nearest


def test_the_stable_version_keeps_its_pods_until_the_canary_has_as_many(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    found = []
    for percent in (25.0, 50.0):
        assert settle(backend, percent)[-1] == percent
        found.append(pods(fake))
    assert found == [(3, 1), (3, 3)]
    assert backend.traffic().effective
    settle(backend, 100)
    assert pods(fake) == (0, 3)


def test_no_pod_is_taken_from_the_stable_version_before_the_canarys_is_ready(
    api: ApiServer, fake: FakeApiServer
) -> None:
    fake.acts.clear()
    backend = replicas(api)
    backend.shift(100)
    backend.shift(100)
    assert pods(fake) == (3, 3)
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective) == (0, False)
    assert "blue-ecluse has 3 pods on the way to 0" in traffic.sentence
    green = fake.get("deployments", "green-ecluse")
    fake.put(APPS, "deployments", {**green, "status": {"observedGeneration": 9, "readyReplicas": 1, "replicas": 3}})
    backend.shift(100)
    assert pods(fake) == (2, 3)


def test_a_canary_without_pods_is_ready_since_its_share_is_what_starts_them(api: ApiServer) -> None:
    backend = replicas(api)
    health = backend.health(Side.CANARY)
    assert (health.ready, health.pods) == (True, 0)
    settle(backend, 25)
    assert backend.health(Side.CANARY).pods == 1
    assert backend.health(Side.CANARY).revision == health.revision


def test_taking_back_brings_the_stable_version_back_before_the_canary_goes(api: ApiServer, fake: FakeApiServer) -> None:
    settle(replicas(api), 100)
    again = replicas(api, to="green-ecluse", stable="blue-ecluse")
    fake.acts.clear()
    again.shift(0)
    assert pods(fake) == (3, 3)
    assert again.traffic().canary_percent == 100
    again.shift(0)
    assert pods(fake) == (3, 3)
    roll_out(fake, fake.get("deployments", "blue-ecluse"))
    again.shift(0)
    assert pods(fake) == (3, 0)


def test_a_share_below_everything_is_taken_back_at_once(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    settle(backend, 50)
    backend.shift(0)
    assert pods(fake) == (3, 0)
    assert (backend.traffic().canary_percent, backend.traffic().effective) == (0, True)


def test_the_number_of_pods_outlives_a_kill_at_every_write(api: ApiServer, fake: FakeApiServer) -> None:
    settle(replicas(api), 50)
    for last in range(1, 4):
        left = [last]

        def die(asked: Any, left: list[int] = left) -> Any:
            left[0] -= asked.method == "PATCH"
            return SILENCE if left[0] <= 0 and asked.method == "PATCH" else None

        for percent in (100, 0):
            fake.faults.append(die)
            killed = replicas(api, to="green-ecluse", stable="blue-ecluse")
            with pytest.raises(Unreachable):
                settle(killed, percent)
            fake.faults.clear()
            again = replicas(api, to="green-ecluse", stable="blue-ecluse")
            assert again.traffic().canary_percent in (0, 50, 100)
            settle(again, percent)
            assert pods(fake) == ((0, 3) if percent else (3, 0))


def test_after_a_promotion_the_next_rollout_goes_the_other_way(api: ApiServer, fake: FakeApiServer) -> None:
    first = replicas(api)
    first.promote()
    first.promote()
    second = replicas(api)
    assert second.names() == {Side.STABLE: "green-ecluse", Side.CANARY: "blue-ecluse"}
    assert second.check()
    assert second.traffic().canary_percent == 0
    settle(second, 25)
    assert pods(fake) == (1, 3)


def test_between_rollouts_the_number_of_pods_is_the_operators(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    settle(backend, 25)
    settle(backend, 0)
    fake.change("deployments", "blue-ecluse", lambda found: found["spec"].update(replicas=2))
    again = replicas(api)
    settle(again, 100)
    assert pods(fake) == (0, 2)


def test_pods_that_somebody_else_has_set_are_told_with_their_share(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    settle(backend, 25)
    fake.change("deployments", "green-ecluse", lambda found: found["spec"].update(replicas=2))
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective) == (40, False)
    assert traffic.sentence == "somebody else has set blue-ecluse to 3 pods and green-ecluse to 2"


def test_a_service_that_is_changed_in_between_is_told(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    fake.before_a_patch.append(lambda: fake.change("services", "mnist", lambda found: found["spec"].update(x=1)))
    with pytest.raises(Changed, match="service/mnist was changed since it was looked at"):
        backend.shift(25)
    assert pods(fake) == (3, 0)


def test_one_ready_pod_is_asked_straight(api: ApiServer, fake: FakeApiServer) -> None:
    backend = replicas(api)
    assert backend.ask(Side.CANARY, "/v2")[0] == 503
    settle(backend, 25)
    fake.behind = lambda asked: (200, f"{asked.plural} {asked.name} {asked.part}")
    assert backend.ask(Side.CANARY, "/v2") == (200, b"pods green-ecluse-1-0:80 proxy/v2")


def test_a_right_that_is_missing_is_told_before_anything_is_done(api: ApiServer, fake: FakeApiServer) -> None:
    told = (403, {"message": 'cannot patch resource "deployments/scale"'})
    fake.faults.append(lambda asked: told if asked.part == "scale" else None)
    with pytest.raises(Forbidden, match="deployments/scale"):
        replicas(api).check()


def owned(fake: FakeApiServer) -> Object:
    made = fake.get("deployments", "blue-ecluse")
    made["metadata"]["ownerReferences"] = [{"kind": "InferenceService", "name": "blue-ecluse"}]
    return made


def scaled(fake: FakeApiServer) -> Object:
    reference = {"kind": "Deployment", "name": "green-ecluse"}
    spec = {"minReplicas": 2, "scaleTargetRef": reference}
    return fake.put("apis/autoscaling/v2", "horizontalpodautoscalers", {"metadata": {"name": "green"}, "spec": spec})


REFUSALS: dict[str, tuple[Callable[[FakeApiServer], Any], dict[str, str], str]] = {
    "no Service": (
        lambda fake: fake.objects.pop(("api/v1", "services", "models", "mnist")),
        {},
        "there is no service/mnist in namespace models",
    ),
    "one Deployment alone": (
        lambda fake: fake.objects.pop((APPS, "deployments", "models", "green-ecluse")),
        {},
        "selects the pods of blue-ecluse: a rollout takes those of two Deployments, by a label",
    ),
    "three Deployments": (
        lambda fake: release(fake, "red", 1, **BEHIND),
        {},
        "selects the pods of blue-ecluse and green-ecluse and red-ecluse",
    ),
    "a canary that is none of them": (
        lambda fake: None,
        {"to": "red-ecluse"},
        "and not of deployment/red-ecluse",
    ),
    "both with pods": (
        lambda fake: release(fake, "green", 1, **BEHIND),
        {},
        "both Deployments behind service/mnist have pods (blue-ecluse 3, green-ecluse 1)",
    ),
    "a canary with pods": (
        lambda fake: release(fake, "green", 1, **BEHIND),
        {"to": "green-ecluse"},
        "deployment/green-ecluse has 1 pod behind service/mnist already, and a rollout begins at nothing",
    ),
    "a canary that is the stable version": (
        lambda fake: None,
        {"to": "blue-ecluse"},
        "blue-ecluse has all the pods behind service/mnist already: it would be a rollout onto itself",
    ),
    "nobody with pods": (
        lambda fake: release(fake, "blue", 0, **BEHIND),
        {},
        "no Deployment behind service/mnist has pods",
    ),
    "an autoscaler": (scaled, {}, "horizontalpodautoscaler/green sets the pods of deployment/green-ecluse"),
    "KServe": (owned, {}, "deployment/blue-ecluse belongs to inferenceservice/blue-ecluse"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_rolled_out_is_refused_in_a_sentence_and_nothing_is_changed(
    fake: FakeApiServer, api: ApiServer, case: str
) -> None:
    prepare, words, sentence = REFUSALS[case]
    prepare(fake)
    with pytest.raises(Refused) as refused:
        replicas(api, **words).check()
    assert sentence in str(refused.value)
    assert fake.written() == []
