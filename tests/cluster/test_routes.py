"""Requests that come through a gateway: both protocols, in both modes, and shares of two releases.

The Gateway is one that the cluster has: the first that is programmed and open to every
namespace. ECLUSE_GATEWAY_ADDRESS says where it is reached, where that is not its
listener's port on this machine.
"""

from typing import Any

import grpc
import pytest

from serving.oip_pb2 import ModelReadyRequest, ModelReadyResponse
from tests.cluster.api import Api, Object
from tests.cluster.callers import SEVEN, Reply, ask
from tests.cluster.conftest import Install, not_here
from tests.cluster.gateways import address_of, open_gateway
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import MODES
from tests.cluster.waiting import until

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

ROUTED_SECONDS = 60
READY_METHOD = "/inference.GRPCInferenceService/ModelReady"


@pytest.fixture(scope="session")
def gateway(cluster: Api) -> Object:
    """One that takes routes from every namespace."""
    found = open_gateway(cluster)
    if found is None:
        not_here("no gateway: the cluster has none that is programmed and open to every namespace", "gateway")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def address(gateway: Object) -> str:
    return address_of(gateway)


def route(gateway: Object, hostname: str, **more: Any) -> dict[str, Any]:
    """The values of a route."""
    parent = {"name": gateway["metadata"]["name"], "namespace": gateway["metadata"]["namespace"]}
    return {"enabled": True, "parentRefs": [parent], "hostnames": [hostname], **more}


def over_rest(address: str, hostname: str, path: str, body: bytes | None = None) -> Reply:
    return ask(address, path, body, {"Host": hostname})


def ready_over_grpc(address: str, hostname: str) -> bool:
    """Ask whether the model is ready, with a client that is not ours; a route that is not there yet is no."""
    with grpc.insecure_channel(address, options=[("grpc.default_authority", hostname)]) as channel:
        call = channel.unary_unary(
            READY_METHOD,
            request_serializer=ModelReadyRequest.SerializeToString,
            response_deserializer=ModelReadyResponse.FromString,
        )
        try:
            return bool(call(ModelReadyRequest(name="mnist"), timeout=10).ready)
        except grpc.RpcError:
            return False


@pytest.mark.parametrize("mode", MODES)
def test_both_protocols_pass_the_gateway_and_metrics_do_not(
    mode: str, gateway: Object, address: str, own_namespace: Namespace, install: Install
) -> None:
    rest, calls = f"rest.{own_namespace.name}.test", f"grpc.{own_namespace.name}.test"
    install(own_namespace, {"httpRoute": route(gateway, rest), "grpcRoute": route(gateway, calls)}, mode=mode)
    reply = until(
        "an answer by way of the gateway",
        lambda: found if (found := over_rest(address, rest, "/v2/models/mnist/infer", SEVEN)).status == 200 else None,
        seconds=ROUTED_SECONDS,
        seen=lambda: own_namespace.find("HTTPRoute"),
    )
    assert reply.digits == [7]
    until(
        "a call by way of the gateway",
        lambda: ready_over_grpc(address, calls),
        seconds=ROUTED_SECONDS,
        seen=lambda: own_namespace.find("GRPCRoute"),
    )
    assert over_rest(address, rest, "/v1/models/mnist").status == 200
    assert over_rest(address, rest, "/metrics").status == 404


def test_another_release_can_have_a_share(
    gateway: Object, address: str, own_namespace: Namespace, install: Install
) -> None:
    hostname = f"shared.{own_namespace.name}.test"
    install(own_namespace, {"model": {"name": "other"}}, name="other")
    shares = {"weight": 50, "backends": [{"name": "other-ecluse", "port": 80, "weight": 50}]}
    install(own_namespace, {"httpRoute": route(gateway, hostname, **shares)})

    def share() -> bool:
        """Each release knows only the model of its own name."""
        statuses = [over_rest(address, hostname, "/v2/models/other").status for _ in range(40)]
        return set(statuses) == {200, 404} and 10 <= statuses.count(200) <= 30

    assert until("an answer of each release", share, seconds=ROUTED_SECONDS)
