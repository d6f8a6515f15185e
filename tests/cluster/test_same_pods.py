"""The Deployment that a real KServe makes has the pods of the Deployment that mode plain makes.

Told of the pod template as the API server keeps it, defaults filled in. What KServe
adds for its own sake is named here, and nothing else may differ.
"""

from typing import Any

from tests.cluster.api import Object
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespaces
from tests.cluster.releases import Release
from tests.cluster.waiting import until

VALUES: dict[str, Any] = {
    "replicas": 0,
    "batch": {"maxRows": 32},
    "podLabels": {"team": "vision"},
    "podAnnotations": {"told": "yes"},
    "extraEnv": [{"name": "TF_CPP_MIN_LOG_LEVEL", "value": "1"}],
    "extraVolumes": [{"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
}
"""Much of what a pod can be given; none is started."""

OF_KSERVE = {"INFERENCE_SERVICE_NAME"}
"""Variables that KServe adds."""


def deployment_of(release: Release) -> Object:
    until(
        f"the Deployment of {release.name} in mode {release.mode}", lambda: release.deployment() is not None, seconds=60
    )
    found = release.deployment()
    assert found is not None
    return found


def test_both_modes_run_the_same_pods(namespaces: Namespaces, install: Install) -> None:
    with namespaces.new("same-pods") as namespace:
        plain = deployment_of(install(namespace, VALUES, mode="plain", name="of-ours", wait=False))["spec"]
        kserve = deployment_of(install(namespace, VALUES, mode="kserve", name="of-kserve", wait=False))["spec"]
    assert comparable(kserve["template"]["spec"]) == comparable(plain["template"]["spec"])
    assert kserve["strategy"] == plain["strategy"]
    for mode in (plain, kserve):
        assert mode["template"]["metadata"]["labels"]["team"] == "vision"
        assert mode["template"]["metadata"]["annotations"]["told"] == "yes"


def comparable(pod: Object) -> Object:
    """A pod without the names that tell two releases apart and without what KServe adds for itself."""
    server, *others = pod["containers"]
    env = [variable for variable in server.get("env", []) if variable["name"] not in OF_KSERVE]
    account = dict.fromkeys(("serviceAccount", "serviceAccountName"))
    spread = [{**each, "labelSelector": None} for each in pod.get("topologySpreadConstraints", [])]
    containers = [{**server, "name": "server", "env": env}, *others]
    return {**pod, **account, "topologySpreadConstraints": spread, "containers": containers}
