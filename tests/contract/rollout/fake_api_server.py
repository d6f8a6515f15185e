"""An API server of a few hundred lines: objects with versions, merge patches, conflicts, lists by label, and faults.

It keeps what it was asked and what it holds. A gateway's controller and a
Deployment's can be let act after each write, as they do on a cluster, where
`acts` names them. What it does not know it answers with 404, as a cluster
without a definition does.
"""

import copy
import http.server
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kubernetes import client  # type: ignore[import-untyped,unused-ignore]

from k8s.api_server import ApiServer

Object = dict[str, Any]
Answer = tuple[int, Any]
"""A status, and an object or text."""

SILENCE = (0, "")
"""The answer of one who closes the connection."""

PATH = re.compile(
    r"/(?P<group>api/v1|apis/[^/]+/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>.+))?"
)
KINDS = {
    "deployments": "Deployment",
    "events": "Event",
    "grpcroutes": "GRPCRoute",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "httproutes": "HTTPRoute",
    "inferenceservices": "InferenceService",
    "leases": "Lease",
    "poddisruptionbudgets": "PodDisruptionBudget",
    "pods": "Pod",
    "replicasets": "ReplicaSet",
    "scaledobjects": "ScaledObject",
    "services": "Service",
}


@dataclass(frozen=True)
class Asked:
    """One request, as far as tests want to know."""

    method: str
    group: str
    plural: str
    name: str
    part: str
    query: dict[str, str]
    body: Any

    @property
    def verb(self) -> str:
        """As a Role has it."""
        verbs = {"GET": "get" if self.name else "list", "POST": "create", "PATCH": "patch", "DELETE": "delete"}
        return verbs[self.method]

    @property
    def resource(self) -> str:
        """As a Role has it."""
        return f"{self.plural}/{self.part.partition('/')[0]}" if self.part else self.plural


Fault = Callable[[Asked], Answer | None]
"""Gives the answer that comes instead, or None."""


