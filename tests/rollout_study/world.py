"""Two versions that answer chance requests, as counts an interval long: what Prometheus would hold of them.

Requests come at random and are shared at random. Latency is log-normal, and a
server stalls now and then, so that slow answers come in bursts. What is amiss
with a version changes its numbers alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from k8s.rollout.gates.sample import Question, Sample
from k8s.rollout.side import Side
from monitoring.contract.values import LATENCY_SECONDS, PROBABILITIES
from tests.monitoring.draws import spread
from tests.rollout_answers import about, number

Floats = npt.NDArray[np.float64]
INTERVAL = 15.0
"""Seconds between scrapes."""
CLASSES = 10
ROWS = 1.3
"""Rows of a request."""


@dataclass(frozen=True, slots=True)
class Version:
    """How a version fares."""

    errors: float = 0.0005
    median: float = 0.012
    """Seconds."""
    sigma: float = 0.55
    stalls: float = 1 / 120
    """A second, of a server of its own; all that come meanwhile wait."""
    stall_seconds: float = 0.4
    accuracy: float = 0.97
    labelled: float = 0.1
    """Which part of the requests is labelled in time."""
    shares: tuple[float, ...] = (0.1,) * CLASSES
    confidence: tuple[float, float] = (22.0, 1.0)
    """Of a beta distribution."""
    memory: float = 700.0
    growth: float = 0.0
    """Mebibytes a second."""


@dataclass(slots=True)
class Counted:
    """What one side counted in each interval."""

    requests: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    durations: list[Floats] = field(default_factory=list)
    classes: list[Floats] = field(default_factory=list)
    confidences: list[tuple[Floats, float]] = field(default_factory=list)
    labels: list[tuple[float, float]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


class World:
    """Both versions under so many requests a second."""

    def __init__(self, rate: float, canary: Version, stable: Version, seed: Sequence[int]) -> None:
        self.rate = rate
        self.versions = {Side.CANARY: canary, Side.STABLE: stable}
        self.counted = {Side.CANARY: Counted(), Side.STABLE: Counted()}
        self.now = 0.0
        self._random = np.random.default_rng(seed)
        self._quick = {
            side: spread(np.array([version.median]), LATENCY_SECONDS, version.sigma)[0]
            for side, version in self.versions.items()
        }

    def go_on(self, percent: float) -> None:
        """Let one interval pass with this share."""
        for side, share in ((Side.CANARY, percent / 100), (Side.STABLE, 1 - percent / 100)):
            self._answer(side, float(self._random.poisson(self.rate * share * INTERVAL)))
        self.now += INTERVAL

    @property
    def canary_requests(self) -> float:
        return sum(self.counted[Side.CANARY].requests)

    @property
    def canary_share(self) -> float:
        """Which part of all requests the canary had."""
        return self.canary_requests / (self.canary_requests + sum(self.counted[Side.STABLE].requests))

    def _answer(self, side: Side, requests: float) -> None:
        random, version, counted = self._random, self.versions[side], self.counted[side]
        errors = float(random.binomial(int(requests), version.errors))
        well = int(requests - errors)
        # Who comes in a stall waits for the rest of it.
        stalled = min(random.poisson(version.stalls * INTERVAL) * version.stall_seconds / INTERVAL, 1.0)
        late = int(random.binomial(well, stalled))
        buckets = random.multinomial(well - late, self._quick[side]).astype(np.float64)
        waits = random.uniform(0, version.stall_seconds, late) + version.median
        np.add.at(buckets, np.searchsorted(LATENCY_SECONDS, waits), 1)
        rows = int(random.poisson(ROWS * well))
        sure = random.beta(*version.confidence, rows)
        labels = float(random.binomial(rows, version.labelled))
        counted.requests.append(requests)
        counted.errors.append(errors)
        counted.durations.append(np.cumsum(buckets))
        counted.classes.append(random.multinomial(rows, version.shares).astype(np.float64))
        counted.confidences.append(
            (np.searchsorted(np.sort(sure), PROBABILITIES).astype(np.float64), float(sure.sum()))
        )
        counted.labels.append((labels, float(random.binomial(int(labels), version.accuracy))))
        counted.memory.append(version.memory + version.growth * self.now + random.normal(0, 1.5))

    def answers(self, window_seconds: float, sides: Sequence[Side]) -> dict[Question, list[Sample]]:
        """What gates would be told of the last so many seconds."""
        last = max(round(window_seconds / INTERVAL), 1)
        return {question: found for side in sides for question, found in self._about(side, last).items()}

    def _about(self, side: Side, last: int) -> dict[Question, list[Sample]]:
        counted = self.counted[side]
        # N scrapes see the N - 1 intervals between them, and `increase` answers for N.
        seen = slice(-max(last - 1, 1), None)
        stretched = last / max(last - 1, 1)

        def total(values: Sequence[float]) -> list[Sample]:
            return number(stretched * sum(values[seen]))

        durations = stretched * np.sum(counted.durations[seen], axis=0)
        below = stretched * np.sum([each for each, _ in counted.confidences[seen]], axis=0)
        rows = stretched * float(np.sum(counted.classes[seen]))
        quarter = max(last // 4, 1)
        memory = counted.memory[-4 * quarter :]
        parts = [
            float(np.mean(memory[place * quarter : (place + 1) * quarter])) for place in range(len(memory) // quarter)
        ]
        return about(
            side,
            scrapes=last,
            pods=2,
            requests=total(counted.requests),
            errors=total(counted.errors),
            durations=_buckets((*LATENCY_SECONDS, math.inf), durations),
            predictions=[
                Sample({"class": str(one)}, float(count))
                for one, count in enumerate(stretched * np.sum(counted.classes[seen], axis=0))
            ],
            confidences=_buckets((*PROBABILITIES, math.inf), np.append(below, rows)),
            confidence=total([each for _, each in counted.confidences]),
            labels=total([each for each, _ in counted.labels]),
            correct=total([each for _, each in counted.labels]),
            served=number(1, model_name="mnist", model_version="2" if side is Side.CANARY else "1"),
            rows=number(rows),
            nonfinite=number(0),
            queue_fill=number(0.01),
            utilisation=number(0.2),
            restarts=number(0),
            memory=number(2**20 * float(np.mean(memory))),
            memory_share=number(0.4),
            memory_parts=[
                Sample({"pod": "a", "part": str(place)}, 2**20 * value) for place, value in enumerate(parts, start=1)
            ],
        )


def _buckets(bounds: Sequence[float], counts: Floats) -> list[Sample]:
    return [Sample({"le": str(bound)}, float(count)) for bound, count in zip(bounds, counts, strict=True)]
