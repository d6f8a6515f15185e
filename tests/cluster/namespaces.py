"""A namespace that a test has to itself: what is in it, and what happened there.

Made before the test and deleted after it, with pods that get a second to end.
Can tell all of its story, for when a test fails. Knows no object of the chart.
"""

import contextlib
import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cluster.api import Api, Object, Refused
from tests.cluster.waiting import until
from tests.helm import program

LABEL = "ecluse.dev/test"
"""On every namespace that tests make, so that one left behind by a run that was killed can be found."""

GONE_SECONDS = 120
LOG_LINES = 40

BORN_WITH_IT = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
PASSING = {"Event", "PodMetrics", "EndpointSlice", "Endpoints", "Lease"}
"""Made and forgotten by the cluster itself, in its own time."""


@dataclass
class Namespace:
    """One namespace, and every question that tests have about it."""

    api: Api
    name: str

    def find(self, kind: str, labels: str = "") -> list[Object]:
        return self.api.find(kind, self.name, **({"labelSelector": labels} if labels else {}))

    def get(self, kind: str, name: str) -> Object:
        return self.api.get(kind, name, self.name)

    def create(self, made: Object) -> Object:
        placed = {**made, "metadata": {**made["metadata"], "namespace": self.name}}
        return self.api.create(placed)

    def patch(self, kind: str, name: str, change: object) -> Object:
        return self.api.patch(kind, name, change, self.name)

    def delete(self, kind: str, name: str, **options: Any) -> None:
        self.api.delete(kind, name, self.name, **options)

    def objects(self) -> set[tuple[str, str]]:
        """Kind and name of everything that somebody put here: every namespaced kind that can be listed."""
        return {
            (kind.name, item["metadata"]["name"])
            for kind in self.api.kinds()
            if kind.namespaced and kind.can_list and kind.name not in PASSING
            for item in self.api.request("GET", kind.path(self.name))["items"]
        } - BORN_WITH_IT

    # What happened

    def events(self, of: str = "") -> list[str]:
        """What the cluster said, in order: `Warning FailedScheduling pod/x: 0/1 nodes are available: ...`."""
        events = sorted(self.find("Event"), key=lambda event: str(event["metadata"]["creationTimestamp"]))
        return [sentence(event) for event in events if of in involved(event).get("name", "")]

    def log(self, pod: str, container: str = "", *, previous: bool = False, lines: int = 10_000) -> str:
        """What a container has written; empty where it has not begun."""
        query = {"tailLines": lines, "previous": str(previous).lower()} | (
            {"container": container} if container else {}
        )
        try:
            return self.api.text(self.api.kind("Pod").path(self.name, pod, "log"), **query)
        except Refused:
            return ""

    def run(self, pod: str, *command: str) -> str:
        """Run a program in a pod's first container and give what it printed."""
        kubectl = program("kubectl")
        done = subprocess.run(
            [kubectl, "exec", "--namespace", self.name, pod, "--", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def story(self) -> str:
        """Pods, events and the ends of logs, for a person who reads why a test failed."""
        parts = [f"namespace {self.name}"]
        for pod in self.find("Pod"):
            name, status = pod["metadata"]["name"], pod.get("status", {})
            parts.append(f"pod {name}: {status.get('phase')} {json.dumps(unhappy(status))}")
            for each in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
                for previous in (True, False):
                    log = self.log(name, each["name"], previous=previous, lines=LOG_LINES)
                    if log:
                        parts.append(f"log of {name}/{each['name']}{' before' if previous else ''}:\n{log.rstrip()}")
        return "\n".join([*parts, "events:", *self.events()])

    # Its end

    def delete_all(self) -> None:
        """Ask for the end of the namespace and everything in it, and wait for none of it."""
        self.api.delete("Namespace", self.name)
        # Nobody is served any more: no reason to drain.
        with contextlib.suppress(Refused):
            path = self.api.kind("Pod").path(self.name)
            self.api.request("DELETE", path, {"gracePeriodSeconds": 1})

    def is_gone(self) -> bool:
        try:
            self.api.get("Namespace", self.name)
        except Refused as refused:
            return refused.status == 404
        return False

    def wait_until_gone(self) -> None:
        until(f"the end of namespace {self.name}", self.is_gone, seconds=GONE_SECONDS, seen=self.objects)


class Namespaces:
    """Every namespace that one run of the tests makes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._made: list[Namespace] = []
        self.alive: list[Namespace] = []

    @contextmanager
    def new(self, purpose: str, labels: Mapping[str, str] = {}) -> Iterator[Namespace]:
        """Make one for as long as the `with` block lasts."""
        namespace = Namespace(self._api, f"ecluse-{purpose}-{secrets.token_hex(3)}")
        about = {"name": namespace.name, "labels": {LABEL: purpose, **labels}}
        self._api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": about})
        self._made.append(namespace)
        self.alive.append(namespace)
        try:
            until("its service account", lambda: namespace.find("ServiceAccount"), seconds=30)
            yield namespace
        finally:
            self.alive.remove(namespace)
            namespace.delete_all()

    def wait_until_gone(self) -> None:
        for namespace in self._made:
            namespace.wait_until_gone()


def involved(event: Object) -> Object:
    """What an event is about; the older and the newer API name it differently."""
    about: Object = event.get("involvedObject") or event.get("regarding") or {}
    return about


def sentence(event: Object) -> str:
    about = involved(event)
    said = event.get("message") or event.get("note") or ""
    return f"{event.get('type')} {event.get('reason')} {about.get('kind', '').lower()}/{about.get('name')}: {said}"


def unhappy(status: Object) -> list[Object]:
    """The states of the containers that do not simply run."""
    states = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
    told = [
        {"container": each["name"], "restarts": each["restartCount"], **each.get("state", {})}
        for each in states
        if not each.get("ready")
    ]
    conditions = [
        {"condition": each["type"], "message": each.get("message", "")}
        for each in status.get("conditions", [])
        if each["status"] != "True" and each.get("message")
    ]
    return told + conditions
