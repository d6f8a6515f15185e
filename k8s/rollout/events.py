"""Events of Kubernetes on what is rolled out, for `kubectl describe` and whoever collects them.

Few: the begin, each share, the end, and what a person did. That they cannot be
written is told once and hurts nobody.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, Protocol

from k8s.api_server import ApiError
from k8s.json_object import Json
from k8s.rollout.holder import name_of_this_process

GROUPS = {
    "httproute": ("apis", "gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
    "service": ("api", "v1", "services", "Service"),
    "inferenceservice": ("apis", "serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService"),
}
LONGEST_MESSAGE = 1000
"""The API server takes 1024 letters."""


class Writes(Protocol):
    """What the API server is asked for; both raise ApiError."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object at a path."""

    def create(self, body: Json, *path: str) -> Json:
        """Make an object in the list at a path."""


class Events:
    """Writes Events on one target."""

    def __init__(self, api: Writes, namespace: str, target: str, note: Callable[[str], None]) -> None:
        self._api = api
        self._namespace = namespace
        self._kind, _, self._name = target.partition("/")
        self._note = note
        self._is_refused = False
        self._involved: dict[str, str] | None = None
        self._last = ("", "")

    def tell(self, reason: str, message: str, *, kind: Literal["Normal", "Warning"] = "Normal") -> None:
        """Write one, unless it is the one that was written last."""
        if self._is_refused or self._last == (reason, message):
            return
        self._last = (reason, message)
        moment = datetime.now(UTC)
        now = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{self._name}.{int(moment.timestamp() * 1e6):x}{os.getpid() % 0xFFFF:04x}",
                "namespace": self._namespace,
            },
            "involvedObject": self._object(),
            "reason": reason,
            "message": message[:LONGEST_MESSAGE],
            "type": kind,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": "ecluse-rollout"},
            "reportingComponent": "ecluse.example/rollout",
            "reportingInstance": name_of_this_process()[:128],
        }
        try:
            self._api.create(body, "api", "v1", "namespaces", self._namespace, "events")
        except ApiError as error:
            self._is_refused = True
            self._note(f"no more Events are written, which costs nothing else: {error}")

    def _object(self) -> dict[str, str]:
        if self._involved is None:
            *group, plural, kind = GROUPS[self._kind]
            version = "/".join(group[1:])
            found = {"kind": kind, "apiVersion": version, "name": self._name, "namespace": self._namespace}
            try:
                read = self._api.read(*group, "namespaces", self._namespace, plural, self._name)
                found["uid"] = str((read.get("metadata") or {}).get("uid", ""))
            except ApiError:
                # Without its uid an Event is found by name; `kubectl describe` asks for both.
                return found
            self._involved = found
        return self._involved
