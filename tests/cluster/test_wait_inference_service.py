"""`python -m k8s.wait` on a real InferenceService: KServe must have carried the change before anything counts."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from k8s.wait.outcome import Exit, Outcome
from k8s.wait.verdict import Rules
from tests.cluster import images
from tests.cluster.api import Api, Object
from tests.cluster.conftest import KSERVE, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.rollouts_gone_wrong import pod_spec, python, serving
from tests.cluster.test_wait import waited

SOON = Rules(grace_seconds=1, patience_seconds=5, steady_seconds=0.5)
"""KServe needs a moment, and says in it that it has not begun."""


@pytest.fixture(scope="module")
def program(cluster: Api, image: Mapping[str, Any]) -> str:
    if not cluster.knows(KSERVE):
        not_here(f"no KServe: the cluster does not serve {KSERVE}", "kserve")
    return images.named("ECLUSE_IMAGE")


def inference_service(name: str, predictor: Object, annotations: Mapping[str, str] = {}) -> Object:
    about = {"serving.kserve.io/autoscalerClass": "none", "serving.kserve.io/deploymentMode": "Standard"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "annotations": {**about, **annotations}},
        "spec": {"predictor": {"minReplicas": 1, "maxReplicas": 1, **predictor}},
    }


def own_container(program: str, **container: Any) -> Object:
    """A predictor that brings its own container."""
    ports = [{"containerPort": 8080, "name": "http1", "protocol": "TCP"}]
    spec = pod_spec(program, {"ports": ports, **container})
    spec["containers"][0]["name"] = "kserve-container"
    return spec


def version(number: str) -> list[Object]:
    return [{"name": "VERSION", "value": number}]


def versions_of(namespace: Namespace, service: str) -> set[str]:
    """What every pod runs that is there, whether it serves or is on its way out."""
    pods = namespace.find("Pod", f"serving.kserve.io/inferenceservice={service}")
    return {
        str(each.get("value"))
        for pod in pods
        for container in pod["spec"]["containers"]
        for each in container.get("env", [])
        if each["name"] == "VERSION"
    }


def condition(service: Object, kind: str, status: str) -> bool:
    return any(each["type"] == kind and each["status"] == status for each in service["status"]["conditions"])


def test_a_change_that_is_waited_for_at_once_is_never_called_out_early(namespace: Namespace, program: str) -> None:
    namespace.create(inference_service("changing", own_container(program, **serving(env=version("1")))))
    assert waited("isvc/changing", namespace).exit is Exit.ROLLED_OUT
    # The last change takes a variable away, which leaves nothing to be found in the Deployment.
    for env, expected in ((version("2"), {"2"}), ([], set())):
        changed = inference_service("changing", own_container(program, **serving(env=env)))
        at_once = namespace.patch("InferenceService", "changing", changed)
        # What a wait for KServe's own condition would end on, with nothing rolled out yet.
        assert condition(at_once, "Ready", "True")
        outcome = waited("isvc/changing", namespace)
        assert outcome.exit is Exit.ROLLED_OUT, outcome.sentence
        assert versions_of(namespace, "changing") == expected


def test_an_image_that_is_not_there_is_told_and_the_way_back_is_followed(namespace: Namespace, program: str) -> None:
    good = inference_service("back", own_container(program, **serving(env=version("1"))))
    namespace.create(good)
    assert waited("isvc/back", namespace).exit is Exit.ROLLED_OUT
    missing = own_container("nowhere.invalid/nobody:2", **serving(env=version("2"), imagePullPolicy="Never"))
    namespace.patch("InferenceService", "back", inference_service("back", missing))
    outcome = waited("isvc/back", namespace, SOON)
    assert (outcome.exit, outcome.reason) == (Exit.FAILED, "image")
    assert "image nowhere.invalid/nobody:2 of container kserve-container of pod back-predictor-" in outcome.sentence
    namespace.patch("InferenceService", "back", good)
    assert waited("isvc/back", namespace).exit is Exit.ROLLED_OUT
    assert versions_of(namespace, "back") == {"1"}


def runtime(program: str, number: str) -> Object:
    container = own_container(program, **serving(env=version(number)))["containers"][0]
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "plain"},
        "spec": {
            "supportedModelFormats": [{"name": "plain", "version": "1"}],
            "protocolVersions": ["v2"],
            "containers": [container],
        },
    }


def modelled(name: str, model: Object) -> Object:
    predictor = {
        "terminationGracePeriodSeconds": 1,
        "model": {"modelFormat": {"name": "plain"}, "protocolVersion": "v2", **model},
    }
    return inference_service(name, predictor)


def test_a_runtime_that_does_not_exist_is_told_in_kserves_words(namespace: Namespace, program: str) -> None:
    namespace.create(modelled("unknown", {"runtime": "nobody", "storageUri": "pvc://nowhere/model"}))
    outcome = waited("isvc/unknown", namespace, SOON)
    assert outcome.exit is Exit.FAILED, outcome.sentence
    assert re.search(r"KServe .* a Deployment of inferenceservice/unknown: .*nobody", outcome.sentence), (
        outcome.sentence
    )


def test_a_change_of_the_runtime_alone_is_waited_for(namespace: Namespace, program: str) -> None:
    namespace.create(runtime(program, "1"))
    namespace.create(modelled("lent", {"runtime": "plain", "storageUri": "pvc://nowhere/model"}))
    for number in ("1", "2"):
        namespace.patch("ServingRuntime", "plain", runtime(program, number))
        outcome = waited("isvc/lent", namespace, SOON)
        # The claim is missing, so no version can be placed: what counts is of which one that is said.
        assert outcome.reason == "unschedulable"
        assert 'persistentvolumeclaim "nowhere" not found' in outcome.sentence
        blamed = namespace.get("Pod", outcome.pod)["spec"]["containers"][0]["env"]
        assert {"name": "VERSION", "value": number} in blamed


def test_a_server_that_ends_says_its_last_words(namespace: Namespace, program: str) -> None:
    ending = python("import sys; sys.exit('ecluse: there is no model in /mnt/models')")
    namespace.create(inference_service("ending", own_container(program, **ending)))
    outcome = waited("isvc/ending", namespace, SOON)
    assert outcome.reason == "crash"
    assert outcome.sentence.endswith("its log says ecluse: there is no model in /mnt/models")


def test_a_service_that_is_stopped_says_so(namespace: Namespace, program: str) -> None:
    stopped = {"serving.kserve.io/stop": "true"}
    namespace.create(inference_service("stopped", own_container(program, **serving()), stopped))
    outcome: Outcome = waited("isvc/stopped", namespace, SOON)
    assert outcome.reason == "stopped"
    assert outcome.sentence == "inferenceservice/stopped is stopped by its annotation serving.kserve.io/stop"


def test_a_service_that_holds_changes_back_says_so(namespace: Namespace, program: str) -> None:
    held = {"serving.kserve.io/disable-auto-update": "true"}
    namespace.create(inference_service("held", own_container(program, **serving(env=version("1"))), held))
    assert waited("isvc/held", namespace).exit is Exit.ROLLED_OUT
    changed = inference_service("held", own_container(program, **serving(env=version("2"))), held)
    namespace.patch("InferenceService", "held", changed)
    outcome = waited("isvc/held", namespace, SOON)
    assert (outcome.exit, outcome.reason) == (Exit.FAILED, "held_back"), outcome.sentence
    assert versions_of(namespace, "held") == {"1"}


def test_what_is_not_there_is_told(namespace: Namespace, program: str) -> None:
    outcome = waited("isvc/nobody", namespace)
    assert outcome.exit is Exit.USAGE
    assert outcome.sentence == f"there is no inferenceservice/nobody in namespace {namespace.name}"
