"""Replace servers one by one under load, and count what was lost.

`python -m tests.chaos.rolling --rounds 20 --requests 50000` takes some minutes:
in each round the older of two servers behind a balancer is told to end, and
another takes its place. Exit status 1 where a single request was lost.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.balancer import ConnectionBalancer, Endpoint
from tests.chaos.callers import MODEL
from tests.chaos.load import Load
from tests.servers import RunningServer, build_models

LAME_DUCK_SECONDS = 1.5
"""Longer than the balancer takes to see that a backend is not ready any more."""
BACKENDS = 2


@dataclass(frozen=True)
class Outcome:
    """What a roll showed."""

    answered: int
    lost: Sequence[str]
    last_replies: int
    """REST answers that said the connection ends with them."""
    statuses: Sequence[int]
    """With which each server ended that was told to."""


async def roll(model: Path, *, rounds: int, requests: int) -> Outcome:
    """Answer at least so many requests while so many servers are replaced."""
    options = ("--model_name", MODEL, "--drain_lame_duck_seconds", str(LAME_DUCK_SECONDS))
    statuses = []
    with ExitStack() as stack:

        async def begin() -> RunningServer:
            server = stack.enter_context(RunningServer(model, *options, until=None))
            await asyncio.to_thread(server.wait_for, "ready")
            return server

        async with ConnectionBalancer() as balancer:
            servers = [await begin() for _ in range(BACKENDS)]
            for server in servers:
                balancer.add(endpoint(server))
            await balancer.has_ready(BACKENDS)
            load = Load(balancer.front, seconds=None, max_requests=requests)
            load.add_keep_alive(4, think_seconds=0.001)
            load.add_keep_alive(8, think_seconds=0.05)
            # The slowest who still hear that their connection ends. One that is idle for longer is closed, and whoever
            # asks on it at that very moment is out of luck: HTTP/1.1 has no word that would tell them.
            load.add_keep_alive(2, think_seconds=LAME_DUCK_SECONDS / 2)
            load.add_fresh(4, think_seconds=0.01)
            load.add_grpc(4, think_seconds=0.01)
            for number in range(1, rounds + 1):
                await load.has_answered(max(1, requests * number // rounds - load.answered))
                oldest = servers.pop(0)
                oldest.signal(signal.SIGTERM)
                statuses.append(await asyncio.to_thread(oldest.wait_for_end))
                balancer.remove(endpoint(oldest))
                servers.append(await begin())
                balancer.add(endpoint(servers[-1]))
                await balancer.has_ready(BACKENDS)
                print(f"round {number} of {rounds}: {load.answered} answered, {len(load.lost)} lost", flush=True)  # noqa: T201
            await load.stop()
    return Outcome(load.answered, load.lost, load.last_replies, statuses)


def endpoint(server: RunningServer) -> Endpoint:
    return Endpoint(server.http_address, server.grpc_address)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.rolling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--requests", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build_models("tests.chaos.build_models", Path(folder))
        outcome = asyncio.run(roll(Path(folder, "quick"), rounds=asked.rounds, requests=asked.requests))
    for line in outcome.lost[:20]:
        print(line)  # noqa: T201
    if outcome.lost or any(outcome.statuses):
        sys.exit(f"{len(outcome.lost)} of {outcome.answered + len(outcome.lost)} requests were lost")


if __name__ == "__main__":
    main()
