"""One installation of the chart on the cluster, by a real Helm, from install to uninstall.

Follows the Deployment itself, in both modes alike, since what Helm and KServe call
ready is not always so. Finds where the server is reached from outside. Knows the
chart by its labels and its promised names alone.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from os import environ
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.api import Object
from tests.cluster.callers import Addresses
from tests.cluster.namespaces import Namespace
from tests.cluster.waiting import until
from tests.helm import CHART, helm

NODES_SECONDS = 30
"""A node hears of a pod that it may lead to within a second or so."""
READY_SECONDS = 240
"""A server imports TensorFlow and warms its model up: ten seconds on a processor of its own, which it has not."""

MODES = ("plain", "kserve")

SMALL: Mapping[str, Any] = {
    "replicas": 1,
    "resources": {"requests": {"cpu": "50m", "memory": "600Mi"}, "limits": {"memory": "1Gi"}},
    "service": {"type": "NodePort"},
}
"""What every test's installation has, so that several fit on one small node and are reached from this machine."""


@dataclass(frozen=True)
class Release:
    """What `helm install NAME` made in a namespace. Each change gives the same release back, settled or not."""

    namespace: Namespace
    values: Mapping[str, Any]
    name: str = "ecluse"
    mode: str = "plain"
    helm_major: int = 4
    chart: Path = CHART

    @property
    def full_name(self) -> str:
        """What its objects are called."""
        return self.name if "ecluse" in self.name else f"{self.name}-ecluse"

    # What Helm does

    def install(self, *options: str) -> str:
        """Give what Helm printed, the notes. Raises HelmFailed."""
        return self.apply("install", *options)

    def upgrade(self, changed: Mapping[str, Any], *options: str, chart: Path | None = None) -> "Release":
        """Give the release as it is to be; Helm has said yes, nothing has been waited for."""
        after = replace(self, values=merged(self.values, changed), chart=chart or self.chart)
        after.apply("upgrade", *options)
        return after

    def rollback(self, *options: str) -> str:
        return self.helm("rollback", self.name, *options)

    def uninstall(self, *options: str) -> str:
        return self.helm("uninstall", self.name, *options)

    def test(self, *options: str) -> str:
        """Run `helm test` and give what it printed. Raises HelmFailed."""
        return self.helm("test", self.name, "--timeout", f"{READY_SECONDS}s", *options)

    def by_helm(self, major: int) -> "Release":
        """The same release in the hands of another Helm."""
        return replace(self, helm_major=major)

    def installed(self) -> list[Object]:
        """What Helm lists in the namespace under this name."""
        listed: list[Object] = yaml.safe_load(self.helm("list", "--filter", f"^{self.name}$", "--output", "yaml"))
        return listed

    def helm(self, *arguments: str | Path, stdin: str | None = None) -> str:
        return helm(*arguments, "--namespace", self.namespace.name, major=self.helm_major, stdin=stdin)

    def apply(self, command: str, *options: str) -> str:
        """Hand chart and values to `helm install`, `helm upgrade` or `helm template`."""
        values = yaml.safe_dump({"mode": self.mode, **self.values})
        return self.helm(command, self.name, self.chart, "--values", "-", *options, stdin=values)

    # What became of it

    @property
    def selector(self) -> str:
        """Which Deployment and which pods are the server's, in both modes."""
        return f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=server"

    def deployment(self) -> Object | None:
        """The Deployment, where it is there already."""
        found = self.namespace.find("Deployment", self.selector)
        assert len(found) < 2, f"{len(found)} Deployments of {self.name}"
        return found[0] if found else None

    def pods(self) -> list[Object]:
        return self.namespace.find("Pod", self.selector)

    def newest_pod(self) -> Object | None:
        return max(self.pods(), key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)

    def is_settled(self) -> bool:
        """Whether all of the newest revision is there, ready, and nothing else is."""
        deployment = self.deployment()
        if deployment is None:
            return False
        status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
        counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "availableReplicas")]
        return status.get("observedGeneration") == deployment["metadata"]["generation"] and counts == [wanted] * 3

    def wait_until_settled(self, *, seconds: float = READY_SECONDS) -> "Release":
        until(f"all of {self.name}", self.is_settled, seconds=seconds, seen=self.namespace.story)
        return self

    def wait_until_changed(self, since: Object, *, seconds: float = READY_SECONDS) -> "Release":
        """Wait for a Deployment that is another than the one seen before, and for all of it.

        In kserve mode Helm is done before KServe's controller has begun.
        """
        before = since["metadata"]["generation"]
        until(
            f"a change of {self.name}",
            lambda: (now := self.deployment()) is not None and now["metadata"]["generation"] > before,
            seconds=60,
        )
        return self.wait_until_settled(seconds=seconds)

    def wait_until_gone(self, *, seconds: float = READY_SECONDS) -> None:
        until(f"the end of {self.name}", lambda: not (self.deployment() or self.pods()), seconds=seconds)

    # Where it is

    def wait_until_reachable(self) -> "Release":
        """Wait for the nodes, which learn a moment later than the Deployment that there is a pod to lead to."""
        services = self.namespace.find("Service", f"app.kubernetes.io/instance={self.name}")
        if any(service["spec"]["type"] == "NodePort" for service in services) and self.pods():
            for address in (self.addresses.rest, self.addresses.grpc):
                until(f"a connection to {address}", partial(is_open, address), seconds=NODES_SECONDS)
        return self

    @property
    def addresses(self) -> Addresses:
        """Where a caller on this machine reaches it: the NodePorts that the API server has chosen."""
        services = self.namespace.find("Service", f"app.kubernetes.io/instance={self.name}")
        (service,) = (service for service in services if service["spec"]["type"] == "NodePort")
        ports = {port["name"]: port["nodePort"] for port in service["spec"]["ports"]}
        host = environ.get("ECLUSE_NODE_ADDRESS", "127.0.0.1")
        return Addresses(f"{host}:{ports['http']}", f"{host}:{ports['grpc']}")


def is_open(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=NODES_SECONDS):
            return True
    except OSError:
        return False


def merged(values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Values with some of them changed, at any depth."""
    both = dict(values)
    for name, value in changed.items():
        before = both.get(name)
        both[name] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return both
