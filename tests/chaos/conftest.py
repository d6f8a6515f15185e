"""The models, and servers that more than one file puts under strain."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.chaos.callers import MODEL
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


@pytest.fixture(scope="session")
def clerk(models: Path) -> Iterator[RunningServer]:
    """A server whose callers say how long each request takes. It must survive every test that uses it."""
    with RunningServer(models / "clerk", *PATIENT) as server:
        yield server
