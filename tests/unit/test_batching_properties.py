"""Random traffic through the batcher, in simulated time.

Requests arrive, hang up, run out of time and poison each other; the model
fails, miscounts, takes its time or answers at once; the queue is short.
Whatever happens, every request admitted is answered exactly once, with its own
rows or with its own misfortune, and nobody is left waiting.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from serving.batching import Batcher
from serving.errors import (
    DeadlineExceeded,
    Draining,
    InvalidRequest,
    ModelFailed,
    Overloaded,
    PayloadTooLarge,
    PredictedLate,
)
from serving.latency import LatencyTable
from serving.retries import FAILURES_OF_A_BROKEN_MODEL
from serving.schedule import Policy, Trigger, buckets_up_to
from serving.signature import Tensors
from serving.timeout import Timeout
from serving.turns import Turns
from tests.doubles import RecordingObserver

FOREVER = float("inf")
ROW_MARK = 1_000
"""Row `k` of request `n` holds the number n * ROW_MARK + k, so that no two rows are alike."""
POISON = 0.5
"""What is added to the numbers of a request that the model refuses."""


class Fault(Enum):
    """What goes wrong with a run, whatever its rows."""

    NONE = "none"
    RAISES = "raises"
    OUT_OF_MEMORY = "out of memory"
    MISCOUNTS = "miscounts"
    SCALAR = "gives a scalar"


@dataclass(frozen=True)
class Arrival:
    """A request, and what becomes of its caller."""

    after_seconds: float
    """Since the arrival before."""
    after_turns: int
    """Turns of the event loop besides."""
    rows: int
    width: int
    """Requests of different width can share no batch."""
    is_poisonous: bool = False
    hangs_up_after_seconds: float = FOREVER
    timeout_seconds: float = FOREVER
    priority: int = 0


@dataclass(frozen=True)
class RunPlan:
    """How the model takes one run; without a duration it answers at once, on the loop's own thread."""

    seconds: float | None
    fault: Fault


@dataclass(frozen=True)
class Run:
    """What the model was given, and when."""

    began: float
    ended: float
    bucket: int
    requests: tuple[int, ...]
    """The numbers of the requests in it, in order."""
    fault: Fault


