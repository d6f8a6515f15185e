"""KServe, the Gateway's controller and the pods of one InferenceService, in memory: what a canary backend talks to.

What KServe does was read in its controller (0.20.0, and master of 0.21): names,
who is counted, which rules are refused, and what the routes are given. `advance`
is the time in which controllers act and pods start.
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

from k8s.api_server import ApiError, Conflict, NotFound
from tests.rollouts import deployment, pod, ready_pod, replica_set

Object = dict[str, Any]

NAMESPACE = "models"
OLD, NEW = "pvc://models/1", "pvc://models/2"
GATEWAY: Object = {"name": "shared", "namespace": "gateways"}


def service_of(replicas: int = 2, **predictor: Any) -> Object:
    """An InferenceService as the chart renders it."""
    return {
        "metadata": {
            "name": "digits",
            "namespace": NAMESPACE,
            "uid": "service-uid",
            "generation": 1,
            "resourceVersion": "1",
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                "serving.kserve.io/autoscalerClass": "none",
            },
            "labels": {},
        },
        "spec": {
            "predictor": {
                "minReplicas": replicas,
                "maxReplicas": replicas,
                "model": {"modelFormat": {"name": "ecluse", "version": "1"}, "name": "", "storageUri": OLD},
                **predictor,
            }
        },
        "status": {"deploymentMode": "Standard", "conditions": [{"type": "Ready", "status": "True"}]},
    }


class PretendedKServe:
    """One InferenceService and all that KServe makes of it."""

    def __init__(self, version: tuple[int, int] = (0, 21), service: Object | None = None) -> None:
        self.version = version
        self.service = copy.deepcopy(service_of(2) if service is None else service)
        self.fields = {"canary", "predictor", "transformer", "explainer"} | (
            {"tracing"} if version >= (0, 21) else set()
        )
        self.image: str | None = None
        """Of the controller, where it may be read."""
        self.broken: set[str] = set()
        """Deployments whose pods never become ready."""
        self.wanted: dict[str, int] = {}
        self.available: dict[str, int] = {}
        self.routes: dict[str, Object] = {}
        self.lost = 0
        """Looks at which the stable version had fewer pods than at the beginning."""
        self.others_write = 0
        self.without_routes = False
        self.gateway_sleeps = False
        self.writes: list[Object] = []
        self.advance(3)

    def read(self, *path: str, **query: str) -> Object:
        found: Any
        match path[-2:]:
            case ("serving.kserve.io", "v1beta1"):
                found = self._schema()
            case ("inferenceservices", "digits"):
                found = self.service
            case ("deployments", "kserve-controller-manager") if self.image:
                container = {"name": "manager", "image": self.image}
                found = {"spec": {"template": {"spec": {"containers": [container]}}}}
            case ("deployments", name) if name in self.wanted:
                found = self._deployment(name)
            case ("httproutes", name) if name in self.routes:
                found = self.routes[name]
            case ("services", name) if name in self.wanted:
                ports = [{"name": "digits", "port": 80}]
                found = {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"ports": ports}}
            case (_, "replicasets"):
                found = {"items": [replica_set("2")]}
            case (_, "pods"):
                found = {"items": self._pods(query["labelSelector"].removeprefix("app="))}
            case (_, "events"):
                found = {"items": []}
            case _:
                raise NotFound(f"{path[-1]} not found", "404 not found")
        return copy.deepcopy(dict(found))

    def text(self, *path: str, **query: str) -> str:
        raise NotFound("no log", "404 no log")

    def send(
        self, method: str, *path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        return 200, "/".join((method, *path)).encode()

    def patch(self, body: Mapping[str, Any], *path: str, resource_version: str = "", **query: str) -> Object:
        if self.others_write:
            self.others_write -= 1
            self._written()
        if resource_version not in ("", self.service["metadata"]["resourceVersion"]):
            raise Conflict("the object has been modified", "409 the object has been modified")
        changed = merged(self.service, body)
        refusal = refused(changed, self.service)
        if refusal:
            raise ApiError(f"admission webhook denied the request: {refusal}", f"400 {refusal}")
        if "dryRun" not in query:
            self.service = changed
            self.service["metadata"]["generation"] += 1
            self.writes.append(dict(body))
            self._written()
        return copy.deepcopy(changed)

    def advance(self, times: int = 1) -> None:
        """KServe acts, then pods start, then the gateway takes up the routes."""
        for _ in range(times):
            self._reconcile()
            self.available = {
                name: min(self.available.get(name, 0), wanted) if name in self.broken else wanted
                for name, wanted in self.wanted.items()
            }
            if not self.gateway_sleeps:
                for route in self.routes.values():
                    take_up(route)

    def _reconcile(self) -> None:
        spec = self.service["spec"]
        predictor, canaries = spec["predictor"], spec.get("canary") or []
        stable = name_of(predictor)
        ready = {each["predictor"]["name"]: self.available.get(name_of(each["predictor"]), 0) > 0 for each in canaries}
        least = predictor.get("minReplicas")
        counted = sum(
            count(each, least) for each in canaries if ready[each["predictor"]["name"]] or self.version < (0, 21)
        )
        self.wanted = {name_of(each["predictor"]): count(each, least) for each in canaries}
        self.wanted[stable] = (least or 1) if not counted else max((least or 1) - counted, 1)
        self.available = {name: pods for name, pods in self.available.items() if name in self.wanted}
        statuses = [{"name": name, "ready": is_ready} for name, is_ready in ready.items()]
        if self.service["status"].get("canaryStatuses", []) != statuses:
            self.service["status"]["canaryStatuses"] = statuses
            self._written()
        if not self.without_routes and self.available.get(stable):
            for name in ("digits-predictor", "digits"):
                self._route(name, stable, canaries, ready)

    def _route(self, name: str, stable: str, canaries: list[Object], ready: dict[str, bool]) -> None:
        backends: list[Object] = [{"kind": "Service", "name": stable, "port": 80}]
        if canaries and self.version >= (0, 21):
            shares = {
                name_of(each["predictor"]): each["trafficPercent"]
                for each in canaries
                if ready[each["predictor"]["name"]]
            }
            backends = [{**backends[0], "weight": 100 - sum(shares.values())}]
            backends += [{"kind": "Service", "name": each, "port": 80, "weight": at} for each, at in shares.items()]
        spec = {"parentRefs": [GATEWAY], "rules": [{"backendRefs": backends}]}
        known = self.routes.setdefault(name, {"kind": "HTTPRoute", "metadata": {"name": name, "generation": 0}})
        known["metadata"]["namespace"] = NAMESPACE
        if known.get("spec") != spec:
            known["spec"] = spec
            known["metadata"]["generation"] += 1

    def _written(self) -> None:
        metadata = self.service["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)

    def _deployment(self, name: str) -> Object:
        made = deployment(name=name, replicas=self.wanted[name], available=self.available.get(name, 0))
        made["metadata"]["namespace"] = NAMESPACE
        return made

    def _pods(self, name: str) -> list[Object]:
        wanted, available = self.wanted[name], self.available.get(name, 0)
        return [(ready_pod if at < available else pod)(f"{name}-{at}") for at in range(wanted)]

    def _schema(self) -> Object:
        properties: Object = {"spec": {"properties": {each: {} for each in self.fields}}}
        kinds = [{"group": "serving.kserve.io", "kind": "InferenceService", "version": "v1beta1"}]
        schema: Object = {"properties": properties, "x-kubernetes-group-version-kind": kinds}
        return {"components": {"schemas": {"io.kserve.serving.v1beta1.InferenceService": schema}}}


def name_of(predictor: Object) -> str:
    return f"digits-{predictor['name']}-predictor" if predictor.get("name") else "digits-predictor"


def count(canary: Object, least: int | None) -> int:
    """KServe's canaryReplicaCount."""
    own = canary["predictor"].get("minReplicas")
    return int(own) if own is not None else math.ceil((least or 1) * canary["trafficPercent"] / 100)


