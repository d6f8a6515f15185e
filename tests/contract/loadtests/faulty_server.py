"""A model server that goes wrong on command: `python -m tests.contract.loadtests.faulty_server --fault ...`.

It tells its ports in its first line of output, and in its last, when it is told
to end or dies by its own fault, what it has seen and done: the truth that a
report of a load test is held against.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf, log
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

import loadtests.data
from tests.contract.loadtests.faults import KINDS, Deed, Fault, Faults
from tests.contract.loadtests.faulty_answers import Answers
from tests.contract.loadtests.faulty_grpc import GrpcConnection
from tests.contract.loadtests.faulty_rest import RestConnection

DIGITS = Path(loadtests.data.__file__).with_name("digits.npz")
SILENCE_SECONDS = 0.5
"""Who tries first whether all is well is silent for so long before the load, which faults and counts are for."""


class FaultyServer:
    """What all connections share."""

    def __init__(self, faults: Faults, latency: Callable[[], float], labels: Mapping[bytes, int]) -> None:
        self.answers = Answers(labels)
        self._faults = faults
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._began = inf
        self._tried_at = inf
        self._requests: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._seconds: list[float] = []

    @property
    def _now(self) -> float:
        return max(0.0, time.monotonic() - self._began)

    def takes(self) -> bool:
        return self._began == inf or not self._faults.connection_is_refused(self._now)

    def is_ready(self) -> bool:
        return self._faults.is_ready(self._now)

    def begin(self, protocol: str) -> Deed:
        if self._began == inf and not self._begins():
            return Deed(delay=self._latency())
        self._requests[protocol] += 1
        deed = self._faults.deed(self._now, has_id=protocol != "v1")
        return deed._replace(delay=deed.delay + self._latency())

    def end(self, code: str, began: float) -> None:
        if began < self._began:
            return
        self._codes[code] += 1
        if code == "200":
            self._seconds.append(time.monotonic() - began)

    def _begins(self) -> bool:
        """Whether this request is the first of the load."""
        now = time.monotonic()
        last, self._tried_at = self._tried_at, now
        if now - last < SILENCE_SECONDS:
            return False
        self._began = now
        for fault in self._faults.of("freeze"):
            self._loop.call_later(fault.begins, self._freeze, fault.seconds)
        for fault in self._faults.of("die"):
            self._loop.call_later(fault.begins, self._die)
        return True

    def _freeze(self, seconds: float) -> None:
        self._faults.counts["freeze"] += 1
        time.sleep(seconds)

    def _die(self) -> None:
        self.tell()
        os._exit(1)

    def tell(self) -> None:
        seconds = sorted(self._seconds)
        truth = {
            "requests": dict(self._requests),
            "codes": dict(self._codes),
            "faults": dict(self._faults.counts),
            "seconds": {
                f"p{share:g}": seconds[max(0, int(np.ceil(share / 100 * len(seconds))) - 1)] for share in (50, 95, 99)
            }
            if seconds
            else {},
        }
        say(truth)


def say(words: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def read_latency(text: str, seed: int) -> Callable[[], float]:
    """`0.003`, or `lognormal:MEDIAN:SIGMA`."""
    kind, *numbers = text.split(":")
    if kind == "lognormal":
        median, sigma = map(float, numbers)
        drawn = random.Random(seed)
        return lambda: drawn.lognormvariate(log(median), sigma)
    return lambda: float(kind)


def read_labels(file: Path) -> dict[bytes, int]:
    with np.load(file) as arrays:
        pictures, labels = arrays["images"], arrays["labels"]
    return {picture.tobytes(): int(label) for picture, label in zip(pictures, labels, strict=True)}


async def serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    server = FaultyServer(
        Faults(tuple(options.fault)), read_latency(options.latency, options.seed), read_labels(options.data)
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    ports = {}
    for protocol, connection in (("http", RestConnection), ("grpc", GrpcConnection)):
        listener = await loop.create_server(lambda made=connection: made(server), "127.0.0.1", 0, backlog=2048)  # type: ignore[misc]
        address: tuple[str, int] = listener.sockets[0].getsockname()
        ports[f"{protocol}_port"] = address[1]
    say(ports)
    await ended.wait()
    server.tell()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())
    parser.add_argument("--fault", action="append", type=Fault.read, default=[], help=words)
    parser.add_argument("--latency", default="0.003", help="seconds, or lognormal:MEDIAN:SIGMA")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=DIGITS, help="an .npz of images and labels; by these it answers")
    uvloop.run(serve(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
