"""What of an InferenceService must be found in its Deployment.

Compares only what KServe passes on as it is: the container of the runtime with
the InferenceService's own laid over it, the fields of the pod, labels, storage
address, strategy and replicas. What somebody asks for must be there; what is
there besides (defaults, KServe's own) is left alone, but for variables and
arguments that nobody asks for any more. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from k8s.json_object import Json
from k8s.wait.seen import annotations, is_owned, labels, spec, wanted

CONTAINER = "kserve-container"
STORAGE_URI = "internal.serving.kserve.io/storage-initializer-sourceuri"

_KSERVES_OWN = """
    model sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle predictive
    minReplicas maxReplicas scaleTarget scaleMetric scaleMetricType autoScaling containerConcurrency timeout
    canaryTrafficPercent logger batcher tracing labels annotations deploymentStrategy name workerSpec
    storageUris storageContainerName confidential containers trafficPercent
"""
_NO_POD_FIELDS = frozenset(_KSERVES_OWN.split())
"""Fields of a predictor that are KServe's and not a pod's."""

_NO_CONTAINER_FIELDS = frozenset(
    ["modelFormat", "runtime", "protocolVersion", "runtimeVersion", "storageUri", "storage", "args", "env", "image"]
)
"""Fields of a model that are KServe's, or are compared by rules of their own."""

_RUNTIME_POD_FIELDS = ("nodeSelector", "affinity", "volumes", "imagePullSecrets", "schedulerName", "hostIPC")

_OWN_VARIABLES = frozenset(["INFERENCE_SERVICE_NAME", "STORAGE_URI", "PROTOCOL"])

_KEYS = ("name", "mountPath", "containerPort", "key", "topologyKey")
"""By which of its fields the items of a list are told apart."""


def differences(service: Json, runtime: Json | None, deployment: Json) -> tuple[str, ...]:
    """Say what of the InferenceService and its runtime is not in the Deployment, a few words each."""
    predictor = spec(service).get("predictor") or {}
    template = spec(deployment).get("template") or {}
    pod = template.get("spec") or {}
    return (
        *_container(predictor, runtime, pod),
        *_pod(predictor, runtime, pod),
        *_labels(service, predictor, template),
        *_rest(service, predictor, deployment, template),
    )


def _container(predictor: Json, runtime: Json | None, pod: Json) -> Iterator[str]:
    model = predictor.get("model")
    own = model if model is not None else next(iter(predictor.get("containers") or ()), {})
    lent = _named(spec(runtime).get("containers") or (), CONTAINER) if runtime is not None and model is not None else {}
    actual = _named(pod.get("containers") or (), CONTAINER)
    if not actual:
        yield f"there is no container {CONTAINER}"
        return
    # KServe puts the version and "-gpu" into the tag, which is its own business.
    image = own.get("image") or lent.get("image")
    is_as_given = image and not own.get("runtimeVersion") and "{{" not in image
    if is_as_given and actual.get("image") not in (image, f"{image}-gpu"):
        yield f"its image is {actual.get('image')} and should be {image}"
    knows_all = model is None or runtime is not None
    yield from _arguments([*(lent.get("args") or ()), *(own.get("args") or ())], actual.get("args") or (), knows_all)
    yield from _variables([*(lent.get("env") or ()), *(own.get("env") or ())], actual, knows_all)
    for field in {**lent, **own}:
        if field in _NO_CONTAINER_FIELDS or field == "name":
            continue
        asked = _laid_over(lent.get(field), own.get(field))
        if not holds(asked, actual.get(field)):
            yield f"{field} of its container"


def _arguments(asked: Sequence[str], actual: Sequence[str], knows_all: bool) -> Iterator[str]:
    if any("{{" in argument for argument in asked):
        return
    same = list(actual) == list(asked) if knows_all else list(actual)[len(actual) - len(asked) :] == list(asked)
    if not same:
        yield "the arguments of its container"


