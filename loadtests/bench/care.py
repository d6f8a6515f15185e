"""What metrics, checks and a look at rows cost, on a machine that is not quiet.

    python -m loadtests.bench.care [--model FOLDER] [--turns 12] [--seconds 0.7]

Four servers run side by side on one core and are asked in turn for less than a
second each: bare, with metrics and checks, with a look at rows as by default,
and with ids for late labels besides, which have to be asked for. What is compared
is processor time a request, within each turn, so that what else the machine
does falls on all alike. `make bench` compares their throughput, which says the
same where nothing else runs. Linux only.
"""

import argparse
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from loadtests.bench.closed_loop import Load, measure
from loadtests.bench.cores import choose_cores, pinned_to
from loadtests.bench.cpu_time import exact_cpu_seconds
from loadtests.bench.errors import BenchError
from loadtests.bench.protocols import PROTOCOLS, PreparedRequest, Target
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.servers import BARE, OURS, UNWATCHED, Contender, running
from loadtests.bench.tensorflow_process import make_mlp
from loadtests.bench.tensors import made_rows

CONNECTIONS = 64
WARM_UP_SECONDS = 0.2


@dataclass
class Arm:
    """One of the four, and what it took."""

    contender: Contender
    target: Target
    microseconds: list[float] = field(default_factory=list)
    """Of processor time a request, a figure a turn."""


def take_turns(arms: list[Arm], protocol: str, turns: int, seconds: float) -> None:
    inputs = fetch_inputs(arms[0].target.model_name, arms[0].target.http_port)
    requests = [PROTOCOLS[protocol](arm.target, made_rows(inputs)) for arm in arms]
    for arm, request in zip(arms, requests, strict=True):
        arm.microseconds = []
        request.ask()
    for turn in range(turns):
        # Whoever is first may find the core cold.
        for index in range(len(arms)):
            at = (turn + index) % len(arms)
            arms[at].microseconds.append(_cost(arms[at], requests[at], seconds))


def _cost(arm: Arm, request: PreparedRequest, seconds: float) -> float:
    load = Load(CONNECTIONS, WARM_UP_SECONDS, seconds)
    sample = measure(request.open_connection, request.port, load, partial(exact_cpu_seconds, arm.target.process_id))
    return (sample.server_cpu_seconds or 0.0) / len(sample.latencies_seconds) * 1e6


def told(arms: list[Arm], protocol: str) -> str:
    bare = arms[0].microseconds
    parts = [f"{protocol:10} {arms[0].contender.title}: {median(bare):.1f} µs a request"]
    for arm in arms[1:]:
        shares = [1 - before / after for before, after in zip(bare, arm.microseconds, strict=True)]
        low, middle, high = quantiles(shares, n=4)
        parts.append(
            f"{arm.contender.title}: {median(arm.microseconds):.1f} µs, {middle:.0%} [{low:.0%} to {high:.0%}]"
        )
    return "; ".join(parts)


def _with_ids(folder: Path) -> Contender:
    keys = folder.resolve() / "feedback-keys"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(f"bench:{'0123456789abcdef' * 4}\n", encoding="utf-8")
    return Contender("ecluse-ids", "Écluse with ids for late labels", "serving", {"FEEDBACK_KEYS_FILE": str(keys)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.care")
    parser.add_argument("--model", type=Path, help="a folder of numbered versions (the bench's own mlp)")
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.7, help="of one arm in one turn")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for logs and the model")
    given = parser.parse_args()
    folder = given.model or make_mlp(given.out / "models/mlp")
    if not folder.is_dir():
        raise BenchError(f"there is no model in {folder}")
    name = folder.resolve().name
    cores = choose_cores()
    with ExitStack() as servers, pinned_to(cores.client if cores else None):
        arms = [
            Arm(
                arm,
                servers.enter_context(
                    running(
                        arm,
                        model_name=name,
                        model_dir=folder,
                        core=cores.server if cores else None,
                        log=given.out / "logs" / f"care-{arm.name}.log",
                    )
                ),
            )
            for arm in (BARE, UNWATCHED, OURS, _with_ids(given.out))
        ]
        print(f"{name}, {CONNECTIONS} connections, {given.turns} turns; median cost and its quartiles", flush=True)
        for protocol in PROTOCOLS:
            take_turns(arms, protocol, given.turns, given.seconds)
            print(told(arms, protocol), flush=True)


if __name__ == "__main__":
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        main()
    except BenchError as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