@dataclass
class FakeApiServer:
    """All that it holds, by group, plural, namespace and name."""

    objects: dict[tuple[str, str, str, str], Object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    before_a_patch: list[Callable[[], None]] = field(default_factory=list)
    """Done once each, between what a client has read and what it writes: another's write in between."""
    acts: list[Callable[["FakeApiServer", Object], None]] = field(default_factory=list)
    """Controllers: called with each object that was written."""
    unknown: set[str] = field(default_factory=set)
    """Groups that are not installed."""
    behind: Callable[[Asked], Answer] = lambda _: (503, "nobody is there")
    """Who answers behind a proxy."""
    _version: int = 1000
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # What tests do to it

    def put(self, group: str, plural: str, made: Object, namespace: str = "models") -> Object:
        """Make or replace an object, as a controller or another person would."""
        with self._lock:
            key = (group, plural, namespace, made["metadata"]["name"])
            before = self.objects.get(key)
            kept = copy.deepcopy(made)
            kept.setdefault("kind", KINDS[plural])
            kept.setdefault("apiVersion", group.removeprefix("apis/").removeprefix("api/"))
            about = kept["metadata"]
            about.setdefault("namespace", namespace)
            about.setdefault("uid", before["metadata"]["uid"] if before else str(uuid.uuid4()))
            generation = before["metadata"]["generation"] if before else 0
            about["generation"] = generation + (before is None or before.get("spec") != kept.get("spec"))
            self._version += 1
            about["resourceVersion"] = str(self._version)
            self.objects[key] = kept
            return kept

    def get(self, plural: str, name: str, namespace: str = "models") -> Object:
        return next(each for key, each in self.objects.items() if key[1:] == (plural, namespace, name))

    def change(self, plural: str, name: str, change: Callable[[Object], None], manager: str = "kubectl-edit") -> None:
        """Change an object in the way that another person does."""
        with self._lock:
            key = next(key for key in self.objects if key[1] == plural and key[3] == name)
            changed = copy.deepcopy(self.objects[key])
            change(changed)
            self._note(changed, manager)
            written = self.put(key[0], key[1], changed, key[2])
            for act in self.acts:
                act(self, written)

    def written(self) -> list[Asked]:
        return [each for each in self.asked if each.method != "GET" and "dryRun" not in each.query]

    # What it answers

    def answer(self, asked: Asked, namespace: str) -> Answer:
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                instead = fault(asked)
                if instead is not None:
                    return instead
            group = asked.group.split("/")[1] if asked.group.startswith("apis/") else ""
            if group in self.unknown:
                return 404, "404 page not found"
            if asked.part.startswith("proxy"):
                return self.behind(asked)
            if asked.part == "log":
                return 200, ""
            handle = {"GET": self._read, "POST": self._create, "PATCH": self._patch, "DELETE": self._delete}
            return handle[asked.method](asked, namespace)

    def _read(self, asked: Asked, namespace: str) -> Answer:
        if asked.name:
            found = self.objects.get((asked.group, asked.plural, namespace, asked.name))
            return (200, found) if found else _status(404, f'{asked.plural} "{asked.name}" not found')
        wanted = dict(each.partition("=")[::2] for each in asked.query.get("labelSelector", "").split(",") if each)
        items = [
            each
            for (group, plural, home, _), each in self.objects.items()
            if (group, plural, home) == (asked.group, asked.plural, namespace)
            and wanted.items() <= (each["metadata"].get("labels") or {}).items()
        ]
        return 200, {"kind": "List", "items": items}

    def _create(self, asked: Asked, namespace: str) -> Answer:
        name = asked.body["metadata"]["name"]
        if (asked.group, asked.plural, namespace, name) in self.objects:
            return _status(409, f'{asked.plural} "{name}" already exists')
        return 201, self._keep(asked, namespace, asked.body)

    def _patch(self, asked: Asked, namespace: str) -> Answer:
        if "dryRun" not in asked.query:
            while self.before_a_patch:
                self.before_a_patch.pop(0)()
        key = (asked.group, asked.plural, namespace, asked.name)
        found = self.objects.get(key)
        if found is None:
            return _status(404, f'{asked.plural} "{asked.name}" not found')
        version = (asked.body.get("metadata") or {}).get("resourceVersion")
        if version and version != found["metadata"]["resourceVersion"]:
            return _status(409, "the object has been modified; please apply your changes to the latest version")
        if asked.part not in ("", "scale"):
            return 404, "404 page not found"
        changed = merged(copy.deepcopy(found), asked.body)
        if changed == found or "dryRun" in asked.query:
            return 200, found
        return 200, self._keep(asked, namespace, changed)

    def _delete(self, asked: Asked, namespace: str) -> Answer:
        key = (asked.group, asked.plural, namespace, asked.name)
        found = self.objects.get(key)
        if found is None:
            return _status(404, f'{asked.plural} "{asked.name}" not found')
        version = ((asked.body or {}).get("preconditions") or {}).get("resourceVersion")
        if version and version != found["metadata"]["resourceVersion"]:
            return _status(409, "the object has been modified")
        del self.objects[key]
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def _keep(self, asked: Asked, namespace: str, made: Object) -> Object:
        kept = copy.deepcopy(made)
        self._note(kept, asked.query.get("fieldManager", "unknown"))
        written = copy.deepcopy(self.put(asked.group, asked.plural, kept, namespace))
        for act in self.acts:
            act(self, written)
        return written

    def _note(self, changed: Object, manager: str) -> None:
        told = {"manager": manager, "time": f"2026-01-01T00:00:{self._version % 60:02}Z", "fieldsV1": {"f:spec": {}}}
        fields = [each for each in changed["metadata"].get("managedFields", []) if each["manager"] != manager]
        changed["metadata"]["managedFields"] = [*fields, told]


def merged(before: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    after = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            after.pop(key, None)
        else:
            after[key] = merged(after.get(key), value)
    return after


def _status(code: int, message: str) -> Answer:
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


@contextmanager
def listening(fake: FakeApiServer) -> Iterator[ApiServer]:
    """Give the product's own connection to it, over a real socket."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, which nobody waits to acknowledge

        def _answer(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            found = PATH.fullmatch(unquote(url.path))
            if found is None:
                status: int
                told: Any
                status, told = (404, "404 page not found") if self._is_unknown(url.path) else (200, {"kind": "List"})
            else:
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                parts = {name: found[name] or "" for name in ("group", "plural", "name", "part")}
                body = raw if parts["part"].startswith("proxy") else json.loads(raw) if raw else None
                asked = Asked(self.command, query=query, body=body, **parts)
                status, told = fake.answer(asked, found["namespace"] or "")
            if status == 0:
                self.close_connection = True
                return
            answer = (told if isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = _answer  # noqa: N815  # the names are http.server's
        do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

        def _is_unknown(self, path: str) -> bool:
            return any(group in path for group in fake.unknown)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *who: object) -> None:
            """Say nothing of clients that are killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        configuration = client.Configuration()
        configuration.host = f"http://127.0.0.1:{server.server_address[1]}"
        api = ApiServer(configuration)
        try:
            yield api
        finally:
            api.close()
            server.shutdown()
            thread.join()