def _variables(asked: Sequence[Json], actual: Json, knows_all: bool) -> Iterator[str]:
    wanted_ones = {each["name"]: each for each in asked}
    found = {each["name"]: each for each in actual.get("env") or ()}
    for variable, entry in wanted_ones.items():
        if "{{" not in str(entry.get("value", "")) and not holds(entry, found.get(variable)):
            yield f"variable {variable}"
    if knows_all:
        for variable in sorted(found.keys() - wanted_ones.keys() - _OWN_VARIABLES):
            yield f"variable {variable}, which is not asked for any more"


def _pod(predictor: Json, runtime: Json | None, pod: Json) -> Iterator[str]:
    lent = spec(runtime) if runtime is not None and predictor.get("model") is not None else {}
    for field in sorted({*predictor} - _NO_POD_FIELDS | {each for each in _RUNTIME_POD_FIELDS if each in lent}):
        own = predictor.get(field)
        asked = _laid_over(lent.get(field), own) if field in _RUNTIME_POD_FIELDS else own
        if not holds(asked, pod.get(field)):
            yield field


def _labels(service: Json, predictor: Json, template: Json) -> Iterator[str]:
    asked = {**labels(service), **(predictor.get("labels") or {})}
    for key, value in asked.items():
        if labels(template).get(key) != value:
            yield f"label {key}"
    for key, value in (predictor.get("annotations") or {}).items():
        # Knative's are taken off on the way, whatever their value.
        if not key.startswith("autoscaling.knative.dev/") and annotations(template).get(key) != value:
            yield f"annotation {key}"


def _rest(service: Json, predictor: Json, deployment: Json, template: Json) -> Iterator[str]:
    address = (predictor.get("model") or {}).get("storageUri")
    if address and annotations(template).get(STORAGE_URI) != address:
        yield f"storageUri {address}"
    if not holds(predictor.get("deploymentStrategy"), spec(deployment).get("strategy")):
        yield "deploymentStrategy"
    replicas = predictor.get("minReplicas")
    scales_nobody = annotations(service).get("serving.kserve.io/autoscalerClass") == "none"
    if scales_nobody and replicas is not None and not spec(service).get("canary") and replicas != wanted(deployment):
        yield f"{wanted(deployment)} replicas instead of {replicas}"
    if not is_owned(deployment, service):
        yield "the Deployment belongs to somebody else"


def holds(asked: Any, actual: Any) -> bool:
    """Whether all that is asked for is in what is there, which may hold more."""
    if asked is None:
        return True
    if isinstance(asked, Mapping):
        return isinstance(actual, Mapping) and all(holds(value, actual.get(field)) for field, value in asked.items())
    if isinstance(asked, list):
        return all(_is_in(each, actual or ()) for each in asked)
    if not asked:
        # The API server leaves out what says no more than nothing.
        return not actual or actual == "0"
    return bool(asked == actual) or (not isinstance(asked, bool) and same_quantity(str(asked), str(actual)))


def _is_in(asked: Any, actual: Sequence[Any]) -> bool:
    return any(holds(asked, each) for each in actual)


def _laid_over(lent: Any, own: Any) -> Any:
    """What KServe makes of two: maps field by field, lists by their items' names, else the InferenceService's."""
    if own is None or lent is None:
        return lent if own is None else own
    if isinstance(lent, Mapping) and isinstance(own, Mapping):
        return {field: _laid_over(lent.get(field), own.get(field)) for field in {**lent, **own}}
    if isinstance(lent, list) and isinstance(own, list) and all(isinstance(each, Mapping) for each in lent + own):
        for key in _KEYS:
            if all(key in each for each in lent + own):
                items = {each[key]: each for each in lent}
                for each in own:
                    items[each[key]] = _laid_over(items.get(each[key]), each)
                return list(items.values())
    return own


_QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?")
_SCALES = {None: Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3")}
_SCALES |= {letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
_SCALES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}


def same_quantity(one: str, other: str) -> bool:
    """Whether two spellings of an amount mean the same: the API server writes 1000m as 1."""
    amounts = [_amount(one), _amount(other)]
    return amounts[0] is not None and amounts[0] == amounts[1]


def _amount(text: str) -> Decimal | None:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found[1])
    return number * _SCALES[found[2]] if found[2] in _SCALES else number * Decimal(f"1{found[2]}")


def _named(items: Sequence[Json], wanted_name: str) -> Json:
    return next((each for each in items if each.get("name") == wanted_name), {})
