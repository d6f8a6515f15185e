"""Share traffic by the weights of a route of the Gateway API, over REST and gRPC alike.

Owns the two weights and one annotation of an HTTPRoute, and of the GRPCRoute
beside it, and nothing else of them. Makes no versions: both are there, each
behind a Service of its own, and change roles at a promotion. A route that
belongs to others who would write the weights back is refused.
"""

from collections.abc import Mapping

from k8s.api_server import WRITER, ApiServer
from k8s.json_object import Json
from k8s.rollout.backends import asking, behind, sides
from k8s.rollout.backends.backend import NO_HEADERS, Refused
from k8s.rollout.backends.ownership import last_editor, must_be_ours
from k8s.rollout.backends.pod_counts import in_words as in_pods
from k8s.rollout.backends.pods import Pods
from k8s.rollout.backends.route import Pair, called, describe, edited, shared
from k8s.rollout.backends.routes import Routes
from k8s.rollout.backends.taken_up import not_taken_up
from k8s.rollout.backends.weights import in_words, is_same, nearest
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.wait.seen import wanted
from k8s.wait.target import Target, TargetKind


class Gateway:
    """One HTTPRoute, and its GRPCRoute where there is one.

    `to` names the Service that is to get the traffic, and `stable` the one that had it when a rollout that goes on
    began; without them the weights tell.
    """

    name = "gateway"

    def __init__(
        self, api: ApiServer, namespace: str, route: str, grpc_route: str = "", to: str = "", stable: str = ""
    ) -> None:
        self._api = api
        self._namespace = namespace
        self._name = route
        self._routes = Routes(api, namespace, route, grpc_route)
        self._to = to
        self._goes_on = bool(stable and to)
        self._known = Pair(stable, to) if self._goes_on else None
        self._deployments: dict[Side, str] = {}
        self._pods: dict[Side, Pods] = {}

    @property
    def target(self) -> str:
        return f"httproute/{self._name}"

    def names(self) -> Mapping[Side, str]:
        return {Side.STABLE: self._pair.stable, Side.CANARY: self._pair.canary}

    def matchers(self, side: Side) -> str:
        return f'namespace="{self._namespace}",variant="{self._deployment(side)}"'

    def nearest(self, percent: float) -> float:
        totals = {rule.fixed_total(self._pair) for rule in self._routes.rules} or {0}
        return nearest(percent, min(totals))

    def check(self) -> list[str]:
        self._routes.first()
        routes = self._routes.look(self._pair)
        if self._routes.gone:
            raise Refused(self._routes.gone)
        told = [f"shifts {' and '.join(map(called, routes))} from {self._pair.stable} to {self._pair.canary}"]
        for route in routes:
            must_be_ours(route)
            if not self._goes_on:
                sides.must_fit(route, self._pair)
                told += self._told_of_weights(route)
            words = not_taken_up(route)
            if words:
                raise Refused(words)
        told += self._must_lead_to_two()
        # Asked for and not done: who may not write it shall know before anything is shifted.
        for route in routes:
            self._routes.try_writing(route)
        return told

    def deploy(self) -> None:
        """Note what the weights are, so that another's change is told from ours; the versions are others' to make."""
        if self.traffic().canary_percent == 0:
            self.shift(0)

    def traffic(self) -> Traffic:
        routes = self._routes.look(self._pair)
        missing = next((words for words in map(not_taken_up, routes) if words), "")
        for route in routes:
            rule = edited(route, self._pair)
            if rule is not None:
                told = f"{called(route)} was changed by somebody else{last_editor(route, WRITER)}"
                told += f": {describe(rule, self._pair)}"
                return Traffic(rule.percent(self._pair), effective=not missing, sentence=told)
        percents = [shared(route, self._pair)[0].percent(self._pair) for route in routes if shared(route, self._pair)]
        if not percents:
            return Traffic(0.0, effective=False, sentence=f"{self.target} leads to neither version any more")
        # Routes are written in this order: the last one still has the share that is to be left behind.
        if not is_same(percents[0], percents[-1]):
            told = f"{called(routes[0])} gives {in_words(percents[0])}, {called(routes[-1])} {in_words(percents[-1])}"
            return Traffic(percents[-1], effective=False, sentence=told)
        if percents[0] > 0:
            # Who calls by the route that is gone calls nobody, and comes back with it to who knows which weights.
            missing = missing or self._routes.gone
        return Traffic(percents[0], effective=not missing, sentence=missing)

    def health(self, side: Side) -> Health:
        if side not in self._pods:
            try:
                target = Target(TargetKind.DEPLOYMENT, self._deployment(side), self._namespace)
            except Refused as refusal:
                return Health(ready=False, sentence=str(refusal))
            self._pods[side] = Pods(self._api, target)
        return self._pods[side].health()

    def shift(self, percent: float) -> None:
        self._routes.write(self._pair, percent)

    def promote(self) -> None:
        """Give the canary everything: by that it is the stable one of the next rollout."""
        self.shift(100)

    def discard(self) -> None:
        """Leave it: whoever made the canary takes it away."""

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        name = self.names()[side]
        ports = [rule.ports[name] for rule in shared(self._routes.http(), self._pair) if name in rule.ports]
        if not ports:
            return 503, f"{self.target} does not lead to {name}".encode()
        try:
            service = behind.service(self._api, self._namespace, name)
        except Refused as refusal:
            return 503, str(refusal).encode()
        return asking.ask(self._api, service, ports[0], path, body, headers)

    @property
    def _pair(self) -> Pair:
        if self._known is None:
            self._known = sides.choose(self._routes.first(), self._to)
        return self._known

    def _deployment(self, side: Side) -> str:
        if side not in self._deployments:
            service = behind.service(self._api, self._namespace, self.names()[side])
            self._deployments[side] = str(behind.deployment(self._api, self._namespace, service)["metadata"]["name"])
        return self._deployments[side]

    def _told_of_weights(self, route: Json) -> list[str]:
        """Raises Refused where the canary has traffic before a rollout has begun."""
        told = []
        for rule in shared(route, self._pair):
            percent = rule.percent(self._pair)
            if percent:
                raise Refused(
                    f"{rule.called} gives {self._pair.canary} {in_words(percent)} already, and a rollout begins at "
                    "nothing: set its weight to 0, or go on with the rollout that has brought it there"
                )
            total = rule.fixed_total(self._pair)
            for name, weight in rule.others(self._pair).items():
                told.append(
                    f"{name} keeps its weight of {weight} in {rule.called}; the two have {total} together, "
                    f"so that a share is a multiple of {in_words(100 / total)}"
                )
        return told

    def _must_lead_to_two(self) -> list[str]:
        """Raises Refused where there is a Service, port or Deployment missing, or one Deployment behind both."""
        found = {}
        for side, name in self.names().items():
            service = behind.service(self._api, self._namespace, name)
            ports = {each["port"] for each in service["spec"].get("ports") or ()}
            for rule in self._routes.rules:
                port = rule.ports.get(name)
                if port is not None and port not in ports:
                    known = ", ".join(map(str, sorted(ports))) or "none"
                    raise Refused(f"{rule.called} leads to port {port} of service/{name}, whose ports are {known}")
            found[side] = behind.deployment(self._api, self._namespace, service)
        stable, canary = found[Side.STABLE], found[Side.CANARY]
        if stable["metadata"]["name"] == canary["metadata"]["name"]:
            raise Refused(
                f"service/{self._pair.stable} and service/{self._pair.canary} both lead to the pods of "
                f"deployment/{stable['metadata']['name']}: it would be a rollout onto itself"
            )
        self._deployments = {side: str(each["metadata"]["name"]) for side, each in found.items()}
        if wanted(canary) < wanted(stable):
            few, many = wanted(canary), wanted(stable)
            named = str(canary["metadata"]["name"])
            return [
                f"deployment/{named} wants {in_pods(few)}, the stable one {many}: give it as many before large steps"
            ]
        return []
