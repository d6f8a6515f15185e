"""Share traffic by `canaryTrafficPercent` of an InferenceService that KServe runs on Knative.

There the two versions are revisions of one Knative Service: a changed model
makes a new one, and KServe gives it the percent and the rest to the revision
that last had everything. What its status tells of traffic is the proof. A
revision without requests may have no pod: that is no fault of it.
"""

from collections.abc import Mapping

from k8s.api_server import NotFound
from k8s.json_object import Json
from k8s.rollout.backends import asking, behind, kserve_reasons, kserve_spec
from k8s.rollout.backends.backend import NO_HEADERS, Changed, Refused
from k8s.rollout.backends.kserve_object import Api, InferenceService
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.wait.seen import annotations, condition, starts, status

SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
"""Where KServe notes on a revision which model it has."""
REVISION = "serving.knative.dev/revision"
PORT = 80


class KServeKnative:
    """One InferenceService and the revision of this rollout.

    `stable` is the revision that had everything when a rollout that goes on began: KServe forgets it at 100 %.
    """

    name = "kserve-knative"

    def __init__(self, api: Api, namespace: str, name: str, storage_uri: str, stable: str = "") -> None:
        self._api = api
        self._object = InferenceService(api, namespace, name)
        self._namespace = namespace
        self._uri = storage_uri
        self._goes_on = bool(stable)
        self._known_stable = stable
        self._looked_at: float | None = None

    @property
    def target(self) -> str:
        return self._object.called

    def names(self) -> Mapping[Side, str]:
        """Knative names the canary once it is made; until then nothing bears the name of the next revision."""
        service = self._object.read()
        stable = self._stable(service)
        return {Side.STABLE: stable, Side.CANARY: self._canary(service) or f"{stable}-next"}

    def matchers(self, side: Side) -> str:
        return f'namespace="{self._namespace}",variant="{self.names()[side]}"'

    def nearest(self, percent: float) -> float:
        """KServe knows whole percents."""
        return kserve_spec.nearest(percent)

    def check(self) -> list[str]:
        service = self._object.read()
        if self._goes_on:
            return []
        against = list(self._reasons(service))
        if against:
            raise Refused(f"{self.target} cannot be rolled out with {self.name}: {'; '.join(against)}")
        self._object.try_writing(self._patch(0))
        return [
            f"shifts {self.target} from revision {self._stable(service)} to one with {self._uri}",
            f"Prometheus must know a pod's revision as `variant`, by relabelling its label {REVISION}",
        ]

    def deploy(self) -> None:
        def patch(service: Json) -> Json:
            return {} if self._has_ours(service) else self._patch(0)

        self._stable(self._object.read())
        self._object.write(patch)

    def traffic(self) -> Traffic:
        service = self._object.read()
        percent = self._percent(service)
        self._looked_at = percent
        words = self._not_effective(service, percent)
        return Traffic(percent, effective=not words, sentence=words)

    def health(self, side: Side) -> Health:
        service = self._object.read()
        revision = self._stable(service) if side is Side.STABLE else self._canary(service)
        found = self._revision(revision) if revision else None
        if found is None:
            return Health(ready=False, sentence=f"Knative has made no revision of {self.target} with {self._uri} yet")
        ready = condition(found, "Ready") or {}
        is_failed = ready.get("status") == "False"
        why = ready.get("message") or ready.get("reason") or "it says no more"
        pods = self._pods(revision)
        return Health(
            ready=ready.get("status") == "True",
            sentence="" if ready.get("status") == "True" else f"revision {revision} is not ready: {why}",
            hopeless=is_failed and side is Side.CANARY,
            pods=int(status(found).get("actualReplicas") or 0),
            restarts=sum(map(starts, pods)),
            revision=revision,
        )

    def shift(self, percent: float) -> None:
        def patch(service: Json) -> Json:
            now = self._percent(service)
            if not self._has_ours(service):
                if percent == 0:
                    return {}
                raise Changed(f"{self.target} has not the model {self._uri} any more")
            if percent and self._looked_at is not None and now != self._looked_at:
                raise Changed(f"{self.target} gives its newest revision {now:g} %, and had {self._looked_at:g} %")
            return {} if now == percent else self._patch(percent)

        self._object.write(patch)
        self._looked_at = percent

    def promote(self) -> None:
        """Take the percent away: KServe gives everything to the newest revision, now and after the next change."""

        def patch(service: Json) -> Json:
            if self._percent(service) != 100:
                raise Changed(f"{self.target} gives its newest revision {self._percent(service):g} %: not all yet")
            if "canaryTrafficPercent" not in kserve_spec.predictor(service):
                return {}
            return {"spec": {"predictor": {"canaryTrafficPercent": None}}}

        self._object.write(patch)

    def discard(self) -> None:
        """Put the old model back, still with 0 %: who takes the percent away later must not bring the canary up."""

        def patch(service: Json) -> Json:
            if not self._has_ours(service):
                return {}
            if self._percent(service):
                raise Changed(f"{self.target} gives its newest revision {self._percent(service):g} % still")
            stable = self._revision(self._stable(service))
            old = annotations(stable).get(SOURCE) if stable is not None else None
            return {"spec": {"predictor": {"canaryTrafficPercent": 0, "model": {"storageUri": old}}}} if old else {}

        self._object.write(patch)

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        revision = self.names()[side]
        found = behind.service(self._api, self._namespace, revision)
        # Where a revision has no pod, Knative's activator is asked, which goes by these.
        named = {"Knative-Serving-Namespace": self._namespace, "Knative-Serving-Revision": revision}
        return asking.ask(self._api, found, PORT, path, body, {**headers, **named})

    def _reasons(self, service: Json) -> list[str]:
        if not kserve_reasons.is_knative(service):
            return ["it does not run on Knative: use the backend kserve-canary, or gateway with two releases"]
        against = list(kserve_reasons.reasons_of_model(service, self._uri))
        rolled_out = self._component(service).get("latestRolledoutRevision")
        if not rolled_out:
            against.append("no revision of it ever had all requests: KServe would give the new one everything at once")
        elif kserve_spec.predictor(service).get("canaryTrafficPercent"):
            against.append("it has a canaryTrafficPercent already: another rollout has begun and not ended")
        elif self._given(service, str(rolled_out)) != 100:
            against.append(f"revision {rolled_out} has not all requests: a rollout begins from one that has")
        return against

    def _patch(self, percent: float) -> Json:
        return {"spec": {"predictor": {"canaryTrafficPercent": round(percent), "model": {"storageUri": self._uri}}}}

    def _has_ours(self, service: Json) -> bool:
        return kserve_spec.storage_uri(kserve_spec.predictor(service)) == self._uri

    def _percent(self, service: Json) -> float:
        if not self._has_ours(service):
            return 0.0
        given = kserve_spec.predictor(service).get("canaryTrafficPercent")
        return 100.0 if given is None else float(given)

    def _component(self, service: Json) -> Json:
        return (status(service).get("components") or {}).get("predictor") or {}

    def _stable(self, service: Json) -> str:
        if not self._known_stable:
            self._known_stable = str(self._component(service).get("latestRolledoutRevision") or "")
        return self._known_stable

    def _canary(self, service: Json) -> str:
        """Name the revision of our model: the newest one, once KServe has made one of it."""
        newest = str(self._component(service).get("latestCreatedRevision") or "")
        return newest if self._has_ours(service) and newest != self._stable(service) else ""

    def _given(self, service: Json, revision: str) -> int:
        traffic = self._component(service).get("traffic") or ()
        return sum(int(each.get("percent") or 0) for each in traffic if each.get("revisionName") == revision)

    def _not_effective(self, service: Json, percent: float) -> str:
        canary, stable = self._canary(service), self._stable(service)
        of_canary, of_stable = self._given(service, canary) if canary else 0, self._given(service, stable)
        if (of_canary, of_stable) == (percent, 100 - percent):
            return ""
        told = f"revision {stable} {of_stable} %" + (f", {canary} {of_canary} %" if canary else "")
        return f"Knative gives {told}, and the newest was given {percent:g} %"

    def _revision(self, name: str) -> Json | None:
        path = ("apis", "serving.knative.dev", "v1", "namespaces", self._namespace, "revisions", name)
        try:
            return self._api.read(*path)
        except NotFound:
            return None

    def _pods(self, revision: str) -> list[Json]:
        path = ("api", "v1", "namespaces", self._namespace, "pods")
        return list(self._api.read(*path, labelSelector=f"{REVISION}={revision}").get("items") or ())
