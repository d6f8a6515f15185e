"""KServe's ways to share traffic over a real socket: what is asked for, what comes back, and which rights it takes.

The KServe behind it pretends. What is written is held against the models of KServe's SDK.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import kserve
import pytest

from k8s.api_server import ApiError, ApiServer, Conflict, NotFound, Unreachable
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.detect import detect
from k8s.rollout.backends.kserve_canary import KServeCanary
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.rights import FROM_OUTSIDE, RIGHTS
from k8s.rollout.side import Side
from k8s.rollout.smoke import smoke
from tests.contract.rollout.fake_api_server import SILENCE, Answer, Asked, FakeApiServer, listening
from tests.contract.rollout.test_rights import asked_for, written_down
from tests.pretended_knative import PretendedKnative
from tests.pretended_kserve import NAMESPACE, NEW, PretendedKServe, service_of

Object = dict[str, Any]
WISHES = Wishes(storage_uri=NEW, canary_name="two")
ANSWER = {
    "/v2/health/ready": {},
    "/v2/models/digits": {"inputs": [], "outputs": [{"name": "digit", "datatype": "INT64", "shape": [-1]}]},
    "/v2/models/digits/infer": {"outputs": [{"name": "digit", "datatype": "INT64", "shape": [1], "data": [7]}]},
}


class KServeServer(FakeApiServer):
    """Asks the KServe that pretends, and says its errors as an API server does."""

    def __init__(self, kserve: PretendedKServe | PretendedKnative) -> None:
        super().__init__()
        self.kserve = kserve

    def answer(self, asked: Asked, namespace: str) -> Answer:
        self.asked.append(asked)
        path = [*asked.group.split("/"), "namespaces", namespace, asked.plural, *filter(None, [asked.name])]
        if asked.part.startswith("proxy"):
            return 200, ANSWER[asked.part.removeprefix("proxy")]
        for fault in self.faults:
            instead = fault(asked)
            if instead is not None:
                return instead
        try:
            if asked.method == "GET":
                return 200, self.kserve.read(*path, **asked.query)
            version = (asked.body.get("metadata") or {}).get("resourceVersion", "")
            return 200, self.kserve.patch(asked.body, *path, resource_version=version, **asked.query)
        except ApiError as error:
            code = 409 if isinstance(error, Conflict) else 404 if isinstance(error, NotFound) else 400
            return code, {"kind": "Status", "apiVersion": "v1", "message": str(error), "code": code}


@pytest.fixture
def pretended() -> PretendedKServe:
    return PretendedKServe(service=service_of(2))


@pytest.fixture
def fake(pretended: PretendedKServe) -> KServeServer:
    return KServeServer(pretended)


@pytest.fixture
def api(fake: KServeServer) -> Iterator[ApiServer]:
    with listening(fake) as api:
        yield api


def test_a_whole_rollout_takes_the_rights_that_are_written_down(
    pretended: PretendedKServe, fake: KServeServer, api: ApiServer
) -> None:
    backend, why = detect(api, NAMESPACE, "isvc/digits", WISHES)
    assert why.startswith("kserve-canary, since KServe runs inferenceservice/digits in Standard mode")
    told = backend.check()
    assert "cannot be seen" in told[1]
    pretended.broken.add("digits-two-predictor")
    for _ in range(3):
        backend.deploy()
        pretended.advance()
        assert not backend.health(Side.CANARY).ready
    pretended.broken.clear()
    for _ in range(5):
        backend.deploy()
        pretended.advance()
    assert backend.health(Side.CANARY).ready, backend.health(Side.CANARY).sentence
    assert smoke(backend, "digits", None) == ""
    for percent in (1, 50, 100):
        backend.shift(percent)
        pretended.advance()
        assert backend.traffic().effective
        assert backend.health(Side.STABLE).ready
    holds_to_the_sdk(pretended.service)
    backend.promote()
    pretended.advance()
    holds_to_the_sdk(pretended.service)
    assert backend.traffic().effective
    backend.discard()
    assert asked_for(fake.asked) <= written_down([*RIGHTS["kserve-canary"], *FROM_OUTSIDE["kserve-canary"]])
    named = {each.name for each in fake.asked if each.plural == "inferenceservices"}
    assert named == {"digits"}


def test_a_rollout_on_knative_takes_the_rights_that_are_written_down() -> None:
    knative = PretendedKnative()
    fake = KServeServer(knative)
    with listening(fake) as api:
        backend, why = detect(api, NAMESPACE, "isvc/digits", Wishes(storage_uri=NEW))
        assert why.startswith("kserve-knative, since KServe runs inferenceservice/digits on Knative")
        backend.check()
        backend.deploy()
        knative.advance()
        assert backend.health(Side.CANARY).ready
        assert smoke(backend, "digits", None) == ""
        for percent in (10, 100):
            backend.shift(percent)
            knative.advance()
            assert backend.traffic().effective
            holds_to_the_sdk(knative.service)
        backend.promote()
    assert asked_for(fake.asked) <= written_down([*RIGHTS["kserve-knative"], *FROM_OUTSIDE["kserve-knative"]])


def test_without_the_right_to_see_the_controller_the_rest_goes_on(fake: KServeServer, api: ApiServer) -> None:
    def forbidden(asked: Asked) -> Answer | None:
        if asked.name != "kserve-controller-manager":
            return None
        return 403, {"kind": "Status", "apiVersion": "v1", "message": "deployments is forbidden", "code": 403}

    fake.faults.append(forbidden)
    assert KServeCanary(api, NAMESPACE, "digits", "two", NEW).check()


def test_an_api_server_that_is_silent_is_no_old_kserve(fake: KServeServer, api: ApiServer) -> None:
    fake.faults.append(lambda asked: SILENCE if asked.name == "kserve-controller-manager" else None)
    with pytest.raises(Unreachable):
        KServeCanary(api, NAMESPACE, "digits", "two", NEW).check()


def test_no_right_to_write_is_told_before_anything_is_changed(
    pretended: PretendedKServe, fake: KServeServer, api: ApiServer
) -> None:
    message = 'inferenceservices "digits" is forbidden: cannot patch'
    told = {"kind": "Status", "apiVersion": "v1", "message": message, "code": 403}
    fake.faults.append(lambda asked: (403, told) if asked.method == "PATCH" else None)
    with pytest.raises(Refused, match="a right is missing: inferenceservices"):
        KServeCanary(api, NAMESPACE, "digits", "two", NEW).check()
    assert pretended.writes == []


def holds_to_the_sdk(service: Mapping[str, Any]) -> None:
    """Every field of the spec is one of KServe 0.21, with the type that its SDK has for it."""
    unknown = list(_unknown(service["spec"], kserve.V1beta1InferenceServiceSpec, "spec"))
    assert not unknown, unknown


def _unknown(given: Any, model: Any, place: str) -> Iterator[str]:
    types = {model.attribute_map[name]: kind for name, kind in model.openapi_types.items()}
    for key, value in given.items():
        kind = types.get(key)
        if kind is None:
            yield f"{place}.{key} is no field"
        elif kind in ("int", "str"):
            if not isinstance(value, {"int": int, "str": str}[kind]):
                yield f"{place}.{key} is {value!r}, expected {kind}"
        else:
            inner = getattr(kserve, kind.removeprefix("list[").removesuffix("]"), None)
            for each in value if isinstance(value, list) else [value]:
                if inner is not None:
                    yield from _unknown(each, inner, f"{place}.{key}")
