"""The Prometheus and the Alertmanager that an operator runs on the cluster, asked through its API server.

So that no port of theirs has to be open. Gives what they answer, and gets their
configuration read without the reloader's pause. Knows nothing of Écluse.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.cluster.api import Api, Object
from tests.cluster.namespaces import Namespace
from tests.cluster.waiting import until

OPERATOR = "monitoring.coreos.com/v1"
FOUND_SECONDS = 180
"""The operator writes a configuration, the reloader takes it, and only then is the first interval waited for."""
NUDGE_SECONDS = 10

Fact = TypeVar("Fact")


@dataclass
class Prometheus:
    """One that takes every monitor and every rule."""

    api: Api
    namespace: str
    nudged: float = field(default=-NUDGE_SECONDS, init=False)

    def get(self, path: str, **query: str) -> Any:
        return proxied(self.api, self.namespace, "prometheus-operated:9090", f"/api/v1/{path}", query)["data"]

    def query(self, expression: str) -> list[Object]:
        """The series of an expression, with their values."""
        found: list[Object] = self.get("query", query=expression)["result"]
        return found

    def values(self, expression: str) -> list[float]:
        return [float(series["value"][1]) for series in self.query(expression)]

    def groups(self, name: str = "") -> list[Object]:
        """The groups of rules that it has loaded, from files in whose name this is."""
        groups: list[Object] = self.get("rules")["groups"]
        return [group for group in groups if name in group["file"]]

    def until(
        self,
        what: str,
        look: Callable[[], Fact | None],
        namespace: Namespace,
        *,
        seconds: float = FOUND_SECONDS,
        seen: Callable[[], Any] | None = None,
    ) -> Fact:
        """Wait for something that it can only see once it has read what was made for it in a namespace."""

        def nudging() -> Fact | None:
            found = look()
            if not found and time.monotonic() - self.nudged >= NUDGE_SECONDS:
                self.nudge(namespace)
            return found

        return until(what, nudging, seconds=seconds, seen=seen)

    def nudge(self, namespace: Namespace) -> None:
        """Change a rule that means nothing: the reloader sees that at once, and a change of targets after minutes."""
        self.nudged = time.monotonic()
        rule = {"record": "ecluse_tests:nudged", "expr": f"vector({self.nudged:.0f})"}
        spec = {"groups": [{"name": "nudge", "rules": [rule]}]}
        if namespace.find("PrometheusRule", "nudge=yes"):
            namespace.patch("PrometheusRule", "nudge", {"spec": spec})
        else:
            about = {"name": "nudge", "labels": {"nudge": "yes"}}
            namespace.create({"apiVersion": OPERATOR, "kind": "PrometheusRule", "metadata": about, "spec": spec})


@dataclass(frozen=True)
class Alertmanager:
    """Where alerts arrive."""

    api: Api
    namespace: str

    def firing(self, **labels: str) -> list[Object]:
        """The alerts that it has and that have not ended, with these labels."""
        filters = [("filter", f'{name}="{value}"') for name, value in labels.items()]
        query = [*filters, ("active", "true")]
        found: list[Object] = proxied(self.api, self.namespace, "alertmanager-operated:9093", "/api/v2/alerts", query)
        return found


def proxied(api: Api, namespace: str, service: str, path: str, query: Mapping[str, str] | list[tuple[str, str]]) -> Any:
    where = f"/api/v1/namespaces/{namespace}/services/{service}/proxy{path}"
    return api.request("GET", f"{where}?{urlencode(query)}")


def home(api: Api, kind: str) -> str | None:
    """The namespace of the only Prometheus, or of the only Alertmanager, that an operator runs here."""
    running = api.find(kind) if api.knows(OPERATOR) else []
    return running[0]["metadata"]["namespace"] if running else None
