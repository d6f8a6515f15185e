"""Read what there is at one moment, with as few and as light requests as will do.

Polls rather than watches: a look is five small reads, needs no resumption, and
each is consistent with the one before. Reads that only make sentences better
(events, logs, the runtime, the server's own words) may be refused; the missing
right is then told, and the look goes on.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from k8s.api_server import ApiError, Forbidden, NotFound
from k8s.json_object import Json
from k8s.wait.carrying import deployment_name
from k8s.wait.rollout_troubles import troubled_pods
from k8s.wait.seen import Seen, spec, status, uid
from k8s.wait.target import Target, TargetKind
from k8s.wait.troubles import Trouble

LOG_LINES = 30
LOG_BYTES = 16 * 1024


class Reads(Protocol):
    """What reads are done with; both raise ApiError."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object or list at a path."""

    def text(self, *path: str, **query: str) -> str:
        """Give what is at a path as text."""


class Looker:
    """Looks at one target again and again."""

    def __init__(self, api: Reads, target: Target, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._api = api
        self._target = target
        self._clock = clock
        self._missing_rights: list[str] = []

    def look(self, *, at_service_events: bool = False) -> Seen:
        """Read all that is needed to judge. Raises ApiError."""
        seen = Seen(self._target, self._clock())
        name = self._target.name
        if self._target.kind is TargetKind.INFERENCE_SERVICE:
            service = self._maybe("apis/serving.kserve.io/v1beta1", "inferenceservices", name)
            if service is None:
                return seen
            seen = replace(seen, inference_service=service, runtime=self._runtime(service))
            name = deployment_name(service)
        deployment = self._maybe("apis/apps/v1", "deployments", name)
        if deployment is not None:
            chosen = {"labelSelector": _selector(spec(deployment).get("selector") or {})}
            seen = replace(
                seen,
                deployment=deployment,
                replica_sets=self._list("apis/apps/v1", "replicasets", chosen),
                pods=self._list("api/v1", "pods", chosen),
            )
        asked = troubled_pods(seen)
        if at_service_events and seen.inference_service is not None:
            asked.append(seen.inference_service)
        events = [event for thing in asked for event in self._events(thing)]
        return replace(seen, events=tuple(events), missing_rights=tuple(self._missing_rights))

    def knows_kind(self) -> bool:
        """Whether the API server has the kind of object that is waited for. Raises ApiError."""
        if self._target.kind is TargetKind.DEPLOYMENT:
            return True
        try:
            self._api.read("apis", "serving.kserve.io", "v1beta1")
        except NotFound:
            return False
        return True

    def log(self, trouble: Trouble) -> list[str]:
        """Give the last lines of the container that is in trouble, or none where there is no reading them."""
        if not trouble.log_is_of:
            return []
        query = {"container": trouble.container, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
        if trouble.log_is_of == "previous":
            query["previous"] = "true"
        path = ("api", "v1", "namespaces", self._target.namespace, "pods", trouble.pod, "log")
        try:
            return [line for line in self._api.text(*path, **query).splitlines() if line.strip()]
        except Forbidden as error:
            self._note(f"the log cannot be read: {error}")
        except ApiError:
            # The container is gone or has not begun: there is no log, and the sentence goes without.
            pass
        return []

    def own_words(self, trouble: Trouble) -> str:
        """Give what the container answers at its readiness path; the API server asks it, so no port need be open."""
        port, slash, path = trouble.asks.rpartition(":")[2].partition("/")
        if not slash:
            return ""
        scheme = "https:" if trouble.asks.startswith("https:") else ""
        where = ("api", "v1", "namespaces", self._target.namespace, "pods", f"{scheme}{trouble.pod}:{port}", "proxy")
        try:
            self._api.text(*where, *path.split("/"))
        except Forbidden:
            return ""
        except ApiError as error:
            # A proxy hands the container's own answer on, and its status with it.
            return error.answer
        return ""

    def _runtime(self, service: Json) -> Json | None:
        model = (spec(service).get("predictor") or {}).get("model")
        if model is None:
            return None
        found = status(service)
        named = model.get("runtime") or found.get("servingRuntimeName") or found.get("clusterServingRuntimeName")
        if not named:
            return None
        try:
            runtime = self._maybe("apis/serving.kserve.io/v1alpha1", "servingruntimes", named)
            if runtime is not None:
                return runtime
            return self._api.read("apis", "serving.kserve.io", "v1alpha1", "clusterservingruntimes", named)
        except Forbidden as error:
            self._note(f"a change of the ServingRuntime may be missed: {error}")
        except NotFound:
            pass
        return None

    def _events(self, thing: Json) -> tuple[Json, ...]:
        try:
            return self._list("api/v1", "events", {"fieldSelector": f"involvedObject.uid={uid(thing)}"})
        except Forbidden as error:
            self._note(f"reasons may be missed: {error}")
            return ()

    def _maybe(self, group: str, plural: str, name: str) -> Json | None:
        try:
            return self._api.read(*group.split("/"), "namespaces", self._target.namespace, plural, name)
        except NotFound:
            return None

    def _list(self, group: str, plural: str, query: dict[str, str]) -> tuple[Json, ...]:
        path = (*group.split("/"), "namespaces", self._target.namespace, plural)
        return tuple(self._api.read(*path, **query).get("items") or ())

    def _note(self, sentence: str) -> None:
        if sentence not in self._missing_rights:
            self._missing_rights.append(sentence)


def _selector(selector: Json) -> str:
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(each.get("values") or ())
        match each["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)
