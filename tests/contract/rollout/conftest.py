"""A made-up cluster with two releases of the chart and their routes, behind a real socket."""

from collections.abc import Iterator

import pytest

from k8s.api_server import ApiServer
from tests.contract.rollout.fake_api_server import FakeApiServer, listening
from tests.contract.rollout.made_up import release, roll_out, route, take_up


@pytest.fixture
def fake() -> FakeApiServer:
    """Blue has all the traffic, green has none; controllers act at once."""
    fake = FakeApiServer()
    release(fake, "blue")
    release(fake, "green")
    route(fake, "HTTPRoute")
    route(fake, "GRPCRoute")
    fake.acts += [take_up, roll_out]
    return fake


@pytest.fixture
def api(fake: FakeApiServer) -> Iterator[ApiServer]:
    with listening(fake) as api:
        yield api
