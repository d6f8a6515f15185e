"""Why an InferenceService, as it stands, cannot have a canary of `spec.canary`: all reasons at once. Pure.

Some KServe says itself at a write; these are told beforehand, in words that
name the remedy, and with those that KServe leaves to find out.
"""

from collections.abc import Iterator

from k8s.json_object import Json
from k8s.rollout.backends import kserve_spec
from k8s.wait.carrying import HOLDS_BACK, STOPS
from k8s.wait.seen import annotations, labels, metadata, spec, status, wanted
from k8s.wait.seen import name as named

MODE = "serving.kserve.io/deploymentMode"
AUTOSCALER = "serving.kserve.io/autoscalerClass"
VISIBILITY = "networking.kserve.io/visibility"
RELEASE = "meta.helm.sh/release-name"


def reasons(service: Json, canary: str, storage_uri: str) -> Iterator[str]:
    """Say what stands against it, a sentence each."""
    yield from _of_mode(service)
    yield from reasons_of_model(service, storage_uri)
    yield from kserve_spec.reasons_of_names(service, canary)
    if kserve_spec.predictor_name(service) == canary:
        yield f"its stable version is called {canary} already: a canary needs another name"
    others = [str(each["predictor"].get("name")) for each in kserve_spec.entries(service)]
    if others and others != [canary]:
        yield f"it has canaries already ({', '.join(others)}): end them first, each takes pods from the stable version"
    yield from _of_parts(service)
    yield from _of_autoscaler(service)
    for key, value, effect in (
        (HOLDS_BACK, "true", "KServe carries no change of it while it is ready"),
        (STOPS, "true", "it is stopped"),
    ):
        if annotations(service).get(key) == value:
            yield f"its annotation {key} is {value}: {effect}"


def reasons_of_pods(service: Json, canary: str, stable: Json) -> Iterator[str]:
    """Say what stands against it in the stable version's Deployment."""
    full = kserve_spec.replicas(service, canary).full
    if annotations(service).get(AUTOSCALER) != "none" and wanted(stable) > full:
        yield (
            f"its autoscaler holds {wanted(stable)} pods and minReplicas is {full}, which is all that KServe gives a "
            f"canary: set minReplicas to {wanted(stable)} for as long as the rollout takes"
        )


def reasons_of_model(service: Json, storage_uri: str) -> Iterator[str]:
    """Say what stands against another model in its place."""
    predictor = kserve_spec.predictor(service)
    if not storage_uri:
        yield "the canary's model is not named: say where it is with --storage-uri"
    if not predictor.get("model"):
        yield "its predictor has no model: KServe tells the versions apart by the model's storageUri"
    elif predictor.get("storageUris"):
        yield "its predictor has storageUris, which KServe does not give a canary: use one model.storageUri"
    elif not kserve_spec.storage_uri(predictor):
        yield (
            "its model has no storageUri, as one that is in the image has none: KServe tells versions apart by it; "
            "use the backend gateway with two releases"
        )
    elif kserve_spec.storage_uri(predictor) == storage_uri:
        yield f"its stable version has the model {storage_uri} already: it would be a rollout onto itself"


def reason_without_route(service: Json) -> str:
    """Say why there may be no HTTPRoute of KServe's."""
    if labels(service).get(VISIBILITY) == "cluster-local":
        return f"KServe makes no route for it while its label {VISIBILITY} is cluster-local"
    return (
        f"there is no httproute/{named(service)}-predictor: shares are made by routes of the Gateway API, which KServe "
        "makes where its settings have enableGatewayApi true and disableIngressCreation false"
    )


def notes(service: Json, storage_uri: str) -> Iterator[str]:
    """Say what is worth knowing before it begins."""
    full = kserve_spec.replicas(service, "").full
    if full > 1:
        yield f"the canary gets {full} pods as the stable version has; both have all of theirs until it has ended"
    release = annotations(service).get(RELEASE)
    if release or labels(service).get("app.kubernetes.io/managed-by") == "Helm":
        yield (
            f"it belongs to {f'the Helm release {release}' if release else 'a Helm release'}: once the canary is "
            f"promoted, set the release's model to {storage_uri} before its next upgrade, which takes the old one back"
        )
    if kserve_spec.predictor(service).get("deploymentStrategy"):
        yield "KServe gives a canary's Deployment its own strategy, and the stable version's once it is promoted"


def is_knative(service: Json) -> bool:
    """Whether KServe runs it on Knative: its status knows, and before there is one, its annotation."""
    mode = status(service).get("deploymentMode") or annotations(service).get(MODE)
    return mode in ("Knative", "Serverless")


def _of_mode(service: Json) -> Iterator[str]:
    mode = annotations(service).get(MODE)
    if is_knative(service):
        yield "it runs on Knative: use the backend kserve-knative"
    elif mode != "Standard":
        told = f"is {mode}" if mode else "is missing"
        yield f"its annotation {MODE} {told}, and KServe takes a canary only where it says exactly Standard"
    if metadata(service).get("deletionTimestamp"):
        yield "it is being deleted"


def _of_parts(service: Json) -> Iterator[str]:
    for part in ("transformer", "explainer"):
        if spec(service).get(part):
            yield f"it has a {part}, and KServe leads a canary's share past it: use the backend gateway"
    if kserve_spec.predictor(service).get("workerSpec"):
        yield "its predictor runs on several nodes (workerSpec), of which KServe makes no canary"


def _of_autoscaler(service: Json) -> Iterator[str]:
    match annotations(service).get(AUTOSCALER):
        case "keda":
            yield "KEDA scales it, and KServe gives a canary a ScaledObject without triggers: use the class none or hpa"
        case "external":
            yield (
                "something outside of KServe scales it, by the name of its Deployment, which a promotion changes, "
                f"and nobody would scale the canary: set {AUTOSCALER} to none or hpa, or use the backend gateway"
            )
