"""How soon a long body is decoded, and what counting it is worth: in simulated time."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from serving.batching import Batcher
from serving.decode_forecast import DecodeForecast, DecodingLine
from serving.errors import ServingError
from serving.latency import LatencyTable
from serving.schedule import Policy, buckets_up_to
from serving.timeout import Timeout
from serving.turns import Turns
from tests.doubles import RecordingObserver, SimulatedLane
from tests.simulation.simulated_loop import run_simulated

BODY = 1000


def known(line: DecodingLine, seconds: float = 1.0) -> DecodeForecast:
    """A model of which one body was decoded, long ago as the clock of these tests goes on."""
    forecast = DecodeForecast(line)
    forecast.began(1, BODY, 0.0)
    forecast.ended(1, BODY, 0.0, seconds)
    return forecast


def test_nothing_is_said_of_what_was_never_decoded() -> None:
    assert DecodeForecast(DecodingLine(2)).seconds(BODY, 0.0) == 0.0


def test_a_body_takes_what_those_before_it_took_for_each_byte() -> None:
    forecast = known(DecodingLine(2))
    assert forecast.seconds(3 * BODY, 1.0) == pytest.approx(3.0, rel=0.1)


def test_what_is_on_its_way_is_shared_by_the_threads() -> None:
    forecast = known(DecodingLine(2))
    for _ in range(4):
        forecast.began(8, BODY, 1.0)
    assert forecast.rows == 32
    assert forecast.seconds(BODY, 1.0) == pytest.approx(4 / 2 + 1.0, rel=0.1)


def test_the_bodies_of_other_models_are_in_the_way_too() -> None:
    line = DecodingLine(1)
    slow, quick = known(line, seconds=5.0), known(line, seconds=1.0)
    slow.began(1, BODY, 1.0)
    assert quick.rows == 0
    assert quick.seconds(BODY, 1.0) == pytest.approx(6.0, rel=0.1)


def test_a_model_that_is_gone_is_in_nobodys_way() -> None:
    line = DecodingLine(1)
    gone, stays = known(line), known(line)
    gone.began(1, BODY, 1.0)
    del gone
    assert stays.seconds(BODY, 1.0) == pytest.approx(1.0, rel=0.1)


def test_what_left_undecoded_teaches_nothing() -> None:
    forecast = known(DecodingLine(1))
    before = forecast.seconds(BODY, 1.0)
    forecast.began(1, BODY, 1.0)
    forecast.ended(1, BODY, 1.0, None)
    assert (forecast.rows, forecast.seconds(BODY, 1.0)) == (0, before)


def test_an_estimate_that_was_not_tried_for_long_is_doubted_and_soon_put_right() -> None:
    forecast = known(DecodingLine(1), seconds=100.0)
    assert forecast.seconds(BODY, 999.0) > 99.0
    assert forecast.seconds(BODY, 1100.0) == 0.0
    forecast.began(1, BODY, 1100.0)
    assert forecast.seconds(BODY, 1100.0) > 99.0
    forecast.ended(1, BODY, 1101.0, 1.0)
    assert forecast.seconds(BODY, 1101.0) < 2 * 60.0


# Ten times the load

THREADS = 2
DEADLINE = 0.2
SECONDS = 5.0
ROWS = 4


@dataclass
class Outcome:
    in_time: int = 0
    decoded: int = 0
    most_coming: int = 0


async def overload(rate: float, seconds: float, *, decode_seconds: float, run_seconds: float) -> Outcome:
    """Long bodies at an even rate, each of as many rows as a batch takes, decoded on two threads."""
    loop = asyncio.get_running_loop()
    policy = Policy(buckets_up_to(ROWS))
    latency = LatencyTable(policy.buckets)
    for bucket in policy.buckets:
        latency.calibrate(bucket, [run_seconds])
    batcher = Batcher(
        SimulatedLane(seconds=run_seconds).start,
        policy,
        RecordingObserver(),
        latency,
        Turns(),
        is_batched=True,
        max_queue_rows=4096,
        max_queue_bytes=1 << 30,
        clock=loop.time,
    )
    forecast = DecodeForecast(DecodingLine(THREADS))
    threads = asyncio.Semaphore(THREADS)
    outcome = Outcome()

    async def ask() -> None:
        arrived, took = loop.time(), None
        try:
            batcher.admit(
                ROWS,
                0,
                Timeout.of(DEADLINE),
                coming_rows=forecast.rows,
                ready_seconds=forecast.seconds(BODY, arrived),
            )
            forecast.began(ROWS, BODY, arrived)
            if outcome.decoded:  # before, nobody can know how long it takes
                outcome.most_coming = max(outcome.most_coming, forecast.rows)
            try:
                async with threads:
                    await asyncio.sleep(decode_seconds)
                    outcome.decoded += 1
                    took = decode_seconds
            finally:
                forecast.ended(ROWS, BODY, loop.time(), took)
            tensors = {"x": np.zeros((ROWS, 1), np.float32)}
            await batcher.submit(tensors, ROWS, Timeout.of(DEADLINE, loop.time() - arrived))
        except ServingError:
            return
        outcome.in_time += loop.time() - arrived <= DEADLINE

    asked = []
    for _ in range(round(rate * seconds)):
        asked.append(asyncio.ensure_future(ask()))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*asked)
    assert forecast.rows == 0
    assert batcher.is_idle
    return outcome


@pytest.mark.parametrize("times", [1.5, 10.0])
@pytest.mark.parametrize(
    ("decode_seconds", "run_seconds"),
    [
        pytest.param(0.04, 0.01, id="where decoding holds them up"),
        pytest.param(0.01, 0.02, id="where the model does"),
    ],
)
def test_in_overload_long_bodies_are_answered_as_fast_as_can_be_and_in_time(
    times: float, decode_seconds: float, run_seconds: float
) -> None:
    capacity = min(THREADS / decode_seconds, 1 / run_seconds)
    asking = overload(times * capacity, SECONDS, decode_seconds=decode_seconds, run_seconds=run_seconds)
    outcome = run_simulated(asking)
    assert outcome.in_time >= 0.95 * capacity * SECONDS
    assert outcome.decoded - outcome.in_time <= 0.05 * outcome.decoded
    assert outcome.most_coming <= ROWS * DEADLINE * 2 * capacity
