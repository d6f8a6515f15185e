"""Versions come and go under load: nobody loses a request, and readiness never falls."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.balancer import Endpoint
from tests.chaos.callers import HANG_SECONDS, MODEL, POLL_SECONDS, READY, get, post, v2
from tests.chaos.conftest import NAMED
from tests.chaos.load import Load
from tests.servers import RunningServer

pytestmark = pytest.mark.timeout(300)

POLL = ("--versions_poll_seconds", "0.2")
SWAPS = 5
REQUESTS = 150
"""Answered between one swap and the next."""


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """A folder with one version, which a test changes."""
    shutil.copytree(models / "quick/1", tmp_path / MODEL / "1")
    return tmp_path / MODEL


@pytest.fixture
def server(folder: Path) -> Iterator[RunningServer]:
    with RunningServer(folder, *NAMED, *POLL) as server:
        yield server


def publish(folder: Path, version: int, *, is_whole: bool = True) -> None:
    """Put a copy of version 1 into the folder in one step, as the manual asks."""
    copy = folder / f".{version}.copying"
    shutil.copytree(folder / "1", copy)
    if not is_whole:
        graph = copy / "saved_model.pb"
        graph.write_bytes(graph.read_bytes()[:100])
    copy.rename(folder / str(version))


async def until_served(server: RunningServer, version: int) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        while (await metadata(server))["versions"] != [str(version)]:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(POLL_SECONDS)


async def metadata(server: RunningServer) -> dict[str, Any]:
    found: dict[str, Any] = (await get(server.http_address, f"/v2/models/{MODEL}")).json
    return found


async def watch_readiness(server: RunningServer, seen: set[int]) -> None:
    while True:
        seen.add((await get(server.http_address, READY)).status)
        await asyncio.sleep(POLL_SECONDS)


async def test_swaps_under_load_lose_no_request_and_a_broken_version_changes_nothing(
    folder: Path, server: RunningServer
) -> None:
    load = Load(Endpoint(server.http_address, server.grpc_address), seconds=None)
    load.add_keep_alive(4, think_seconds=0.005)
    load.add_fresh(2, think_seconds=0.02)
    load.add_grpc(3, think_seconds=0.01)
    readiness: set[int] = set()
    watching = asyncio.create_task(watch_readiness(server, readiness))
    served = 1
    for version in range(2, 2 + SWAPS):
        await load.has_answered(REQUESTS)
        if version == 4:
            publish(folder, 4, is_whole=False)
            event = await asyncio.to_thread(server.wait_for, "model_load_failed", model_version="4")
            assert event["still_served"] == ["3"]
            assert "cannot be loaded" in event["reason"]
        else:
            publish(folder, version)
            await until_served(server, version)
            await asyncio.to_thread(server.wait_for, "model_unloaded", model_version=str(served))
            served = version
    await load.has_answered(REQUESTS)
    await load.stop()
    watching.cancel()
    assert load.lost == []
    assert load.answered >= REQUESTS * SWAPS
    assert readiness == {200}
    assert [event["model_version"] for event in server.events("model_unloaded")] == ["1", "2", "3", "5"]
    assert all(event["is_clean"] for event in server.events("model_unloaded"))
    assert {event["event"] for event in server.errors()} == {"model_load_failed"}


async def test_a_version_that_is_copied_slowly_is_served_once_it_is_whole(folder: Path, server: RunningServer) -> None:
    (folder / "2").mkdir()
    shutil.copy(folder / "1/saved_model.pb", folder / "2/saved_model.pb")
    shutil.copytree(folder / "1/variables", folder / "2/variables", ignore=shutil.ignore_patterns("*.data*"))
    await asyncio.sleep(1)  # five looks at half a model
    assert (await metadata(server))["versions"] == ["1"]
    for data in (folder / "1/variables").glob("*.data*"):
        shutil.copy(data, folder / "2/variables")
    await until_served(server, 2)
    assert server.events("model_load_failed") == []


@pytest.fixture
def many(models: Path, tmp_path: Path) -> Iterator[tuple[Path, RunningServer]]:
    """A folder of models, of which one is there from the start, and whoever may call may also load and unload."""
    shutil.copytree(models / "quick/1", tmp_path / "models/first/1")
    where = tmp_path / "models"
    admin = ("--models_dir", str(where), "--admin_enabled", "true", "--versions_poll_seconds", "0.2")
    with RunningServer(where, *admin) as server:
        yield where, server


async def test_models_come_and_go_with_their_folders_and_by_request(many: tuple[Path, RunningServer]) -> None:
    folder, server = many
    address = server.http_address

    async def ask(name: str) -> int:
        return (await post(address, f"/v2/models/{name}/infer", v2([1.0], None))).status

    async def index() -> list[tuple[str, str]]:
        entries = (await post(address, "/v2/repository/index", {})).json
        return [(entry["name"], entry["state"]) for entry in entries]

    async def until_indexed(*wanted: tuple[str, str]) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            while await index() != list(wanted):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(POLL_SECONDS)

    assert (await ask("first"), await ask("second")) == (200, 404)
    shutil.copytree(folder / "first", folder / ".second")
    (folder / ".second").rename(folder / "second")
    await until_indexed(("first", "READY"), ("second", "READY"))
    assert (await ask("first"), await ask("second")) == (200, 200)

    assert (await post(address, "/v2/repository/models/first/unload", {})).status == 200
    assert await index() == [("first", "UNAVAILABLE"), ("second", "READY")]
    assert (await ask("first"), await ask("second")) == (404, 200)
    assert (await get(address, READY)).status == 200
    assert (await post(address, "/v2/repository/models/first/load", {})).status == 200
    assert await ask("first") == 200

    shutil.rmtree(folder / "first")
    await until_indexed(("second", "READY"))
    assert (await ask("first"), await ask("second")) == (404, 200)
    assert (await get(address, READY)).status == 200
    assert server.errors() == []
