"""Arrivals through the server's own batcher: nothing of it is simulated but the model and the time."""

import asyncio
from collections.abc import Sequence
from functools import partial
from random import Random

import numpy as np

from serving.batching import Batcher
from serving.errors import ServingError
from serving.latency import LatencyTable
from serving.schedule import Policy
from serving.signature import Tensors
from serving.turns import Turns
from tests.doubles import RecordingObserver
from tests.simulation.costs import BUCKETS, Cost
from tests.simulation.outcome import Outcome
from tests.simulation.simulated_loop import run_simulated

NOISE = 0.05
"""The deviation of a run's time, of its mean."""

ROW = np.zeros((1, 1), np.float32)


class SimulatedModel:
    """Takes its time, more or less."""

    def __init__(self, cost: Cost, seed: int) -> None:
        self._cost = cost
        self._random = Random(seed)
        self.latency = LatencyTable(BUCKETS)

    def start(self, tensors: Tensors, bucket: int) -> "asyncio.Future[Tensors]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Tensors] = loop.create_future()
        seconds = self._cost.seconds[bucket] * self.noise()
        loop.call_later(seconds, self._end, done, tensors, bucket, seconds)
        return done

    def warm_up(self) -> None:
        for bucket in BUCKETS:
            self.latency.calibrate(bucket, [self._cost.seconds[bucket] * self.noise() for _ in range(3)])

    def noise(self) -> float:
        return max(0.5, self._random.gauss(1.0, NOISE))

    def _end(self, done: "asyncio.Future[Tensors]", tensors: Tensors, bucket: int, seconds: float) -> None:
        self.latency.observe(bucket, seconds)
        done.set_result(tensors)


def run_ours(cost: Cost, arrivals: Sequence[float], seed: int, policy: Policy | None = None) -> Outcome:
    """Give every request the deadline of its cost."""
    return run_simulated(_run(cost, arrivals, seed, policy or policy_of(cost)))


def policy_of(cost: Cost) -> Policy:
    return Policy(BUCKETS, default_timeout_seconds=cost.deadline_seconds)


async def _run(cost: Cost, arrivals: Sequence[float], seed: int, policy: Policy) -> Outcome:
    loop = asyncio.get_running_loop()
    model = SimulatedModel(cost, seed)
    model.warm_up()
    outcome = Outcome(cost.deadline_seconds, requests=len(arrivals))
    batcher = Batcher(
        model.start,
        policy,
        RecordingObserver(),
        model.latency,
        Turns(),
        is_batched=True,
        max_queue_rows=4096,
        max_queue_bytes=2**28,
        clock=loop.time,
    )

    def note(arrived: float, answer: "asyncio.Future[Tensors]") -> None:
        if answer.exception() is None:
            outcome.answers.append(loop.time() - arrived)

    for arrival in arrivals:
        if arrival > loop.time():
            await asyncio.sleep(arrival - loop.time())
        try:
            batcher.submit({"x": ROW}, 1).add_done_callback(partial(note, loop.time()))
        except ServingError:
            continue
        outcome.largest_queue_rows = max(outcome.largest_queue_rows, batcher.queue_rows)
    await asyncio.sleep(60.0)
    assert batcher.is_idle
    return outcome
