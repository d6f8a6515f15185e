"""What the batcher promises, one promise at a time, in simulated time."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from serving.batching import Batcher
from serving.errors import (
    DeadlineExceeded,
    Draining,
    InvalidRequest,
    ModelExhausted,
    ModelFailed,
    Overloaded,
    PayloadTooLarge,
)
from serving.latency import LatencyTable
from serving.retries import FAILURES_OF_A_BROKEN_MODEL
from serving.running import Start
from serving.schedule import Policy, Trigger, buckets_up_to
from serving.signature import Tensors
from serving.timeout import Timeout
from serving.turns import Turns
from tests.doubles import (
    Broken,
    Left,
    Miscounting,
    OutOfMemory,
    Poisonable,
    RecordingObserver,
    SimulatedLane,
    rows,
)

pytestmark = pytest.mark.looptime

EIGHT = Policy(buckets_up_to(8))
POISON = -1.0


def batcher_for(
    start: Start,
    policy: Policy = EIGHT,
    observer: RecordingObserver | None = None,
    *,
    is_batched: bool = True,
    max_queue_rows: int = 1000,
    max_queue_bytes: int = 1_000_000,
) -> Batcher:
    return Batcher(
        start,
        policy,
        observer or RecordingObserver(),
        LatencyTable(policy.buckets),
        Turns(),
        is_batched=is_batched,
        max_queue_rows=max_queue_rows,
        max_queue_bytes=max_queue_bytes,
        clock=asyncio.get_running_loop().time,
    )


def submit(
    batcher: Batcher, *values: float, width: int = 1, timeout_seconds: float = float("inf")
) -> "asyncio.Future[Tensors]":
    return batcher.submit({"x": rows(*values, width=width)}, len(values), Timeout.of(timeout_seconds))


def values(outputs: Tensors) -> list[float]:
    return [float(value) for value in outputs["x"][:, 0]]


# Leaving


async def test_a_lone_request_waits_no_longer_than_the_limit(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, Policy(EIGHT.buckets, max_wait_seconds=0.005))
    assert values(await submit(batcher, 3.0)) == [6.0]
    assert looptime == 1.005


async def test_a_lone_request_does_not_wait_where_nobody_asked_for_it(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    await submit(batcher, 3.0)
    assert looptime == 1.0


async def test_what_arrives_together_leaves_together() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    first, second = submit(batcher, 1.0), submit(batcher, 2.0, 3.0)
    assert values(await first) == [2.0]
    assert values(await second) == [4.0, 6.0]
    assert lane.bucket_sizes == [4]


async def test_what_arrives_while_a_batch_runs_leaves_together_when_it_ends(looptime: float) -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    first = submit(batcher, 1.0)
    await asyncio.sleep(0.2)
    second = submit(batcher, 2.0)
    await asyncio.sleep(0.2)
    third = submit(batcher, 3.0)
    assert [values(answer) for answer in await asyncio.gather(first, second, third)] == [[2.0], [4.0], [6.0]]
    assert lane.bucket_sizes == [1, 2]
    assert looptime == 2.0


async def test_a_full_batch_does_not_wait(looptime: float) -> None:
    observer = RecordingObserver()
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, Policy(EIGHT.buckets, max_wait_seconds=10.0), observer)
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(8)))
    assert looptime == 1.0
    assert observer.left == [Left(rows=8, padding_rows=0, requests=8, trigger=Trigger.FULL)]


async def test_a_full_batch_does_not_wait_for_an_older_one_of_another_shape(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, Policy(EIGHT.buckets, max_wait_seconds=10.0))
    lone = submit(batcher, 0.0, width=2)
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(8)))
    assert looptime == 1.0
    await lone
    assert looptime == 11.0  # ten seconds of waiting, one of running


async def test_a_drain_sends_at_once_what_would_have_waited(looptime: float) -> None:
    observer = RecordingObserver()
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, Policy(EIGHT.buckets, max_wait_seconds=10.0), observer)
    waiting = submit(batcher, 1.0)
    await asyncio.sleep(0.5)
    batcher.drain()
    await waiting
    assert looptime == 1.5
    assert [left.trigger for left in observer.left] == [Trigger.DRAIN]


async def test_requests_are_still_taken_while_draining() -> None:
    batcher = batcher_for(SimulatedLane().start)
    batcher.drain()
    assert values(await submit(batcher, 1.0)) == [2.0]


async def test_extra_settle_turns_gather_what_trickles_in() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)

    def trickle(extra_settle_turns: int) -> "asyncio.Future[Tensors]":
        return batcher.submit({"x": rows(1.0)}, 1, extra_settle_turns=extra_settle_turns)

    for extra_settle_turns, expected in ((0, [1, 1]), (10, [2])):
        lane.batches.clear()
        first = trickle(extra_settle_turns)
        for _ in range(6):
            await asyncio.sleep(0)
        await asyncio.gather(first, trickle(extra_settle_turns))
        assert lane.bucket_sizes == expected


async def test_an_arrival_in_every_turn_does_not_put_a_batch_off_for_ever() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    loop = asyncio.get_running_loop()
    turns = 0

    def arrive_before_the_batcher_looks() -> None:
        nonlocal turns
        turns += 1
        if turns < 500:
            loop.call_soon(arrive_before_the_batcher_looks)
        submit(batcher, 1.0)

    first = submit(batcher, 1.0)
    first.add_done_callback(lambda _: done_after.append(turns))
    done_after: list[int] = []
    arrive_before_the_batcher_looks()
    await first
    assert done_after[0] <= EIGHT.max_rows + 4


@pytest.mark.parametrize("extra_settle_turns", [pytest.param(0, id="over REST"), pytest.param(10, id="over gRPC")])
async def test_arrivals_of_other_shapes_do_not_put_a_batch_off_for_ever(extra_settle_turns: int) -> None:
    batcher = batcher_for(SimulatedLane().start)
    first = submit(batcher, 1.0)
    turns = 0
    while not first.done() and turns < 500:
        turns += 1
        batcher.submit({"x": rows(1.0, width=turns + 1)}, 1, extra_settle_turns=extra_settle_turns)
        await asyncio.sleep(0)
    assert turns <= EIGHT.max_rows + EIGHT.settle_turns + extra_settle_turns + 2


# Shapes


async def test_requests_of_different_shape_share_no_batch() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    narrow, wide, also_narrow = (submit(batcher, 1.0, width=width) for width in (1, 5, 1))
    assert [(await answer)["x"].shape for answer in (narrow, wide, also_narrow)] == [(1, 1), (1, 5), (1, 1)]
    assert [batch["x"].shape for batch in lane.batches] == [(2, 1), (1, 5)]


async def test_among_shapes_the_one_that_has_waited_longest_goes_first() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    answers = []
    for width in (1, 2, 3, 2, 1):
        answers.append(submit(batcher, 1.0, width=width))
        await asyncio.sleep(0.1)
    await asyncio.gather(*answers)
    assert [batch["x"].shape for batch in lane.batches] == [(1, 1), (2, 2), (1, 3), (1, 1)]


async def test_the_order_in_which_a_caller_names_inputs_does_not_matter() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    one = batcher.submit({"a": rows(1.0, width=2), "b": rows(2.0, width=3)}, 1)
    other = batcher.submit({"b": rows(3.0, width=3), "a": rows(4.0, width=2)}, 1)
    assert (await one)["b"].tolist() == [[4.0, 4.0, 4.0]]
    assert (await other)["b"].tolist() == [[6.0, 6.0, 6.0]]
    assert len(lane.batches) == 1


async def test_inputs_whose_shapes_are_exchanged_share_no_batch() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    one = batcher.submit({"a": rows(1.0, width=3), "b": rows(2.0, width=1)}, 1)
    other = batcher.submit({"b": rows(3.0, width=3), "a": rows(4.0, width=1)}, 1)
    assert (await one)["a"].shape == (1, 3)
    assert (await other)["a"].shape == (1, 1)
    assert len(lane.batches) == 2


async def test_padding_repeats_a_row_that_a_caller_sent() -> None:
    lane = SimulatedLane()
    observer = RecordingObserver()
    batcher = batcher_for(lane.start, Policy((5,)), observer)
    await asyncio.gather(submit(batcher, 7.0), submit(batcher, 8.0, 9.0))
    assert lane.batches[0]["x"][:, 0].tolist() == [7.0, 8.0, 9.0, 7.0, 7.0]
    assert observer.left == [Left(rows=3, padding_rows=2, requests=2, trigger=Trigger.IDLE)]


async def test_a_request_that_fills_its_bucket_alone_is_not_copied() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    tensors = {"x": rows(1.0, 2.0)}
    await batcher.submit(tensors, 2)
    assert lane.batches[0]["x"] is tensors["x"]


async def test_requests_to_a_model_without_rows_run_one_by_one() -> None:
    lane = SimulatedLane(lambda tensors: {"x": tensors["x"].sum(keepdims=True)})
    observer = RecordingObserver()
    batcher = batcher_for(lane.start, Policy((1,)), observer, is_batched=False)
    answers = await asyncio.gather(batcher.submit({"x": rows(1.0, 2.0)}, 1), batcher.submit({"x": rows(5.0)}, 1))
    assert [values(answer) for answer in answers] == [[3.0], [5.0]]
    assert [left.requests for left in observer.left] == [1, 1]
    assert all(left.padding_rows == 0 for left in observer.left)


# Requests larger than a batch


async def test_a_request_larger_than_the_largest_batch_is_run_in_parts_and_joined() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    numbers = [float(number) for number in range(19)]
    assert values(await submit(batcher, *numbers)) == [2 * number for number in numbers]
    assert lane.bucket_sizes == [8, 8, 4]


async def test_nobody_overtakes_a_request_that_is_run_in_parts() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    large, small = submit(batcher, *range(10)), submit(batcher, 100.0)
    await asyncio.gather(large, small)
    assert lane.batches[0]["x"][0, 0] == 0.0


async def test_a_request_in_parts_counts_against_the_limit_at_once() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, max_queue_rows=20)
    large = submit(batcher, *range(20))
    assert batcher.queue_rows == 20
    with pytest.raises(Overloaded):
        submit(batcher, *range(20))
    await large


async def test_a_caller_of_a_request_in_parts_who_hangs_up_at_once_leaves_nothing_behind() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    large = submit(batcher, *range(100))
    large.cancel()
    await asyncio.sleep(100.0)
    assert batcher.queue_rows == 0
    assert len(lane.batches) <= 1


async def test_a_caller_of_a_request_in_parts_who_hangs_up_midway_spares_the_lane_the_rest(looptime: float) -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    large = submit(batcher, *range(30))
    await asyncio.sleep(1.5)
    large.cancel()
    await asyncio.sleep(10.0)
    assert len(lane.batches) == 2
    assert batcher.queue_rows == 0


async def test_a_part_that_fails_fails_the_request_and_spares_the_lane_the_rest() -> None:
    lane = SimulatedLane(Poisonable(), seconds=1.0)
    batcher = batcher_for(lane.start)
    with pytest.raises(InvalidRequest):
        await submit(batcher, POISON, *range(29))
    await asyncio.sleep(10.0)
    assert len(lane.batches) == 2
    assert batcher.queue_rows == 0


async def test_a_request_in_parts_meets_its_deadline_as_a_whole(looptime: float) -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    with pytest.raises(DeadlineExceeded):
        await submit(batcher, *range(30), timeout_seconds=2.5)
    assert looptime == 2.5
    await asyncio.sleep(10.0)
    assert len(lane.batches) == 3


async def test_parts_whose_outputs_cannot_be_joined_are_told_as_the_models_fault() -> None:
    def as_wide_as_the_largest(tensors: Tensors) -> Tensors:
        return {"y": np.zeros((tensors["x"].shape[0], int(tensors["x"].max()) + 1))}

    batcher = batcher_for(SimulatedLane(as_wide_as_the_largest).start)
    with pytest.raises(ModelFailed, match="2 parts"):
        await submit(batcher, *range(16))


# Callers who leave


async def test_a_caller_that_hangs_up_does_not_cost_its_neighbours(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    first, gone, last = (submit(batcher, value) for value in (1.0, 2.0, 3.0))
    await asyncio.sleep(0.5)
    gone.cancel()
    assert values(await first) == [2.0]
    assert values(await last) == [6.0]
    assert looptime == 1.0


async def test_a_caller_that_hangs_up_in_the_queue_is_not_run() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.5)
    gone, stays = submit(batcher, 2.0), submit(batcher, 3.0)
    gone.cancel()
    await asyncio.gather(running, stays)
    assert [batch["x"][:, 0].tolist() for batch in lane.batches] == [[1.0], [3.0]]


async def test_a_place_in_a_full_queue_is_free_as_soon_as_its_caller_hangs_up() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, max_queue_rows=2)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.5)
    gone, stays = submit(batcher, 2.0), submit(batcher, 3.0)
    with pytest.raises(Overloaded):
        submit(batcher, 4.0)
    gone.cancel()
    comes = submit(batcher, 4.0)
    assert [values(answer) for answer in await asyncio.gather(running, stays, comes)] == [[2.0], [6.0], [8.0]]


async def test_the_age_of_the_queue_is_that_of_its_oldest_request() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.25)
    waiting = submit(batcher, 2.0)
    await asyncio.sleep(0.5)
    assert batcher.oldest_seconds == pytest.approx(0.5)
    assert batcher.queue_requests == 1
    await asyncio.gather(running, waiting)
    assert batcher.oldest_seconds == 0.0


# Deadlines


async def test_a_request_is_answered_at_its_deadline_and_no_later(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    running = submit(batcher, 1.0)
    with pytest.raises(DeadlineExceeded, match=r"0\.3 s"):
        await submit(batcher, 2.0, timeout_seconds=0.3)
    assert looptime == 0.3
    await running


async def test_a_request_past_its_deadline_is_not_run() -> None:
    lane = SimulatedLane(seconds=1.0)
    batcher = batcher_for(lane.start)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.1)
    with pytest.raises(DeadlineExceeded):
        await submit(batcher, 2.0, timeout_seconds=0.3)
    await running
    await asyncio.sleep(1.0)
    assert len(lane.batches) == 1


async def test_an_answer_in_time_is_given_whatever_the_deadline(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    assert values(await submit(batcher, 1.0, timeout_seconds=1.5)) == [2.0]
    await asyncio.sleep(1.0)


# Limits


@pytest.mark.parametrize(
    ("max_queue_rows", "max_queue_bytes", "word"),
    [
        pytest.param(3, 1000, "BATCH_QUEUE_ROWS", id="in rows"),
        pytest.param(1000, 12, "BATCH_QUEUE_BYTES", id="in bytes"),
    ],
)
async def test_a_full_queue_turns_away_and_says_which_limit(
    max_queue_rows: int, max_queue_bytes: int, word: str
) -> None:
    batcher = batcher_for(
        SimulatedLane(seconds=1.0).start, max_queue_rows=max_queue_rows, max_queue_bytes=max_queue_bytes
    )
    waiting = submit(batcher, 1.0, 2.0)
    with pytest.raises(Overloaded, match=word):
        submit(batcher, 3.0, 4.0)
    fits = submit(batcher, 3.0)
    await asyncio.gather(waiting, fits)


@pytest.mark.parametrize(
    ("max_queue_rows", "max_queue_bytes"),
    [pytest.param(3, 1000, id="in rows"), pytest.param(1000, 12, id="in bytes")],
)
async def test_a_request_that_never_fits_is_told_so(max_queue_rows: int, max_queue_bytes: int) -> None:
    batcher = batcher_for(SimulatedLane().start, max_queue_rows=max_queue_rows, max_queue_bytes=max_queue_bytes)
    with pytest.raises(PayloadTooLarge, match="4 rows of 16 bytes"):
        submit(batcher, 1.0, 2.0, 3.0, 4.0)
    assert batcher.queue_rows == 0


async def test_strings_count_with_all_their_bytes() -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, max_queue_bytes=1000)
    with pytest.raises(PayloadTooLarge, match="1008 bytes"):
        batcher.submit({"x": np.array([b"a" * 1000], np.object_)}, 1)
    assert batcher.queue_rows == 0


# A model that fails


@pytest.mark.parametrize("seconds", [pytest.param(0.0, id="at once"), pytest.param(1.0, id="after a while")])
async def test_a_poisonous_request_fails_alone(seconds: float) -> None:
    lane = SimulatedLane(Poisonable(), seconds)
    batcher = batcher_for(lane.start)
    answers = await asyncio.gather(
        *(submit(batcher, value) for value in (1.0, 2.0, POISON, 4.0, 5.0)), return_exceptions=True
    )
    assert isinstance(answers.pop(2), InvalidRequest)
    assert [values(answer) for answer in answers if isinstance(answer, dict)] == [[2.0], [4.0], [8.0], [10.0]]


async def test_a_neighbour_of_a_poisonous_request_that_hung_up_is_not_blamed(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(Poisonable(), seconds=1.0).start)
    innocent, poisonous = submit(batcher, 1.0), submit(batcher, POISON)
    await asyncio.sleep(0.5)
    poisonous.cancel()
    assert values(await innocent) == [2.0]
    assert looptime == 2.0


async def test_a_poisonous_row_fails_the_whole_request_that_carries_it() -> None:
    batcher = batcher_for(SimulatedLane(Poisonable()).start)
    innocent, poisonous = submit(batcher, 1.0, 2.0), submit(batcher, 3.0, POISON, 4.0)
    assert values(await innocent) == [2.0, 4.0]
    with pytest.raises(InvalidRequest):
        await poisonous


async def test_a_batch_too_large_for_memory_is_run_in_halves() -> None:
    lane = SimulatedLane(OutOfMemory(max_rows=2))
    batcher = batcher_for(lane.start)
    answers = await asyncio.gather(*(submit(batcher, float(number)) for number in range(8)))
    assert [values(answer) for answer in answers] == [[2.0 * number] for number in range(8)]
    assert lane.bucket_sizes == [8, 4, 2, 2, 4, 2, 2]


async def test_a_model_that_fails_on_everything_is_not_asked_twice_a_request() -> None:
    lane = SimulatedLane(Broken())
    batcher = batcher_for(lane.start, Policy(buckets_up_to(64)))
    answers = await asyncio.gather(*(submit(batcher, float(number)) for number in range(64)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ModelFailed] * 64
    assert len(lane.bucket_sizes) < FAILURES_OF_A_BROKEN_MODEL + 10


async def test_a_model_that_works_again_is_believed_again() -> None:
    failing = [True]
    broken = Broken()

    def run(tensors: Tensors) -> Tensors:
        if failing[0] or (tensors["x"] == 3.0).any():
            return broken(tensors)
        return {"x": tensors["x"] * 2}

    batcher = batcher_for(SimulatedLane(run).start, Policy(buckets_up_to(64)))
    await asyncio.gather(*(submit(batcher, float(number)) for number in range(64)), return_exceptions=True)
    failing[0] = False
    assert values(await submit(batcher, 1.0)) == [2.0]
    answers = await asyncio.gather(*(submit(batcher, float(number)) for number in range(8)), return_exceptions=True)
    assert [number for number, answer in enumerate(answers) if isinstance(answer, ModelFailed)] == [3]


async def test_a_request_too_large_for_memory_on_its_own_is_run_in_halves() -> None:
    lane = SimulatedLane(OutOfMemory(max_rows=2))
    batcher = batcher_for(lane.start)
    assert values(await submit(batcher, 1.0, 2.0, 3.0)) == [2.0, 4.0, 6.0]
    assert lane.bucket_sizes == [4, 2, 1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(MemoryError("0x7f"), "^the model failed: MemoryError$", id="of the host"),
        pytest.param(ModelExhausted("the device is full"), "^the device is full$", id="of the device"),
    ],
)
async def test_a_row_too_large_for_memory_is_told_so_without_the_details(error: Exception, said: str) -> None:
    def run(tensors: Tensors) -> Tensors:
        raise error

    batcher = batcher_for(SimulatedLane(run).start)
    with pytest.raises(ModelFailed, match=said):
        await submit(batcher, 1.0, 2.0, 3.0)


async def test_a_caller_who_leaves_while_its_halves_run_leaves_nothing_behind() -> None:
    lane = SimulatedLane(OutOfMemory(max_rows=2), seconds=1.0)
    batcher = batcher_for(lane.start)
    large = submit(batcher, *range(8))
    await asyncio.sleep(1.5)
    large.cancel()
    await asyncio.sleep(10.0)
    assert batcher.is_idle
    assert lane.bucket_sizes == [8, 4]


async def test_closing_answers_a_request_whose_halves_wait() -> None:
    batcher = batcher_for(SimulatedLane(OutOfMemory(max_rows=2), seconds=1.0).start)
    large = submit(batcher, *range(8))
    await asyncio.sleep(1.5)
    batcher.close()
    with pytest.raises(Draining):
        await large


async def test_a_model_that_fails_fails_every_caller_of_the_batch_and_serves_on() -> None:
    failing = [True]
    broken = Broken()

    def run(tensors: Tensors) -> Tensors:
        return broken(tensors) if failing[0] else {"x": tensors["x"] * 2}

    batcher = batcher_for(SimulatedLane(run).start)
    answers = await asyncio.gather(*(submit(batcher, float(n)) for n in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ModelFailed] * 5
    failing[0] = False
    assert values(await submit(batcher, 1.0)) == [2.0]


async def test_outputs_that_lack_a_row_are_given_to_nobody() -> None:
    batcher = batcher_for(SimulatedLane(Miscounting(bearable_rows=1)).start)
    answers = await asyncio.gather(
        submit(batcher, 1.0), submit(batcher, 2.0), submit(batcher, 3.0, 4.0), return_exceptions=True
    )
    assert [values(answer) for answer in answers if isinstance(answer, dict)] == [[2.0], [4.0]]
    assert isinstance(answers[2], ModelFailed)
    assert "has shape [1, 1] for a batch of 2 rows" in str(answers[2])


async def test_a_scalar_output_of_a_batch_is_given_to_nobody() -> None:
    batcher = batcher_for(SimulatedLane(lambda tensors: {"x": np.array(1.0)}).start)
    with pytest.raises(ModelFailed, match=r"has shape \[\]"):
        await submit(batcher, 1.0)


async def test_a_run_that_is_cancelled_is_a_refusal() -> None:
    runs: list[asyncio.Future[Tensors]] = []

    def start(tensors: Tensors, bucket: int) -> "asyncio.Future[Tensors]":
        runs.append(asyncio.get_running_loop().create_future())
        return runs[-1]

    batcher = batcher_for(start)
    waiting = submit(batcher, 1.0)
    await asyncio.sleep(0.1)
    runs[0].cancel()
    with pytest.raises(Draining):
        await waiting


# The end


async def test_closing_refuses_what_waits_and_what_runs(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(seconds=1.0).start)
    running = submit(batcher, 1.0)
    await asyncio.sleep(0.5)
    waiting, in_parts = submit(batcher, 2.0), submit(batcher, *range(20))
    batcher.close()
    for refused in (running, waiting, in_parts):
        with pytest.raises(Draining):
            await refused
    assert looptime == 0.5
    assert (batcher.queue_rows, batcher.queue_bytes, batcher.queue_requests) == (0, 0, 0)
    await asyncio.sleep(10.0)


async def test_closing_refuses_a_request_in_parts_that_has_only_just_come() -> None:
    lane = SimulatedLane()
    batcher = batcher_for(lane.start)
    large = submit(batcher, *range(20))
    batcher.close()
    with pytest.raises(Draining):
        await large
    assert lane.batches == []


async def test_a_closed_batcher_takes_nothing_more() -> None:
    batcher = batcher_for(SimulatedLane().start)
    batcher.close()
    with pytest.raises(Draining):
        submit(batcher, 1.0)


async def test_closing_while_the_culprit_is_sought_blames_nobody(looptime: float) -> None:
    batcher = batcher_for(SimulatedLane(Poisonable(), seconds=1.0).start)
    waiting = [submit(batcher, value) for value in (1.0, POISON, 3.0, 4.0)]
    await asyncio.sleep(1.5)
    batcher.close()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Draining] * 4


# What is told


async def test_each_request_and_batch_is_told_once() -> None:
    observer = RecordingObserver()
    batcher = batcher_for(SimulatedLane(seconds=1.0).start, observer=observer)
    first = submit(batcher, 1.0)
    await asyncio.sleep(0.25)
    await asyncio.gather(first, submit(batcher, 2.0), submit(batcher, 3.0, 4.0))
    assert observer.left == [
        Left(rows=1, padding_rows=0, requests=1, trigger=Trigger.IDLE),
        Left(rows=3, padding_rows=1, requests=2, trigger=Trigger.IDLE),
    ]
    assert observer.waits == pytest.approx([0.0, 0.75, 0.75])
    assert observer.run_seconds == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("act", "said"),
    [
        pytest.param(lambda batcher: None, "<Batcher: 0 requests of 0 rows queued, idle>", id="idle"),
        pytest.param(
            lambda batcher: submit(batcher, 1.0, 2.0), "<Batcher: 1 requests of 2 rows queued, idle>", id="queued"
        ),
    ],
)
async def test_a_batcher_says_how_it_is(act: Callable[[Batcher], object], said: str) -> None:
    batcher = batcher_for(SimulatedLane().start)
    act(batcher)
    assert repr(batcher) == said
    batcher.close()
