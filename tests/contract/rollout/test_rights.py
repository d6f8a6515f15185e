"""The rights that are written down are those that are asked for, neither more nor less."""

from collections.abc import Callable, Iterable

import pytest

from k8s.api_server import ApiServer
from k8s.rollout.backends.backend import Backend
from k8s.rollout.backends.gateway import Gateway
from k8s.rollout.backends.replicas import Replicas
from k8s.rollout.rights import FROM_OUTSIDE, LEDGER, RIGHTS, Right
from k8s.rollout.side import Side
from tests.contract.rollout.fake_api_server import Asked, FakeApiServer
from tests.contract.rollout.made_up import pod, release, service

BEHIND = {"behind": "mnist"}
TARGET = "mnist"


def fall_ill(fake: FakeApiServer) -> None:
    """Events and logs are asked for where something is wrong."""
    pod(fake, "green-ecluse-1-0", fake.get("replicasets", "green-ecluse-1"), ready=False, restarts=3)


def whole_life(backend: Backend, fake: FakeApiServer) -> None:
    """Do everything that a rollout does with it."""
    backend.check()
    backend.deploy()
    for percent in (10.0, 100.0, 0.0):
        for _ in range(3):
            backend.shift(backend.nearest(percent))
            backend.traffic()
        for side in Side:
            backend.matchers(side)
            backend.health(side)
            backend.ask(side, "/v2/models/mnist")
            backend.ask(side, "/v2/models/mnist/infer", b"{}")
    backend.promote()
    backend.promote()
    fall_ill(fake)
    backend.health(Side.CANARY)
    backend.discard()


def asked_for(asked: Iterable[Asked]) -> set[tuple[str, str, str]]:
    groups = ((each, each.group.split("/")[1] if each.group.startswith("apis/") else "") for each in asked)
    return {(group, each.resource, each.verb) for each, group in groups}


def written_down(rights: Iterable[Right]) -> set[tuple[str, str, str]]:
    return {(right.group, right.resource, verb) for right in rights for verb in right.verbs}


def by_numbers_of_pods(api: ApiServer, fake: FakeApiServer) -> Backend:
    release(fake, "blue", 2, **BEHIND)
    release(fake, "green", 0, **BEHIND)
    service(fake, TARGET, BEHIND)
    return Replicas(api, "models", TARGET)


def by_routes(api: ApiServer, fake: FakeApiServer) -> Backend:
    return Gateway(api, "models", TARGET)


MADE: dict[str, Callable[[ApiServer, FakeApiServer], Backend]] = {"gateway": by_routes, "replicas": by_numbers_of_pods}

LOGS = {("", "pods/log", "get")}
"""Read once a trouble has lasted: longer than a test does."""


@pytest.mark.parametrize("name", MADE)
def test_what_is_asked_for_is_what_is_written_down(api: ApiServer, fake: FakeApiServer, name: str) -> None:
    fake.behind = lambda asked: (200, {})
    backend = MADE[name](api, fake)
    assert backend.name == name
    whole_life(backend, fake)
    written = written_down([*RIGHTS[name], *FROM_OUTSIDE[name]]) - written_down(LEDGER)
    assert asked_for(fake.asked) == written - LOGS


@pytest.mark.parametrize("name", MADE)
def test_what_is_allowed_by_name_is_asked_of_that_name_alone(api: ApiServer, fake: FakeApiServer, name: str) -> None:
    fake.behind = lambda asked: (200, {})
    whole_life(MADE[name](api, fake), fake)
    named = {(right.resource, verb) for right in RIGHTS[name] if right.name == "target" for verb in right.verbs}
    of_target = {each.name for each in fake.asked if (each.resource, each.verb) in named}
    assert of_target == {TARGET}


@pytest.mark.parametrize("name", RIGHTS)
def test_nothing_is_written_without_a_name_that_could_have_one(name: str) -> None:
    writing = {right.resource for right in RIGHTS[name] if not right.name and {"patch", "update"} & set(right.verbs)}
    assert writing <= {"deployments/scale"}
    assert not any(verb in ("*", "delete", "update") for right in RIGHTS[name] for verb in right.verbs)