def refused(new: Object, old: Object) -> str:
    """KServe's validateCanarySpecs, validatePredictorNameChange and the rule of its replicas."""
    spec, before = new["spec"], old["spec"]
    predictor = spec["predictor"]
    least, most = predictor.get("minReplicas"), predictor.get("maxReplicas")
    if most and (least or 1) > most:
        return "MinReplicas cannot be greater than MaxReplicas"
    same_uri = predictor["model"].get("storageUri") == before["predictor"]["model"].get("storageUri")
    if predictor.get("name", "") != before["predictor"].get("name", "") and same_uri:
        return "predictor.name change requires a model change (e.g. storageUri)"
    names = [each["predictor"].get("name", "") for each in spec.get("canary") or []]
    for each in spec.get("canary") or []:
        own = each["predictor"]
        if not own.get("name") or names.count(own["name"]) > 1 or own["name"] == predictor.get("name"):
            return "canary predictor.name is required and unique"
        if {"maxReplicas", "scaleTarget", "scaleMetric", "autoScaling", "workerSpec"} & own.keys():
            return "canary uses fixed replicas"
        if own.get("minReplicas", 0) > (least or 1):
            return "canary minReplicas must not exceed stable predictor minReplicas"
        if not isinstance(each["trafficPercent"], int) or not own.get("model", {}).get("modelFormat", {}).get("name"):
            return "the schema of the canary is not kept"
    if sum(each["trafficPercent"] for each in spec.get("canary") or []) > 100:
        return "sum of canary trafficPercent values must be <= 100"
    return ""


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def take_up(route: Object) -> None:
    generation = route["metadata"]["generation"]
    conditions = [
        {"type": name, "status": "True", "observedGeneration": generation} for name in ("Accepted", "ResolvedRefs")
    ]
    route["status"] = {"parents": [{"parentRef": GATEWAY, "conditions": conditions}]}