class PlannedModel:
    """Follows a plan for its runs, begins it anew at its end, and takes down what it was given."""

    def __init__(self, plan: list[RunPlan]) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self.runs: list[Run] = []
        self.is_running = False

    def start(self, tensors: Tensors, bucket: int) -> Tensors | asyncio.Future[Tensors]:
        assert not self.is_running, "two batches at once"
        plan = self._plan[len(self.runs) % len(self._plan)]
        marks = tensors["x"][:, 0]
        assert marks.shape[0] == bucket
        requests = tuple(dict.fromkeys(int(mark) // ROW_MARK for mark in marks))
        began = self._loop.time()
        self.runs.append(Run(began, round(began + (plan.seconds or 0.0), 6), bucket, requests, plan.fault))
        if plan.seconds is None:
            return _outcome(tensors, plan.fault)
        self.is_running = True
        return asyncio.ensure_future(self._run(tensors, plan.seconds, plan.fault))

    async def _run(self, tensors: Tensors, seconds: float, fault: Fault) -> Tensors:
        await asyncio.sleep(seconds)
        self.is_running = False
        return _outcome(tensors, fault)


def _outcome(tensors: Tensors, fault: Fault) -> Tensors:
    match fault:
        case Fault.RAISES:
            raise OSError("unplugged")
        case Fault.OUT_OF_MEMORY:
            raise MemoryError("no room")
        case Fault.MISCOUNTS:
            return {"y": tensors["x"][:-1]}
        case Fault.SCALAR:
            return {"y": np.float64(1.0) + np.zeros(())}
    if (tensors["x"] % 1).any():
        raise InvalidRequest("the model refused the input")
    return {"y": -tensors["x"], "sum": tensors["x"].sum(axis=1)}


def tensors_of(number: int, arrival: Arrival) -> Tensors:
    marks = number * ROW_MARK + np.arange(arrival.rows, dtype=np.float64)
    if arrival.is_poisonous:
        marks[-1] += POISON
    return {"x": np.repeat(marks[:, np.newaxis], arrival.width, axis=1)}


@dataclass
class Traffic:
    """What became of a simulated hour."""

    answers: dict[int, Tensors | BaseException]
    """By the number of the request: its outputs, its error, or how it was turned away."""
    admitted: set[int]
    arrived: dict[int, float]
    answered: dict[int, float]
    runs: list[Run]
    observer: RecordingObserver
    seen: list[Tensors]
    """Inputs and outputs of the rows that whoever looks at rows was told of, without padding."""

    def note_rows(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        self.seen.append({name: array[:rows] for name, array in (inputs | outputs).items()})

    def note_answer(self, number: int, answer: "asyncio.Future[Tensors]") -> None:
        assert number not in self.answered
        self.answered[number] = answer.get_loop().time()


async def run_traffic(
    arrivals: list[Arrival],
    plan: list[RunPlan],
    policy: Policy,
    *,
    max_queue_rows: int = 10_000,
    max_queue_bytes: int = 10_000_000,
    closes_after_seconds: float = FOREVER,
    drains_after_seconds: float = FOREVER,
) -> Traffic:
    loop = asyncio.get_running_loop()
    model = PlannedModel(plan)
    observer = RecordingObserver()
    traffic = Traffic({}, set(), {}, {}, model.runs, observer, [])
    batcher = Batcher(
        model.start,
        policy,
        observer,
        LatencyTable(policy.buckets),
        Turns(),
        is_batched=True,
        max_queue_rows=max_queue_rows,
        max_queue_bytes=max_queue_bytes,
        clock=loop.time,
        observe=traffic.note_rows,
    )
    futures: dict[int, asyncio.Future[Tensors]] = {}
    for delay, act in ((closes_after_seconds, batcher.close), (drains_after_seconds, batcher.drain)):
        if delay < FOREVER:
            loop.call_later(delay, act)
    for number, arrival in enumerate(arrivals):
        if arrival.after_seconds:
            await asyncio.sleep(arrival.after_seconds)
        for _ in range(arrival.after_turns):
            await asyncio.sleep(0)
        tensors = tensors_of(number, arrival)
        size_bytes = tensors["x"].nbytes
        traffic.arrived[number] = loop.time()
        try:
            future = batcher.submit(
                tensors, arrival.rows, Timeout.of(arrival.timeout_seconds), priority=arrival.priority
            )
        except Overloaded as error:
            assert (
                batcher.queue_rows + arrival.rows > max_queue_rows or batcher.queue_bytes + size_bytes > max_queue_bytes
            ), "turned away from a queue with room"
            traffic.answers[number] = error
        except PayloadTooLarge as error:
            assert arrival.rows > max_queue_rows or size_bytes > max_queue_bytes
            traffic.answers[number] = error
        except PredictedLate as error:
            assert arrival.timeout_seconds < FOREVER
            traffic.answers[number] = error
        except DeadlineExceeded as error:
            assert arrival.timeout_seconds == 0
            traffic.answers[number] = error
        except Draining as error:
            assert loop.time() >= closes_after_seconds
            traffic.answers[number] = error
        else:
            traffic.admitted.add(number)
            futures[number] = future
            future.add_done_callback(partial(traffic.note_answer, number))
            if arrival.hangs_up_after_seconds < FOREVER:
                loop.call_later(arrival.hangs_up_after_seconds, future.cancel)
        assert 0 <= batcher.queue_rows <= max_queue_rows
        assert 0 <= batcher.queue_bytes <= max_queue_bytes
    if futures:
        # An hour after the last arrival whoever is not answered hangs.
        await asyncio.wait(futures.values(), timeout=3600.0)
    # What nobody waits for any more leaves the queue when the lane next looks at it.
    await asyncio.sleep(60.0)
    assert not model.is_running
    for number, future in futures.items():
        assert future.done(), f"request {number} hangs"
        traffic.answers[number] = _result(future)
    assert (batcher.queue_requests, batcher.queue_rows, batcher.queue_bytes) == (0, 0, 0)
    assert batcher.oldest_seconds == 0.0
    return traffic


def _result(future: "asyncio.Future[Tensors]") -> Tensors | BaseException:
    if future.cancelled():
        return asyncio.CancelledError()
    return future.exception() or future.result()


def check_answers(arrivals: list[Arrival], traffic: Traffic) -> None:
    """Each request has the answer it should have, and no other."""
    failed_runs = [run for run in traffic.runs if run.fault is not Fault.NONE]
    for number, arrival in enumerate(arrivals):
        answer = traffic.answers[number]
        if isinstance(answer, dict):
            assert not arrival.is_poisonous
            own = tensors_of(number, arrival)["x"]
            np.testing.assert_array_equal(answer["y"], -own)
            np.testing.assert_array_equal(answer["sum"], own.sum(axis=1))
        elif number not in traffic.admitted:
            continue
        elif isinstance(answer, asyncio.CancelledError):
            assert arrival.hangs_up_after_seconds < FOREVER
        elif isinstance(answer, DeadlineExceeded):
            # Sooner is kinder, where it is known already.
            assert traffic.answered[number] - traffic.arrived[number] <= arrival.timeout_seconds + 1e-4
        elif isinstance(answer, InvalidRequest):
            assert arrival.is_poisonous
        elif isinstance(answer, ModelFailed):
            # Only a run it was alone in says so of a request, or a model that fails on everything.
            assert (
                any(run.requests == (number,) for run in failed_runs) or len(failed_runs) > FAILURES_OF_A_BROKEN_MODEL
            )
        else:
            raise AssertionError(f"request {number} ended with {answer!r}")


def check_rows(arrivals: list[Arrival], traffic: Traffic) -> None:
    """Rows that were answered are looked at once each, with the answer that they got; no padding, nobody else's."""
    answered = [number for number, answer in traffic.answers.items() if isinstance(answer, dict)]
    expected = [mark for number in answered for mark in tensors_of(number, arrivals[number])["x"][:, 0].tolist()]
    assert sorted(mark for seen in traffic.seen for mark in seen["x"][:, 0].tolist()) == sorted(expected)
    for seen in traffic.seen:
        np.testing.assert_array_equal(seen["y"], -seen["x"])


def check_batches(arrivals: list[Arrival], traffic: Traffic, policy: Policy) -> None:
    """No batch is too large, is padded to another bucket than its own, or mixes shapes."""
    for run in traffic.runs:
        assert run.bucket in policy.buckets
        assert len({arrivals[number].width for number in run.requests}) == 1
    for left in traffic.observer.left:
        assert 1 <= left.rows <= policy.max_rows
        assert left.padding_rows == min(size for size in policy.buckets if size >= left.rows) - left.rows
    assert all(wait >= 0 for wait in traffic.observer.waits)
    assert len(traffic.observer.waits) == sum(left.requests for left in traffic.observer.left)


def check_order(arrivals: list[Arrival], runs: Iterable[Run]) -> None:
    """Requests of one shape are first run in the order in which they came."""
    first_runs = defaultdict[int, list[int]](list)
    for run in runs:
        for number in run.requests:
            seen = first_runs[arrivals[number].width]
            if number not in seen:
                seen.append(number)
    for seen in first_runs.values():
        assert seen == sorted(seen)


def check_nobody_waits_for_an_idle_lane(traffic: Traffic) -> None:
    """A batch begins when its first request arrives or when the run before it ends, never later."""
    for before, run in pairwise([Run(0.0, 0.0, 0, (), Fault.NONE), *traffic.runs]):
        earliest = min(traffic.arrived[number] for number in run.requests)
        assert run.began == pytest.approx(max(before.ended, earliest), abs=1e-5)


SHORT = st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.002, 0.005, 0.01, 0.5])
TURNS = st.sampled_from([0, 0, 0, 1, 2, 3])
policies = st.builds(
    Policy,
    buckets=st.one_of(
        st.integers(1, 12).map(buckets_up_to),
        st.sets(st.integers(1, 12), min_size=1, max_size=4).map(lambda sizes: tuple(sorted(sizes))),
    ),
    settle_turns=st.integers(0, 3),
)
levelled_policies = st.builds(
    Policy,
    buckets=st.integers(1, 12).map(buckets_up_to),
    levels=st.integers(2, 3),
    default_level=st.integers(1, 2),
    ageing_seconds=st.sampled_from([0.0005, 0.004, 1.0]),
)
waiting_policies = st.builds(
    Policy,
    buckets=st.integers(1, 12).map(buckets_up_to),
    max_wait_seconds=st.sampled_from([0.003, 0.0100001, 1 / 3]),
    settle_turns=st.integers(0, 3),
)
good_plans = st.lists(
    st.builds(RunPlan, st.sampled_from([None, None, 0.001, 0.003, 0.02]), st.just(Fault.NONE)), min_size=1, max_size=5
)
any_plans = st.lists(
    st.builds(RunPlan, st.sampled_from([None, None, 0.001, 0.003, 0.02]), st.sampled_from(Fault)),
    min_size=1,
    max_size=7,
)
peaceful_arrivals = st.lists(
    st.builds(Arrival, SHORT, TURNS, rows=st.integers(1, 20), width=st.integers(1, 2)), min_size=1, max_size=25
)
any_arrivals = st.lists(
    st.builds(
        Arrival,
        SHORT,
        TURNS,
        rows=st.one_of(st.integers(1, 3), st.integers(1, 40)),
        width=st.integers(1, 3),
        is_poisonous=st.sampled_from([False, False, False, True]),
        hangs_up_after_seconds=st.one_of(st.just(FOREVER), SHORT),
        timeout_seconds=st.one_of(st.just(FOREVER), SHORT),
        priority=st.integers(0, 4),
    ),
    min_size=1,
    max_size=25,
)

simulated = pytest.mark.looptime(noop_cycles=0)

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)


