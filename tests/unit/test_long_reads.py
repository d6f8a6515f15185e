"""Long bodies on their way to the queue: nobody is decoded in vain."""

import asyncio
import threading
from math import inf

import pytest

from serving.call import Call
from serving.decode_forecast import DecodingLine
from serving.errors import DeadlineExceeded, Overloaded
from serving.long_reads import LongReads
from serving.off_loop import THREADS
from serving.schedule import Policy
from serving.timeout import Timeout
from tests.doubles import SimulatedLane
from tests.unit.test_batching_deadlines import FOUR, batcher_for

BODY = b"1234"


def long_reads(policy: Policy = FOUR, max_rows: int = 1000) -> LongReads:
    return LongReads(batcher_for(SimulatedLane(), policy, seconds=0.001, max_rows=max_rows), DecodingLine(THREADS))


class Held:
    """Decodes when it is told to."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.bodies: list[bytes] = []

    def __call__(self, body: bytes) -> int:
        assert self.may_go.wait(10.0)
        self.bodies.append(body)
        return len(body)


async def test_a_body_is_decoded_on_a_thread() -> None:
    assert await long_reads().read(len, BODY, rows=1, call=Call()) == 4


async def test_the_rows_of_bodies_being_decoded_take_their_room_in_the_queue() -> None:
    reads, held = long_reads(max_rows=8), Held()
    first = asyncio.ensure_future(reads.read(held, BODY, rows=8, call=Call()))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="8 rows"):
        await reads.read(held, BODY, rows=1, call=Call())
    held.may_go.set()
    assert await first == 4
    assert await reads.read(held, BODY, rows=8, call=Call()) == 4


async def test_a_body_whose_deadline_passes_while_it_waits_for_a_thread_is_not_decoded() -> None:
    reads, held = long_reads(), Held()
    first = [asyncio.ensure_future(reads.read(held, BODY, rows=1, call=Call())) for _ in range(THREADS)]
    await asyncio.sleep(0)
    call = Call(timeout_seconds=0.3)
    late = asyncio.ensure_future(reads.read(held, b"late", rows=1, call=call))
    await asyncio.sleep(0)
    await asyncio.sleep(call.timeout.left_seconds + 0.01)
    held.may_go.set()
    with pytest.raises(DeadlineExceeded, match="had passed before it could be decoded"):
        await late
    await asyncio.gather(*first)
    assert held.bodies == [BODY] * THREADS


async def test_a_body_that_cannot_be_read_gives_its_room_back() -> None:
    reads = long_reads(max_rows=8)
    with pytest.raises(ValueError, match="invalid literal"):
        await reads.read(int, b"no number", rows=8, call=Call())
    assert await reads.read(len, BODY, rows=8, call=Call()) == 4


async def test_the_default_deadline_counts_from_before_the_body_is_decoded() -> None:
    call = Call()
    await long_reads(Policy(FOUR.buckets, default_timeout_seconds=60.0)).read(len, BODY, rows=1, call=call)
    assert call.timeout.asked_seconds == 60.0
    assert call.timeout.left_seconds < 60.0


@pytest.mark.parametrize(("own", "most", "asked"), [(inf, 5.0, 5.0), (2.0, 5.0, 2.0), (5.0, 2.0, 2.0)])
def test_the_sooner_of_two_deadlines_counts(own: float, most: float, asked: float) -> None:
    call = Call(timeout_seconds=own)
    call.wait_at_most(most)
    assert call.timeout.asked_seconds == asked
    assert call.timeout <= Timeout.of(asked)
