"""What was there at one moment, and who belongs to whom.

Objects stay as the API server tells them; this file only finds what others
ask for. Pods belong to a Deployment by the ReplicaSet that owns them and not
by labels alone, which two Deployments can share.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from k8s.json_object import Json
from k8s.wait.target import Target

REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was read in one look; None and empty where there was nothing."""

    target: Target
    at: datetime
    inference_service: Json | None = None
    runtime: Json | None = None
    deployment: Json | None = None
    replica_sets: tuple[Json, ...] = ()
    pods: tuple[Json, ...] = ()
    events: tuple[Json, ...] = ()
    missing_rights: tuple[str, ...] = field(default=())
    """Sentences on reads that were refused and could be done without."""

    @property
    def own_replica_sets(self) -> list[Json]:
        return [each for each in self.replica_sets if is_owned(each, self.deployment)]

    @property
    def current_replica_set(self) -> Json | None:
        """The one of the Deployment's revision, or None while its controller has made none."""
        if self.deployment is None:
            return None
        revision = annotations(self.deployment).get(REVISION)
        found = [each for each in self.own_replica_sets if annotations(each).get(REVISION) == revision]
        return found[0] if found and revision else None

    @property
    def own_pods(self) -> list[Json]:
        """Those of the Deployment that are not over: what was evicted or has ended counts for nothing."""
        owners = {uid(each) for each in self.own_replica_sets}
        return [pod for pod in self.pods if owner_uids(pod) & owners and (is_terminating(pod) or not is_over(pod))]

    @property
    def current_pods(self) -> list[Json]:
        """Those of the Deployment's revision that are not on their way out."""
        current = self.current_replica_set
        return [pod for pod in self.own_pods if is_owned(pod, current) and not is_terminating(pod)]

    @property
    def old_pods(self) -> list[Json]:
        """Those of other revisions that are not on their way out."""
        current = self.current_replica_set
        return [pod for pod in self.own_pods if not is_owned(pod, current) and not is_terminating(pod)]

    @property
    def terminating_pods(self) -> list[Json]:
        return [pod for pod in self.own_pods if is_terminating(pod)]

    def events_of(self, thing: Json | None) -> list[Json]:
        """Newest last."""
        if thing is None:
            return []
        found = [each for each in self.events if each.get("involvedObject", {}).get("uid") == uid(thing)]
        return sorted(found, key=event_time)


def metadata(thing: Json) -> Json:
    return thing.get("metadata") or {}


def name(thing: Json) -> str:
    return str(metadata(thing).get("name", ""))


def uid(thing: Json) -> str:
    return str(metadata(thing).get("uid", ""))


def annotations(thing: Json) -> Json:
    return metadata(thing).get("annotations") or {}


def labels(thing: Json) -> Json:
    return metadata(thing).get("labels") or {}


def generation(thing: Json) -> int:
    return int(metadata(thing).get("generation", 0))


def spec(thing: Json) -> Json:
    return thing.get("spec") or {}


def status(thing: Json) -> Json:
    return thing.get("status") or {}


def is_deleted(thing: Json) -> bool:
    return "deletionTimestamp" in metadata(thing)


is_terminating = is_deleted


def is_over(pod: Json) -> bool:
    return status(pod).get("phase") in ("Failed", "Succeeded")


def is_ready(pod: Json) -> bool:
    found = condition(pod, "Ready")
    return found is not None and found.get("status") == "True"


def starts(pod: Json) -> int:
    """How often its containers were started anew."""
    return sum(int(each.get("restartCount", 0)) for each in status(pod).get("containerStatuses") or ())


def owner_uids(thing: Json) -> set[str]:
    return {str(owner.get("uid")) for owner in metadata(thing).get("ownerReferences") or ()}


def is_owned(thing: Json, owner: Json | None) -> bool:
    return owner is not None and uid(owner) in owner_uids(thing)


def condition(thing: Json, kind: str) -> Json | None:
    return next((each for each in status(thing).get("conditions") or () if each.get("type") == kind), None)


def is_observed(deployment: Json) -> bool:
    """Whether what the status says is about the spec as it is."""
    return int(status(deployment).get("observedGeneration", 0)) >= generation(deployment)


def wanted(deployment: Json) -> int:
    """How many replicas are asked for; the API server writes 1 where nobody says."""
    asked = spec(deployment).get("replicas")
    return 1 if asked is None else int(asked)


def instant(text: str | None) -> datetime:
    """Read a time of Kubernetes'; what is missing is long ago."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def event_time(event: Json) -> datetime:
    series = event.get("series") or {}
    told = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return instant(told or metadata(event).get("creationTimestamp"))


def containers(pod: Json) -> Iterator[tuple[Json, Json, bool]]:
    """Give each container's spec and status, and whether it must end before the others start."""
    for which, states in (
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
    ):
        found = {each.get("name"): each for each in status(pod).get(states) or ()}
        for container in spec(pod).get(which) or ():
            goes_first = which == "initContainers" and container.get("restartPolicy") != "Always"
            yield container, found.get(container.get("name"), {}), goes_first
