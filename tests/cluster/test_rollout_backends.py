"""Traffic that is shared on a real cluster: what was asked for is what callers see, over REST, gRPC and by pods.

Everything is done by an account with the rights that the chart renders for it,
and no others. Two releases of one pod each.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from os import environ
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from k8s.api_server import ApiServer, Forbidden, Unreachable, connect
from k8s.json_object import Json
from k8s.rollout.backends.backend import Backend, Changed
from k8s.rollout.backends.gateway import Gateway
from k8s.rollout.backends.replicas import Replicas
from k8s.rollout.side import Side
from serving.oip_pb2 import ModelMetadataRequest, ModelMetadataResponse
from tests.cluster.api import Api, Object
from tests.cluster.callers import Addresses, Asking, ask
from tests.cluster.conftest import Install, not_here
from tests.cluster.gateways import address_of, open_gateway
from tests.cluster.namespaces import Namespace
from tests.cluster.prometheus import Prometheus
from tests.cluster.waiting import until

pytestmark = pytest.mark.timeout(600)

EXAMPLE = Path(__file__).parents[2] / "k8s" / "examples" / "rollout" / "routes.yaml"
METADATA = "/inference.GRPCInferenceService/ModelMetadata"
BEHIND = {"ecluse.example/behind": "mnist"}
REQUESTS = 200
SEEN_SECONDS = 60
PODS_SECONDS = 240
"""A pod imports TensorFlow, and one that ends drains."""

STABLE, CANARY = "1", "2"
"""What the two images call the version of their model."""


@pytest.fixture(scope="module")
def gateway(cluster: Api) -> Object:
    found = open_gateway(cluster)
    if found is None:
        not_here("no gateway: the cluster has none that is programmed and open to every namespace", "gateway")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def releases(
    namespace: Namespace, gateway: Object, install: Install, image: Mapping[str, Any], other_image: Mapping[str, Any]
) -> Namespace:
    """Blue and green as the examples have them, their routes, and one Service that leads to both."""
    rollout: Mapping[str, Any] = {
        "rbac": {"create": True, "fromOutside": True},
        "prometheus": "http://prometheus:9090",
    }
    common = {
        "podLabels": BEHIND,
        "monitoring": {"podMonitor": {"enabled": True}, "interval": "5s"},
    }
    by_route = {"rollout": {**rollout, "target": "httproute/mnist"}}
    by_pods = {"rollout": {**rollout, "target": "service/mnist", "backend": "replicas"}}
    blue = install(namespace, {**common, **by_pods, **image}, name="blue", wait=False)
    green = install(namespace, {**common, **by_route, **other_image}, name="green", wait=False)
    parent = {"name": gateway["metadata"]["name"], "namespace": gateway["metadata"]["namespace"]}
    for route in yaml.safe_load_all(EXAMPLE.read_text()):
        route["spec"]["parentRefs"] = [parent]
        route["spec"]["hostnames"] = [f"{route['kind'].lower()}.{namespace.name}.test"]
        namespace.create(route)
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    spec = {"type": "NodePort", "selector": BEHIND, "ports": ports}
    namespace.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mnist"}, "spec": spec})
    for release in (blue, green):
        release.wait_until_settled()
    return namespace


def account(namespace: Namespace, name: str, folder: Path) -> ApiServer:
    """Connect as an account, whose token goes in place of the administrator's certificate."""
    path = namespace.api.kind("ServiceAccount").path(namespace.name, name, "token")
    token = namespace.api.request("POST", path, {"spec": {"expirationSeconds": 3600}})["status"]["token"]
    known = yaml.safe_load(Path(environ["KUBECONFIG"]).read_text())
    known["users"] = [{"name": "limited", "user": {"token": token}}]
    for context in known["contexts"]:
        context["context"]["user"] = "limited"
    file = folder / f"{name}.kubeconfig"
    file.write_text(yaml.safe_dump(known))
    return connect(file)[0]


