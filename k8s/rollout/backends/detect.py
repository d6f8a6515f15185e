"""Choose the way to share traffic, and say why this one and not the others.

What a word on the command line names may be there as several kinds; the finest
way that there is wins, and what else was found is told. Reads alone.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from k8s.api_server import ApiServer, NotFound
from k8s.rollout.backends.backend import Backend, Refused
from k8s.rollout.backends.gateway import Gateway
from k8s.rollout.backends.kserve_canary import KServeCanary
from k8s.rollout.backends.kserve_knative import KServeKnative
from k8s.rollout.backends.kserve_object import InferenceService
from k8s.rollout.backends.kserve_reasons import is_knative
from k8s.rollout.backends.route import GROUP
from k8s.rollout.backends.wishes import Wishes

Maker = Callable[[ApiServer, str, str, Wishes], Backend]

SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "httproute": "httproute",
        "httproutes": "httproute",
        f"httproute.{GROUP}": "httproute",
        f"httproutes.{GROUP}": "httproute",
        "isvc": "inferenceservice",
        "inferenceservice": "inferenceservice",
        "inferenceservices": "inferenceservice",
        "inferenceservice.serving.kserve.io": "inferenceservice",
        "inferenceservices.serving.kserve.io": "inferenceservice",
    }
)
PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"httproute": ("apis", GROUP, "v1"), "inferenceservice": ("apis", "serving.kserve.io", "v1beta1")}
)
PLURALS: Mapping[str, str] = MappingProxyType({"httproute": "httproutes", "inferenceservice": "inferenceservices"})


def _gateway(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return Gateway(api, namespace, name, wishes.grpc_route, wishes.to, wishes.stable)


def _kserve_canary(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return KServeCanary(api, namespace, name, wishes.canary_name, wishes.storage_uri, wishes.stable)


def _kserve_knative(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return KServeKnative(api, namespace, name, wishes.storage_uri, wishes.stable)


MAKERS: Mapping[str, tuple[str, Maker]] = MappingProxyType(
    {
        "gateway": ("httproute", _gateway),
        "kserve-canary": ("inferenceservice", _kserve_canary),
        "kserve-knative": ("inferenceservice", _kserve_knative),
    }
)
"""Each backend, the kind of object that it shares traffic by, and how it is made: the finest first."""


def detect(api: ApiServer, namespace: str, words: str, wishes: Wishes) -> tuple[Backend, str]:
    """Give the backend and, in a sentence, why it. Raises Refused and ApiError."""
    kind, name = _named(words)
    if wishes.backend not in ("auto", *MAKERS):
        raise Refused(f"there is no backend {wishes.backend!r}: expected auto, {', '.join(MAKERS)}")
    fitting = [each for each, (its_kind, _) in MAKERS.items() if not kind or its_kind == kind]
    if wishes.backend != "auto":
        its_kind, make = MAKERS[wishes.backend]
        if kind and kind != its_kind:
            raise Refused(f"the backend {wishes.backend} shares traffic by {its_kind}/NAME, not by {kind}/{name}")
        return make(api, namespace, name, wishes), f"{wishes.backend}, as it was asked for"
    looked_for = [kind] if kind else list(PATHS)
    if wishes.storage_uri:
        # KServe's own route has the InferenceService's name: a model is for the latter.
        looked_for = ["inferenceservice"]
        if kind and kind not in looked_for:
            raise Refused(f"--storage-uri names the model of an inferenceservice/NAME, and {kind}/{name} has none")
    there = looked_for if kind else [each for each in looked_for if _is_there(api, namespace, each, name)]
    chosen = [each for each in fitting if MAKERS[each][0] in there]
    if not chosen:
        kinds = ", ".join(looked_for)
        raise Refused(
            f"there is no object called {name} in namespace {namespace} that shares traffic: looked for {kinds}"
        )
    first = chosen[0]
    if first == "kserve-canary":
        service = InferenceService(api, namespace, name).read()
        if is_knative(service):
            return _kserve_knative(
                api, namespace, name, wishes
            ), f"kserve-knative, since KServe runs {words} on Knative"
    its_kind, make = MAKERS[first]
    return make(api, namespace, name, wishes), f"{first}, since {its_kind}/{name} shares the traffic"


def _named(words: str) -> tuple[str, str]:
    spelling, slash, name = words.rpartition("/")
    if not slash:
        return "", words
    if spelling.lower() not in SPELLINGS:
        expected = ", ".join(f"{kind}/NAME" for kind in PATHS)
        raise Refused(f"{spelling!r} shares no traffic: expected {expected}")
    return SPELLINGS[spelling.lower()], name


def _is_there(api: ApiServer, namespace: str, kind: str, name: str) -> bool:
    try:
        api.read(*PATHS[kind], "namespaces", namespace, PLURALS[kind], name)
    except NotFound:
        return False
    return True
