"""Who is turned away, who is told late, and who goes first: in simulated time."""

import asyncio
from math import inf

import pytest

from serving.batching import Batcher
from serving.errors import DeadlineExceeded, Overloaded, PredictedLate
from serving.latency import LatencyTable
from serving.schedule import Policy, buckets_up_to
from serving.signature import Tensors
from serving.timeout import Timeout
from serving.turns import Turns
from tests.doubles import OutOfMemory, RecordingObserver, SimulatedLane, rows

pytestmark = pytest.mark.looptime

FOUR = Policy(buckets_up_to(4))


def batcher_for(
    lane: SimulatedLane,
    policy: Policy = FOUR,
    *,
    seconds: float = 1.0,
    turns: Turns | None = None,
    max_rows: int = 1000,
) -> Batcher:
    """A batcher that knows how long its lane takes."""
    latency = LatencyTable(policy.buckets)
    for bucket in policy.buckets:
        latency.calibrate(bucket, [seconds])
    return Batcher(
        lane.start,
        policy,
        RecordingObserver(),
        latency,
        turns or Turns(),
        is_batched=True,
        max_queue_rows=max_rows,
        max_queue_bytes=1_000_000,
        clock=asyncio.get_running_loop().time,
    )


def submit(
    batcher: Batcher, *values: float, timeout_seconds: float = inf, priority: int = 0
) -> "asyncio.Future[Tensors]":
    return batcher.submit({"x": rows(*values)}, len(values), Timeout.of(timeout_seconds), priority=priority)


def ran(lane: SimulatedLane) -> list[list[float]]:
    return [batch["x"][:, 0].tolist() for batch in lane.batches]


# At the door


async def test_a_request_that_would_be_late_is_turned_away_at_once() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0))
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.25)
    with pytest.raises(PredictedLate, match=r"expected in 1\.8 s.*timeout is 1\.7 s"):
        submit(batcher, 2.0, timeout_seconds=1.7)
    in_time = submit(batcher, 2.0, timeout_seconds=1.85)
    await asyncio.gather(running, in_time)


async def test_full_batches_ahead_count() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0))
    answers = [submit(batcher, float(number)) for number in range(10)]
    with pytest.raises(PredictedLate):
        submit(batcher, 10.0, timeout_seconds=2.9)
    answers.append(submit(batcher, 10.0, timeout_seconds=3.2))
    await asyncio.gather(*answers)


async def test_a_request_can_be_turned_away_before_it_is_decoded() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0), max_rows=4)
    answers = [submit(batcher, float(number)) for number in range(4)]
    with pytest.raises(Overloaded):
        batcher.admit(1, 4)
    await asyncio.sleep(0.5)
    batcher.admit(1, 4)
    with pytest.raises(PredictedLate):
        batcher.admit(1, 4, Timeout.of(1.4))
    assert batcher.queue_requests == 0
    await asyncio.gather(*answers)


async def test_a_timeout_that_has_passed_is_told_as_such() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0))
    with pytest.raises(DeadlineExceeded):
        submit(batcher, 1.0, timeout_seconds=0.0)


async def test_the_models_own_deadline_holds_for_whoever_brings_none_or_a_longer_one() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane, Policy(FOUR.buckets, default_timeout_seconds=2.5))
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.1)
    filling = [submit(batcher, float(number)) for number in range(4)]
    for timeout_seconds in (inf, 60.0):
        with pytest.raises(PredictedLate, match=r"timeout is 2\.5 s"):
            submit(batcher, 9.0, timeout_seconds=timeout_seconds)
    await asyncio.gather(running, *filling)


async def test_an_estimate_that_is_too_high_is_found_out() -> None:
    latency = LatencyTable((1,))
    latency.calibrate(1, [1.0])
    lane = SimulatedLane(seconds=0.01)

    def start(tensors: Tensors, bucket: int) -> "Tensors | asyncio.Future[Tensors]":
        latency.observe(bucket, 0.01)
        return lane.start(tensors, bucket)

    batcher = Batcher(
        start,
        Policy((1,)),
        RecordingObserver(),
        latency,
        Turns(),
        is_batched=True,
        max_queue_rows=10,
        max_queue_bytes=1000,
        clock=asyncio.get_running_loop().time,
    )
    outcomes = []
    for _ in range(400):
        try:
            await submit(batcher, 1.0, timeout_seconds=0.1)
            outcomes.append(True)
        except PredictedLate:
            outcomes.append(False)
        await asyncio.sleep(0.1)
    assert not outcomes[0]
    assert all(outcomes[-100:])


