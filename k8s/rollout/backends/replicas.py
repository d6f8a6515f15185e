"""Share traffic by how many pods of each version stand behind one Service.

For clusters without a gateway: coarse, and it says so. Owns the number of pods
of two Deployments and one annotation of the Service, where it remembers how
many the stable version had. Whoever else owns those numbers, an autoscaler or
KServe, is a reason to refuse. The Service knows no weights: connections that
callers keep open stay where they are.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict

from k8s.api_server import ApiServer, Conflict, NotFound
from k8s.json_object import Json
from k8s.rollout.backends import asking, behind
from k8s.rollout.backends.backend import NO_HEADERS, Changed, Refused
from k8s.rollout.backends.pod_counts import Wish, nearest, shares
from k8s.rollout.backends.pod_counts import in_words as in_pods
from k8s.rollout.backends.pods import Pods, revision
from k8s.rollout.backends.two_deployments import must_be_nobodys, pair_of
from k8s.rollout.backends.weights import in_words, share
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.wait.seen import is_observed, status, wanted
from k8s.wait.target import Target, TargetKind

WISH = "ecluse.example/rollout-pods"


class Replicas:
    """One Service, and two Deployments whose pods it selects.

    `to` names the Deployment that is to get the traffic, and `stable` the one that had it when a rollout that goes on
    began; without them the numbers of pods tell.
    """

    name = "replicas"

    def __init__(self, api: ApiServer, namespace: str, service: str, to: str = "", stable: str = "") -> None:
        self._api = api
        self._namespace = namespace
        self._name = service
        self._to = to
        self._goes_on = bool(stable and to)
        self._known = (stable, to) if self._goes_on else None
        self._pods: dict[Side, Pods] = {}
        self._number = 0

    @property
    def target(self) -> str:
        return f"service/{self._name}"

    def names(self) -> Mapping[Side, str]:
        stable, canary = self._pair
        return {Side.STABLE: stable, Side.CANARY: canary}

    def matchers(self, side: Side) -> str:
        return f'namespace="{self._namespace}",variant="{self.names()[side]}"'

    def nearest(self, percent: float) -> float:
        return nearest(self._number or self._wish().pods, percent)

    def check(self) -> list[str]:
        service = behind.service(self._api, self._namespace, self._name)
        found = behind.deployments(self._api, self._namespace, service)
        stable, canary = self._both(found)
        scalers = self._api.read(
            "apis", "autoscaling", "v2", "namespaces", self._namespace, "horizontalpodautoscalers"
        ).get("items")
        for each in (stable, canary):
            must_be_nobodys(each, scalers or ())
        if not self._goes_on and wanted(canary):
            raise Refused(
                f"deployment/{self._pair[1]} has {in_pods(wanted(canary))} behind {self.target} already, and a rollout "
                "begins at nothing: install its release with replicas=0, and this starts them"
            )
        pods = self._wish(service, stable, canary).pods
        possible = ", ".join(in_words(round(each, 1)) for each in shares(pods))
        for each, number in ((canary, pods), (canary, 0)):
            self._scale(each, number, dryRun="All")
        self._note(service, {}, dryRun="All")
        return [
            f"shares are made by numbers of pods: with {pods} they are {possible} or all; up to {2 * pods} pods run",
            "connections that callers keep open stay with their pod, so that a share is that of new connections",
            "a release's value `replicas` is put back by its next upgrade: say 0 for the one without traffic",
        ]

    def deploy(self) -> None:
        """Leave the canary without pods: its first one has a share as soon as it is ready."""

    def traffic(self) -> Traffic:
        service, stable, canary = self._look()
        wish, numbers = self._wish(service, stable, canary), (wanted(stable), wanted(canary))
        if numbers != wish.counts:
            if not wish.is_on_the_way(*numbers):
                stable_pods = f"{self._pair[0]} to {in_pods(numbers[0])}"
                told = f"somebody else has set {stable_pods} and {self._pair[1]} to {numbers[1]}"
                return Traffic(share(*numbers), effective=False, sentence=told)
            told = f"{self._pair[0]} has {in_pods(numbers[0])} on the way to {wish.counts[0]}, "
            told += f"{self._pair[1]} {numbers[1]} on the way to {wish.counts[1]}"
            return Traffic(wish.before, effective=False, sentence=told)
        late = next((words for words in map(_not_there, (stable, canary)) if words), "")
        return Traffic(wish.percent, effective=not late, sentence=late)

    def health(self, side: Side) -> Health:
        name = self.names()[side]
        found = self._deployment(name)
        if found is not None and not wanted(found):
            return Health(ready=True, sentence=f"deployment/{name} is to have no pods", revision=revision(found))
        if side not in self._pods:
            self._pods[side] = Pods(self._api, Target(TargetKind.DEPLOYMENT, name, self._namespace))
        return self._pods[side].health()

    def shift(self, percent: float) -> None:
        """Write down what is to be, then ask for more pods at once, and for fewer as the others are ready."""
        service, stable, canary = self._look()
        wish = self._wish(service, stable, canary).later(percent)
        self._note(service, asdict(wish))
        now = (wanted(stable), wanted(canary))
        ready = (_ready(stable), _ready(canary))
        for found, number, was in zip((stable, canary), wish.next_counts(now, ready), now, strict=True):
            if number != was:
                self._scale(found, number)

    def promote(self) -> None:
        """Give the canary as many pods as the stable version had, which then has none."""
        self.shift(100)

    def discard(self) -> None:
        """Leave it: without a share it has no pods."""

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        service, stable, canary = self._look()
        return asking.ask_a_pod(self._api, service, stable if side is Side.STABLE else canary, path, body, headers)

    # What there is

    @property
    def _pair(self) -> tuple[str, str]:
        if self._known is None:
            service = behind.service(self._api, self._namespace, self._name)
            self._known = pair_of(behind.deployments(self._api, self._namespace, service), self.target, self._to)
        return self._known

    def _both(self, found: list[Json]) -> tuple[Json, Json]:
        if self._known is None:
            self._known = pair_of(found, self.target, self._to)
        by_name = {str(each["metadata"]["name"]): each for each in found}
        missing = next((name for name in self._known if name not in by_name), "")
        if missing:
            raise Refused(f"{self.target} does not select the pods of deployment/{missing}")
        return by_name[self._known[0]], by_name[self._known[1]]

    def _look(self) -> tuple[Json, Json, Json]:
        stable, canary = self._pair
        service = self._api.read("api", "v1", "namespaces", self._namespace, "services", self._name)
        return service, self._found(stable), self._found(canary)

    def _found(self, name: str) -> Json:
        return self._api.read("apis", "apps", "v1", "namespaces", self._namespace, "deployments", name)

    def _deployment(self, name: str) -> Json | None:
        try:
            return self._found(name)
        except NotFound:
            return None

    def _wish(self, service: Json | None = None, stable: Json | None = None, canary: Json | None = None) -> Wish:
        if service is None or stable is None or canary is None:
            service, stable, canary = self._look()
        written = _written(service)
        names = self._pair
        if written is None or (written.stable, written.canary) != names or self._is_over(written, canary):
            written = Wish(*names, pods=wanted(stable))
        self._number = written.pods
        return written

    def _is_over(self, written: Wish, canary: Json) -> bool:
        """Between two rollouts the number of pods is the operator's to change."""
        return not wanted(canary) and (not written.percent or not self._goes_on)

    def _note(self, service: Json, wish: Json, **query: str) -> None:
        words = json.dumps(wish, sort_keys=True) if wish else None
        if not query and (service["metadata"].get("annotations") or {}).get(WISH) == words:
            return
        body = {"metadata": {"annotations": {WISH: words} if wish else {}}}
        version = str(service["metadata"]["resourceVersion"])
        path = ("api", "v1", "namespaces", self._namespace, "services", self._name)
        try:
            self._api.patch(body, *path, resource_version=version, **query)
        except Conflict as error:
            raise Changed(f"{self.target} was changed since it was looked at: {error}") from None

    def _scale(self, deployment: Json, number: int, **query: str) -> None:
        name = str(deployment["metadata"]["name"])
        path = ("apis", "apps", "v1", "namespaces", self._namespace, "deployments", name, "scale")
        self._api.patch({"spec": {"replicas": number}}, *path, **query)


def _written(service: Json) -> Wish | None:
    words = (service["metadata"].get("annotations") or {}).get(WISH)
    try:
        return None if words is None else Wish(**json.loads(words))
    except (ValueError, TypeError):
        return None


def _ready(deployment: Json) -> int:
    return int(status(deployment).get("readyReplicas", 0)) if is_observed(deployment) else 0


def _not_there(deployment: Json) -> str:
    counts = status(deployment)
    called, number = f"deployment/{deployment['metadata']['name']}", wanted(deployment)
    if not is_observed(deployment):
        return f"{called} has not taken up its number of pods yet"
    ready, there = int(counts.get("readyReplicas", 0)), int(counts.get("replicas", 0))
    if ready != number or there != number:
        return f"{called} has {ready} ready pods of {there}, and is to have {number}"
    return ""
