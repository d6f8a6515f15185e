"""Which way to share traffic is chosen, and what is said of it."""

from typing import Any

import pytest

from k8s.api_server import ApiServer
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.detect import detect
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.side import Side
from tests.contract.rollout.fake_api_server import FakeApiServer
from tests.contract.rollout.made_up import release, route, service

KSERVE = "apis/serving.kserve.io/v1beta1"
BEHIND = {"behind": "mnist"}


def chosen(api: ApiServer, words: str, **wishes: Any) -> tuple[str, str]:
    backend, why = detect(api, "models", words, Wishes(**wishes))
    return backend.name, why


def inference_service(fake: FakeApiServer, mode: str) -> None:
    fake.put(KSERVE, "inferenceservices", {"metadata": {"name": "mnist"}, "status": {"deploymentMode": mode}})


def shared_service(fake: FakeApiServer) -> None:
    release(fake, "blue", 3, **BEHIND)
    release(fake, "green", 0, **BEHIND)
    service(fake, "mnist", BEHIND)


def test_a_route_is_the_finest_way_and_what_else_is_there_is_told(api: ApiServer, fake: FakeApiServer) -> None:
    shared_service(fake)
    name, why = chosen(api, "mnist")
    assert name == "gateway"
    assert why.split("; ") == [
        "gateway, since there is httproute/mnist",
        "not kserve-canary: there is no inferenceservice/mnist",
        "not kserve-knative: there is no inferenceservice/mnist",
        "not replicas: service/mnist is there too, but shares coarser",
    ]


def test_without_a_gateway_it_is_numbers_of_pods(api: ApiServer, fake: FakeApiServer) -> None:
    fake.unknown.add("gateway.networking.k8s.io")
    shared_service(fake)
    name, why = chosen(api, "mnist")
    assert name == "replicas"
    assert "not gateway: there is no httproute/mnist" in why


def test_kserves_own_route_is_kserves(api: ApiServer, fake: FakeApiServer) -> None:
    inference_service(fake, "Standard")
    owner = {"kind": "InferenceService", "name": "mnist", "uid": "1", "controller": True}
    route(fake, ownerReferences=[owner])
    name, why = chosen(api, "mnist")
    assert name == "kserve-canary"
    assert "not gateway: httproute/mnist belongs to inferenceservice/mnist" in why
    assert "not kserve-knative: KServe runs inferenceservice/mnist in Standard mode" in why


def test_a_model_of_ones_own_is_for_an_inference_service(api: ApiServer, fake: FakeApiServer) -> None:
    inference_service(fake, "Standard")
    name, why = chosen(api, "mnist", storage_uri="pvc://models/2")
    assert name == "kserve-canary"
    assert "not gateway: --storage-uri names the model of an InferenceService" in why


@pytest.mark.parametrize(("mode", "expected"), [("Standard", "kserve-canary"), ("Knative", "kserve-knative")])
def test_kserves_mode_decides_between_its_two_ways(
    api: ApiServer, fake: FakeApiServer, mode: str, expected: str
) -> None:
    inference_service(fake, mode)
    assert chosen(api, "inferenceservice/mnist")[0] == expected


def test_a_kind_that_is_named_is_taken(api: ApiServer, fake: FakeApiServer) -> None:
    shared_service(fake)
    assert chosen(api, "svc/mnist") == ("replicas", "replicas, which shares traffic by service/mnist")
    assert chosen(api, "httproute.gateway.networking.k8s.io/mnist")[0] == "gateway"


def test_who_goes_on_gets_the_sides_that_it_had(api: ApiServer, fake: FakeApiServer) -> None:
    wishes = Wishes(backend="gateway", to="blue-ecluse", stable="green-ecluse")
    backend, why = detect(api, "models", "httproute/mnist", wishes)
    assert backend.names() == {Side.STABLE: "green-ecluse", Side.CANARY: "blue-ecluse"}
    assert why == "gateway, as it was asked for"


@pytest.mark.parametrize(
    ("words", "wishes", "sentence"),
    [
        (
            "nothing",
            {},
            "nothing called nothing in namespace models shares traffic: not gateway: there is no httproute",
        ),
        ("pod/x", {}, "'pod' is nothing that shares traffic: expected httproute/NAME"),
        ("mnist", {"backend": "mesh"}, "there is no backend 'mesh': expected auto, gateway"),
        ("httproute/mnist", {"backend": "replicas"}, "the backend replicas shares traffic by service/NAME"),
        ("httproute/mnist", {"storage_uri": "s3://x"}, "--storage-uri names the model of an inferenceservice/NAME"),
        ("isvc/mnist", {}, "there is no inferenceservice/mnist in namespace models"),
    ],
)
def test_what_names_no_way_is_refused(api: ApiServer, words: str, wishes: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        chosen(api, words, **wishes)
    assert sentence in str(refused.value)


def test_a_route_of_helms_and_nothing_else_says_so(api: ApiServer, fake: FakeApiServer) -> None:
    route(fake, labels={"app.kubernetes.io/managed-by": "Helm"})
    with pytest.raises(Refused, match="not gateway: httproute/mnist belongs to a Helm release"):
        chosen(api, "mnist")


def test_a_kind_that_may_not_be_read_speaks_against_its_way_alone(api: ApiServer, fake: FakeApiServer) -> None:
    told = (403, {"message": "cannot get resource inferenceservices"})
    fake.faults.append(lambda asked: told if asked.plural == "inferenceservices" else None)
    name, why = chosen(api, "mnist")
    assert name == "gateway"
    assert "not kserve-canary: a right is missing: cannot get resource inferenceservices" in why
