"""Share traffic by `spec.canary` of an InferenceService, which KServe has from 0.21 on.

KServe makes the canary's Deployment and writes the weights into its own routes.
What it was told is never taken for what it has done: the canary counts as ready
once the route leads to it, still without requests, and a share as effective once
all of KServe's routes have it. The canary comes with one pod, and gets as many
as the stable version has before its first request.
"""

import time
from collections.abc import Callable, Mapping

from k8s.api_server import NotFound
from k8s.json_object import Json
from k8s.rollout.backends import asking, behind, kserve_reasons, kserve_routes, kserve_spec, kserve_version
from k8s.rollout.backends.backend import NO_HEADERS, Changed, Refused
from k8s.rollout.backends.kserve_object import Api, InferenceService
from k8s.rollout.backends.pods import Pods
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.wait.target import Target, TargetKind

PROOF_SECONDS = 60.0
"""KServe 0.21 writes its routes within a second of a canary's readiness."""


class KServeCanary:
    """One InferenceService and the canary of this rollout.

    `stable` is what `names` has called the stable side, for a rollout that goes on: its name is gone with a promotion.
    """

    name = "kserve-canary"

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        canary_name: str,
        storage_uri: str,
        stable: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._object = InferenceService(api, namespace, name)
        self._namespace = namespace
        self._name = name
        self._canary = canary_name or kserve_spec.default_name(storage_uri)
        self._uri = storage_uri
        self._goes_on = bool(stable)
        self._known_stable = stable
        self._clock = clock
        self._pods: dict[Side, Pods] = {}
        self._looked_at: float | None = None
        self._not_led_to_since: float | None = None

    @property
    def target(self) -> str:
        return self._object.called

    def names(self) -> Mapping[Side, str]:
        return {Side.STABLE: self._stable, Side.CANARY: kserve_spec.workload(self._name, self._canary)}

    def matchers(self, side: Side) -> str:
        return f'namespace="{self._namespace}",variant="{self.names()[side]}"'

    def nearest(self, percent: float) -> float:
        """KServe knows whole percents."""
        return kserve_spec.nearest(percent)

    def check(self) -> list[str]:
        service = self._object.read()
        if self._goes_on:
            return []
        too_old, unknown = kserve_version.why_not(self._api)
        against = [too_old] if too_old else []
        against += kserve_reasons.reasons(service, self._canary, self._uri)
        if not kserve_reasons.is_knative(service):
            against += self._against_running(service)
        if against:
            raise Refused(f"{self.target} cannot be rolled out with {self.name}: {'; '.join(against)}")
        self._object.try_writing(kserve_spec.with_canary(service, self._canary, self._uri, 1))
        first = f"shifts {self.target} from {self._stable} to {self.names()[Side.CANARY]} ({self._uri})"
        return [first, *([unknown] if unknown else []), *kserve_reasons.notes(service, self._uri)]

    def deploy(self) -> None:
        """Make the canary with one pod; once KServe leads to that one, with all."""

        def patch(service: Json) -> Json:
            if kserve_spec.is_promoted(service, self._canary):
                return {}
            found = kserve_spec.entry(service, self._canary)
            if found is None:
                return kserve_spec.with_canary(service, self._canary, self._uri, 1)
            if kserve_spec.storage_uri(found["predictor"]) != self._uri:
                theirs = kserve_spec.storage_uri(found["predictor"]) or "no model"
                raise Refused(f"{self.target} has a canary {self._canary} with {theirs} already, not {self._uri}")
            full = kserve_spec.replicas(service, self._canary).full
            pods = int(found["predictor"].get("minReplicas") or 0)
            # KServe leads to none that is not ready, and one that leads to none at all need not be given more pods.
            if pods >= full or not self._is_led_to():
                return {}
            return kserve_spec.with_canary(service, self._canary, self._uri, full, kserve_spec.percent(found))

        self._object.write(patch)

    def traffic(self) -> Traffic:
        service = self._object.read()
        is_promoted = kserve_spec.is_promoted(service, self._canary)
        found = kserve_spec.entry(service, self._canary)
        percent = 100.0 if is_promoted else kserve_spec.percent(found) if found is not None else 0.0
        self._looked_at = percent
        words = self._not_effective(service, percent)
        return Traffic(percent, effective=not words, sentence=words, can_return=not is_promoted)

    def health(self, side: Side) -> Health:
        if side is Side.CANARY and not self._is_made():
            return Health(ready=False, sentence=f"KServe has not made deployment/{self.names()[side]} yet")
        if side not in self._pods:
            target = Target(TargetKind.DEPLOYMENT, self.names()[side], self._namespace)
            self._pods[side] = Pods(self._api, target)
        found = self._pods[side].health()
        if side is Side.STABLE or not found.ready:
            return found
        words, is_hopeless = self._not_led_to()
        if not words:
            return found
        return Health(False, words, is_hopeless, found.pods, found.restarts, found.revision)

    def shift(self, percent: float) -> None:
        def patch(service: Json) -> Json:
            found = kserve_spec.entry(service, self._canary)
            if found is None:
                if percent in (0.0, 100.0) and (percent == 100.0) == kserve_spec.is_promoted(service, self._canary):
                    return {}
                raise Changed(f"{self.target} has no canary {self._canary} any more")
            now = kserve_spec.percent(found)
            if now == percent:
                return {}
            if percent and self._looked_at is not None and now != self._looked_at:
                raise Changed(f"{self.target} gives its canary {now:g} %, and had {self._looked_at:g} % when looked at")
            pods = int(found["predictor"].get("minReplicas") or 1)
            return kserve_spec.with_canary(service, self._canary, self._uri, pods, percent)

        self._object.write(patch)
        self._looked_at = percent

    def promote(self) -> None:
        """Give the stable version the canary's name and model: KServe keeps its Deployment and ends the old one."""

        def patch(service: Json) -> Json:
            found = kserve_spec.entry(service, self._canary)
            if found is None:
                if kserve_spec.is_promoted(service, self._canary):
                    return {}
                raise Changed(f"{self.target} has no canary {self._canary} any more")
            if kserve_spec.percent(found) != 100:
                # Without any request on the old version nobody is hurt by its end.
                raise Changed(
                    f"{self.target} gives its canary {kserve_spec.percent(found):g} %: it must have all first"
                )
            return kserve_spec.promoted(service, self._canary)

        self._object.write(patch)

    def discard(self) -> None:
        def patch(service: Json) -> Json:
            found = kserve_spec.entry(service, self._canary)
            if found is not None and kserve_spec.percent(found):
                raise Changed(f"{self.target} gives its canary {kserve_spec.percent(found):g} % still")
            return kserve_spec.without_canary(service, self._canary)

        self._object.write(patch)

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        found = behind.service(self._api, self._namespace, self.names()[side])
        ports = found["spec"].get("ports") or ()
        if not ports:
            raise Refused(f"service/{self.names()[side]} has no port")
        # KServe puts the container's first port first, which REST must have.
        return asking.ask(self._api, found, int(ports[0]["port"]), path, body, headers)

    @property
    def _stable(self) -> str:
        if not self._known_stable:
            service = self._object.read()
            predictor = kserve_spec.predictor_name(service)
            # After a promotion nobody knows any more what it was called, and it is gone.
            self._known_stable = kserve_spec.workload(self._name, "" if predictor == self._canary else predictor)
        return self._known_stable

    def _routes(self) -> list[Json]:
        """Read KServe's routes: the predictor's, and the one of the whole service."""
        found = []
        for name in (f"{self._name}-predictor", self._name):
            path = ("apis", "gateway.networking.k8s.io", "v1", "namespaces", self._namespace, "httproutes", name)
            try:
                found.append(self._api.read(*path))
            except NotFound:
                continue
        return found

    def _against_running(self, service: Json) -> list[str]:
        against = []
        try:
            deployment = self._api.read(
                "apis", "apps", "v1", "namespaces", self._namespace, "deployments", self._stable
            )
        except NotFound:
            against.append(f"there is no deployment/{self._stable}: its stable version does not run")
        else:
            against += kserve_reasons.reasons_of_pods(service, self._canary, deployment)
        routes = self._routes()
        if not any(kserve_routes.is_led_to(route, self._stable) for route in routes):
            against.append(kserve_reasons.reason_without_route(service))
        return against

    def _is_made(self) -> bool:
        """One that KServe has not come to make is not one that somebody has deleted."""
        try:
            self._api.read(*self._deployments(), self.names()[Side.CANARY])
        except NotFound:
            return False
        return True

    def _deployments(self) -> tuple[str, ...]:
        return ("apis", "apps", "v1", "namespaces", self._namespace, "deployments")

    def _is_led_to(self) -> bool:
        routes = self._routes()
        canary = kserve_spec.workload(self._name, self._canary)
        return bool(routes) and all(kserve_routes.is_led_to(route, canary) for route in routes)

    def _not_effective(self, service: Json, percent: float) -> str:
        routes = self._routes()
        if not routes:
            return kserve_reasons.reason_without_route(service)
        canary = kserve_spec.workload(self._name, self._canary)
        told = (kserve_routes.unlike(route, self._stable, canary, percent) for route in routes)
        return next((words for words in told if words), "")

    def _not_led_to(self) -> tuple[str, bool]:
        """Say why a canary with ready pods is not ready yet, and whether it never will be."""
        service = self._object.read()
        found = kserve_spec.entry(service, self._canary)
        if found is None:
            return "", False
        full = kserve_spec.replicas(service, self._canary).full
        pods = int(found["predictor"].get("minReplicas") or 0)
        canary = self.names()[Side.CANARY]
        if self._is_led_to():
            self._not_led_to_since = None
            missing = f"{canary} has {pods} of {full} pods; the others follow"
            return (missing if pods < full else ""), False
        now = self._clock()
        since = self._not_led_to_since = now if self._not_led_to_since is None else self._not_led_to_since
        words = f"its pods are ready, and KServe has not put {canary} into its routes"
        return f"{words}; before 0.21 it never does", now - since >= PROOF_SECONDS
