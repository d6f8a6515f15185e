"""The API server takes every object of every render case, with its own schemas and its admission.

Nothing is made: it is asked what it would say. Objects of an API that the cluster
does not have are told as skipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import SERVER_SIDE_APPLY, Api, Kind, Object
from tests.cluster.conftest import RESTRICTED
from tests.cluster.namespaces import Namespace, Namespaces
from tests.helm import CHART, render

CASES = sorted((CHART / "ci").glob("*.yaml"))
Kinds = dict[tuple[str, str], Kind]
"""Every kind by group and name, in whichever version it is asked for."""

WITHOUT_GUESTS = {"extraContainers": [], "extraInitContainers": [], "gpu": {"runtimeClassName": ""}}
"""Values that leave out what is the user's own to answer for, or must be installed before."""

KSERVES_OWN = {
    *("labels", "annotations", "minReplicas", "maxReplicas", "deploymentStrategy", "autoScaling"),
    *("modelFormat", "runtime", "protocolVersion", "storage", "storageUri", "scaleTarget", "scaleMetric", "timeout"),
}
"""What an InferenceService says of its predictor and its model that is no part of a pod."""

QUERY = {"dryRun": "All", "fieldManager": "ecluse-tests", "force": "true", "fieldValidation": "Strict"}


@pytest.fixture(scope="module")
def restricted(namespaces: Namespaces) -> Iterator[Namespace]:
    with namespaces.new("dry-run", RESTRICTED) as namespace:
        yield namespace


@pytest.fixture(scope="module")
def kinds(cluster: Api) -> Kinds:
    return {(kind.group, kind.name): kind for kind in cluster.kinds()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_api_server_takes_all_of_a_case(case: Path, restricted: Namespace, kinds: Kinds) -> None:
    missing = set()
    for made in rendered(case, restricted):
        kind = kinds.get(addressed(made))
        if kind is None:
            missing.add(made["kind"])
            continue
        # A pod of its own, as that of `helm test`, is refused while its account is not there.
        shown = (pod_of(made) if made["kind"] == "Pod" else None) or made
        asked = replace(kind, group_version=made["apiVersion"]).path(restricted.name, shown["metadata"]["name"])
        taken = restricted.api.request("PATCH", asked, shown, query=QUERY, content_type=SERVER_SIDE_APPLY)
        assert (taken["kind"], taken["metadata"]["name"]) == (shown["kind"], shown["metadata"]["name"])
    if missing:
        pytest.skip(f"the cluster has no {', '.join(sorted(missing))}; all else of {case.stem} was taken")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_namespace_that_enforces_restricted_lets_in_the_pods_of_a_case(
    case: Path, restricted: Namespace, kinds: Kinds
) -> None:
    """What makes pods is let in whatever the pods are like; so the pods themselves are shown."""
    pods = [pod for made in rendered(case, restricted, WITHOUT_GUESTS) if (pod := pod_of(made)) is not None]
    assert pods
    for pod in pods:
        let_in = restricted.api.request("POST", kinds["", "Pod"].path(restricted.name), pod, query={"dryRun": "All"})
        assert let_in["metadata"]["namespace"] == restricted.name


def rendered(case: Path, namespace: Namespace, values: Mapping[str, Any] = {}) -> list[Object]:
    return render({"capabilities": {"force": True}, **values}, files=[case], namespace=namespace.name)


def addressed(made: Object) -> tuple[str, str]:
    return made["apiVersion"].rpartition("/")[0], made["kind"]


def pod_of(made: Object) -> Object | None:
    """The pod that an object makes or is, with an account that exists; what KServe adds to it is not in it."""
    if made["kind"] == "Pod":
        spec = made["spec"]
    elif made["kind"] == "Deployment":
        spec = made["spec"]["template"]["spec"]
    elif made["kind"] == "InferenceService":
        predictor = {name: value for name, value in made["spec"]["predictor"].items() if name not in KSERVES_OWN}
        model = {name: value for name, value in predictor.pop("model").items() if name not in KSERVES_OWN}
        spec = {**predictor, "containers": [{"name": "kserve-container", **model}, *predictor.get("containers", [])]}
    else:
        return None
    unnamed = {name: value for name, value in spec.items() if name not in ("serviceAccountName", "priorityClassName")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shown"}, "spec": unnamed}
