"""Rows that the model refuses, and answers that would come too late: each costs its own caller alone."""

import asyncio
import random

import grpc
import pytest

from tests.chaos.callers import (
    INFER,
    PREDICT,
    Blocked,
    Rpc,
    answer,
    counted,
    expected,
    message,
    on_both_transports,
    post,
    reason,
    until_counted,
    v1,
    v2,
)
from tests.servers import RunningServer

REFUSED = -1.0
"""A number that makes the model refuse the whole batch it is in."""


@pytest.fixture
async def address(clerk: RunningServer) -> str:
    await until_counted(clerk.http_address, "ecluse_inflight_requests", 0)
    return clerk.http_address


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0], ids=["one in fifty", "one in five", "all"])
@on_both_transports
async def test_of_many_requests_in_shared_batches_only_the_poisonous_are_refused(
    clerk: RunningServer, address: str, share: float
) -> None:
    chance = random.Random(7)
    batches = await counted(address, "ecluse_batches_total")
    asked = [
        [chance.randrange(1, 1000), REFUSED if chance.random() < share else chance.randrange(1, 1000)]
        for _ in range(200)
    ]
    async with Rpc(clerk.grpc_address) as rpc:
        async with Blocked(address, seconds=3.0):
            callers = [
                asyncio.create_task(by_grpc(rpc, numbers) if index % 3 == 0 else by_rest(address, index, numbers))
                for index, numbers in enumerate(asked)
            ]
            await until_counted(address, "ecluse_queue_requests", 200)
        answers = [await caller for caller in callers]
    assert answers == ["refused" if REFUSED in numbers else expected(numbers) for numbers in asked]
    assert await counted(address, "ecluse_batches_total") - batches < 20  # they did share batches
    assert clerk.errors() == []


async def test_a_refusal_says_what_the_model_says(address: str) -> None:
    reply = await post(address, INFER, v2([3.0, REFUSED]))
    assert (reply.status, reply.json["reason"]) == (400, "bad_input")
    assert "numbers below zero are refused" in reply.json["error"]


async def test_a_rest_request_whose_timeout_passes_in_the_queue_is_answered_then_and_never_run(address: str) -> None:
    late = await counted(address, "ecluse_rejected_total", reason="late")
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Blocked(address) as blocked:
        waiting = asyncio.create_task(post(address, INFER, v2([5.0])))
        reply = await post(address, INFER, v2([6.0] * 9, timeout=200_000))
        assert (reply.status, reply.json["reason"]) == (504, "late")
        await until_counted(address, "ecluse_queue_rows", 1)
        assert not blocked.has_ended
    assert answer(await waiting) == expected([5.0])
    assert await counted(address, "ecluse_rejected_total", reason="late") == late + 1
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1 + 1


@on_both_transports
async def test_a_grpc_call_whose_timeout_passes_in_the_queue_is_answered_then_and_never_run(
    clerk: RunningServer, address: str
) -> None:
    run = await counted(address, "ecluse_batch_rows_sum")
    request = message([6.0] * 9)
    request.parameters["timeout"].int64_param = 200_000
    async with Rpc(clerk.grpc_address) as rpc, Blocked(address) as blocked:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc.start(request)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert reason(caught.value) == "late"
        assert not blocked.has_ended
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1


@on_both_transports
async def test_grpc_calls_whose_deadline_passes_in_the_queue_are_counted_as_late_and_never_run(
    clerk: RunningServer, address: str
) -> None:
    """Caller and server watch the same deadline; whichever notices first, it is no hang-up."""
    calls = 30
    left = await counted(address, "ecluse_requests_total", code=499)
    late = await counted(address, "ecluse_requests_total", code=504)
    run = await counted(address, "ecluse_batch_rows_sum")
    async with Rpc(clerk.grpc_address) as rpc, Blocked(address) as blocked:
        codes = await asyncio.gather(*(rpc.start(message([6.0]), seconds=0.3).code() for _ in range(calls)))
        assert set(codes) == {grpc.StatusCode.DEADLINE_EXCEEDED}
        await until_counted(address, "ecluse_queue_rows", 0)
        assert not blocked.has_ended
    await until_counted(address, "ecluse_inflight_requests", 0)
    assert await counted(address, "ecluse_batch_rows_sum") == run + 1
    assert await counted(address, "ecluse_requests_total", code=504) == late + calls
    assert await counted(address, "ecluse_requests_total", code=499) == left


@on_both_transports
async def test_a_deadline_that_passes_while_the_batch_runs_costs_its_neighbours_nothing(
    clerk: RunningServer, address: str
) -> None:
    batches = await counted(address, "ecluse_batches_total")
    async with Rpc(clerk.grpc_address) as rpc:
        async with Blocked(address, seconds=1.0):
            hurried = asyncio.create_task(post(address, INFER, v2([5.0], 4.0, timeout=2_500_000)))
            patient = [asyncio.create_task(post(address, INFER, v2([float(n)]))) for n in range(8)]
            called = [asyncio.create_task(rpc.infer([float(n)])) for n in range(8)]
            await until_counted(address, "ecluse_queue_requests", 17)
        assert (await hurried).status == 504
        assert not any(caller.done() for caller in (*patient, *called))
        assert await counted(address, "ecluse_batches_total") == batches + 2
        assert [answer(await caller) for caller in patient] == [expected([float(n)]) for n in range(8)]
        assert [await caller for caller in called] == [expected([float(n)]) for n in range(8)]
    assert clerk.errors() == []


async def by_rest(address: str, index: int, numbers: list[float]) -> list[float] | str:
    reply = await (post(address, INFER, v2(numbers)) if index % 2 else post(address, PREDICT, v1(numbers)))
    if reply.status == 400 and reply.json["reason"] == "bad_input":
        return "refused"
    return answer(reply) if reply.status == 200 else reply.body.decode()


async def by_grpc(rpc: Rpc, numbers: list[float]) -> list[float] | str:
    try:
        return await rpc.infer(numbers)
    except grpc.aio.AioRpcError as error:
        return "refused" if error.code() is grpc.StatusCode.INVALID_ARGUMENT else str(error)
