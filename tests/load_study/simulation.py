"""How often a comparison is wrong of runs in a world that is known: the same server twice, and one that is slower."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadtests.profile.form import Profile
from loadtests.report.comparison import answer
from loadtests.verdict.compare import compare
from loadtests.verdict.comparison import Rule
from monitoring import slo
from tests.load_study.world import Machine, Server, simulated

MACHINES = {
    "quiet": Machine(between_runs=0.02, between_seconds=0.02, crowd=0.03, stalls_a_minute=0.2),
    "shared": Machine(),
    "busy": Machine(
        between_runs=0.05, between_seconds=0.06, crowd=0.45, crowd_swing=0.9, wait_times=4, stalls_a_minute=3
    ),
}
"""Busy is as p10, p50 and p95 of sixteen real runs on a machine with eight others at work swung."""
SECONDS = (16, 60)
SERVERS = {
    "the same": Server(),
    "10 % slower": Server(times=1.1),
    "25 % slower": Server(times=1.25),
    "50 % slower": Server(times=1.5),
    "1 % fails": Server(failing=0.01),
}


@dataclass(frozen=True, slots=True)
class Trial:
    machine: str
    seconds: int
    server: str
    worse: float
    """The share of pairs that came out so."""
    better: float
    untold: float


def trials(pairs: int, seed: int) -> Iterator[Trial]:
    promise = slo.read()
    for machine_name, machine in MACHINES.items():
        for seconds in SECONDS:
            profile = _profile(seconds)
            for server_name, server in SERVERS.items():
                chance = np.random.default_rng([seed, seconds, len(machine_name), len(server_name)])
                found: Counter[str] = Counter()
                for _ in range(pairs):
                    before = simulated(profile, Server(), machine, chance)
                    after = simulated(profile, server, machine, chance)
                    found[answer(compare(before, after, promise, Rule()))] += 1
                shares = (found[each] / pairs for each in ("worse", "better", "inconclusive"))
                yield Trial(machine_name, seconds, server_name, *shares)


def _profile(seconds: int) -> Profile:
    return Profile.model_validate(
        {
            "summary": "of a world that is known",
            "rate": 60,
            "streams": [{"name": "v2", "protocol": "v2"}],
            "phases": [{"name": "steady", "role": "load", "seconds": seconds}],
        }
    )