@pytest.fixture(scope="module")
def by_route(releases: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with closing(account(releases, "green-ecluse-rollout", tmp_path_factory.mktemp("route"))) as api:
        yield api


@pytest.fixture(scope="module")
def by_pods(releases: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with closing(account(releases, "blue-ecluse-rollout", tmp_path_factory.mktemp("pods"))) as api:
        yield api


def over_rest(address: str, hostname: str, count: int = REQUESTS) -> Counter[str]:
    """Which versions answer."""
    seen: Counter[str] = Counter()
    for _ in range(count):
        reply = ask(address, "/v2/models/mnist", headers={"Host": hostname})
        seen[",".join(reply.json["versions"]) if reply.status == 200 else f"status {reply.status}"] += 1
    return seen


def over_grpc(address: str, hostname: str, count: int = REQUESTS) -> Counter[str]:
    seen: Counter[str] = Counter()
    with grpc.insecure_channel(address, options=[("grpc.default_authority", hostname)]) as channel:
        call = channel.unary_unary(
            METADATA,
            request_serializer=ModelMetadataRequest.SerializeToString,
            response_deserializer=ModelMetadataResponse.FromString,
        )
        for _ in range(count):
            try:
                seen[",".join(call(ModelMetadataRequest(name="mnist"), timeout=10).versions)] += 1
            except grpc.RpcError as error:
                seen[str(error)] += 1
    return seen


def all_of_the_stable_version(seen: Callable[[], Counter[str]]) -> bool:
    return set(seen()) == {STABLE}


def effective(backend: Backend, percent: float, seconds: float = SEEN_SECONDS) -> None:
    """Wait until a share is written and taken up, asking for it again as a rollout does."""

    def is_so() -> bool:
        traffic = backend.traffic()
        if traffic.canary_percent != percent:
            backend.shift(percent)
        return traffic.canary_percent == percent and traffic.effective

    until(f"{percent} %", is_so, seconds=seconds, seen=backend.traffic)


def test_weights_that_are_set_are_weights_that_callers_see_over_both_protocols(
    releases: Namespace, by_route: ApiServer, gateway: Object
) -> None:
    backend = Gateway(by_route, releases.name, "mnist")
    assert backend.check() == ["shifts httproute/mnist and grpcroute/mnist from blue-ecluse to green-ecluse"]
    backend.deploy()
    at = address_of(gateway)
    callers: dict[str, Callable[[], Counter[str]]] = {
        "REST": functools.partial(over_rest, at, f"httproute.{releases.name}.test"),
        "gRPC": functools.partial(over_grpc, at, f"grpcroute.{releases.name}.test"),
    }
    for protocol, seen in callers.items():
        # A gateway hears of pods that have become ready a moment later than their Deployment.
        until(f"answers over {protocol}", functools.partial(all_of_the_stable_version, seen), seconds=SEEN_SECONDS)
    for percent in (10.0, 1.0, 50.0, 100.0, 0.0):
        effective(backend, percent)
        for protocol, seen in callers.items():

            def as_asked(seen: Callable[[], Counter[str]] = seen, percent: float = percent) -> bool:
                """What the gateway has taken up reaches its data plane a moment later."""
                answers = seen()
                assert set(answers) <= {STABLE, CANARY}, answers
                return abs(answers[CANARY] - percent * REQUESTS / 100) <= (2 if 0 < percent < 100 else 0)

            until(f"{percent} % over {protocol}", as_asked, seconds=SEEN_SECONDS)


def test_both_sides_are_asked_straight_and_are_well(releases: Namespace, by_route: ApiServer) -> None:
    backend = Gateway(by_route, releases.name, "mnist")
    for side, version in ((Side.STABLE, STABLE), (Side.CANARY, CANARY)):
        status, answer = backend.ask(side, "/v2/models/mnist")
        assert (status, f'"versions":["{version}"]'.encode() in answer) == (200, True)
        health = backend.health(side)
        assert (health.ready, health.pods, health.restarts, health.sentence) == (True, 1, 0, "")
    assert backend.health(Side.STABLE).revision != backend.health(Side.CANARY).revision


def test_series_of_a_side_are_found_by_its_matchers(
    releases: Namespace, by_route: ApiServer, prometheus: Prometheus
) -> None:
    backend = Gateway(by_route, releases.name, "mnist")
    for side in Side:
        matchers = backend.matchers(side)
        pods = functools.partial(prometheus.query, f"up{{{matchers}}} == 1")
        assert len(prometheus.until(f"a pod with {matchers}", pods, releases)) == 1


class Dying(ApiServer):
    """Is killed after so many writes."""

    def __init__(self, alive: ApiServer, writes: int) -> None:
        self.__dict__ = dict(alive.__dict__)
        self.writes = writes

    def patch(self, body: Json, *path: str, resource_version: str = "", **query: str) -> Json:
        if "dryRun" not in query:
            if not self.writes:
                raise Unreachable("killed")
            self.writes -= 1
        return super().patch(body, *path, resource_version=resource_version, **query)


def test_both_routes_are_shifted_though_the_first_process_is_killed_between_the_two(
    releases: Namespace, by_route: ApiServer
) -> None:
    with pytest.raises(Unreachable):
        Gateway(Dying(by_route, 1), releases.name, "mnist").shift(25)
    again = Gateway(by_route, releases.name, "mnist", to="green-ecluse", stable="blue-ecluse")
    traffic = again.traffic()
    assert (traffic.canary_percent, traffic.effective) == (0, False)
    assert traffic.sentence == "httproute/mnist gives 25 %, grpcroute/mnist 0 %"
    effective(again, 25)
    shares = [
        {each["name"]: each["weight"] for each in releases.get(kind, "mnist")["spec"]["rules"][0]["backendRefs"]}
        for kind in ("HTTPRoute", "GRPCRoute")
    ]
    assert shares == [{"blue-ecluse": 75, "green-ecluse": 25}] * 2
    effective(again, 0)


def test_a_change_by_hand_is_told_and_taken_back(releases: Namespace, by_route: ApiServer) -> None:
    backend = Gateway(by_route, releases.name, "mnist", to="green-ecluse", stable="blue-ecluse")
    effective(backend, 5)
    rules = releases.get("HTTPRoute", "mnist")["spec"]["rules"]
    for reference, weight in zip(rules[0]["backendRefs"], (60, 40), strict=True):
        reference["weight"] = weight
    releases.patch("HTTPRoute", "mnist", {"spec": {"rules": rules}})
    with pytest.raises(Changed, match="httproute/mnist was changed"):
        backend.shift(10)
    traffic = backend.traffic()
    assert traffic.canary_percent == 40
    assert "httproute/mnist was changed by somebody else" in traffic.sentence
    effective(backend, 0)


def test_the_account_may_do_nothing_else(releases: Namespace, by_route: ApiServer, by_pods: ApiServer) -> None:
    where = ("namespaces", releases.name)
    for api, path in (
        (by_route, ("apis", "apps", "v1", *where, "deployments", "blue-ecluse")),
        (by_route, ("apis", "apps", "v1", *where, "deployments", "blue-ecluse", "scale")),
        (by_route, ("api", "v1", *where, "services", "blue-ecluse")),
        (by_pods, ("apis", "apps", "v1", *where, "deployments", "blue-ecluse")),
        (by_pods, ("api", "v1", *where, "services", "blue-ecluse")),
        (by_pods, ("apis", "gateway.networking.k8s.io", "v1", *where, "httproutes", "mnist")),
    ):
        with pytest.raises(Forbidden):
            api.patch({}, *path, dryRun="All")
    with pytest.raises(Forbidden):
        by_route.read("api", "v1", *where, "secrets")


def ready_pods(releases: Namespace, name: str) -> int:
    return int(releases.get("Deployment", name)["status"].get("readyReplicas", 0))


def test_pods_take_each_others_place_behind_one_service_without_a_lost_request(
    releases: Namespace, by_pods: ApiServer
) -> None:
    """The last one here, since it leaves green without pods and blue with one."""
    scale = {"spec": {"replicas": 0}}
    releases.patch("Deployment", "green-ecluse", scale)
    until("no ready pod of green", lambda: not ready_pods(releases, "green-ecluse"), seconds=PODS_SECONDS)
    backend = Replicas(by_pods, releases.name, "mnist")
    assert "with 1 they are 50 % or all; up to 2 pods run" in backend.check()[0]
    (port,) = releases.get("Service", "mnist")["spec"]["ports"]
    caller = Addresses(f"127.0.0.1:{port['nodePort']}", "")
    with ExitStack() as stack:
        asking = stack.enter_context(Asking(caller))
        assert backend.health(Side.CANARY).ready
        for percent in (50.0, 100.0):
            effective(backend, backend.nearest(percent), PODS_SECONDS)
        assert backend.ask(Side.CANARY, "/v2/models/mnist")[0] == 200
        versions = until(
            "answers of the canary alone",
            lambda: seen if set(seen := over_rest(caller.rest, "mnist", 20)) == {CANARY} else None,
            seconds=SEEN_SECONDS,
        )
        assert versions[CANARY] == 20
        taken_over = Replicas(by_pods, releases.name, "mnist", to="green-ecluse", stable="blue-ecluse")
        effective(taken_over, 0, PODS_SECONDS)
    assert len(asking.replies) > 100
    assert asking.failed == []
