"""A GRPCRoute of another name that goes in the middle of a rollout: told, and in nobody's way back."""

import pytest

from k8s.api_server import ApiServer
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.gateway import Gateway
from tests.contract.rollout.fake_api_server import FakeApiServer
from tests.contract.rollout.made_up import GATEWAY, route, weights


def test_a_grpcroute_that_is_named_and_not_there_is_refused_before_anything_begins(api: ApiServer) -> None:
    with pytest.raises(Refused, match="there is no grpcroute/calls in namespace models"):
        Gateway(api, "models", "mnist", "calls").check()


def test_one_that_goes_in_the_middle_is_told_and_the_traffic_goes_back_without_it(
    fake: FakeApiServer, api: ApiServer
) -> None:
    route(fake, "GRPCRoute", {"blue-ecluse": 100, "green-ecluse": 0}, name="calls")
    backend = Gateway(api, "models", "mnist", "calls")
    backend.check()
    backend.shift(10)
    fake.objects.pop((GATEWAY, "grpcroutes", "models", "calls"))
    seen = backend.traffic()
    assert (seen.canary_percent, seen.effective) == (10, False)
    assert seen.sentence == "there is no grpcroute/calls in namespace models"
    backend.shift(0)
    assert weights(fake)["green-ecluse"] == 0
    assert backend.traffic().effective
