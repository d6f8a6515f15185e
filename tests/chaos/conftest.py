"""The models, and servers that more than one file puts under strain."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.chaos.callers import MODEL, TRANSPORTS
from tests.servers import ROOT, RunningServer, build_models

NAMED = ("--model_name", MODEL)
PATIENT = (*NAMED, "--batch_inline_seconds", "0")
"""Warm-up cannot know how long the clerk will be asked to take, so it never gets the event loop's thread."""

if sys.dont_write_bytecode:
    # Two dozen servers are started, each of which would compile TensorFlow's Python anew.
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / "build/pycache")


AT_ONCE = 2
"""Servers that start at the same time; each takes a processor for seconds."""


@contextmanager
def running(servers: Mapping[str, RunningServer]) -> Iterator[None]:
    """Start servers that were made with `until=None`, and end them."""
    with ExitStack() as stack:
        starting: list[RunningServer] = []
        for server in servers.values():
            if len(starting) == AT_ONCE:
                starting.pop(0).wait_for("ready")
            starting.append(stack.enter_context(server))
        for server in starting:
            server.wait_for("ready")
        yield


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each kind."""
    folder = tmp_path_factory.mktemp("models")
    build_models("tests.chaos.build_models", folder)
    return folder


Clerks = Callable[[str], RunningServer]
"""Servers by what speaks gRPC in them, each started when it is first asked for."""


@pytest.fixture(scope="session")
def clerks(models: Path) -> Iterator[Clerks]:
    """Servers whose callers say how long each request takes. They must survive every test that uses them."""
    started: dict[str, RunningServer] = {}
    with ExitStack() as stack:

        def of(transport: str) -> RunningServer:
            if transport not in started:
                server = RunningServer(models / "clerk", *PATIENT, "--grpc_transport", transport)
                started[transport] = stack.enter_context(server)
            return started[transport]

        yield of


@pytest.fixture
def clerk(clerks: Clerks, request: pytest.FixtureRequest) -> RunningServer:
    """The one that a test asks for by `on_both_transports`."""
    return clerks(getattr(request, "param", TRANSPORTS[0]))
