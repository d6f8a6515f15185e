"""Has KServe put an InferenceService, as it is now, into its Deployment?

KServe says so nowhere: the observedGeneration in an InferenceService's status
is the Deployment's counter, and its conditions stay true through a rollout.
Two signs together answer instead. What can be compared is compared. And KServe
writes the status under optimistic concurrency, after the Deployment: a status
written since the last change was computed from that change. A change that
gives KServe nothing to write leaves no sign; for that one a quiet time must do.
Pure: what was seen before is handed in.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from k8s.json_object import Json
from k8s.wait.expected import differences
from k8s.wait.pod_troubles import tidy
from k8s.wait.seen import (
    Seen,
    annotations,
    condition,
    event_time,
    generation,
    instant,
    metadata,
    name,
    spec,
    status,
    uid,
)
from k8s.wait.troubles import Kind, Trouble

QUIET_SECONDS = 15.0
"""KServe acts within a second of a change, and within some of a restart."""

HOLDS_BACK = "serving.kserve.io/disable-auto-update"
STOPS = "serving.kserve.io/stop"


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier looks have shown of one change."""

    change: tuple[str, int, datetime]
    """The InferenceService, its generation, and when it or its runtime was last changed."""

    since: float
    first_status: Json
    has_moved: bool = False
    """KServe has written the status with this change in place."""


@dataclass(frozen=True, slots=True)
class Carriage:
    """The answer of one look."""

    is_carried: bool
    memory: Memory
    differences: tuple[str, ...] = ()
    trouble: Trouble | None = None


def carriage(seen: Seen, service: Json, memory: Memory | None, now: float) -> Carriage:
    """Judge one look, at `now` on a clock that only runs forwards."""
    memory = _remember(seen, service, memory, now)
    has_written = memory.has_moved or status_written(service) > memory.change[2]
    if annotations(service).get(STOPS) == "true":
        words = f"inferenceservice/{name(service)} is stopped by its annotation {STOPS}"
        return Carriage(False, memory, (), Trouble(Kind.STOPPED, words))
    refusal = refusal_words(seen, service)
    if refusal and has_written:
        words = f"KServe cannot make a Deployment of inferenceservice/{name(service)}: {refusal}"
        return Carriage(False, memory, (), Trouble(Kind.KSERVE_REFUSES, words))
    if seen.deployment is None:
        return Carriage(False, memory, (), _nothing_made(seen, service, refusal))
    found = differences(service, seen.runtime, seen.deployment)
    if not found and generation(service) == 1:
        # There was nothing else that its Deployment could have been made from.
        has_written = True
    is_quiet = now - memory.since >= QUIET_SECONDS
    if has_written and not found:
        return Carriage(True, memory)
    # In a quiet time one sign is enough: nothing had to be written, or somebody else changes what KServe writes.
    if is_quiet and (has_written or not found):
        return Carriage(True, memory, found)
    trouble = _not_carried(seen, service, seen.deployment, found, refusal) if found else None
    return Carriage(False, memory, found, trouble)


def _remember(seen: Seen, service: Json, memory: Memory | None, now: float) -> Memory:
    changed = last_changed(service)
    if seen.runtime is not None:
        changed = max(changed, last_changed(seen.runtime))
    change = (uid(service), generation(service), changed)
    if memory is None or memory.change != change:
        return Memory(change, now, status(service))
    if not memory.has_moved and memory.first_status != status(service):
        return replace(memory, has_moved=True)
    return memory


def last_changed(thing: Json) -> datetime:
    """When anything but the status was last written; long ago where nobody kept account."""
    written = [
        instant(entry.get("time"))
        for entry in metadata(thing).get("managedFields") or ()
        if entry.get("subresource") != "status"
    ]
    return max(written, default=instant(metadata(thing).get("creationTimestamp")))


def status_written(thing: Json) -> datetime:
    """When the status was last written, to the second that Kubernetes keeps."""
    written = [
        instant(entry.get("time"))
        for entry in metadata(thing).get("managedFields") or ()
        if entry.get("subresource") == "status"
    ]
    return max(written, default=instant(None))


def refusal_words(seen: Seen, service: Json) -> str:
    """Give KServe's words on why it did not get as far as the Deployment, or none."""
    model = status(service).get("modelStatus") or {}
    told = ""
    if model.get("transitionStatus") == "InvalidSpec":
        failure = model.get("lastFailureInfo") or {}
        told = f"{failure.get('reason') or 'InvalidSpec'}: {failure.get('message') or 'it says no more'}"
    ready = condition(service, "PredictorReady")
    if ready is not None and ready.get("status") == "False" and ready.get("reason") == "ReconcileFailed":
        told = str(ready.get("message") or "ReconcileFailed")
    newest = _newest_error(seen, service)
    return tidy(newest or told) if told else ""


def _newest_error(seen: Seen, service: Json) -> str:
    changed = last_changed(service)
    for event in reversed(seen.events_of(service)):
        message = str(event.get("message") or "")
        # A conflict is how the API server orders two writers, and KServe tries again.
        is_conflict = "the object has been modified" in message
        if event.get("reason") == "InternalError" and not is_conflict and event_time(event) >= changed:
            return message
    return ""


def _nothing_made(seen: Seen, service: Json, refusal: str) -> Trouble:
    words = refusal or tidy(_newest_error(seen, service))
    if not words and not status(service):
        words = "it has not looked at it yet; is its controller running?"
    why = f": {words}" if words else ""
    sentence = f"KServe has not made a Deployment of inferenceservice/{name(service)}{why}"
    return Trouble(Kind.NO_DEPLOYMENT, sentence)


def _not_carried(seen: Seen, service: Json, deployment: Json, found: tuple[str, ...], refusal: str) -> Trouble:
    ready = condition(service, "Ready")
    if annotations(service).get(HOLDS_BACK) == "true" and ready is not None and ready.get("status") == "True":
        sentence = (
            f"the annotation {HOLDS_BACK} keeps KServe from carrying the last change of "
            f"inferenceservice/{name(service)} while it is ready"
        )
        return Trouble(Kind.HELD_BACK, sentence)
    words = refusal or tidy(_newest_error(seen, service)) or "it has said nothing since; is its controller running?"
    sentence = (
        f"KServe has not carried the last change of inferenceservice/{name(service)} into "
        f"deployment/{name(deployment)} ({'; '.join(found[:3])}): {words}"
    )
    return Trouble(Kind.NOT_CARRIED, sentence)


def is_knative(service: Json) -> bool:
    return status(service).get("deploymentMode") in ("Knative", "Serverless", "ModelMesh")


def deployment_name(service: Json) -> str:
    """As KServe names it: after the InferenceService, and the predictor where that has a name."""
    predictor = (spec(service).get("predictor") or {}).get("name")
    return f"{name(service)}-{predictor}-predictor" if predictor else f"{name(service)}-predictor"