# In the queue


async def test_a_head_that_has_become_late_is_told_so_when_the_lane_is_free_and_not_run(looptime: float) -> None:
    lane = SimulatedLane(seconds=2.0)
    # Expected to take one second, the first batch takes two.
    batcher = batcher_for(lane, seconds=1.0)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.1)
    late, patient = submit(batcher, 2.0, timeout_seconds=2.5), submit(batcher, 3.0)
    with pytest.raises(DeadlineExceeded, match=r"2\.5 s"):
        await late
    assert looptime == 2.0
    await asyncio.gather(running, patient)
    assert ran(lane) == [[1.0], [3.0]]


async def test_among_deadlines_the_earliest_goes_first() -> None:
    lane = SimulatedLane(seconds=0.1)
    batcher = batcher_for(lane, Policy((1,), ageing_seconds=10.0), seconds=0.1)
    answers = [submit(batcher, 0.0)]
    await asyncio.sleep(0.05)
    answers += [submit(batcher, value, timeout_seconds=value) for value in (3.0, 1.0, 2.0)]
    answers.append(submit(batcher, 9.0))
    await asyncio.gather(*answers)
    assert ran(lane) == [[0.0], [1.0], [2.0], [3.0], [9.0]]


async def test_an_urgent_deadline_is_not_turned_away_for_what_it_overtakes() -> None:
    lane = SimulatedLane(seconds=0.1)
    batcher = batcher_for(lane, Policy((1,), ageing_seconds=100.0), seconds=0.1)
    answers = [submit(batcher, float(number), timeout_seconds=50.0) for number in range(20)]
    answers.append(submit(batcher, 99.0, timeout_seconds=0.5))
    await asyncio.gather(*answers)
    assert ran(lane)[0] == [99.0]


async def test_batches_are_no_larger_than_the_models_deadline_allows() -> None:
    lane = SimulatedLane(seconds=0.0)
    policy = Policy(FOUR.buckets, default_timeout_seconds=4.0)
    latency = LatencyTable(policy.buckets)
    for bucket in policy.buckets:
        latency.calibrate(bucket, [bucket * 0.9])
    batcher = Batcher(
        lane.start,
        policy,
        RecordingObserver(),
        latency,
        Turns(),
        is_batched=True,
        max_queue_rows=100,
        max_queue_bytes=1000,
        clock=asyncio.get_running_loop().time,
    )
    assert batcher.cap_rows == 2
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(4)))
    assert lane.bucket_sizes == [2, 2]


# Callers who leave


async def test_who_leaves_counts_no_more_at_once() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0))
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.5)
    waiting = [submit(batcher, float(number), float(number)) for number in range(5)]
    for leaving in (0, 3, 4):
        waiting[leaving].cancel()
    assert (batcher.queue_requests, batcher.queue_rows, batcher.queue_bytes) == (2, 4, 16)
    await asyncio.gather(running, waiting[1], waiting[2])


async def test_the_gone_do_not_make_a_batch_full() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane)
    answers = [submit(batcher, float(number)) for number in range(4)]
    for answer in answers[1:]:
        answer.cancel()
    joining = submit(batcher, 9.0)
    await asyncio.gather(answers[0], joining)
    assert ran(lane) == [[0.0, 9.0]]


async def test_a_caller_whose_task_is_cancelled_leaves_the_queue_in_the_same_moment() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0))
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.5)

    async def call() -> Tensors:
        return await submit(batcher, 2.0)

    caller = asyncio.create_task(call())
    await asyncio.sleep(0.1)
    assert batcher.queue_rows == 1
    caller.cancel()
    assert batcher.queue_rows == 0
    await running


# Priorities


THREE_LEVELS = Policy((1,), levels=3, default_level=2, ageing_seconds=100.0)


async def test_the_most_urgent_level_goes_first_and_a_level_in_order() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane, THREE_LEVELS)
    answers = [submit(batcher, 0.0)]
    await asyncio.sleep(0.5)
    for value, priority in ((31.0, 3), (21.0, 0), (11.0, 1), (32.0, 3), (22.0, 2), (12.0, 1), (23.0, 99)):
        answers.append(submit(batcher, value, priority=priority))
    await asyncio.gather(*answers)
    assert ran(lane) == [[0.0], [11.0], [12.0], [21.0], [22.0], [23.0], [31.0], [32.0]]


