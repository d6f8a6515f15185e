"""Record when a live server is asked: `python -m tests.simulation.record PORT MODEL`.

Callers on the bench's connections ask a few times in a row and then think, as
people and jobs do; what is kept are the gaps between any two requests.
"""

import asyncio
import json
import sys
import time
from itertools import pairwise
from random import Random

from loadtests.bench.closed_loop import HOST, Recorder
from loadtests.bench.rest_connection import RestConnection
from loadtests.bench.rest_v2 import binary_request, fetch_inputs, infer_path, whole_request
from loadtests.bench.tensors import made_rows
from tests.simulation.arrivals import RECORDED

CALLERS = 48
REQUESTS = 4000
VISIT_SECONDS = 0.02
THINKING_SECONDS = 0.1


async def record(port: int, request: bytes) -> list[int]:
    """Give the gaps in microseconds."""
    loop = asyncio.get_running_loop()
    random = Random(1)
    sent: list[float] = []

    async def visit() -> None:
        """Ask again and again for a while."""
        recorder = Recorder()
        await loop.create_connection(lambda: RestConnection(request, recorder), HOST, port)
        await asyncio.sleep(random.expovariate(1 / VISIT_SECONDS))
        recorder.is_open = False
        await recorder.until_all_left()
        assert not recorder.errors
        at = time.perf_counter()
        for seconds in reversed(recorder.latencies_seconds):
            at -= seconds
            sent.append(at)

    async def caller() -> None:
        while len(sent) <= REQUESTS:
            await asyncio.sleep(random.lognormvariate(0.0, 1.0) * THINKING_SECONDS)
            await visit()

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return [max(1, round((after - before) * 1e6)) for before, after in pairwise(sorted(sent)[: REQUESTS + 1])]


def main(port: int, model_name: str) -> None:
    headers, body = binary_request(made_rows(fetch_inputs(model_name, port)))
    gaps = asyncio.run(record(port, whole_request(infer_path(model_name), port, headers, body)))
    RECORDED.write_text(json.dumps({"gaps_microseconds": gaps}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
