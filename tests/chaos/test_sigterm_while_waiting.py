"""SIGTERM under load: nobody who heeds what the server says loses a request."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest

from tests.chaos.balancer import Endpoint
from tests.chaos.callers import (
    HANG_SECONDS,
    INFER,
    POLL_SECONDS,
    READY,
    TRANSPORTS,
    Connection,
    Reply,
    Rpc,
    answer,
    expected,
    get,
    message,
    post,
    until_counted,
    v2,
)
from tests.chaos.conftest import PATIENT, running
from tests.chaos.load import Load
from tests.servers import RunningServer

pytestmark = pytest.mark.timeout(300)  # the first test waits for two servers to start

LAME_DUCK_SECONDS = 2.0
SLOW_SECONDS = 4.0
"""Longer than the lame duck, so that such a request is in flight when the listeners close."""
STUCK_SECONDS = 60.0
"""Longer than any deadline here."""


@pytest.fixture(scope="module")
def servers(models: Path) -> Iterator[dict[str, RunningServer]]:
    """All that this file ends, started together."""
    lame_duck = ("--drain_lame_duck_seconds", str(LAME_DUCK_SECONDS))
    wanted = {
        "nghttp2": ("clerk", *PATIENT, *lame_duck, "--grpc_transport", "nghttp2"),
        "grpcio": ("clerk", *PATIENT, *lame_duck, "--grpc_transport", "grpcio"),
        "stuck": ("clerk", *PATIENT, "--drain_timeout_seconds", "1.4"),
    }
    servers = {name: RunningServer(models / model, *options, until=None) for name, (model, *options) in wanted.items()}
    with running(servers):
        yield servers


def endpoint(server: RunningServer) -> Endpoint:
    return Endpoint(server.http_address, server.grpc_address)


# One server


@dataclass
class Story:
    """What was seen of one server between SIGTERM and its end."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    unready: Any = None
    was_serving: bool = True
    heard: list[int] = field(default_factory=list)
    draining: list[Reply] = field(default_factory=list)
    last_replies: int = 0
    were_slow_waiting_when_closed: bool = False
    slow: list[list[float]] = field(default_factory=list)
    seconds_after_last_answer: float = 0.0
    status: int = -1
    stderr: str = ""


@pytest.fixture(scope="module", params=TRANSPORTS)
def story(servers: dict[str, RunningServer], request: pytest.FixtureRequest) -> Story:
    return asyncio.run(end_under_load(servers[request.param]))


async def end_under_load(server: RunningServer) -> Story:
    story = Story()
    load = Load(endpoint(server), seconds=0.0)
    load.add_keep_alive(4, think_seconds=0.005)
    load.add_fresh(4, think_seconds=0.01)
    load.add_grpc(4, think_seconds=0.005)
    async with Rpc(server.grpc_address) as rpc, Rpc(server.grpc_address) as leaver:
        watch, other = rpc.watch(), leaver.watch()
        story.heard.append((await watch.read()).status)
        await other.read()
        other.cancel()
        await load.has_answered(300)

        server.signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait_for, "phase", phase="draining")
        reply = await get(server.http_address, READY)
        story.unready = (reply.status, reply.json)
        story.was_serving = await rpc.is_serving()
        story.heard.append((await watch.read()).status)
        for number in (1.0, 2.0):
            async with Connection.to(server.http_address) as connection:
                story.draining.append(await connection.post(INFER, v2([number])))

        # Whoever balances the load has seen the readiness by now, and sends no new work.
        await load.stop()
        slow = [
            asyncio.create_task(slow_by_rest(server.http_address, 7.0)),
            asyncio.create_task(rpc.infer([8.0], SLOW_SECONDS)),
        ]
        await refuses_connections(server.http_address)
        await refuses_connections(server.grpc_address)
        story.were_slow_waiting_when_closed = not any(caller.done() for caller in slow)
        story.slow = [await caller for caller in slow]
        answered = monotonic()
        story.status = await asyncio.to_thread(server.wait_for_end)
        story.seconds_after_last_answer = monotonic() - answered
    story.answered, story.lost, story.last_replies = load.answered, load.lost, load.last_replies
    story.stderr = server.stderr()
    return story


async def slow_by_rest(address: str, number: float) -> list[float]:
    return answer(await post(address, INFER, v2([number], SLOW_SECONDS)))


async def refuses_connections(address: str) -> None:
    """Wait until nobody listens any more."""
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            try:
                connection = await Connection.open(address)
            except ConnectionRefusedError:
                return
            await connection.close()
            await asyncio.sleep(POLL_SECONDS)


def test_readiness_and_grpc_health_fall_at_once(story: Story) -> None:
    assert story.unready == (503, {"ready": False, "phase": "draining"})
    assert not story.was_serving


def test_who_watches_grpc_health_hears_of_it_although_another_watcher_has_left(story: Story) -> None:
    assert story.heard == [1, 2]  # SERVING, NOT_SERVING


def test_requests_are_still_answered_and_told_that_their_connection_ends(story: Story) -> None:
    assert [(reply.status, reply.is_last) for reply in story.draining] == [(200, True), (200, True)]
    assert [answer(reply) for reply in story.draining] == [expected([1.0]), expected([2.0])]


def test_callers_who_stop_once_readiness_is_gone_lose_nothing(story: Story) -> None:
    assert story.lost == []
    assert story.answered >= 300


def test_slow_requests_in_flight_are_finished_on_both_protocols(story: Story) -> None:
    assert story.slow == [expected([7.0]), expected([8.0])]


def test_neither_protocol_waits_for_the_other_before_it_closes(story: Story) -> None:
    assert story.were_slow_waiting_when_closed


def test_the_process_ends_well_and_soon_after_the_last_answer_although_health_is_watched(story: Story) -> None:
    assert story.status == 0
    assert story.seconds_after_last_answer < 10  # the drain may take 30 s, and takes less than one
    assert "Traceback" not in story.stderr


async def test_requests_that_outlast_the_drain_are_refused_before_the_connection_goes(
    servers: dict[str, RunningServer],
) -> None:
    """The model cannot be interrupted, and the process does not wait for it."""
    server = servers["stuck"]
    async with Rpc(server.grpc_address) as rpc:
        callers = [asyncio.create_task(post(server.http_address, INFER, v2([1.0], STUCK_SECONDS)))]
        await until_counted(server.http_address, "ecluse_batches_total", 1)
        callers += [asyncio.create_task(post(server.http_address, INFER, v2([2.0]))) for _ in range(3)]
        calls = [rpc.start(message([3.0])) for _ in range(3)]
        codes = [asyncio.create_task(call.code()) for call in calls]
        await until_counted(server.http_address, "ecluse_queue_requests", 6)
        began = monotonic()
        server.signal(signal.SIGTERM)
        for caller in callers:
            reply = await caller
            assert (reply.status, reply.json["reason"], reply.is_last) == (503, "draining", True)
        assert {await code for code in codes} == {grpc.StatusCode.UNAVAILABLE}
        assert {dict(await call.trailing_metadata())["reason"] for call in calls} == {"draining"}
    assert await asyncio.to_thread(server.wait_for_end) == 1
    assert monotonic() - began < 15  # the deadline, and not the model's minute
    assert server.events("stopped")[0]["is_clean"] is False
    assert server.errors() == []
