"""More work than the queue holds: the excess is refused at once, and those inside are answered."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import grpc
import pytest

from tests.chaos.callers import (
    HANG_SECONDS,
    INFER,
    LIVE,
    PREDICT,
    READY,
    Blocked,
    Reply,
    Rpc,
    answer,
    counted,
    expected,
    get,
    message,
    post,
    reason,
    until_counted,
    v1,
    v2,
)
from tests.chaos.conftest import PATIENT
from tests.servers import RunningServer

QUEUE_ROWS = 20
SMALL = ("--batch_queue_rows", str(QUEUE_ROWS), "--batch_max_rows", "4")

PROBE_SECONDS = 1.0
"""Kubernetes' own limit for a probe; one takes a millisecond."""


@pytest.fixture(scope="module")
def servers(models: Path) -> Iterator[dict[int, RunningServer]]:
    """Two servers that differ in how they say no, by that status."""
    with ExitStack() as stack:
        starting = {
            status: stack.enter_context(
                RunningServer(models / "clerk", *PATIENT, *SMALL, "--shed_status", str(status), until=None)
            )
            for status in (503, 429)
        }
        for server in starting.values():
            server.wait_for("ready")
        yield starting


@pytest.fixture
def server(servers: dict[int, RunningServer]) -> RunningServer:
    return servers[503]


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, grpc.StatusCode.UNAVAILABLE), (429, grpc.StatusCode.RESOURCE_EXHAUSTED)],
    ids=["as unavailable", "as too many requests"],
)
async def test_a_request_too_many_is_refused_with_the_status_that_was_chosen(
    servers: dict[int, RunningServer], status: int, code: grpc.StatusCode
) -> None:
    server = servers[status]
    address = server.http_address
    refused = await counted(address, "ecluse_rejected_total", reason="queue_full")
    async with Rpc(server.grpc_address) as rpc, Blocked(address):
        waiting = asyncio.create_task(post(address, INFER, v2([5.0] * QUEUE_ROWS)))
        await until_counted(address, "ecluse_queue_rows", QUEUE_ROWS)
        for reply in (await post(address, INFER, v2([6.0])), await post(address, PREDICT, v1([6.0]))):
            assert reply.status == status
            assert reply.json["reason"] == "queue_full"
            assert int(reply.headers["retry-after"]) >= 1
            assert not reply.is_last
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc.start(message([6.0]))
        assert caught.value.code() is code
        assert reason(caught.value) == "queue_full"
        assert not waiting.done()
    assert answer(await waiting) == expected([5.0] * QUEUE_ROWS)
    assert await counted(address, "ecluse_rejected_total", reason="queue_full") == refused + 3
    for protocol in ("v1", "grpc"):
        assert await counted(address, "ecluse_requests_total", code=status, protocol=protocol) == 1


async def test_a_request_that_can_never_fit_is_refused_for_good(server: RunningServer) -> None:
    reply = await post(server.http_address, INFER, v2([5.0] * (QUEUE_ROWS + 1)))
    assert (reply.status, reply.json["reason"]) == (413, "too_large")
    assert "retry-after" not in reply.headers


async def test_a_place_is_free_again_as_soon_as_its_caller_has_left(server: RunningServer) -> None:
    address = server.http_address
    async with Blocked(address) as blocked:
        leaving = asyncio.create_task(post(address, INFER, v2([5.0] * QUEUE_ROWS)))
        await until_counted(address, "ecluse_queue_rows", QUEUE_ROWS)
        leaving.cancel()
        await until_counted(address, "ecluse_inflight_requests", 1)
        staying = asyncio.create_task(post(address, INFER, v2([6.0] * QUEUE_ROWS)))
        await until_counted(address, "ecluse_queue_rows", QUEUE_ROWS)
        assert not blocked.has_ended
    assert answer(await staying) == expected([6.0] * QUEUE_ROWS)


async def test_wave_after_wave_everyone_is_answered_or_refused_and_memory_stays(server: RunningServer) -> None:
    address = server.http_address
    before = Counter[str]()
    for _ in range(2):
        before += await wave(server)
    settled_bytes = await counted(address, "process_resident_memory_bytes")
    after = Counter[str]()
    for _ in range(8):
        after += await wave(server)
    assert set(after) == {"answered", "refused"}
    # A wave holds eight times what the queue does, and the queue empties while it arrives.
    assert after["answered"] >= 8 * QUEUE_ROWS
    assert after["refused"] > 0
    assert await counted(address, "ecluse_queue_rows") == 0
    assert await counted(address, "ecluse_inflight_requests") == 0
    grown_bytes = await counted(address, "process_resident_memory_bytes") - settled_bytes
    assert grown_bytes < 32 * 1024 * 1024
    assert server.errors() == []


async def test_requests_larger_than_a_batch_respect_the_limit_of_the_queue_too(server: RunningServer) -> None:
    address = server.http_address
    async with Blocked(address):
        callers = [asyncio.create_task(post(address, INFER, v2([float(n)] * 10))) for n in range(30)]
        await until_counted(address, "ecluse_inflight_requests", 3)
        assert await counted(address, "ecluse_queue_rows") == QUEUE_ROWS
    statuses = Counter([(await caller).status for caller in callers])
    assert statuses == {200: QUEUE_ROWS // 10, 503: 30 - QUEUE_ROWS // 10}


async def test_probes_answer_in_time_while_the_queue_overflows(server: RunningServer) -> None:
    address = server.http_address
    flood = asyncio.create_task(wave(server, seconds=0.2))
    slowest = 0.0
    async with Rpc(server.grpc_address) as rpc:
        while not flood.done():
            began = perf_counter()
            assert (await get(address, LIVE)).status == 200
            assert (await get(address, READY)).status == 200
            assert await rpc.is_serving()
            slowest = max(slowest, perf_counter() - began)
            await asyncio.sleep(0.05)
    assert slowest < PROBE_SECONDS
    assert (await flood)["refused"] > 0


async def wave(server: RunningServer, seconds: float = 0.05) -> Counter[str]:
    """Send eight times what the queue holds at once, by every protocol, and sort what came of it."""
    async with Rpc(server.grpc_address) as rpc:
        callers = []
        for number in map(float, range(8 * QUEUE_ROWS)):
            if number % 4 == 0:
                callers.append(by_grpc(rpc, number, seconds))
            elif number % 4 == 1:
                callers.append(by_rest(server.http_address, PREDICT, number, v1([number], seconds)))
            else:
                callers.append(by_rest(server.http_address, INFER, number, v2([number], seconds)))
        async with asyncio.timeout(HANG_SECONDS):
            return Counter(await asyncio.gather(*callers))


async def by_rest(address: str, path: str, number: float, body: object) -> str:
    reply: Reply = await post(address, path, body)
    if reply.status == 503:
        return "refused" if reply.json["reason"] == "queue_full" else reply.body.decode()
    return "answered" if answer(reply) == expected([number]) else reply.body.decode()


async def by_grpc(rpc: Rpc, number: float, seconds: float) -> str:
    try:
        rows = await rpc.infer([number], seconds)
    except grpc.aio.AioRpcError as error:
        return "refused" if reason(error) == "queue_full" else str(error)
    return "answered" if rows == expected([number]) else str(rows)
