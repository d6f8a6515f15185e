"""The installation that is changed under load: the chart, its pods and its models.

Each change is made as a user makes it, by Helm or by the API, and is over when
every pod is of the newest kind and ready, and none is left that is asked to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.api import Refused
from tests.cluster.releases import Release
from tests.cluster.rolling.library import Library
from tests.cluster.rolling.pod_watch import PodWatch, state
from tests.cluster.waiting import until

SETTLED_SECONDS = 300
HTTP_PORT = 8080
TOO_MANY_REQUESTS = 429
"""What the API server says while a PodDisruptionBudget forbids an eviction."""


@dataclass
class Installation:
    """One release and what it stands on."""

    release: Release
    library: Library
    pods: PodWatch
    other_image: Mapping[str, Any]

    folder: str
    """Of the library, that is served."""
    version: int
    """The newest in that folder."""

    @property
    def replicas(self) -> int:
        return int(self.release.values["replicas"])

    def change(self, values: Mapping[str, Any]) -> None:
        """Change values by `helm upgrade`."""
        before = self.release.deployment()
        assert before is not None
        self.release = self.release.upgrade(values)
        self.release.wait_until_changed(before, seconds=SETTLED_SECONDS)
        self.settle()

    def delete_pod(self) -> None:
        name = self._oldest()
        self.release.namespace.delete("Pod", name)
        self._wait_for_end(name)

    def evict_pod(self) -> None:
        """Ask for an eviction, as `kubectl drain` does, and again for as long as a budget forbids it."""
        name = self._oldest()
        api, namespace = self.release.namespace.api, self.release.namespace.name
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}

        def is_granted() -> bool:
            try:
                api.request("POST", api.kind("Pod").path(namespace, name, "eviction"), eviction)
            except Refused as refused:
                if refused.status == TOO_MANY_REQUESTS:
                    return False
                raise
            return True

        until(f"the eviction of {name}", is_granted, seconds=SETTLED_SECONDS)
        self._wait_for_end(name)

    def settle(self) -> None:
        """Wait until every pod that is wanted is ready, and there is no other."""
        until(
            "as many pods as wanted, all ready",
            lambda: self._states() == ["ready"] * self.replicas and self.release.is_settled(),
            seconds=SETTLED_SECONDS,
            seen=self.release.namespace.story,
        )

    def put_next_version(self, folder: str) -> None:
        """Put one more version of the model into a folder, which is the one to be served from then on."""
        self.folder = folder
        self.version += 1
        self.library.put(f"{folder}/{self.version}")

    def wait_for_version(self) -> None:
        """Wait until every pod serves the newest version, by its own word."""
        until(
            f"version {self.version} in every pod",
            lambda: all(versions == [str(self.version)] for versions in self._versions().values()),
            seconds=SETTLED_SECONDS,
            seen=self._versions,
        )
        self.settle()

    def _states(self) -> list[str]:
        return [state(pod) for pod in self.release.pods()]

    def _versions(self) -> dict[str, list[str]]:
        api, namespace = self.release.namespace.api, self.release.namespace.name
        names = [str(pod["metadata"]["name"]) for pod in self.release.pods()]
        path = f"v2/models/{self.release.values['model']['name']}"
        ask = {name: api.kind("Pod").path(namespace, f"{name}:{HTTP_PORT}", f"proxy/{path}") for name in names}
        return {name: api.request("GET", at)["versions"] for name, at in ask.items()}

    def _oldest(self) -> str:
        pods = [pod["metadata"] for pod in self.release.pods() if "deletionTimestamp" not in pod["metadata"]]
        return str(min(pods, key=lambda pod: str(pod["creationTimestamp"]))["name"])

    def _wait_for_end(self, name: str) -> None:
        until(
            f"the end of {name}",
            lambda: all(pod["metadata"]["name"] != name for pod in self.release.pods()),
            seconds=SETTLED_SECONDS,
        )
        self.settle()
