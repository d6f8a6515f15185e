"""How far a Deployment's rollout is, in numbers of pods.

The Deployment's own counters are believed only for the generation they were
counted for, and only where the pods themselves agree. Pure.
"""

from dataclasses import dataclass

from k8s.json_object import Json
from k8s.wait.pod_troubles import pod_state
from k8s.wait.seen import Seen, is_observed, is_ready, name, status, wanted


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of one look; `stage` says in words what is waited for, and is empty where nothing is."""

    stage: str
    replicas: int = 0
    updated: int = 0
    available: int = 0
    old: int = 0
    terminating: int = 0
    pods: tuple[tuple[str, str], ...] = ()
    """The name and state of each pod, the current ones first."""

    @property
    def is_out(self) -> bool:
        return not self.stage

    def __str__(self) -> str:
        counts = f"{self.updated} of {self.replicas} updated, {self.available} available"
        if self.old:
            counts += f", {self.old} old"
        if self.terminating:
            counts += f", {self.terminating} terminating"
        return counts


def progress(seen: Seen, deployment: Json, *, with_old_pods: bool = True) -> Progress:
    """Count; with old pods, a rollout is not out before the last of them is gone."""
    counters = status(deployment)
    replicas = wanted(deployment)
    current, old, leaving = seen.current_pods, seen.old_pods, seen.terminating_pods
    updated = int(counters.get("updatedReplicas", 0))
    available = int(counters.get("availableReplicas", 0))
    ready = sum(map(is_ready, current))
    surplus = int(counters.get("replicas", 0)) - updated
    if not is_observed(deployment):
        stage = "the Deployment's controller to see the change"
        updated = 0
    elif updated < replicas:
        stage = f"{_pods(replicas - updated)} of the current version to be made"
    elif ready < replicas:
        stage = f"{_pods(replicas - ready)} of the current version to become ready"
    elif surplus > 0 or old:
        stage = f"{_pods(max(len(old), surplus))} of the old version to be stopped"
    elif updated > replicas:
        stage = f"{_pods(updated - replicas)} too many to be stopped"
    elif available < replicas:
        stage = f"{_pods(replicas - available)} to become available"
    elif with_old_pods and leaving:
        stage = f"{_pods(len(leaving))} to finish terminating"
    else:
        stage = ""
    return Progress(
        stage=stage,
        replicas=replicas,
        updated=updated,
        available=available,
        old=len(old),
        terminating=len(leaving),
        pods=tuple((name(pod), pod_state(pod)) for pod in [*current, *old, *leaving]),
    )


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"
