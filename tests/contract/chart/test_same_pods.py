"""Both modes make the same pod: what KServe puts together is what the Deployment says.

KServe merges the container of the ServingRuntime with `model`, and takes the
rest of the pod from the predictor. The merge is written here as far as our
runtime needs it; `tests/cluster` compares the Deployments of a real KServe.
"""

from typing import Any

import pytest

from tests.contract.chart.cases import CASES, Case, objects
from tests.helm import one

OF_KSERVE = {
    *("model", "minReplicas", "maxReplicas", "deploymentStrategy", "labels", "annotations", "containers"),
}
"""Fields of a predictor that are no fields of a pod."""

OF_A_MODEL = {"modelFormat", "runtime", "protocolVersion", "storageUri", "storage"}
"""Fields of a model that are no fields of a container."""

OF_BOTH_MODES = [case for case in CASES if case[0] != "storage"]
"""What KServe fetches, mode plain refuses."""


def as_kserve_makes_it(case: Case) -> dict[str, Any]:
    manifests = objects(case, mode="kserve")
    predictor = one(manifests, "InferenceService")["spec"]["predictor"]
    runtime = one(manifests, "ServingRuntime")["spec"]
    (container,) = runtime.pop("containers")
    for only_for_kserve in ("supportedModelFormats", "protocolVersions", "multiModel", "annotations"):
        runtime.pop(only_for_kserve, None)
    model = {name: value for name, value in predictor["model"].items() if name not in OF_A_MODEL}
    # A key that both give would have to be merged as Kubernetes merges it; ours never give one both.
    assert container.keys() & model.keys() <= {"name"}
    assert runtime.keys().isdisjoint(predictor)
    pod = {name: value for name, value in predictor.items() if name not in OF_KSERVE}
    return {**runtime, **pod, "containers": [{**container, **model}, *predictor.get("containers", [])]}


@pytest.mark.parametrize("case", OF_BOTH_MODES, ids=str)
def test_the_pod_is_the_same_in_both_modes(case: Case) -> None:
    plain = one(objects(case, mode="plain"), "Deployment")["spec"]["template"]["spec"]
    kserve = as_kserve_makes_it(case)
    # The two names that KServe fixes.
    kserve["containers"][0]["name"] = plain["containers"][0]["name"]
    for spec, own_label in ((plain, "app.kubernetes.io/name"), (kserve, "serving.kserve.io/inferenceservice")):
        for constraint in spec.get("topologySpreadConstraints", []):
            assert own_label in constraint["labelSelector"]["matchLabels"]
            del constraint["labelSelector"]
    assert kserve == plain


@pytest.mark.parametrize("case", OF_BOTH_MODES, ids=str)
def test_pods_take_each_others_place_alike(case: Case) -> None:
    plain = one(objects(case, mode="plain"), "Deployment")["spec"]["strategy"]
    kserve = one(objects(case, mode="kserve"), "InferenceService")["spec"]["predictor"]["deploymentStrategy"]
    assert kserve == plain