async def test_with_one_level_the_parameter_means_nothing() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane, Policy((1,)))
    answers = [submit(batcher, float(value), priority=priority) for value, priority in ((1, 3), (2, 1), (3, 2))]
    await asyncio.gather(*answers)
    assert ran(lane) == [[1.0], [2.0], [3.0]]


async def test_the_least_urgent_waits_no_longer_than_the_ageing_time_behind_others() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane, Policy((1,), levels=2, ageing_seconds=3.0))
    answers = [submit(batcher, 0.0), submit(batcher, 99.0, priority=2)]
    for number in range(1, 8):
        answers.append(submit(batcher, float(number), priority=1))
        await asyncio.sleep(1.0)
    await asyncio.gather(*answers)
    # At the third second its time has come.
    assert ran(lane).index([99.0]) == 3


async def test_an_urgent_request_is_admitted_where_others_would_be_late() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0), THREE_LEVELS)
    answers = [submit(batcher, float(number)) for number in range(5)]
    with pytest.raises(PredictedLate):
        submit(batcher, 9.0, timeout_seconds=2.0, priority=3)
    answers.append(submit(batcher, 9.0, timeout_seconds=2.0, priority=1))
    await asyncio.gather(*answers)


# One device


async def test_models_that_share_a_device_take_turns() -> None:
    turns = Turns()
    slow, quick = SimulatedLane(seconds=1.0), SimulatedLane(seconds=0.1)
    busy = batcher_for(slow, Policy((1,)), turns=turns)
    other = batcher_for(quick, Policy((1,)), seconds=0.1, turns=turns)
    answers = [submit(busy, float(number)) for number in range(5)]
    await asyncio.sleep(0.5)
    began = asyncio.get_running_loop().time()
    await submit(other, 1.0)
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.6)
    await asyncio.gather(*answers)


async def test_what_another_model_runs_is_counted_in_when_an_answer_is_predicted() -> None:
    turns = Turns()
    busy = batcher_for(SimulatedLane(seconds=1.0), turns=turns)
    other = batcher_for(SimulatedLane(seconds=0.1), seconds=0.1, turns=turns)
    running = submit(busy, 1.0)
    await asyncio.sleep(0.5)
    with pytest.raises(PredictedLate):
        submit(other, 1.0, timeout_seconds=0.59)
    await asyncio.gather(running, submit(other, 1.0, timeout_seconds=0.61))


@pytest.mark.parametrize(("lanes", "seconds"), [(1, 4.0), (2, 2.0), (4, 1.0)])
async def test_a_model_uses_every_lane_that_nobody_else_wants(lanes: int, seconds: float, looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0), Policy((1,)), turns=Turns(lanes))
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(4)))
    assert looptime == seconds


async def test_a_model_that_closes_gives_its_turn_to_the_next() -> None:
    turns = Turns()
    first, second, third = (batcher_for(SimulatedLane(seconds=1.0), turns=turns) for _ in range(3))
    running = submit(first, 1.0)
    await asyncio.sleep(0.5)
    refused, waiting = submit(second, 1.0), submit(third, 1.0)
    second.close()
    await asyncio.gather(running, waiting, refused, return_exceptions=True)
    assert waiting.result()["x"].tolist() == [[2.0]]


# Memory


async def test_after_a_batch_that_did_not_fit_batches_are_half_as_large_for_a_while() -> None:
    lane = SimulatedLane(OutOfMemory(max_rows=2))
    batcher = batcher_for(lane, Policy(FOUR.buckets, cool_down_seconds=30.0))
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(4)))
    assert lane.bucket_sizes == [4, 2, 2]
    assert batcher.cap_rows == 2
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(4)))
    assert lane.bucket_sizes[3:] == [2, 2]
    await asyncio.sleep(30.0)
    await submit(batcher, 1.0)
    assert batcher.cap_rows == 4


async def test_a_refusal_tells_the_timeout_that_was_asked_for_and_not_what_decoding_left_of_it() -> None:
    batcher = batcher_for(SimulatedLane(seconds=3.0), seconds=1.0)
    with pytest.raises(DeadlineExceeded, match=r"timeout of 2 s had passed"):
        batcher.admit(1, 4, Timeout.of(2.0, spent_seconds=2.0))
    with pytest.raises(DeadlineExceeded, match=r"timeout of 2 s$"):
        await batcher.submit({"x": rows(1.0)}, 1, Timeout.of(2.0, spent_seconds=0.8))
    with pytest.raises(PredictedLate, match=r"timeout is 2 s$"):
        batcher.admit(1, 4, Timeout.of(2.0, spent_seconds=1.5))
