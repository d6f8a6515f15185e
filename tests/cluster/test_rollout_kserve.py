"""KServe's own canaries on a real KServe: refused where it is older than 0.21, with nothing changed.

What is written to it otherwise is held against its schema and its webhooks, and
its 0.20 shows that a canary's pods are not taken from the stable version.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from k8s.api_server import ApiServer, connect
from k8s.rollout.backends import kserve_spec
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.detect import detect
from k8s.rollout.backends.kserve_canary import KServeCanary
from k8s.rollout.backends.kserve_object import InferenceService
from k8s.rollout.backends.kserve_version import SCHEMA, why_not
from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.side import Side
from tests.cluster.api import Api, Object
from tests.cluster.conftest import KSERVE, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.waiting import until

OLD, NEW = "pvc://models/1", "pvc://models/2"
SECONDS = 30


@pytest.fixture
def api(cluster: Api) -> Iterator[ApiServer]:
    if not cluster.knows(KSERVE):
        not_here(f"no KServe: the cluster does not serve {KSERVE}", "kserve")
    found, _ = connect()
    with closing(found):
        yield found


@pytest.fixture
def digits(own_namespace: Namespace, api: ApiServer) -> Object:
    """As the chart renders it. Its claim is not there, so its pods wait, and cost nothing."""
    about = {"serving.kserve.io/autoscalerClass": "none", "serving.kserve.io/deploymentMode": "Standard"}
    container = {"name": "kserve-container", "image": "nobody:1", "ports": [{"containerPort": 8080, "name": "http1"}]}
    own_namespace.create(
        {
            "apiVersion": "serving.kserve.io/v1alpha1",
            "kind": "ServingRuntime",
            "metadata": {"name": "plain"},
            "spec": {
                "supportedModelFormats": [{"name": "plain", "version": "1"}],
                "protocolVersions": ["v2"],
                "containers": [container],
            },
        }
    )
    model = {"modelFormat": {"name": "plain", "version": "1"}, "runtime": "plain", "protocolVersion": "v2"}
    own_namespace.create(
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": "digits", "annotations": about},
            "spec": {"predictor": {"minReplicas": 2, "maxReplicas": 2, "model": {**model, "storageUri": OLD}}},
        }
    )
    until(
        "KServe to make the Deployment", lambda: replicas(own_namespace).get("digits-predictor") == 2, seconds=SECONDS
    )
    return own_namespace.get("InferenceService", "digits")


def replicas(namespace: Namespace) -> dict[str, int]:
    return {each["metadata"]["name"]: each["spec"]["replicas"] for each in namespace.find("Deployment")}


def test_kserve_before_0_21_is_refused_with_the_reason_and_nothing_is_changed(
    own_namespace: Namespace, api: ApiServer, digits: Object
) -> None:
    if not why_not(api)[0]:
        not_here("this cluster's KServe gives canaries their requests", "kserve before 0.21")
    before = own_namespace.objects()
    backend, why = detect(api, own_namespace.name, "digits", Wishes(storage_uri=NEW, canary_name="two"))
    assert why.startswith("kserve-canary, since there is inferenceservice/digits")
    with pytest.raises(Refused) as refused:
        backend.check()
    told = str(refused.value)
    assert told.startswith("inferenceservice/digits cannot be rolled out with kserve-canary: KServe here is ")
    assert "which gives a canary pods, takes as many from the stable version and leads no request to them" in told
    assert "use the backend gateway with two releases, or KServe 0.21" in told
    # Here KServe makes no routes at all, which is told with it.
    assert "there is no httproute/digits-predictor" in told
    assert own_namespace.objects() == before
    now = own_namespace.get("InferenceService", "digits")
    assert (now["spec"], now["metadata"]["generation"]) == (digits["spec"], digits["metadata"]["generation"])


def test_what_is_written_is_what_kserves_schema_and_webhooks_take(
    own_namespace: Namespace, api: ApiServer, digits: Object
) -> None:
    path = ("apis", "serving.kserve.io", "v1beta1", "namespaces", own_namespace.name, "inferenceservices", "digits")
    if "canary" not in fields(api):
        not_here("this cluster's KServe has no spec.canary", "kserve from 0.20 on")
    live = api.read(*path)
    for pods, percent in ((1, 0), (2, 0), (2, 1), (2, 100)):
        patch = kserve_spec.with_canary(live, "two", NEW, pods, percent)
        written = api.patch(patch, *path, dryRun="All")
        entry = kserve_spec.entry(written, "two")
        # What the schema does not know would be gone without a word.
        assert entry is not None
        assert holds(patch["spec"]["canary"][0], entry)
    api.patch(kserve_spec.promoted(written, "two"), *path, dryRun="All")
    api.patch(kserve_spec.without_canary(written, "two"), *path, dryRun="All")
    untouched = api.read(*path)
    assert untouched["spec"] == live["spec"]


def test_a_canary_takes_no_pod_from_the_stable_version_and_its_end_leaves_no_trace(
    own_namespace: Namespace, api: ApiServer, digits: Object
) -> None:
    if "canary" not in fields(api):
        not_here("this cluster's KServe has no spec.canary", "kserve from 0.20 on")
    backend = KServeCanary(api, own_namespace.name, "digits", "two", NEW)
    backend.deploy()
    seen: list[dict[str, int]] = []

    def made() -> bool:
        seen.append(replicas(own_namespace))
        return seen[-1].get("digits-two-predictor") == 1

    until("KServe to make the canary", made, seconds=SECONDS)
    assert all(each["digits-predictor"] >= 2 for each in seen), seen
    assert backend.names() == {Side.STABLE: "digits-predictor", Side.CANARY: "digits-two-predictor"}
    health = backend.health(Side.CANARY)
    assert not health.ready
    assert health.sentence
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective) == (0.0, False)
    backend.discard()
    until("KServe to take the canary away", lambda: replicas(own_namespace) == {"digits-predictor": 2}, seconds=SECONDS)
    assert own_namespace.get("InferenceService", "digits")["spec"] == digits["spec"]


def test_kserves_own_refusal_is_told_in_its_words(own_namespace: Namespace, api: ApiServer, digits: Object) -> None:
    wrong = kserve_spec.with_canary(digits, "two", NEW, 1)
    wrong["spec"]["canary"][0]["predictor"]["maxReplicas"] = 3
    with pytest.raises(Refused, match=r'canary "two" must not set maxReplicas'):
        InferenceService(api, own_namespace.name, "digits").try_writing(wrong)
    assert own_namespace.get("InferenceService", "digits")["spec"] == digits["spec"]


def fields(api: ApiServer) -> Any:
    schemas = api.read(*SCHEMA)["components"]["schemas"]
    return schemas["io.kserve.serving.v1beta1.InferenceService"]["properties"]["spec"]["properties"]


def holds(asked: Any, actual: Any) -> bool:
    if isinstance(asked, dict):
        return all(key in actual and holds(value, actual[key]) for key, value in asked.items())
    return bool(asked == actual)
