"""Callers of every kind at constant arrivals, and a file of all that became of them.

`python -m tests.cluster.rolling.load --http HOST:PORT --grpc HOST:PORT --rate 150
responses.csv` asks until it is told to end (SIGTERM, or its standard input
closes), waits for the last answers, and leaves. Each request is sent when it is
due, once, and never again, by gRPC neither. A process of its own, so that
nothing that watches the cluster takes its processor in the middle of a request.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import grpc
import uvloop

from tests.chaos.callers import Connection, Reply, Rpc, ask, reason
from tests.cluster.rolling.arrivals import Arrival, Kind, arrivals, shared
from tests.cluster.rolling.questions import PICTURES, Questions
from tests.cluster.rolling.record import NO_CONNECTION, WRONG, Response, Writer
from tests.cluster.rolling.rest_pool import ConnectionLost, RestPool

PATIENCE_SECONDS = 30.0
"""Whoever has waited so long has lost the request."""

BUSY_CONNECTIONS = 8
IDLE_SECONDS = 6.0
"""How long each of the silent connections is silent; a drain tells only those who ask within its lame duck."""
CHANNELS = 6
IN_FLIGHT = 3000
"""Requests that may wait at a time, before this machine is harmed; more are counted as lost without being sent."""
TROUBLE_LETTERS = 300


class Told(NamedTuple):
    """What a caller heard."""

    status: str
    version: str = ""
    reason: str = ""
    trouble: str = ""


class Callers:
    """All callers of one service."""

    def __init__(self, http: str, grpc_address: str, questions: Questions, writer: Writer, rate: float) -> None:
        rates = shared(rate)
        self._http = http
        self._questions = questions
        self._writer = writer
        self._arrivals = arrivals(rates)
        self._busy = RestPool(http, BUSY_CONNECTIONS, IDLE_SECONDS)
        self._idle = RestPool(http, max(1, round(rates[Kind.IDLE] * IDLE_SECONDS)), IDLE_SECONDS)
        self._channels = [Rpc(grpc_address, sends_again=False) for _ in range(CHANNELS)]
        self._ways: dict[Kind, Callable[[int], Awaitable[Told]]] = {
            Kind.KEEP_ALIVE: lambda number: self._by_pool(self._busy, number),
            Kind.IDLE: lambda number: self._by_pool(self._idle, number),
            Kind.FRESH: self._by_new_connection,
            Kind.GRPC: self._by_grpc,
        }
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop, and hear the last answers."""
        began = time.monotonic()
        for arrival in self._arrivals:
            wait = began + arrival.seconds - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            if stop.is_set():
                break
            task = asyncio.create_task(self._one(arrival, began + arrival.seconds))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        await asyncio.gather(*self._in_flight)
        for pool in (self._busy, self._idle):
            await pool.close()
        for channel in self._channels:
            await channel.channel.close()

    async def _one(self, arrival: Arrival, scheduled: float) -> None:
        sent = time.monotonic()
        if len(self._in_flight) > IN_FLIGHT:
            told = Told(NO_CONNECTION, trouble=f"not sent: {IN_FLIGHT} requests are waiting already")
        else:
            told = await self._ways[arrival.kind](arrival.number)
        ended = time.monotonic()
        trouble = told.trouble[:TROUBLE_LETTERS]
        self._writer.write(
            Response(
                arrival.kind, arrival.number, scheduled, sent, ended, told.status, told.version, told.reason, trouble
            )
        )

    # Ways to ask

    async def _by_pool(self, pool: RestPool, number: int) -> Told:
        questions = self._questions
        told = await _heard(pool.ask(questions.infer, questions.v2(number)))
        if isinstance(told, Told):
            return told
        trouble, version = questions.objection_v2(number, told.body)
        return Told(WRONG if trouble else "200", version, trouble=trouble)

    async def _by_new_connection(self, number: int) -> Told:
        questions = self._questions
        told = await _heard(ask(self._http, "POST", questions.predict, questions.v1(number)))
        if isinstance(told, Told):
            return told
        trouble = questions.objection_v1(number, told.body)
        return Told(WRONG if trouble else "200", trouble=trouble)

    async def _by_grpc(self, number: int) -> Told:
        channel = self._channels[number % CHANNELS]
        try:
            response = await channel.start(self._questions.message(number), seconds=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as error:
            return Told(error.code().name, reason=reason(error), trouble=str(error.details()))
        trouble, version = self._questions.objection_grpc(number, response)
        return Told(WRONG if trouble else "OK", version, trouble=trouble)


async def _heard(asking: Awaitable[Reply]) -> Reply | Told:
    """Give a reply that says 200, or what there is to tell of another."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reply = await asking
    except TimeoutError:
        return Told(NO_CONNECTION, trouble=f"no answer within {PATIENCE_SECONDS:g} s")
    except ConnectionLost as lost:
        return Told(NO_CONNECTION, trouble=str(lost))
    except (OSError, EOFError) as error:
        return Told(NO_CONNECTION, trouble=repr(error))
    if reply.status == 200:
        return reply
    return Told(
        str(reply.status), reason=reply.headers.get("ecluse-reason", ""), trouble=reply.body.decode(errors="replace")
    )


async def learnt(http: str, model: str) -> Questions:
    """Ask each picture alone, and keep the answers."""
    questions = Questions(model)
    bodies = []
    async with Connection.to(http) as connection:
        for number in range(PICTURES):
            reply = await connection.ask("POST", questions.infer, questions.v2(number))
            assert reply.status == 200, f"before anything changes: {reply.status} {reply.body!r}"
            bodies.append(reply.body)
    questions.learn(bodies)
    return questions


async def call(asked: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    questions = await learnt(asked.http, asked.model)
    print("calling", flush=True)  # noqa: T201 - whoever has started this waits for it
    with asked.responses.open("w", newline="") as file:
        callers = Callers(asked.http, asked.grpc, questions, Writer(file), asked.rate)
        await callers.run(stop)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.rolling.load", description=__doc__)
    parser.add_argument("--http", required=True, metavar="HOST:PORT")
    parser.add_argument("--grpc", required=True, metavar="HOST:PORT")
    parser.add_argument("--model", default="mnist")
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second, of all kinds together")
    parser.add_argument("responses", type=Path, help="the file to write every response to")
    try:
        uvloop.run(call(parser.parse_args()))
    except (OSError, EOFError) as error:
        sys.exit(f"no server answers: {error}")


if __name__ == "__main__":
    main()
