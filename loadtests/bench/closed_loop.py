"""Drive a server with connections that each keep one request in flight.

A connection sends its next request as soon as it has its answer, so the load
follows the server and the connections are the concurrency. Warm-up and
measurement are one uninterrupted stream of requests, cut by the clock: the
measured seconds hold no connecting, no first request and no end. Whoever
builds the connections knows the protocol; this file does not.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import uvloop

from loadtests.bench.errors import BenchError

HOST = "127.0.0.1"

_LAST_ANSWERS_SECONDS = 5.0


class Recorder:
    """What the connections of one measurement report to.

    `is_open` turns false when the time is up; a connection that has its answer
    then closes, so that nothing is left running for the next measurement.
    """

    __slots__ = ("_all_left", "_connections", "errors", "is_open", "latencies_seconds")

    def __init__(self) -> None:
        self.latencies_seconds: list[float] = []
        self.errors = 0
        self.is_open = True
        self._connections = 0
        self._all_left = asyncio.Event()

    def join(self) -> None:
        """Count a connection that is about to send its first request."""
        self._connections += 1
        self._all_left.clear()

    def leave(self) -> None:
        """Count a connection that is closed, which is an error while the time is not up."""
        self._connections -= 1
        if self._connections == 0:
            self._all_left.set()
        if self.is_open:
            self.errors += 1

    async def until_all_left(self) -> None:
        await self._all_left.wait()

    def restart(self) -> None:
        """Forget the latencies of the warm-up; its errors count."""
        self.latencies_seconds = []


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measurement saw, before anything is computed from it."""

    latencies_seconds: list[float]
    errors: int
    seconds: float
    client_cpu_seconds: float
    server_cpu_seconds: float | None


@dataclass(frozen=True, slots=True)
class Load:
    """How many connections ask, and for how long before and while answers count."""

    connections: int
    warm_up_seconds: float
    seconds: float


OpenConnection = Callable[[Recorder], asyncio.Protocol]
CpuSeconds = Callable[[], float | None]


def measure(open_connection: OpenConnection, port: int, load: Load, server_cpu_seconds: CpuSeconds) -> Sample:
    """Put the load on the server at `port` and return what was answered in its seconds."""
    # The collector's pauses would be counted as the server's latency.
    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure(open_connection, port, load, server_cpu_seconds))
    finally:
        gc.enable()


async def _measure(open_connection: OpenConnection, port: int, load: Load, server_cpu_seconds: CpuSeconds) -> Sample:
    loop = asyncio.get_running_loop()
    recorder = Recorder()
    transports = []
    try:
        for _ in range(load.connections):
            transport, _ = await loop.create_connection(lambda: open_connection(recorder), HOST, port)
            transports.append(transport)
    except OSError as refusal:
        raise BenchError(f"cannot connect to {HOST}:{port}: {refusal}") from refusal

    await asyncio.sleep(load.warm_up_seconds)
    recorder.restart()
    began, client_cpu, server_cpu = time.perf_counter(), time.process_time(), server_cpu_seconds()
    await asyncio.sleep(load.seconds)
    sample = Sample(
        latencies_seconds=recorder.latencies_seconds,
        errors=recorder.errors,
        seconds=time.perf_counter() - began,
        client_cpu_seconds=time.process_time() - client_cpu,
        server_cpu_seconds=_difference(server_cpu_seconds(), server_cpu),
    )
    # Answers that are still to come go to a list that the sample does not hold.
    recorder.restart()
    recorder.is_open = False
    with suppress(TimeoutError):
        await asyncio.wait_for(recorder.until_all_left(), _LAST_ANSWERS_SECONDS)
    for transport in transports:
        transport.abort()
    if not sample.latencies_seconds:
        raise BenchError(
            f"{load.connections} connections got no answer within {sample.seconds:.1f} s "
            f"({sample.errors} errors); the server's log may say why"
        )
    return sample


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before
