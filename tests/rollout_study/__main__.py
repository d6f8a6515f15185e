"""Measure how often gates are wrong, and how soon they find what is amiss: `python -m tests.rollout_study`.

Writes the tables of docs/rollout-gates.md: `alarms` rolls out versions that are
as good as the stable one, `faults` versions that are not, `shares` holds one
share until something is found. The same seed gives the same tables.
"""

import statistics
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Limits, Plan, Step
from tests.rollout_study.faults import FAULTS, WELL
from tests.rollout_study.rollout import Ending, planned, roll_out
from tests.rollout_study.world import World

FEW = Plan(steps=(Step(percent=25), Step(percent=50))).steps
"""For services with few requests."""
EQUAL = {
    "well": WELL,
    "no stalls": replace(WELL, stalls=0.0),
    "0.3 % errors, as the stable one": replace(WELL, errors=0.003),
}
SHARES = (1, 5, 10, 25, 50)


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(prog="python -m tests.rollout_study", description=__doc__)
    parser.add_argument("what", choices=("alarms", "faults", "shares"))
    parser.add_argument("--times", type=int, default=100, help="rollouts of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    {"alarms": alarms, "faults": faults, "shares": shares}[options.what](options.times, options.seed)
    return 0


def alarms(times: int, seed: int) -> None:
    """Both versions are the same."""
    print("| version | requests a second | steps | promoted | aborted by a gate | inconclusive | minutes |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, version in EQUAL.items():
        for rate, steps in ((1, FEW), (10, None), (50, None)):
            plan = planned(**({"steps": steps} if steps else {}))
            endings = [roll_out(plan, World(rate, version, version, (seed, rate, time))) for time in range(times)]
            count = Counter(ending.exit for ending in endings)
            _row(
                name,
                rate,
                ", ".join(f"{step.percent:g}" for step in plan.steps),
                *(f"{count[end]} of {times}" for end in (Exit.PROMOTED, Exit.ABORTED, Exit.INCONCLUSIVE)),
                f"{statistics.median(ending.seconds for ending in endings) / 60:.0f}",
            )
            _told(endings)


def faults(times: int, seed: int) -> None:
    """The new version is worse."""
    print("| fault | requests a second | taken back | reached, median (most) % | went to it, median (most) % |")
    print("| --- | --- | --- | --- | --- |")
    for name, version in FAULTS.items():
        for rate in (10, 50):
            found: list[tuple[Ending, float]] = []
            for time in range(times):
                world = World(rate, version, WELL, (seed, rate, time))
                ending = roll_out(planned(), world)
                found.append((ending, 100 * world.canary_share))
            back = sum(ending.exit is not Exit.PROMOTED for ending, _ in found)
            _row(
                name,
                rate,
                f"{back} of {times}",
                _spread(ending.percent for ending, _ in found),
                _spread(share for _, share in found),
            )


def shares(times: int, seed: int) -> None:
    """One share is held until something is found, for an hour at most."""
    print("| fault | " + " | ".join(f"{share} %" for share in SHARES) + " |")
    print("| --- " * (1 + len(SHARES)) + "|")
    limits = Limits(inconclusive_seconds=7200)
    for name, version in FAULTS.items():
        row = []
        for share in SHARES:
            plan = planned(steps=(Step(percent=share, windows=60),), limits=limits)
            endings = []
            for time in range(times):
                world = World(50, version, WELL, (seed, share, time))
                endings.append((roll_out(plan, world), world.canary_requests))
            row.append(_found(endings, times))
        _row(name, *row)


def _found(endings: Iterable[tuple[Ending, float]], times: int) -> str:
    seconds = [(ending.seconds - ending.began, requests) for ending, requests in endings if ending.exit is Exit.ABORTED]
    if len(seconds) < times / 2:
        return f"{len(seconds)} of {times} found"
    late = "" if len(seconds) == times else f", {len(seconds)} of {times}"
    return (
        f"{statistics.median(second for second, _ in seconds):.0f} s,"
        f" {statistics.median(requests for _, requests in seconds):,.0f} requests{late}"
    )


def _spread(values: Iterable[float]) -> str:
    known = sorted(values)
    return f"{_short(statistics.median(known))} ({_short(known[-1])})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _told(endings: Iterable[Ending]) -> None:
    why = Counter(", ".join(ending.failed) for ending in endings if ending.exit is Exit.ABORTED)
    for gates, count in why.items():
        print(f"{count} times by {gates}", file=sys.stderr)


def _row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
