"""A volume of models that grows while servers read it.

A PersistentVolume on a node's own disk, and a pod that writes into it what its image
holds: so it works on any cluster, whoever provides storage, with all pods on that
node. A version is put in place as an operator should, copied beside and then renamed.
"""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.cluster.namespaces import Namespace
from tests.cluster.volumes import one_node
from tests.cluster.waiting import until

CLAIM = "models"
LIBRARIAN = "librarian"
WRITTEN_SECONDS = 120

WRITER = """
import pathlib, shutil, sys
source = pathlib.Path("/mnt/models")
versions = [each for each in source.iterdir() if each.name.isdecimal()]
source = versions[0] if versions else source
for target in map(pathlib.Path, sys.argv[1:]):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    hidden = target.with_name("." + target.name)
    shutil.copytree(source, hidden)
    hidden.rename(target)
"""
"""Copies the image's model to each of its arguments."""

EMPTIER = """
import pathlib, shutil
for each in pathlib.Path("/library").iterdir():
    shutil.rmtree(each)
"""


class Library:
    """The models of one namespace, under the claim's name."""

    def __init__(self, namespace: Namespace, image: str) -> None:
        self._namespace = namespace
        self._image = image
        self._written = 0

    @contextmanager
    def open(self) -> Iterator["Library"]:
        """Have the volume for as long as the `with` block lasts; what lies in it goes too."""
        namespace, volume = self._namespace, f"{self._namespace.name}-{CLAIM}"
        size: Mapping[str, Any] = {"storage": "1Gi"}
        namespace.api.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": volume},
                "spec": {
                    "capacity": size,
                    "accessModes": ["ReadWriteMany"],
                    "storageClassName": "",
                    "claimRef": {"namespace": namespace.name, "name": CLAIM},
                    "hostPath": {"path": f"/var/tmp/{volume}", "type": "DirectoryOrCreate"},
                    "nodeAffinity": one_node(namespace),
                },
            }
        )
        try:
            namespace.create(
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "metadata": {"name": CLAIM},
                    "spec": {
                        "accessModes": ["ReadWriteMany"],
                        "storageClassName": "",
                        "volumeName": volume,
                        "resources": {"requests": size},
                    },
                }
            )
            yield self
        finally:
            with contextlib.suppress(AssertionError):  # it must not hide why the block failed
                self.run("-c", EMPTIER)
            namespace.delete("PersistentVolumeClaim", CLAIM)
            namespace.api.delete("PersistentVolume", volume)
            until("the end of the volume", lambda: not self._is_there(volume), seconds=WRITTEN_SECONDS)

    def values(self, mode: str, folder: str) -> dict[str, Any]:
        """Give the chart's values that have a folder of the volume served."""
        if mode == "kserve":
            return {"model": {"source": "storageUri", "storageUri": f"pvc://{CLAIM}/{folder}"}}
        return {"model": {"source": "existingClaim", "existingClaim": {"name": CLAIM, "path": folder}}}

    def _is_there(self, volume: str) -> bool:
        return any(each["metadata"]["name"] == volume for each in self._namespace.api.find("PersistentVolume"))

    def put(self, *paths: str) -> None:
        """Put the image's model under each path, as in `first/1`, and wait until it is there."""
        self.run("-c", WRITER, *(f"/library/{path}" for path in paths))

    def run(self, *arguments: str) -> None:
        """Run the image's Python with the volume at /library, and wait until it has ended well."""
        self._written += 1
        name = f"{LIBRARIAN}-{self._written}"
        self._namespace.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name},
                "spec": {
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 1,
                    "containers": [
                        {
                            "name": LIBRARIAN,
                            "image": self._image,
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["python", *arguments],
                            # A folder on the node is root's own.
                            "securityContext": {"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False},
                            "volumeMounts": [{"name": "library", "mountPath": "/library"}],
                        }
                    ],
                    "volumes": [{"name": "library", "persistentVolumeClaim": {"claimName": CLAIM}}],
                },
            }
        )

        def phase() -> str:
            return str(self._namespace.get("Pod", name)["status"].get("phase"))

        until(
            f"{name} to have written",
            lambda: phase() in ("Succeeded", "Failed"),
            seconds=WRITTEN_SECONDS,
            seen=self._namespace.story,
        )
        assert phase() == "Succeeded", self._namespace.log(name)
        self._namespace.delete("Pod", name)
