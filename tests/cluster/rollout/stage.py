"""Where rollouts happen: two releases of the chart, a route with weights in front of them, models on a volume.

`blue` has the first version and all the traffic; `green` is given the version that
is to be rolled out. Both are small, so that they and their callers fit on two cores.
"""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.cluster import images
from tests.cluster.api import Object
from tests.cluster.callers import Addresses
from tests.cluster.namespaces import Namespace
from tests.cluster.prometheus import Prometheus
from tests.cluster.releases import SMALL, Release, merged
from tests.cluster.rolling.library import Library
from tests.cluster.rollout.versions import FIRST, MAKE, Version
from tests.cluster.waiting import until

MODEL = "mnist"
ROUTE = "mnist"
BLUE, GREEN = "blue", "green"
SCRAPE_SECONDS = 2
FOLLOWED_SECONDS = 30
KEYS = "signing"

SETTINGS: dict[str, Any] = {
    "replicas": 1,
    "service": {"type": "ClusterIP"},
    "model": {"name": MODEL},
    "resources": {"limits": {"memory": "1536Mi"}},
    "drain": {"preStopSeconds": 1, "lameDuckSeconds": 3, "timeoutSeconds": 5},
    "terminationGracePeriodSeconds": 14,
    "feedback": {"secretName": KEYS},
    "monitoring": {"interval": f"{SCRAPE_SECONDS}s", "podMonitor": {"enabled": True}},
}


@dataclass
class Stage:
    """One namespace with both releases."""

    namespace: Namespace
    gateway: Object
    address: str
    """Of the Gateway, as this machine reaches it."""
    library: Library
    releases: dict[str, Release] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    """What each release has been given."""

    @property
    def rest_host(self) -> str:
        return f"rest.{self.namespace.name}.test"

    @property
    def grpc_host(self) -> str:
        return f"grpc.{self.namespace.name}.test"

    @property
    def addresses(self) -> Addresses:
        """Where callers ask, with `headers`."""
        return Addresses(self.address, self.address, MODEL)

    @property
    def headers(self) -> list[str]:
        """By which the Gateway knows where requests belong."""
        return [f"Host: {self.rest_host}", f":authority: {self.grpc_host}"]

    def service(self, side: str) -> str:
        return self.releases[side].full_name

    def deploy(self, side: str, version: Version, *, wait: bool = True) -> Release:
        """Give a release a version, as a person does before a rollout."""
        source = self.library.values("plain", version.name)
        self.versions[side] = version
        if side not in self.releases:
            values: dict[str, Any] = dict(SMALL)
            for more in (images.values(images.named("ECLUSE_IMAGE")), SETTINGS, source):
                values = merged(values, more)
            self.releases[side] = Release(self.namespace, values, name=side)
            self.releases[side].install()
        else:
            before = self.releases[side].deployment()
            after = self.releases[side].upgrade(merged(source, {"replicas": 1}))
            self.releases[side] = after
            if before is not None and after.deployment() == before:
                return after
        return self.releases[side].wait_until_settled() if wait else self.releases[side]

    def empty(self, side: str) -> None:
        """Take a release's pods away: a bad version does not stay."""
        self.releases[side] = self.releases[side].upgrade({"replicas": 0})
        until("no pod of it", lambda: not self.releases[side].pods(), seconds=60)

    def wait_for_series(self, prometheus: Prometheus, *sides: str) -> None:
        """Wait until Prometheus reads the version that each of these releases has."""

        def are_read() -> bool:
            asked = f'count by (variant, model_version) (ecluse_model_info{{namespace="{self.namespace.name}"}})'
            found = {
                (each["metric"].get("variant"), each["metric"]["model_version"]) for each in prometheus.query(asked)
            }
            return {(self.service(side), self.versions[side].number) for side in sides} <= found

        prometheus.until("both releases", are_read, self.namespace)

    def weights(self) -> dict[str, dict[str, int]]:
        """What each route gives each release now, by kind and Service."""
        return {
            kind: {
                each["name"]: each.get("weight", 1)
                for each in self.namespace.get(kind, ROUTE)["spec"]["rules"][0]["backendRefs"]
            }
            for kind in ("HTTPRoute", "GRPCRoute")
        }

    def route(self, *, stable: str, canary: str) -> None:
        """Make both routes, or give them the weights with which a rollout begins."""
        for kind, host, port in (("HTTPRoute", self.rest_host, 80), ("GRPCRoute", self.grpc_host, 8081)):
            weights = ((stable, 100), (canary, 0))
            backends = [{"name": self.service(side), "port": port, "weight": weight} for side, weight in weights]
            if self.namespace.find(kind):
                self.namespace.patch(kind, ROUTE, {"spec": {"rules": [{"backendRefs": backends, **matches(kind)}]}})
                continue
            parent = {name: self.gateway["metadata"][name] for name in ("name", "namespace")}
            self.namespace.create(
                {
                    "apiVersion": "gateway.networking.k8s.io/v1",
                    "kind": kind,
                    "metadata": {"name": ROUTE},
                    "spec": {
                        "parentRefs": [parent],
                        "hostnames": [host],
                        "rules": [{"backendRefs": backends, **matches(kind)}],
                    },
                }
            )


def matches(kind: str) -> dict[str, Any]:
    """What callers may ask for."""
    if kind == "GRPCRoute":
        return {"matches": [{"method": {"type": "Exact", "service": "inference.GRPCInferenceService"}}]}
    return {"matches": [{"path": {"type": "PathPrefix", "value": path}} for path in ("/v1", "/v2")]}


@contextmanager
def stage(namespace: Namespace, gateway: Object, address: str, names: list[str]) -> Iterator[Stage]:
    """Have a stage with these versions on its volume; `blue` serves the first one to all callers."""
    keys = base64.b64encode(f"tests:{secrets.token_hex(32)}\n".encode()).decode()
    namespace.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": KEYS}, "data": {"keys": keys}})
    with Library(namespace, images.named("ECLUSE_IMAGE")).open() as library:
        library.run("-c", MAKE.read_text(), "/mnt/models/1", "/library", FIRST.name, *names)
        made = Stage(namespace, gateway, address, library)
        try:
            made.deploy(BLUE, FIRST, wait=False)
            made.deploy(GREEN, FIRST)
            made.releases[BLUE].wait_until_settled()
            made.route(stable=BLUE, canary=GREEN)
            yield made
        finally:
            for release in made.releases.values():
                release.uninstall()
            until(
                "no pod that has the volume",
                lambda: not any(each.pods() for each in made.releases.values()),
                seconds=90,
            )
