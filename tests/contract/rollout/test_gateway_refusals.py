"""What cannot be rolled out by routes: refused in one sentence, before anything is changed."""

from collections.abc import Callable
from typing import Any

import pytest

from k8s.api_server import ApiServer
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.gateway import Gateway
from tests.contract.rollout.fake_api_server import FakeApiServer, Object
from tests.contract.rollout.made_up import GATEWAY, route, rule, service

PORTS: list[dict[str, Any]] = [{"port": 80}, {"port": 8081}]

REFUSALS: dict[str, tuple[Callable[[FakeApiServer], Any], dict[str, str], str]] = {
    "no route": (
        lambda fake: fake.objects.pop((GATEWAY, "httproutes", "models", "mnist")),
        {},
        "there is no httproute/mnist in namespace models",
    ),
    "no Gateway API": (
        lambda fake: fake.unknown.add("gateway.networking.k8s.io"),
        {},
        "this cluster knows no httproute",
    ),
    "no route of that name for gRPC": (lambda fake: None, {"grpc_route": "calls"}, "there is no grpcroute/calls"),
    "a route of Helm's": (
        lambda fake: route(fake, labels={"app.kubernetes.io/managed-by": "Helm"}),
        {},
        "whose next upgrade would put its weights back",
    ),
    "a route of a controller": (
        lambda fake: route(
            fake, ownerReferences=[{"kind": "InferenceService", "name": "x", "uid": "1", "controller": True}]
        ),
        {},
        "belongs to inferenceservice/x, whose controller would put its weights back",
    ),
    "a canary that is the stable version": (
        lambda fake: None,
        {"to": "blue-ecluse"},
        "blue-ecluse has all the traffic of httproute/mnist already: it would be a rollout onto itself",
    ),
    "one version alone": (
        lambda fake: route(fake, weights={"blue-ecluse": 1}),
        {},
        "leads to blue-ecluse alone: a rollout needs a rule with two backendRefs",
    ),
    "one version alone, and named": (
        lambda fake: route(fake, weights={"blue-ecluse": 1}),
        {"to": "blue-ecluse"},
        "leads to blue-ecluse alone: it would be a rollout onto itself",
    ),
    "a canary that no rule leads to": (
        lambda fake: None,
        {"to": "red-ecluse"},
        "has no backendRef to service/red-ecluse: it leads to blue-ecluse and green-ecluse",
    ),
    "both with weight": (
        lambda fake: route(fake, weights={"blue-ecluse": 60, "green-ecluse": 40}),
        {},
        "all backendRefs of rule 1 of httproute/mnist have weight (blue-ecluse 60, green-ecluse 40): say with --to",
    ),
    "a canary with traffic": (
        lambda fake: route(fake, weights={"blue-ecluse": 60, "green-ecluse": 40}),
        {"to": "green-ecluse"},
        "gives green-ecluse 40 % already, and a rollout begins at nothing",
    ),
    "two without weight": (
        lambda fake: route(fake, weights={"blue-ecluse": 1, "green-ecluse": 0, "red": 0}),
        {},
        "green-ecluse and red both have weight 0",
    ),
    "nobody with weight": (
        lambda fake: route(fake, weights={"blue-ecluse": 0, "green-ecluse": 0}),
        {"to": "green-ecluse"},
        "nobody has traffic by rule 1",
    ),
    "two alike beside the canary": (
        lambda fake: route(fake, weights={"blue-ecluse": 5, "red": 5, "green-ecluse": 0}),
        {},
        "gives blue-ecluse and red the same: which of them is the stable version?",
    ),
    "a Service twice": (
        lambda fake: route(fake, spec={"rules": [_twice()]}),
        {},
        "leads to service/blue-ecluse twice",
    ),
    "rules that disagree": (
        lambda fake: route(
            fake,
            spec={"rules": [rule({"blue-ecluse": 1, "green-ecluse": 0}), rule({"blue-ecluse": 1, "green-ecluse": 1})]},
        ),
        {},
        "the rules of httproute/mnist disagree: rule 1 of httproute/mnist gives green-ecluse 0 % and rule 2",
    ),
    "a rule that would stay behind": (
        lambda fake: route(
            fake, spec={"rules": [rule({"blue-ecluse": 1, "green-ecluse": 0}), rule({"blue-ecluse": 1})]}
        ),
        {},
        "rule 2 of httproute/mnist leads to blue-ecluse and not to green-ecluse",
    ),
    "calls that would stay behind": (
        lambda fake: route(fake, "GRPCRoute", {"blue-ecluse": 1}),
        {},
        "rule 1 of grpcroute/mnist leads to blue-ecluse and not to green-ecluse",
    ),
    "a route without a gateway": (
        lambda fake: route(fake, spec={"parentRefs": []}),
        {},
        "httproute/mnist has no parentRefs",
    ),
    "a gateway that says nothing": (
        lambda fake: fake.put(GATEWAY, "httproutes", {**fake.get("httproutes", "mnist"), "status": {}}),
        {},
        "gateway/models has not said a word of httproute/mnist",
    ),
    "a Service that is not there": (
        lambda fake: fake.objects.pop(("api/v1", "services", "models", "green-ecluse")),
        {},
        "there is no service/green-ecluse in namespace models",
    ),
    "a port that the Service has not": (
        lambda fake: service(fake, "green-ecluse", {"app.kubernetes.io/instance": "green"}, [{"port": 8080}]),
        {},
        "leads to port 80 of service/green-ecluse, whose ports are 8080",
    ),
    "a Service without pods": (
        lambda fake: fake.objects.pop(("apis/apps/v1", "deployments", "models", "green-ecluse")),
        {},
        "no Deployment makes pods that service/green-ecluse selects",
    ),
    "a Service that selects nothing": (
        lambda fake: service(fake, "green-ecluse", {}, PORTS),
        {},
        "service/green-ecluse selects no pods",
    ),
    "a Service of both versions": (
        lambda fake: service(fake, "green-ecluse", {"app.kubernetes.io/name": "ecluse"}, PORTS),
        {},
        "service/green-ecluse selects the pods of blue-ecluse and green-ecluse",
    ),
    "two Services of one version": (
        lambda fake: service(fake, "green-ecluse", {"app.kubernetes.io/instance": "blue"}, PORTS),
        {},
        "both lead to the pods of deployment/blue-ecluse: it would be a rollout onto itself",
    ),
}


def _twice() -> Object:
    made = rule({"blue-ecluse": 1, "green-ecluse": 0})
    made["backendRefs"].append(made["backendRefs"][0])
    return made


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_rolled_out_is_refused_in_a_sentence_and_nothing_is_changed(
    fake: FakeApiServer, api: ApiServer, case: str
) -> None:
    prepare, words, sentence = REFUSALS[case]
    prepare(fake)
    with pytest.raises(Refused) as refused:
        Gateway(api, "models", "mnist", **words).check()
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert fake.written() == []
