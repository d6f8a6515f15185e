"""What is wrong with a Deployment as a whole, and with the pods of its current version.

Pods of the version that is on its way out are nobody's trouble, unless they do
not go. Pure.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from k8s.json_object import Json
from k8s.wait.pod_troubles import pod_troubles, tidy
from k8s.wait.seen import (
    TEMPLATE_HASH,
    Seen,
    condition,
    instant,
    is_observed,
    is_over,
    is_owned,
    is_terminating,
    labels,
    metadata,
    name,
    spec,
    uid,
    wanted,
)
from k8s.wait.troubles import Kind, Trouble

OVERDUE = timedelta(seconds=30)
"""How long after its grace period a pod may still be there before that is odd."""

_WORDS_OF_REFUSALS = (
    (Kind.QUOTA, re.compile(r"exceeded quota|failed quota|insufficient quota")),
    (Kind.WEBHOOK, re.compile(r"failed calling webhook|failed to call webhook|no endpoints available for service")),
    (Kind.SERVICE_ACCOUNT, re.compile(r"serviceaccount \S+ not found|error looking up service account")),
    (Kind.ADMISSION, re.compile(r"violates PodSecurity|admission webhook|denied the request|is forbidden|is invalid")),
)

_SENTENCES = {
    Kind.QUOTA: "a quota of the namespace leaves no room for a pod",
    Kind.WEBHOOK: "a webhook that must agree to each pod does not answer",
    Kind.SERVICE_ACCOUNT: "the service account of the pods is missing",
    Kind.ADMISSION: "the cluster does not admit the pods",
    Kind.CREATE_FAILED: "pods cannot be made",
}


def rollout_troubles(seen: Seen, deployment: Json, *, zero_is_fine: bool = False) -> Iterator[Trouble]:
    """Name what is wrong, the cause before the consequence."""
    called = f"deployment/{name(deployment)}"
    revision = str(metadata(deployment).get("generation", ""))
    if spec(deployment).get("paused"):
        yield Trouble(Kind.PAUSED, f"{called} is paused: nothing is rolled out until it is resumed", revision=revision)
    if wanted(deployment) == 0 and not zero_is_fine:
        yield Trouble(Kind.SCALED_TO_ZERO, f"{called} is scaled to zero: nobody serves", revision=revision)
    if not is_observed(deployment):
        return
    causes = [*_refusals(seen, deployment), *_of_pods(seen)]
    yield from causes
    yield from _deadline(deployment, called, causes)
    yield from _lingering(seen)


def _refusals(seen: Seen, deployment: Json) -> Iterator[Trouble]:
    """The API server takes ReplicaSets gladly, and their pods not always."""
    told = None
    current = seen.current_replica_set
    if current is not None:
        told = condition(current, "ReplicaFailure")
    else:
        told = condition(deployment, "ReplicaFailure")
        progressing = condition(deployment, "Progressing")
        if told is None and progressing is not None and progressing.get("reason") == "ReplicaSetCreateError":
            told = progressing
    if told is None or (told.get("type") == "ReplicaFailure" and told.get("status") != "True"):
        return
    message = tidy(str(told.get("message") or told.get("reason") or "the API server says no more"))
    # What is refused has a name of the moment, which differs at each attempt.
    message = re.sub(r'^(pods|replicasets\.apps) "[^"]*" is forbidden: ', "", message)
    kind = next((kind for kind, words in _WORDS_OF_REFUSALS if words.search(str(told.get("message")))), None)
    kind = kind or Kind.CREATE_FAILED
    revision = str(labels(current or {}).get(TEMPLATE_HASH, ""))
    yield Trouble(kind, f"{_SENTENCES[kind]}: {message}", revision=revision)


def _of_pods(seen: Seen) -> Iterator[Trouble]:
    """Those of the pod that is in trouble the longest come first, and evicted ones last."""
    current = seen.current_replica_set
    mine = [pod for pod in seen.pods if is_owned(pod, current) and not is_terminating(pod)]
    for pod in sorted(mine, key=lambda pod: (is_over(pod), str(metadata(pod).get("creationTimestamp")), name(pod))):
        yield from pod_troubles(pod, seen.events_of(pod))


def _deadline(deployment: Json, called: str, causes: list[Trouble]) -> Iterator[Trouble]:
    progressing = condition(deployment, "Progressing")
    if progressing is None or progressing.get("reason") != "ProgressDeadlineExceeded":
        return
    seconds = spec(deployment).get("progressDeadlineSeconds", 600)
    words = f"{called} made no progress for {seconds} s"
    revision = str(metadata(deployment).get("generation", ""))
    if not causes:
        yield Trouble(Kind.DEADLINE, words, revision=revision)
        return
    cause = causes[0]
    yield Trouble(
        Kind.DEADLINE,
        f"{words}: {cause.sentence}",
        pod=cause.pod,
        container=cause.container,
        log_is_of=cause.log_is_of,
        asks=cause.asks,
        revision=revision,
    )


def _lingering(seen: Seen) -> Iterator[Trouble]:
    for pod in seen.terminating_pods:
        # Kubernetes writes there when the pod is to be gone, its grace period included.
        due = instant(metadata(pod).get("deletionTimestamp"))
        if seen.at - due > OVERDUE:
            held = metadata(pod).get("finalizers")
            why = f"finalizers hold it: {', '.join(held)}" if held else "does its node still answer?"
            sentence = f"pod {name(pod)} should have been gone by {due:%H:%M:%S} UTC: {why}"
            yield Trouble(Kind.LINGERING, sentence, pod=name(pod))


def troubled_pods(seen: Seen, limit: int = 3) -> list[Json]:
    """Choose the current pods whose events are worth reading: those that are not ready."""
    found = [pod for pod in seen.current_pods if any(True for _ in pod_troubles(pod, ())) or _is_starting(pod)]
    return sorted(found, key=uid)[:limit]


def _is_starting(pod: Json) -> bool:
    ready = condition(pod, "Ready")
    return ready is None or ready.get("status") != "True"
