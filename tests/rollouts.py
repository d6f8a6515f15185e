"""Objects of a rollout as the API server tells them, with as much in them as the waiter reads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from k8s.wait.seen import Seen
from k8s.wait.target import Target, TargetKind

Object = dict[str, Any]

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
LONG_AGO = "2026-05-04T10:00:00Z"
BEFORE = "2026-05-04T11:59:00Z"
JUST_NOW = "2026-05-04T12:00:00Z"
LATER = "2026-05-04T12:00:01Z"

SERVICE = Target(TargetKind.INFERENCE_SERVICE, "mnist", "models")
DEPLOYMENT = Target(TargetKind.DEPLOYMENT, "mnist", "models")


def deployment(
    *,
    name: str = "mnist",
    replicas: int = 1,
    generation: int = 2,
    observed: int | None = None,
    updated: int | None = None,
    available: int | None = None,
    total: int | None = None,
    revision: str = "2",
    conditions: Sequence[Object] = (),
    pod: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Object:
    """Rolled out, but for what is said otherwise."""
    updated = replicas if updated is None else updated
    return {
        "metadata": {
            "name": name,
            "uid": "deployment-uid",
            "generation": generation,
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": "service-uid"}],
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": dict(labels or {}), "annotations": dict(annotations or {})},
                "spec": dict(pod or {"containers": [{"name": "kserve-container", "image": "ecluse:1"}]}),
            },
            **spec,
        },
        "status": {
            "observedGeneration": generation if observed is None else observed,
            "replicas": updated if total is None else total,
            "updatedReplicas": updated,
            "availableReplicas": updated if available is None else available,
            "conditions": list(conditions),
        },
    }


def replica_set(revision: str = "2", *, conditions: Sequence[Object] = ()) -> Object:
    return {
        "metadata": {
            "name": f"mnist-{revision}",
            "uid": f"replica-set-{revision}",
            "labels": {"pod-template-hash": f"hash{revision}"},
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": "deployment-uid"}],
        },
        "status": {"conditions": list(conditions)},
    }


def pod(
    name: str = "mnist-2-a",
    *,
    revision: str = "2",
    phase: str = "Running",
    is_ready: bool = False,
    leaves_at: str | None = None,
    state: Object | None = None,
    last_state: Object | None = None,
    restarts: int = 0,
    started: bool = True,
    init: Object | None = None,
    init_state: Object | None = None,
    conditions: Sequence[Object] = (),
    container: Mapping[str, Any] | None = None,
    **status: Any,
) -> Object:
    """One pod with one container, `server`, and maybe one that goes first."""
    metadata: Object = {
        "name": name,
        "uid": f"uid-of-{name}",
        "creationTimestamp": BEFORE,
        "labels": {"pod-template-hash": f"hash{revision}"},
        "ownerReferences": [{"uid": f"replica-set-{revision}"}],
    }
    if leaves_at is not None:
        metadata["deletionTimestamp"] = leaves_at
    spec: Object = {"containers": [{"name": "server", "image": "ecluse:2", **(container or {})}], "nodeName": "node"}
    if init is not None:
        spec["initContainers"] = [init]
    server = {
        "name": "server",
        "ready": is_ready,
        "started": started,
        "restartCount": restarts,
        "state": {"running": {}} if state is None else state,
        "lastState": last_state or {},
    }
    return {
        "metadata": metadata,
        "spec": spec,
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(is_ready)}, *conditions],
            "containerStatuses": [server],
            "initContainerStatuses": [init_state] if init_state is not None else [],
            **status,
        },
    }


def ready_pod(name: str = "mnist-2-a", **rest: Any) -> Object:
    return pod(name, is_ready=True, **rest)


def waiting(reason: str, message: str = "") -> Object:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int = 1, reason: str = "Error", **rest: Any) -> Object:
    return {"terminated": {"exitCode": code, "reason": reason, **rest}}


def event(about: Object, reason: str, message: str, *, at: str = JUST_NOW, container: str = "server") -> Object:
    return {
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
        "involvedObject": {"uid": about["metadata"]["uid"], "fieldPath": f"spec.containers{{{container}}}"},
    }


def inference_service(
    predictor: Mapping[str, Any] | None = None,
    *,
    generation: int = 2,
    changed: str = LONG_AGO,
    written: str | None = BEFORE,
    status: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Object:
    """Changed long ago and carried since, but for what is said otherwise; `written` is when KServe wrote its status."""
    fields: list[Object] = [{"manager": "helm", "time": changed}]
    if written is not None:
        fields.append({"manager": "kserve-manager", "subresource": "status", "time": written})
    usual = {"containers": [{"name": "kserve-container", "image": "ecluse:1"}]}
    return {
        "metadata": {
            "name": "mnist",
            "uid": "service-uid",
            "generation": generation,
            "annotations": dict(annotations or {}),
            "labels": dict(labels or {}),
            "managedFields": fields,
            "creationTimestamp": LONG_AGO,
        },
        "spec": {"predictor": dict(predictor or usual)},
        "status": dict({"conditions": [{"type": "Ready", "status": "True"}]} if status is None else status),
    }


def runtime(container: Mapping[str, Any], *, changed: str = LONG_AGO, **spec: Any) -> Object:
    return {
        "metadata": {"name": "ecluse", "managedFields": [{"manager": "helm", "time": changed}]},
        "spec": {"containers": [{"name": "kserve-container", **container}], **spec},
    }


def seen(of: Object | None = None, *pods: Object, **rest: Any) -> Seen:
    """One look at a Deployment of two revisions."""
    of = deployment() if of is None else of
    found: dict[str, Any] = {
        "target": DEPLOYMENT,
        "at": NOW,
        "deployment": of,
        "replica_sets": (replica_set("1"), replica_set("2")),
        "pods": tuple(pods),
    }
    return Seen(**(found | rest))
