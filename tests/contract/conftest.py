"""The zoo and the servers, started once and asked by every file here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.wire import Caller, Rpc
from tests.servers import RunningServer, build_models

TEST_SECONDS = 120
"""The limit of this layer, less what it takes to start servers, which have limits of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of every model of the zoo."""
    folder = tmp_path_factory.mktemp("zoo")
    build_models("tests.contract.zoo", folder)
    return folder


@pytest.fixture(scope="session")
def zoo_server(zoo: Path) -> Iterator[RunningServer]:
    """One process that serves all of the zoo."""
    with RunningServer(zoo, command=(sys.executable, "-m", "tests.contract.serve_zoo")) as server:
        yield server


@pytest.fixture(scope="session")
def image_server(zoo: Path) -> Iterator[RunningServer]:
    """`python -m serving`, as a user starts it, with a model of pictures."""
    with RunningServer(zoo / "image", "--model_name", "image") as server:
        yield server


@pytest.fixture
def caller(zoo_server: RunningServer) -> Iterator[Caller]:
    """A connection to the zoo; a test fails where the server closes it."""
    with Caller(zoo_server.http_address) as caller:
        yield caller


@pytest.fixture(scope="session")
def grpcio_zoo_server(zoo: Path) -> Iterator[RunningServer]:
    """The zoo once more, where grpcio speaks gRPC."""
    command = (sys.executable, "-m", "tests.contract.serve_zoo")
    with RunningServer(zoo, "--grpc_transport", "grpcio", command=command) as server:
        yield server


@pytest.fixture(params=["zoo_server", "grpcio_zoo_server"], ids=["nghttp2", "grpcio"])
def rpc(request: pytest.FixtureRequest) -> Iterator[Rpc]:
    """A channel to the zoo, over each transport in turn."""
    server: RunningServer = request.getfixturevalue(request.param)
    with Rpc(server.grpc_address) as rpc:
        yield rpc
