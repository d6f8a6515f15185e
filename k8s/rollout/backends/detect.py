"""Choose the way to share traffic, and say why this one and not the others.

What a word on the command line names may be there as several kinds; the finest
way that nothing speaks against wins. Whoever names a kind or a backend has
chosen: what speaks against that, its own check says. Reads alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8s.api_server import ApiServer, Forbidden, NotFound
from k8s.json_object import Json
from k8s.rollout.backends import behind
from k8s.rollout.backends.backend import Backend, Refused
from k8s.rollout.backends.gateway import Gateway
from k8s.rollout.backends.kserve_canary import KServeCanary
from k8s.rollout.backends.kserve_knative import KServeKnative
from k8s.rollout.backends.kserve_object import InferenceService
from k8s.rollout.backends.kserve_reasons import is_knative
from k8s.rollout.backends.ownership import must_be_ours
from k8s.rollout.backends.replicas import Replicas
from k8s.rollout.backends.route import GROUP
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.target import BadTarget, parse_target

Maker = Callable[[ApiServer, str, str, Wishes], Backend]

PATHS: Mapping[str, tuple[str, ...]] = {
    "httproute": ("apis", GROUP, "v1"),
    "inferenceservice": ("apis", "serving.kserve.io", "v1beta1"),
    "service": ("api", "v1"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A backend, the kind of object that it shares traffic by, and how it is made."""

    backend: str
    kind: str
    make: Maker


def _gateway(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return Gateway(api, namespace, name, wishes.grpc_route, wishes.to, wishes.stable)


def _kserve_canary(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return KServeCanary(api, namespace, name, wishes.canary_name, wishes.storage_uri, wishes.stable)


def _kserve_knative(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return KServeKnative(api, namespace, name, wishes.storage_uri, wishes.stable)


def _replicas(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> Backend:
    return Replicas(api, namespace, name, wishes.to, wishes.stable)


WAYS = (
    Way("gateway", "httproute", _gateway),
    Way("kserve-canary", "inferenceservice", _kserve_canary),
    Way("kserve-knative", "inferenceservice", _kserve_knative),
    Way("replicas", "service", _replicas),
)
"""The finest first."""


WORDS_OF = {
    "gateway": ("grpc_route",),
    "kserve-canary": ("storage_uri", "canary_name"),
    "kserve-knative": ("storage_uri",),
    "replicas": (),
}
"""Which of these wishes mean something to which backend."""

MEANT = {
    "grpc_route": "--grpc-route names the GRPCRoute beside an httproute/NAME",
    "storage_uri": "--storage-uri names the model of an inferenceservice/NAME",
    "canary_name": "--canary-name names the new version that KServe makes of an inferenceservice/NAME",
}


def detect(api: ApiServer, namespace: str, words: str, wishes: Wishes) -> tuple[Backend, str]:
    """Give the backend and, in a sentence, why it and not the others. Raises Refused and ApiError."""
    kind, name = _named(words)
    if wishes.backend != "auto":
        way = _asked_for(wishes.backend)
        if kind and kind != way.kind:
            raise Refused(f"the backend {way.backend} shares traffic by {way.kind}/NAME, not by {kind}/{name}")
        why = f"{way.backend}, as it was asked for"
    elif kind == "inferenceservice":
        service = InferenceService(api, namespace, name).read()
        way = _asked_for("kserve-knative" if is_knative(service) else "kserve-canary")
        mode = "on Knative" if is_knative(service) else "in Standard mode"
        why = f"{way.backend}, since KServe runs {kind}/{name} {mode}"
    elif kind:
        way = next(each for each in WAYS if each.kind == kind)
        why = f"{way.backend}, which shares traffic by {kind}/{name}"
    else:
        way, why = _the_finest(api, namespace, name, wishes)
    _must_mean_something(way, f"{way.kind}/{name}", wishes)
    return way.make(api, namespace, name, wishes), why


def _must_mean_something(way: Way, called: str, wishes: Wishes) -> None:
    # A rollout that goes on has been begun with its words: refused now, it could not be taken back.
    if wishes.stable:
        return
    for word, meaning in MEANT.items():
        if getattr(wishes, word) and word not in WORDS_OF[way.backend]:
            raise Refused(f"{meaning}, and {called} has none where {way.backend} shares the traffic")


def _the_finest(api: ApiServer, namespace: str, name: str, wishes: Wishes) -> tuple[Way, str]:
    against = {way: _against(api, namespace, way, name, wishes) for way in WAYS}
    chosen = next((way for way, words in against.items() if not words), None)
    spoken = [f"not {way.backend}: {words}" for way, words in against.items() if words]
    if chosen is None:
        raise Refused(f"nothing called {name} in namespace {namespace} shares traffic: {'; '.join(spoken)}")
    spoken += [
        f"not {way.backend}: {way.kind}/{name} is there too, but shares coarser"
        for way, words in against.items()
        if not words and way is not chosen
    ]
    return chosen, "; ".join([f"{chosen.backend}, since there is {chosen.kind}/{name}", *spoken])


def _against(api: ApiServer, namespace: str, way: Way, name: str, wishes: Wishes) -> str:
    """Say what speaks against a way, or nothing. Raises ApiError."""
    if wishes.storage_uri and way.kind != "inferenceservice":
        return "--storage-uri names the model of an InferenceService"
    try:
        found = api.read(*PATHS[way.kind], "namespaces", namespace, f"{way.kind}s", name)
        return _against_what_is_there(api, namespace, way, found)
    except NotFound:
        return f"there is no {way.kind}/{name}"
    except (Forbidden, Refused) as error:
        return str(error)


def _against_what_is_there(api: ApiServer, namespace: str, way: Way, found: Json) -> str:
    """Raises Refused and ApiError."""
    name = found["metadata"]["name"]
    match way.backend:
        case "gateway":
            must_be_ours({"kind": "HTTPRoute", **found})
        case "kserve-canary" if is_knative(found):
            return f"KServe runs inferenceservice/{name} on Knative"
        case "kserve-knative" if not is_knative(found):
            return f"KServe runs inferenceservice/{name} in Standard mode"
        case "replicas":
            names = sorted(each["metadata"]["name"] for each in behind.deployments(api, namespace, found))
            if len(names) < 2:
                return f"service/{name} selects the pods of {' and '.join(names) or 'no Deployment'} alone"
    return ""


def _asked_for(backend: str) -> Way:
    way = next((each for each in WAYS if each.backend == backend), None)
    if way is None:
        known = ", ".join(each.backend for each in WAYS)
        raise Refused(f"there is no backend {backend!r}: expected auto, {known}")
    return way


def _named(words: str) -> tuple[str, str]:
    try:
        kind, _, name = parse_target(words).rpartition("/")
    except BadTarget as error:
        raise Refused(str(error)) from None
    return kind, name
