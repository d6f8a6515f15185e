"""Objects of a made-up cluster: releases of the chart, their routes, and controllers that act at once."""

from typing import Any

from tests.contract.rollout.fake_api_server import FakeApiServer, Object

APPS = "apis/apps/v1"
CORE = "api/v1"
GATEWAY = "apis/gateway.networking.k8s.io/v1"


def release(fake: FakeApiServer, name: str, replicas: int = 1, **labels: str) -> None:
    """What the chart makes of a release `blue`, in mode plain: a Deployment that is rolled out, and its Service."""
    full = f"{name}-ecluse"
    selector = {"app.kubernetes.io/name": "ecluse", "app.kubernetes.io/instance": name}
    template = {
        "metadata": {"labels": {**selector, "app.kubernetes.io/part-of": "ecluse", **labels}},
        "spec": {"containers": [{"name": "server", "image": f"ecluse:{name}"}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": selector}, "template": template}
    ports = [{"name": "http", "port": 80}, {"name": "grpc", "port": 8081}]
    service(fake, full, selector, ports)
    deployment = fake.put(APPS, "deployments", {"metadata": {"name": full}, "spec": spec})
    roll_out(fake, deployment)


def service(
    fake: FakeApiServer, name: str, selector: dict[str, str], ports: list[dict[str, Any]] | None = None
) -> Object:
    spec = {"selector": selector, "ports": [{"port": 80}] if ports is None else ports}
    return fake.put(CORE, "services", {"metadata": {"name": name}, "spec": spec})


def roll_out(fake: FakeApiServer, deployment: Object) -> None:
    """Act as the Deployment's controller, on nodes where a pod is ready at once."""
    if deployment["kind"] != "Deployment":
        return
    name, labels = deployment["metadata"]["name"], deployment["spec"]["template"]["metadata"]["labels"]
    wanted = deployment["spec"].get("replicas", 1)
    deployment["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "1"
    owner = {"kind": "Deployment", "uid": deployment["metadata"]["uid"]}
    about: Object = {
        "name": f"{name}-1",
        "labels": labels,
        "ownerReferences": [owner],
        "annotations": {"deployment.kubernetes.io/revision": "1"},
    }
    owned = fake.put(APPS, "replicasets", {"metadata": about, "spec": {"replicas": wanted}})
    for key in [key for key in fake.objects if key[1] == "pods" and key[3].startswith(f"{name}-1-")]:
        del fake.objects[key]
    for number in range(wanted):
        pod(fake, f"{name}-1-{number}", owned)
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), wanted)
    deployment["status"] = {"observedGeneration": deployment["metadata"]["generation"], **counts}
    fake.put(APPS, "deployments", deployment)


def pod(fake: FakeApiServer, name: str, owner: Object, *, ready: bool = True, restarts: int = 0) -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    state = {
        "name": "server",
        "restartCount": restarts,
        "ready": ready,
        "state": {"running": {}} if ready else waiting,
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}} if restarts else {},
    }
    made = {
        "metadata": {
            "name": name,
            "labels": owner["metadata"]["labels"],
            "ownerReferences": [{"kind": "ReplicaSet", "uid": owner["metadata"]["uid"]}],
        },
        "spec": {"containers": [{"name": "server", "image": "ecluse"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [state],
        },
    }
    fake.put(CORE, "pods", made)


def route(
    fake: FakeApiServer,
    kind: str = "HTTPRoute",
    weights: dict[str, int] | None = None,
    name: str = "mnist",
    **more: Any,
) -> Object:
    """A route of one rule, taken up by its gateway."""
    port = 80 if kind == "HTTPRoute" else 8081
    shares = {"blue-ecluse": 100, "green-ecluse": 0} if weights is None else weights
    spec = {"parentRefs": [{"name": "models"}], "rules": [rule(shares, port)], **more.pop("spec", {})}
    made = fake.put(GATEWAY, f"{kind.lower()}s", {"metadata": {"name": name, **more}, "spec": spec})
    take_up(fake, made)
    return made


def rule(weights: dict[str, int], port: int = 80) -> Object:
    references = [{"kind": "Service", "name": name, "port": port, "weight": each} for name, each in weights.items()]
    return {"matches": [{"path": {"type": "PathPrefix", "value": "/v2"}}], "backendRefs": references}


def take_up(fake: FakeApiServer, written: Object) -> None:
    """Act as a gateway's controller, which finds nothing wrong."""
    if written["kind"] not in ("HTTPRoute", "GRPCRoute"):
        return
    taken = {**written, "status": {"parents": [_answer(parent, written) for parent in written["spec"]["parentRefs"]]}}
    fake.put(GATEWAY, f"{written['kind'].lower()}s", taken)


def _answer(parent: Object, written: Object) -> Object:
    generation = written["metadata"]["generation"]
    conditions = [
        {"type": name, "status": "True", "observedGeneration": generation} for name in ("Accepted", "ResolvedRefs")
    ]
    return {"parentRef": {"kind": "Gateway", **parent}, "conditions": conditions}


def weights(fake: FakeApiServer, kind: str = "httproutes", name: str = "mnist", number: int = 0) -> dict[str, int]:
    references = fake.get(kind, name)["spec"]["rules"][number]["backendRefs"]
    return {each["name"]: each["weight"] for each in references}


def set_weights(canary: int, stable: int | None = None) -> Any:
    """A person's change of a route: the canary's weight."""

    def change(found: Object) -> None:
        first, second = found["spec"]["rules"][0]["backendRefs"]
        second["weight"] = canary
        first["weight"] = 100 - canary if stable is None else stable

    return change