@simulated
@settings(max_examples=60)
@given(any_arrivals, any_plans, st.one_of(policies, waiting_policies, levelled_policies))
async def test_whatever_happens_every_request_is_answered_once_with_its_own_rows(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy
) -> None:
    traffic = await run_traffic(arrivals, plan, policy)
    for answer in traffic.answers.values():
        event(type(answer).__name__)
    check_answers(arrivals, traffic)
    check_rows(arrivals, traffic)
    check_batches(arrivals, traffic, policy)


@simulated
@settings(max_examples=50)
@given(any_arrivals, any_plans, st.one_of(policies, levelled_policies), st.integers(1, 30), st.integers(8, 900))
async def test_a_short_queue_turns_away_and_keeps_its_promise_to_those_inside(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy, max_queue_rows: int, max_queue_bytes: int
) -> None:
    traffic = await run_traffic(arrivals, plan, policy, max_queue_rows=max_queue_rows, max_queue_bytes=max_queue_bytes)
    check_answers(arrivals, traffic)
    check_batches(arrivals, traffic, policy)


@simulated
@settings(max_examples=50)
@given(peaceful_arrivals, good_plans, policies)
async def test_requests_of_one_shape_run_in_order_and_never_wait_for_an_idle_lane(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy
) -> None:
    traffic = await run_traffic(arrivals, plan, policy)
    check_answers(arrivals, traffic)
    check_order(arrivals, traffic.runs)
    check_nobody_waits_for_an_idle_lane(traffic)


