"""A caller who leaves takes its work along, and nobody else notices."""

import asyncio
import json

import grpc
import pytest

from tests.chaos.callers import (
    INFER,
    Blocked,
    Connection,
    Rpc,
    answer,
    counted,
    expected,
    message,
    on_both_transports,
    post,
    until_counted,
    v2,
)
from tests.servers import RunningServer


@pytest.fixture
async def address(clerk: RunningServer) -> str:
    await until_counted(clerk.http_address, "ecluse_inflight_requests", 0)
    return clerk.http_address


async def test_a_rest_caller_who_closes_its_connection_frees_its_place_while_the_slow_batch_runs(address: str) -> None:
    left = await counted(address, "ecluse_requests_total", protocol="v2", code=499)
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Blocked(address) as blocked:
        caller = await Connection.open(address)
        await caller.send("POST", INFER, json.dumps(v2([2.0] * 7)).encode())
        await until_counted(address, "ecluse_queue_rows", 7)
        await caller.close()
        await until_counted(address, "ecluse_queue_rows", 0)
        assert not blocked.has_ended
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_requests_total", protocol="v2", code=499) == left + 1
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1  # the slow request's only row


@on_both_transports
async def test_a_grpc_caller_who_cancels_frees_its_place_while_the_slow_batch_runs(
    clerk: RunningServer, address: str
) -> None:
    left = await counted(address, "ecluse_requests_total", protocol="grpc", code=499)
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Rpc(clerk.grpc_address) as rpc, Blocked(address) as blocked:
        call = rpc.start(message([2.0] * 7))
        answered = asyncio.create_task(call.code())
        await until_counted(address, "ecluse_queue_rows", 7)
        call.cancel()
        assert await answered is grpc.StatusCode.CANCELLED
        await until_counted(address, "ecluse_queue_rows", 0)
        assert not blocked.has_ended
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_requests_total", protocol="grpc", code=499) == left + 1
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1


@on_both_transports
async def test_neighbours_of_callers_who_leave_get_their_own_rows(clerk: RunningServer, address: str) -> None:
    """Every third caller leaves, by either protocol, while all of them wait for the same batch."""
    left = await counted(address, "ecluse_requests_total", code=499)
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Rpc(clerk.grpc_address) as rpc:
        async with Blocked(address):
            staying: dict[float, asyncio.Task[list[float]]] = {}
            leaving = []
            calls = []
            for number in map(float, range(100, 130)):
                if number % 3:
                    ask = rpc.infer([number]) if number % 2 else rest_rows(address, [number])
                    staying[number] = asyncio.create_task(ask)
                elif number % 2:
                    calls.append(rpc.start(message([number])))
                    leaving.append(asyncio.create_task(calls[-1].code()))
                else:
                    leaving.append(asyncio.create_task(rest_rows(address, [number])))
            await until_counted(address, "ecluse_queue_rows", 30)
            for call in calls:
                call.cancel()
            for caller in leaving:
                caller.cancel()
            await until_counted(address, "ecluse_queue_rows", 20)
        answers = {number: await rows for number, rows in staying.items()}
    assert answers == {number: expected([number]) for number in staying}
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_requests_total", code=499) == left + 10
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1 + 20


async def test_a_caller_who_leaves_with_a_second_request_sent_ahead_takes_both_along(
    clerk: RunningServer, address: str
) -> None:
    left = await counted(address, "ecluse_requests_total", code=499)
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Blocked(address):
        caller = await Connection.open(address)
        await caller.send_twice("POST", INFER, json.dumps(v2([2.0] * 5)).encode())
        await until_counted(address, "ecluse_queue_rows", 5)
        await caller.close()
        await until_counted(address, "ecluse_queue_rows", 0)
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_requests_total", code=499) == left + 2
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1
    assert clerk.errors() == []


async def test_a_caller_who_leaves_in_the_middle_of_its_body_is_forgotten(clerk: RunningServer, address: str) -> None:
    left = await counted(address, "ecluse_requests_total", protocol="v2", code=499)
    caller = await Connection.open(address)
    await caller.send_part("POST", INFER, json.dumps(v2([2.0])).encode())
    await until_counted(address, "ecluse_http_connections", 2)  # this one, and the one that asks
    await caller.close()
    await until_counted(address, "ecluse_requests_total", left + 1, protocol="v2", code=499)
    assert await counted(address, "ecluse_inflight_requests") == 0
    assert clerk.errors() == []


@on_both_transports
async def test_a_thousand_callers_who_leave_at_once_leave_nothing_behind(clerk: RunningServer, address: str) -> None:
    left = await counted(address, "ecluse_requests_total", code=499)
    async with Blocked(address, seconds=5.0):
        callers = [asyncio.create_task(rest_rows(address, [2.0])) for _ in range(500)]
        async with Rpc(clerk.grpc_address) as rpc:
            calls = [rpc.start(message([2.0])) for _ in range(500)]
            codes = [asyncio.create_task(call.code()) for call in calls]
            await until_counted(address, "ecluse_queue_rows", 1000)
            for caller in callers:
                caller.cancel()
            for call in calls:
                call.cancel()
            assert {await code for code in codes} == {grpc.StatusCode.CANCELLED}
        await asyncio.gather(*callers, return_exceptions=True)
        await until_counted(address, "ecluse_queue_rows", 0)
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_requests_total", code=499) == left + 1000
    assert await rest_rows(address, [4.0]) == expected([4.0])
    assert clerk.errors() == []


async def rest_rows(address: str, numbers: list[float]) -> list[float]:
    return answer(await post(address, INFER, v2(numbers)))
