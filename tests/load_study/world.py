"""A world in which servers are as fast as is written down, on a machine that is noisy as is written down.

What load tests meet on shared machines: latency has a long tail, seconds that
follow each other are alike, now and then all stands still, and the machine as a
whole is a little faster or slower from run to run.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import KEPT_BITS, MICROSECONDS, Histogram
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run, Span
from loadtests.measure.timeline import Timeline
from loadtests.profile.form import Profile


@dataclass(frozen=True, slots=True)
class Machine:
    between_runs: float = 0.04
    """The standard deviation of the logarithm of how slow it is, from run to run."""
    between_seconds: float = 0.04
    """The same from second to second."""
    spread: float = 0.3
    """The same from request to request."""
    crowd: float = 0.15
    """The share of requests that meet something else at work and wait for it; the others do not notice."""
    crowd_swing: float = 0.6
    """How far the odds of that swing from second to second, as a logarithm."""
    likeness: float = 0.8
    """How much of its mood a second has from the one before."""
    wait_times: float = 2.0
    """How long one waits then, in times of what it takes alone; exponential."""
    stalls_a_minute: float = 0.5
    """Times at which all stands still."""
    stall_seconds: float = 0.3


@dataclass(frozen=True, slots=True)
class Server:
    median_seconds: float = 0.006
    times: float = 1.0
    added_seconds: float = 0.0
    failing: float = 0.0
    """The share of the requests that end in an error."""


def simulated(profile: Profile, server: Server, machine: Machine, chance: np.random.Generator) -> Run:
    """Run the phases of a profile, at its rate, by Poisson."""
    run_factor = machine.between_runs * chance.standard_normal()
    timeline, spans, second, mood = Timeline(), [], 0, chance.standard_normal()
    for phase in profile.phases:
        planned = 0
        for place in range(second, second + int(phase.seconds)):
            fresh = chance.standard_normal()
            mood = machine.likeness * mood + np.sqrt(1 - machine.likeness**2) * fresh
            slowness = run_factor + machine.between_seconds * chance.standard_normal()
            odds = machine.crowd / (1 - machine.crowd) * np.exp(machine.crowd_swing * mood)
            many = int(chance.poisson(profile.rate))
            timeline.cells[place, "v2"] = _cell(many, slowness, odds / (1 + odds), server, machine, chance)
            planned += many
        spans.append(Span(phase.name, phase.role, second, second + int(phase.seconds), planned, rate=profile.rate))
        second += int(phase.seconds)
    return Run(
        profile=profile.model_dump(mode="json"),
        profile_name="simulated",
        target={"model": "mnist"},
        began_at="2026-01-01T00:00:00+00:00",
        timeline=timeline,
        spans=spans,
    )


def _cell(
    many: int, slowness: float, crowd: float, server: Server, machine: Machine, chance: np.random.Generator
) -> Cell:
    latencies = server.median_seconds * np.exp(slowness + machine.spread * chance.standard_normal(many))
    latencies = latencies * server.times + server.added_seconds
    waits = latencies * machine.wait_times * chance.standard_exponential(many)
    latencies = np.where(chance.random(many) < crowd, latencies + waits, latencies)
    if chance.random() < machine.stalls_a_minute / 60:
        # Whoever comes while all stands still waits until it goes on.
        since = chance.random(many)
        length = machine.stall_seconds * chance.exponential()
        latencies = np.where(since < length, latencies + length - since, latencies)
    failed = chance.random(many) < server.failing
    cell = Cell()
    answered = _histogram(latencies[~failed])
    if answered.total:
        cell.responses[Outcome.OK] = answered
    if failed.any():
        cell.responses[Outcome.SERVER] = Histogram()
        cell.responses[Outcome.SERVER].add(0.002, int(failed.sum()))
    cell.lags.add(0.0005, many)
    return cell


def _histogram(latencies: npt.NDArray[np.float64]) -> Histogram:
    """As adding each would, at once."""
    microseconds = np.rint(latencies * MICROSECONDS).astype(np.int64)
    shift = np.maximum(0, np.frexp(microseconds)[1] - KEPT_BITS)
    found, counts = np.unique(microseconds >> shift << shift, return_counts=True)
    return Histogram(dict(zip(found.tolist(), counts.tolist(), strict=True)))