@simulated
@settings(max_examples=40)
@given(peaceful_arrivals, good_plans, waiting_policies)
async def test_no_batch_waits_longer_for_company_than_the_limit(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy
) -> None:
    traffic = await run_traffic(arrivals, plan, policy)
    check_answers(arrivals, traffic)
    check_order(arrivals, traffic.runs)
    for before, run in pairwise([Run(0.0, 0.0, 0, (), Fault.NONE), *traffic.runs]):
        due = min(traffic.arrived[number] for number in run.requests) + policy.max_wait_seconds
        assert run.began <= max(before.ended, due) + 1e-5


@simulated
@settings(max_examples=60)
@given(any_arrivals, any_plans, st.one_of(policies, waiting_policies), SHORT, st.one_of(SHORT, st.just(FOREVER)))
async def test_a_batcher_that_drains_and_closes_leaves_nobody_hanging(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy, drains_after_seconds: float, stays_seconds: float
) -> None:
    traffic = await run_traffic(
        arrivals,
        plan,
        policy,
        drains_after_seconds=drains_after_seconds,
        closes_after_seconds=drains_after_seconds + stays_seconds,
    )
    settled = {number: answer for number, answer in traffic.answers.items() if not isinstance(answer, Draining)}
    assume(settled)
    check_batches(arrivals, traffic, policy)
    for number, answer in settled.items():
        if isinstance(answer, dict):
            np.testing.assert_array_equal(answer["y"], -tensors_of(number, arrivals[number])["x"])
        elif number in traffic.admitted and isinstance(answer, InvalidRequest):
            assert arrivals[number].is_poisonous


@simulated
@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=32),
    st.sampled_from([None, 0.001]),
    st.integers(4, 64),
)
async def test_finding_the_poisonous_requests_of_a_batch_takes_a_bounded_number_of_runs(
    requests: list[tuple[int, bool]], seconds: float | None, max_rows: int
) -> None:
    arrivals = [Arrival(0.0, 0, rows, 1, is_poisonous=is_poisonous) for rows, is_poisonous in requests]
    traffic = await run_traffic(arrivals, [RunPlan(seconds, Fault.NONE)], Policy(buckets_up_to(max_rows)))
    check_answers(arrivals, traffic)
    batches = traffic.observer.left
    # A batch of n requests is a tree of at most 2n - 1 runs, and of one run where nothing is wrong.
    assert len(traffic.runs) <= sum(2 * left.requests - 1 for left in batches)
    poisonous = sum(is_poisonous for _, is_poisonous in requests)
    depth = max(left.requests for left in batches).bit_length() + 1
    assert len(traffic.runs) <= len(batches) + 2 * poisonous * depth


@simulated
@settings(max_examples=40)
@given(peaceful_arrivals, good_plans, policies)
async def test_a_full_batch_says_so_and_one_that_could_grow_left_an_idle_lane(
    arrivals: list[Arrival], plan: list[RunPlan], policy: Policy
) -> None:
    traffic = await run_traffic(arrivals, plan, policy)
    for left in traffic.observer.left:
        assert left.trigger in (Trigger.FULL, Trigger.IDLE)
        if left.rows == policy.max_rows:
            assert left.trigger is Trigger.FULL
