"""Folders of models on a volume, as a user would have them: a good one, and those that cannot be served.

Filled by a pod that runs the server's own image, so that any cluster will do, and
emptied by it when its namespace goes. Knows neither Helm nor the chart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.namespaces import Namespace
from tests.cluster.waiting import until

CLAIM = "models"
FILL_SECONDS = 90

KEEPER = """
import pathlib, shutil, signal
for part in ("mine/3", "torn/1", "empty"):
    pathlib.Path("/volume", part).mkdir(parents=True)
shutil.copytree("/mnt/models/1", "/volume/mine/3", dirs_exist_ok=True)
pathlib.Path("/volume/torn/1/saved_model.pb").write_bytes(bytes([10, 255]) + bytes(100))
print("filled", flush=True)
signal.sigwait({signal.SIGTERM})
shutil.rmtree("/folder/" + FOLDER)
"""
"""`mine` has the reference model as version 3, `torn` a file that is no model, `empty` nothing."""

SIGNALS_FIRST = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"


@contextmanager
def claimed_models(namespace: Namespace, image: str) -> Iterator[str]:
    """Give the name of a claim on a volume of a node, with folders of models in it."""
    folder = namespace.name
    namespace.api.create(volume(folder, one_node(namespace)))
    try:
        namespace.create(claim(folder))
        # Before that, the scheduler would put the pod off for half a minute.
        until(
            "a bound claim",
            lambda: namespace.get("PersistentVolumeClaim", CLAIM)["status"]["phase"] == "Bound",
            seconds=FILL_SECONDS,
        )
        namespace.create(keeper(folder, image))
        until("models on the volume", lambda: "filled" in namespace.log("keeper"), seconds=FILL_SECONDS)
        yield CLAIM
    finally:
        namespace.delete("Pod", "keeper", gracePeriodSeconds=5)
        until("an empty volume", lambda: not namespace.find("Pod", "app=keeper"), seconds=FILL_SECONDS)
        namespace.api.delete("PersistentVolume", folder)


def one_node(namespace: Namespace) -> dict[str, Any]:
    """The `nodeAffinity` of a volume on a node's own disk: all of its pods have to meet where the folder is."""
    nodes = namespace.api.find("Node")
    labels = (node["metadata"]["labels"] for node in nodes if not node["spec"].get("taints"))
    name = next(each["kubernetes.io/hostname"] for each in labels)
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [name]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}}


def volume(folder: str, node_affinity: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": folder},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"/var/tmp/ecluse-tests/{folder}", "type": "DirectoryOrCreate"},
            "nodeAffinity": node_affinity,
        },
    }


def claim(volume: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": volume,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def keeper(folder: str, image: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "keeper", "labels": {"app": "keeper"}},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": {"runAsUser": 0},
            "containers": [
                {
                    "name": "keeper",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python", "-c", SIGNALS_FIRST + f"FOLDER = {folder!r}\n" + KEEPER],
                    "volumeMounts": [
                        {"name": "models", "mountPath": "/volume"},
                        {"name": "folders", "mountPath": "/folder"},
                    ],
                }
            ],
            "volumes": [
                {"name": "models", "persistentVolumeClaim": {"claimName": CLAIM}},
                # A folder can be removed from the one that it is in.
                {"name": "folders", "hostPath": {"path": "/var/tmp/ecluse-tests", "type": "DirectoryOrCreate"}},
            ],
        },
    }
